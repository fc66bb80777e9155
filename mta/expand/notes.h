// Turns what goes wrong during an expansion into notes, log lines and an exit code.
#ifndef STAGEPOST_MTA_EXPAND_NOTES_H_
#define STAGEPOST_MTA_EXPAND_NOTES_H_

#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "mta/base/sysexits.h"
#include "mta/env/system_log.h"
#include "mta/expand/expansion_note.h"
#include "mta/rewrite/engine.h"

namespace stagepost {

// Also the observer of rules that are applied meanwhile: what they say becomes notes, too.
class NoteTaker final : public RewriteObserver {
 public:
  struct Listener {
    std::string id;           // queue id, for log lines
    bool log_errors = false;  // as they come
    ExpansionObserver* observer = nullptr;
  };

  // What it is made with outlives it.
  NoteTaker(SystemLog& log, Listener listener) : log_(log), listener_(std::move(listener)) {}

  void Error(absl::string_view code, absl::string_view enhanced, absl::string_view address,
             std::string text, int exit_code);
  // What is wrong with this host: always logged.
  void SystemError(std::string text);
  // "team... aliased to alice, bob"; `address` may be empty.
  void Remark(absl::string_view address, std::string text);
  // Only reports tell of it.
  void ForTranscript(absl::string_view line);

  // The address whose rules run; messages of rules name it.
  void set_address(absl::string_view address) {
    address_ = std::string(address);
    deferral_.clear();
  }
  // "/etc/mail/list: line 3: ", in front of all notes; empty: nothing. Gives the one before.
  std::string SetPlace(std::string place);

  // sysexits: of the first error that had one; EX_USAGE if none had.
  int exit_code() const { return exit_code_ == 0 && errors_ > 0 ? kExitUsage : exit_code_; }
  void NoteExit(int exit_code) {
    if (exit_code_ == 0) exit_code_ = exit_code;
  }
  int errors() const { return errors_; }
  // The last error: "550 5.1.1 User unknown".
  const ExpansionNote& last() const { return last_; }

  void Entered(absl::string_view, absl::Span<const Token>) override {}
  void Left(absl::string_view, absl::Span<const Token>) override {}
  bool WantsRulesets() const override { return false; }
  void Message(const RewriteMessage& message) override;
  void LookupDeferred(absl::string_view map, absl::string_view key) override;

  // "host map: lookup (tempfail.example): deferred", of the address's rules; empty: none.
  const std::string& deferral() const { return deferral_; }

 private:
  void Give(ExpansionNote note);

  SystemLog& log_;
  const Listener listener_;
  std::string address_;
  std::string place_;
  std::string deferral_;
  ExpansionNote last_;
  int errors_ = 0;
  int exit_code_ = 0;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_EXPAND_NOTES_H_
