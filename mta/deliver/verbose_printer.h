// Prints deliveries as they happen, in sendmail's words: -v.
//
//   Running /var/spool/mqueue/6AK6XWSU000517 (sequence 1 of 2)
//   <bob@dom1.example>... Connecting to mail.dom1.example. via esmtp...
//   220 mail.dom1.example ESMTP
//   >>> EHLO mx.corp.example
//   …
//   <bob@dom1.example>... Sent (2.0.0 accepted)
//   Closing connection to mail.dom1.example.
//
// What is told is kept until Print() can write it, so that nobody waits for a slow terminal; beyond
// kMaxUnread bytes it is left out.
#ifndef STAGEPOST_MTA_DELIVER_VERBOSE_PRINTER_H_
#define STAGEPOST_MTA_DELIVER_VERBOSE_PRINTER_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "mta/async/doorbell.h"
#include "mta/async/task.h"
#include "mta/deliver/delivery_watcher.h"
#include "mta/env/stream.h"

namespace stagepost {

class VerbosePrinter final : public DeliveryWatcher {
 public:
  static constexpr size_t kMaxUnread = 1 << 20;

  // `output` outlives this.
  explicit VerbosePrinter(ByteSink& output) : output_(output) {}

  // Writes what there is, and what comes, until Finish() and everything has been written. OK also
  // if nobody reads.
  static Task<absl::Status> Print(VerbosePrinter& self);
  void Finish();

  void OnSent(absl::string_view line) override;
  void OnReply(absl::string_view line) override;
  void OnQueueRun(size_t messages) override;
  void OnMessage(absl::string_view path) override;
  void OnConnecting(const MailerRun& run, absl::string_view host) override;
  void OnReusing(const MailerRun& run, absl::string_view host) override;
  void OnClosing(absl::string_view host) override;
  void OnLeaving(const MailerRun& run, absl::string_view host) override;
  void OnFailed(int exit_code) override { exit_code_ = exit_code; }
  void OnRemark(absl::string_view line) override;

  // Of the last message: EX_OK, or what has failed in it.
  int exit_code() const { return exit_code_; }
  // What has been told and not been written.
  const std::string& unread() const { return unread_; }

 private:
  void Add(absl::string_view line);
  // The addresses of the run, with what is done with them.
  void Begin(const MailerRun& run, absl::string_view what);

  ByteSink& output_;
  std::string unread_;
  Doorbell bell_;
  bool finished_ = false;
  bool deaf_ = false;  // nobody reads
  size_t messages_ = 0, sequence_ = 0;
  int exit_code_ = 0;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_DELIVER_VERBOSE_PRINTER_H_
