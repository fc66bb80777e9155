#include "mta/deliver/verbose_printer.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "mta/deliver/mailer_program.h"

namespace stagepost {
namespace {

// "mail.dom1.example. via esmtp", or "local" of a mailer that is no way to another host.
std::string Place(const MailerRun& run, absl::string_view host) {
  if (!IsNetworkMailer(run.mailer)) return run.mailer.name;
  return absl::StrCat(host, " via ", run.mailer.name);
}

}  // namespace

Task<absl::Status> VerbosePrinter::Print(VerbosePrinter& self) {
  while (true) {
    while (!self.unread_.empty()) {
      const std::string text = std::exchange(self.unread_, std::string());
      self.deaf_ = self.deaf_ || !(co_await WriteAll(self.output_, text)).ok();
    }
    if (self.finished_) co_return absl::OkStatus();
    if (!(co_await self.bell_.Wait()).ok()) co_return absl::OkStatus();
  }
}

void VerbosePrinter::Finish() {
  finished_ = true;
  bell_.Ring();
}

void VerbosePrinter::Add(absl::string_view line) {
  if (deaf_ || unread_.size() + line.size() >= kMaxUnread) return;
  absl::StrAppend(&unread_, line, "\n");
  bell_.Ring();
}

void VerbosePrinter::OnSent(absl::string_view line) { Add(absl::StrCat(">>> ", line)); }

void VerbosePrinter::OnReply(absl::string_view line) { Add(line); }

void VerbosePrinter::OnQueueRun(size_t messages) {
  messages_ = messages;
  sequence_ = 0;
}

void VerbosePrinter::OnMessage(absl::string_view path) {
  // Reports about messages come in between, and are not of the run.
  if (sequence_ == messages_) return;
  ++sequence_;
  exit_code_ = 0;
  Add(absl::StrCat("\nRunning ", path, " (sequence ", sequence_, " of ", messages_, ")"));
}

void VerbosePrinter::Begin(const MailerRun& run, absl::string_view what) {
  std::vector<std::string> shown;
  for (const Recipient& recipient : run.recipients) shown.push_back(ShownAddress(recipient));
  Add(absl::StrCat(absl::StrJoin(shown, ","), "... ", what));
}

void VerbosePrinter::OnConnecting(const MailerRun& run, absl::string_view host) {
  Begin(run, absl::StrCat("Connecting to ", Place(run, host), "..."));
}

void VerbosePrinter::OnReusing(const MailerRun& run, absl::string_view host) {
  const absl::string_view protocol =
      run.mailer.Has('z') ? "LMTP" : (run.mailer.Has('a') ? "ESMTP" : "SMTP");
  const absl::string_view where = IsNetworkMailer(run.mailer) ? "to " : "for ";
  Begin(run,
        absl::StrCat("Using cached ", protocol, " connection ", where, Place(run, host), "..."));
}

void VerbosePrinter::OnClosing(absl::string_view host) {
  Add(absl::StrCat("Closing connection to ", host));
}

void VerbosePrinter::OnLeaving(const MailerRun& run, absl::string_view host) {
  Begin(run, absl::StrCat("Closing connection to ", host));
}

void VerbosePrinter::OnRemark(absl::string_view line) { Add(line); }

}  // namespace stagepost
