#include "mta/bin/rewrite_printer.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "absl/base/attributes.h"
#include "absl/strings/str_cat.h"
#include "mta/rewrite/address.h"

namespace stagepost {
namespace {

// memcpy(), for what has a few bytes.
ABSL_ATTRIBUTE_ALWAYS_INLINE inline void CopyShort(absl::string_view from, char* to) {
  const char* const data = from.data();
  const size_t size = from.size();
  if (size == 1) {
    *to = *data;
  } else if (size > 16) {
    memcpy(to, data, size);
  } else if (size >= 8) {  // in two pieces, which may have bytes in common
    memcpy(to, data, 8);
    memcpy(to + size - 8, data + size - 8, 8);
  } else if (size >= 4) {
    memcpy(to, data, 4);
    memcpy(to + size - 4, data + size - 4, 4);
  } else if (size > 0) {
    memcpy(to, data, 2);
    memcpy(to + size - 2, data + size - 2, 2);
  }
}

}  // namespace

template <size_t kSize>
void RewritePrinter::Line(absl::string_view ruleset, const char (&what)[kSize],
                          absl::Span<const Token> tokens) {
  const absl::string_view name = ruleset.substr(0, kNameWidth);
  constexpr size_t kMostTokens = 128;
  constexpr size_t kMostBytes = kNameWidth + kSize + kMostTokens * (1 + kShortTokenBytes);
  static_assert(kMostBytes < sizeof(lines_));
  if (lines_.end() - end_ < static_cast<ptrdiff_t>(kMostBytes)) Flush();
  char* to = end_;
  memset(to, ' ', kNameWidth);
  CopyShort(name, to);
  memcpy(to + kNameWidth, what, kSize - 1);
  to += kNameWidth + kSize - 1;
  const Token* token = tokens.data();
  const Token* const end = token + std::min(tokens.size(), kMostTokens);
  for (; token != end && token->short_size > 0; ++token) {
    *to = ' ';
    memcpy(to + 1, token->data, kShortTokenBytes);
    to += 1 + token->short_size;
  }
  if (token != tokens.data() + tokens.size()) [[unlikely]] {  // once more, slowly
    AppendShownLine({ruleset, kNameWidth, what}, tokens, out());
    return;
  }
  *to = '\n';
  end_ = to + 1;
}

void RewritePrinter::Entered(absl::string_view ruleset, absl::Span<const Token> tokens) {
  Line(ruleset, "   input:", tokens);
}

void RewritePrinter::Left(absl::string_view ruleset, absl::Span<const Token> tokens) {
  Line(ruleset, " returns:", tokens);
}

void RewritePrinter::Message(const RewriteMessage& message) {
  std::string& out = this->out();
  const size_t begin = out.size();
  if (message.names_address) {
    const std::string& address = message.address.empty() ? subject_ : message.address;
    absl::StrAppend(&out, AddressInMessages(address), "... ");
  }
  absl::StrAppend(&out, message.text);
  for (size_t i = begin; i < out.size(); ++i) out[i] &= 0x7f;
  out.resize(std::min(out.find('\0', begin), out.size()));
  out += '\n';
}

void RewritePrinter::Trying(absl::Span<const Token> left, int line) {
  if (level_ < 12) return;
  absl::StrAppend(&out(), "-----trying rule");
  if (level_ >= 15) absl::StrAppend(&out(), " (line ", line, ")");
  Tokens(":", left);
}

void RewritePrinter::Failed() {
  if (level_ >= 12) absl::StrAppend(&out(), "----- rule fails\n");
}

void RewritePrinter::Matched(absl::Span<const Token> right) {
  if (level_ >= 12) Tokens("-----rule matches:", right);
}

void RewritePrinter::PutIn(int digit, absl::Span<const Token> tokens) {
  if (level_ < 15) return;
  absl::StrAppend(&out(), "$", digit, ":");
  for (const Token& token : tokens) {
    absl::StrAppend(&out(), " \"");
    AppendShown(token, out());
    out() += '"';
  }
  out() += '\n';
}

void RewritePrinter::PutIn(absl::string_view macro, const std::optional<std::string>& value) {
  if (level_ < 2) return;
  absl::StrAppend(&out(), "rewrite: RHS $&", macro, " => \"");
  AppendShown(value.value_or("(NULL)"), out());
  absl::StrAppend(&out(), "\"\n");
}

void RewritePrinter::Rewritten(absl::Span<const Token> tokens) {
  if (level_ >= 4) Tokens("rewritten as:", tokens);
}

void RewritePrinter::Looped(absl::Span<const Token> tokens) { Tokens("workspace: ", tokens); }

void RewritePrinter::Tokens(absl::string_view what, absl::Span<const Token> tokens) {
  AppendShownLine({"", 0, what}, tokens, out());
}

void RewritePrinter::Flush() {
  out_.append(lines_.data(), end_ - lines_.data());
  end_ = lines_.data();
}

}  // namespace stagepost
