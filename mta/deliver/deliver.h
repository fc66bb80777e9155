// Delivering queued messages: one job per message, from lock to removal.
#ifndef STAGEPOST_MTA_DELIVER_DELIVER_H_
#define STAGEPOST_MTA_DELIVER_DELIVER_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "mta/async/task.h"
#include "mta/env/environment.h"
#include "mta/queue/queue.h"
#include "mta/site/site.h"

namespace stagepost {

// The local mailer: a program that takes LMTP (RFC 2033) on its standard input.
struct LocalMailer {
  std::string path = "/usr/libexec/sendmail/mail.local";
  Arguments arguments = {"mail.local", "-l"};
  std::string host_name;  // $j: what LHLO says, and the domain of MAILER-DAEMON in Return-Path
  // The user of this host that an address of an envelope means; nullopt: it leads elsewhere. This
  // version has no other mailer, so a recipient that leads elsewhere stays in the queue.
  std::function<std::optional<std::string>(absl::string_view address)> user_of;
};

// Tries to deliver message `id` to all its recipients: those delivered leave the envelope, those
// deferred stay with the reason, and an empty envelope is removed. A recipient refused for good
// stays too: this version cannot send bounces, and nothing is lost silently. OK also when some or
// all were deferred, when another holds the lock, or when the message is gone; an error is one of
// the queue.
Task<absl::Status> DeliverMessage(Environment& env, Queue& queue, LocalMailer mailer,
                                  std::string id);

// One pass over the queue.
Task<absl::Status> RunQueue(Environment& env, Queue& queue, LocalMailer mailer);

// What a delivery is told by whoever starts it.
struct DeliveryOptions {
  // Part of a run over the queue, not the first attempt behind the acceptance: messages that are
  // too young for another attempt (MinQueueAge) are passed over.
  bool queue_run = false;
};

// Tries to deliver message `id` to all its recipients, as the site's rules, aliases and mailers
// say: those delivered leave the envelope, those deferred stay with the reason, and an empty
// envelope is removed. A recipient that failed for good stays, too, and says so, as long as there
// is nobody to send bounces. OK also when some or all were deferred, when another holds the lock, or
// when the message is gone; an error is one of the queue, and has been logged.
Task<absl::Status> DeliverMessage(std::shared_ptr<Site> site, Queue& queue, std::string id,
                                  DeliveryOptions options);

// One pass over the queue.
Task<absl::Status> RunQueue(std::shared_ptr<Site> site, Queue& queue, DeliveryOptions options);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_DELIVER_DELIVER_H_
