// Lists of addresses in header fields: taken apart, and joined and folded again.
// RFC 5322, 3.4; the option OldStyleHeaders.
#ifndef STAGEPOST_MTA_MESSAGE_ADDRESS_LIST_H_
#define STAGEPOST_MTA_MESSAGE_ADDRESS_LIST_H_

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"
#include "mta/message/header.h"
#include "mta/rewrite/tokenizer.h"

namespace stagepost {

// A line of addresses is at most so long, the comma at its end aside.
inline constexpr size_t kAddressLineBytes = 78;

// One address after the other of a field's value: "Joe <joe@x>", "list: a@b", "c;". Groups are not
// understood, their addresses are: what stands around them is part of the text. Bounded by the
// value: each byte is scanned at most twice.
class AddressListReader {
 public:
  // `value` and `tokenizer` outlive it. `old_style`: blanks end an address, too.
  AddressListReader(const Tokenizer& tokenizer, absl::string_view value, bool old_style)
      : tokenizer_(tokenizer), value_(value), delimiter_(old_style ? ' ' : ',') {}

  // False: there are no more. `address` has no blanks around it and is not empty.
  bool Next(absl::string_view& address);

 private:
  void SkipBlanks();

  const Tokenizer& tokenizer_;
  const absl::string_view value_;
  const char delimiter_;
  size_t at_ = 0;
};

// "To: a@x.example, b@x.example,\n        c@x.example".
class AddressListWriter {
 public:
  // Begins with `name`, a colon, and a blank for each of the white space in front of `value`.
  // `line_limit`: that of the mailer, L=; 0: none.
  AddressListWriter(absl::string_view name, absl::string_view value, int line_limit);

  void Add(absl::string_view address);
  // The field without a line end.
  const std::string& text() const { return text_; }

 private:
  const size_t limit_;
  std::string text_;
  size_t column_ = 0;
  bool first_ = true;
};

// Whether blanks delimit the addresses of this message: they do with OldStyleHeaders as long as no
// field with addresses has a comma, a semicolon, a parenthesis or an angle bracket.
bool IsOldStyle(const Header& header, bool old_style_option);

// A field with addresses, each as it is, joined and folded; the field's new value.
std::string FoldAddresses(const Tokenizer& tokenizer, const HeaderField& field, bool old_style);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_MESSAGE_ADDRESS_LIST_H_
