#include "mta/message/address_list.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "mta/message/known_fields.h"

namespace stagepost {
namespace {

constexpr absl::string_view kContinuation = "        ";
// Characters that only a message of the new style has.
constexpr absl::string_view kNewStyle = ",;(<";

bool IsBlank(char c) { return absl::ascii_isspace(static_cast<unsigned char>(c)); }

// Room for a line: two less than the mailer's limit leaves, for the line end.
size_t LimitOf(int line_limit) {
  const size_t limit = line_limit > 2 ? static_cast<size_t>(line_limit) - 2 : kAddressLineBytes;
  return std::min(limit, kAddressLineBytes);
}

}  // namespace

void AddressListReader::SkipBlanks() {
  while (at_ < value_.size() && IsBlank(value_[at_])) ++at_;
}

bool AddressListReader::Next(absl::string_view& address) {
  while (at_ < value_.size() && (IsBlank(value_[at_]) || value_[at_] == ',')) ++at_;
  const size_t begin = at_;
  if (begin == value_.size()) return false;
  for (;;) {
    TokenList tokens;
    const ScanResult scan = tokenizer_.Scan(value_.substr(at_), {.delimiter = delimiter_}, tokens);
    at_ += scan.end;
    const size_t end = at_;
    SkipBlanks();
    // A blank in front of an at sign ends no address, not even an old-style one.
    if (at_ == value_.size() || value_[at_] != '@') {
      at_ = end;
      break;
    }
    ++at_;
    SkipBlanks();
  }
  // Whatever the scan made of it, the next address begins further on.
  if (at_ == begin) ++at_;
  address = value_.substr(begin, at_ - begin);
  while (!address.empty() && (IsBlank(address.back()) || address.back() == ',')) {
    address.remove_suffix(1);
  }
  return true;
}

AddressListWriter::AddressListWriter(absl::string_view name, absl::string_view value,
                                     int line_limit)
    : limit_(LimitOf(line_limit)), text_(absl::StrCat(name, ":")) {
  for (size_t i = 0; i < value.size() && IsBlank(value[i]); ++i) text_.push_back(' ');
  column_ = text_.size();
}

void AddressListWriter::Add(absl::string_view address) {
  column_ += address.size() + (first_ ? 0 : 2);
  if (first_) {
    absl::StrAppend(&text_, address);
  } else if (column_ > limit_) {
    absl::StrAppend(&text_, ",\n", kContinuation, address);
    column_ = kContinuation.size() + address.size();
  } else {
    absl::StrAppend(&text_, ", ", address);
  }
  first_ = false;
}

bool IsOldStyle(const Header& header, bool old_style_option) {
  if (!old_style_option) return false;
  return std::none_of(header.begin(), header.end(), [](const HeaderField& field) {
    return TraitsOf(field.name).has_addresses() &&
           field.value.find_first_of(kNewStyle.data(), 0, kNewStyle.size()) != std::string::npos;
  });
}

std::string FoldAddresses(const Tokenizer& tokenizer, const HeaderField& field, bool old_style) {
  AddressListReader reader(tokenizer, field.value, old_style);
  AddressListWriter writer(field.name, field.value, 0);
  absl::string_view address;
  while (reader.Next(address)) writer.Add(address);
  return writer.text().substr(field.name.size() + 1);
}

}  // namespace stagepost
