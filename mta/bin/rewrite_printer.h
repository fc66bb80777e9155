// What the ruleset machine does, as the lines that sendmail's test mode prints.
#ifndef STAGEPOST_MTA_BIN_REWRITE_PRINTER_H_
#define STAGEPOST_MTA_BIN_REWRITE_PRINTER_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "mta/rewrite/engine.h"
#include "mta/rewrite/tokens.h"

namespace stagepost {

// Appends to a string that outlives it.
class RewritePrinter final : public RewriteObserver {
 public:
  explicit RewritePrinter(std::string& out) : out_(out) {}

  // The address that messages are about.
  void set_subject(absl::string_view subject) { subject_ = std::string(subject); }
  // -d21.LEVEL
  void set_level(int level) { level_ = level; }

  void Entered(absl::string_view ruleset, absl::Span<const Token> tokens) override;
  void Left(absl::string_view ruleset, absl::Span<const Token> tokens) override;
  // In 7 bits, as sendmail gives all its messages; what becomes a NUL ends them.
  void Message(const RewriteMessage& message) override;

  // What single rules do, from level 2 on. Unlike sendmail's, lines of level 15 have no addresses
  // of memory.
  bool WantsRules() const override { return level_ >= 1; }
  void Trying(absl::Span<const Token> left, int line) override;
  void Failed() override;
  void Matched(absl::Span<const Token> right) override;
  void PutIn(int digit, absl::Span<const Token> tokens) override;
  void PutIn(absl::string_view macro, const std::optional<std::string>& value) override;
  void Rewritten(absl::Span<const Token> tokens) override;
  void Looped(absl::Span<const Token> tokens) override;

 private:
  void Tokens(absl::string_view what, absl::Span<const Token> tokens);
  void Line(absl::string_view ruleset, absl::string_view what, absl::Span<const Token> tokens);

  std::string& out_;
  std::string subject_;
  int level_ = 0;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_BIN_REWRITE_PRINTER_H_
