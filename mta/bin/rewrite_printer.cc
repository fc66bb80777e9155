#include "mta/bin/rewrite_printer.h"

#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"
#include "mta/rewrite/address.h"

namespace stagepost {

void RewritePrinter::Entered(absl::string_view ruleset, absl::Span<const Token> tokens) {
  Line(ruleset, "   input:", tokens);
}

void RewritePrinter::Left(absl::string_view ruleset, absl::Span<const Token> tokens) {
  Line(ruleset, " returns:", tokens);
}

void RewritePrinter::Message(const RewriteMessage& message) {
  const size_t begin = out_.size();
  if (message.names_address) {
    const std::string& address = message.address.empty() ? subject_ : message.address;
    absl::StrAppend(&out_, AddressInMessages(address), "... ");
  }
  absl::StrAppend(&out_, message.text);
  for (size_t i = begin; i < out_.size(); ++i) out_[i] &= 0x7f;
  out_.resize(std::min(out_.find('\0', begin), out_.size()));
  out_ += '\n';
}

void RewritePrinter::Trying(absl::Span<const Token> left, int line) {
  if (level_ < 12) return;
  absl::StrAppend(&out_, "-----trying rule");
  if (level_ >= 15) absl::StrAppend(&out_, " (line ", line, ")");
  Tokens(":", left);
}

void RewritePrinter::Failed() {
  if (level_ >= 12) absl::StrAppend(&out_, "----- rule fails\n");
}

void RewritePrinter::Matched(absl::Span<const Token> right) {
  if (level_ >= 12) Tokens("-----rule matches:", right);
}

void RewritePrinter::PutIn(int digit, absl::Span<const Token> tokens) {
  if (level_ < 15) return;
  absl::StrAppend(&out_, "$", digit, ":");
  for (const Token& token : tokens) {
    absl::StrAppend(&out_, " \"");
    AppendShown(token, out_);
    out_ += '"';
  }
  out_ += '\n';
}

void RewritePrinter::PutIn(absl::string_view macro, const std::optional<std::string>& value) {
  if (level_ < 2) return;
  absl::StrAppend(&out_, "rewrite: RHS $&", macro, " => \"");
  AppendShown(value.value_or("(NULL)"), out_);
  absl::StrAppend(&out_, "\"\n");
}

void RewritePrinter::Rewritten(absl::Span<const Token> tokens) {
  if (level_ >= 4) Tokens("rewritten as:", tokens);
}

void RewritePrinter::Looped(absl::Span<const Token> tokens) { Tokens("workspace: ", tokens); }

void RewritePrinter::Tokens(absl::string_view what, absl::Span<const Token> tokens) {
  AppendShownLine({"", 0, what}, tokens, out_);
}

void RewritePrinter::Line(absl::string_view ruleset, absl::string_view what,
                          absl::Span<const Token> tokens) {
  constexpr size_t kNameWidth = 16;
  AppendShownLine({ruleset, kNameWidth, what}, tokens, out_);
}

}  // namespace stagepost
