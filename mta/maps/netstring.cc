#include "mta/maps/netstring.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace stagepost {
namespace {

constexpr int kMaxDigits = 10;

}  // namespace

std::string MakeNetstring(absl::string_view text) {
  return absl::StrCat(text.size(), ":", text, ",");
}

absl::Status NetstringReader::TakeLength(absl::string_view& bytes) {
  while (!bytes.empty() && state_ == State::kLength) {
    const char c = bytes[0];
    bytes.remove_prefix(1);
    if (c == ':' && digits_ > 0) {
      state_ = State::kText;
    } else if (!absl::ascii_isdigit(c) || ++digits_ > kMaxDigits) {
      return absl::InvalidArgumentError("failed to read length parameter of reply");
    } else {
      length_ = length_ * 10 + (c - '0');
    }
  }
  if (length_ > kMaxNetstringBytes) {
    return absl::OutOfRangeError(absl::StrCat("reply too long: ", length_));
  }
  return absl::OkStatus();
}

absl::Status NetstringReader::Take(absl::string_view& bytes) {
  if (!error_.ok()) return error_;
  error_ = TakeLength(bytes);
  if (!error_.ok()) return error_;
  if (state_ == State::kText) {
    const size_t taken = std::min(bytes.size(), length_ - text_.size());
    text_.append(bytes.data(), taken);
    bytes.remove_prefix(taken);
    if (text_.size() == length_) state_ = State::kComma;
  }
  if (state_ == State::kComma && !bytes.empty()) {
    if (bytes[0] != ',') {
      error_ = absl::InvalidArgumentError("missing ',' in reply");
      return error_;
    }
    bytes.remove_prefix(1);
    state_ = State::kComplete;
  }
  return absl::OkStatus();
}

}  // namespace stagepost
