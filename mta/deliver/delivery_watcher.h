// What a person sees who watches deliveries: sendmail -v.
#ifndef STAGEPOST_MTA_DELIVER_DELIVERY_WATCHER_H_
#define STAGEPOST_MTA_DELIVER_DELIVERY_WATCHER_H_

#include <cstddef>

#include "absl/strings/string_view.h"
#include "mta/deliver/mailer_run.h"
#include "mta/smtp/smtp_client.h"

namespace stagepost {

// Told of everything as it happens; the dialogue with servers is told through ClientDialogue. One
// delivery is watched at a time. Outlives the deliveries; asked from DeliveryState.
class DeliveryWatcher : public ClientDialogue {
 public:
  // So many messages of a queue group are tried from here on.
  virtual void OnQueueRun(size_t messages) = 0;
  // The next one: "/var/spool/mqueue/6AK6XWSU000517".
  virtual void OnMessage(absl::string_view path) = 0;
  // "<bob@dom1.example>... Connecting to mail.dom1.example. via esmtp..."
  virtual void OnConnecting(const MailerRun& run, absl::string_view host) = 0;
  // "<bob@dom1.example>... Using cached ESMTP connection to mail.dom1.example. via esmtp..."
  virtual void OnReusing(const MailerRun& run, absl::string_view host) = 0;
  // "Closing connection to mail.dom1.example."
  virtual void OnClosing(absl::string_view host) = 0;
  // "<bob@dom1.example>... Closing connection to mail.dom2.example.": for one of this run's.
  virtual void OnLeaving(const MailerRun& run, absl::string_view host) = 0;
  // Somebody of the message has not got it and never will; a code of sysexits.
  virtual void OnFailed(int exit_code) = 0;
  // A line of another kind: what became of recipients, that a message has waited for too long, …
  virtual void OnRemark(absl::string_view line) = 0;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_DELIVER_DELIVERY_WATCHER_H_
