// What the ruleset machine does, as the lines that sendmail's test mode prints.
#ifndef STAGEPOST_MTA_BIN_REWRITE_PRINTER_H_
#define STAGEPOST_MTA_BIN_REWRITE_PRINTER_H_

#include <array>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "mta/rewrite/engine.h"
#include "mta/rewrite/tokens.h"

namespace stagepost {

// Appends to a string that outlives it. The latest lines stand in memory of its own, so whoever
// else appends to the string gets it from out().
class RewritePrinter final : public RewriteObserver {
 public:
  explicit RewritePrinter(std::string& out) : out_(out) {}
  RewritePrinter(const RewritePrinter&) = delete;

  // With all that has been printed so far.
  std::string& out() {
    if (end_ != lines_.data()) Flush();
    return out_;
  }
  // Appends what has been printed so far.
  void Flush();

  // The address that messages are about.
  void set_subject(absl::string_view subject) { subject_.assign(subject.data(), subject.size()); }
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
  static constexpr size_t kNameWidth = 16;

  void Tokens(absl::string_view what, absl::Span<const Token> tokens);
  template <size_t kSize>
  void Line(absl::string_view ruleset, const char (&what)[kSize], absl::Span<const Token> tokens);

  std::string& out_;
  std::array<char, 4096> lines_;  // that come behind out_
  char* end_ = lines_.data();     // of what is in use
  std::string subject_;
  int level_ = 0;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_BIN_REWRITE_PRINTER_H_
