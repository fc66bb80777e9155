// One envelope on its way to mailers: its recipients, resolved and expanded, are put together by
// mailer and host, checked, delivered, logged, and what has been reached is put on record.
//
//   EnvelopeDelivery delivery(site, queue, message, list, entries, options);
//   CO_RETURN_IF_ERROR(co_await delivery.Run());
//
// For delivery_job.cc only. Operations Guide, 2.4, 5.4; ruleset check_compat.
#ifndef STAGEPOST_MTA_DELIVER_ENVELOPE_DELIVERY_H_
#define STAGEPOST_MTA_DELIVER_ENVELOPE_DELIVERY_H_

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "mta/async/task.h"
#include "mta/cf/macros.h"
#include "mta/deliver/conclude.h"
#include "mta/deliver/deliver.h"
#include "mta/deliver/delivery_log.h"
#include "mta/deliver/mailer_run.h"
#include "mta/expand/send_list.h"
#include "mta/queue/queue.h"
#include "mta/site/site.h"

namespace stagepost {

class EnvelopeDelivery {
 public:
  // `entries` of `list` belong to this envelope: to be sent, or failed or deferred already. All of
  // it outlives this.
  EnvelopeDelivery(Site& site, Queue& queue, DeliveryState& state, QueuedMessage& message,
                   SendList& list, std::vector<size_t> entries, DeliveryOptions options);

  // Delivers to all, updates or removes the message. An error is one of the queue.
  Task<absl::Status> Run();

  // The messages that tell of its end: new in the queue, to be delivered when this is gone.
  const std::vector<std::string>& notifications() const { return notifications_; }

  // After Run(): destinations that some recipients wait for, who have been left as they were.
  const std::vector<std::string>& parked_at() const { return parked_at_; }
  // After Run(): whether it has come to nothing but that, and has written nothing.
  bool is_untouched() const { return !parked_at_.empty() && outcomes_.empty(); }

  // Entries that did not survive their expansion, for the log and the report; before Run().
  // `said`: what the expansion had to say, and earlier deliveries of the same job; lines of the
  // transcript.
  void NoteExpansion(int64_t priority, std::string said);
  // Lists that have been passed on to envelopes of their owners: reports tell of them.
  void NoteLists(std::vector<size_t> lists) { lists_ = std::move(lists); }

  // After Run(): what its mailers have said.
  const std::string& transcript() const { return transcript_; }

 private:
  struct Outcome {
    DeliveryResult result;
    std::string relay;
    bool in_expansion = false;
  };
  using Entries = std::vector<size_t>;

  SendEntry& At(size_t entry) { return list_.entries[entry]; }
  // Those that still are to be sent, in order.
  Entries Pending();
  // What the recipients of one transaction have in common.
  struct ShareKey {
    const Mailer* mailer = nullptr;
    bool has_best_host = false;
    std::string host;
    std::optional<std::tuple<UserId, GroupId, std::string>> controller;
    friend auto operator<=>(const ShareKey&, const ShareKey&) = default;
  };
  ShareKey ShareKeyOf(size_t entry);
  // Pending(), put together by transactions, in the order of the first of each.
  std::vector<Entries> Groups();

  // A message that has been tried is put in order by the hosts that its mail goes to, so that those
  // with one best host share a transaction.
  Task<void> SortByRoute();
  Task<std::vector<std::string>> RouteOf(const SendEntry& entry);

  Task<void> FindSender();
  // MaxHopCount: nobody gets a message that has been passed on more often.
  void CheckHops();
  // DELIVERBY: what is to be returned when its time is over is not tried any more.
  void CheckTime();
  // Whether this entry may be sent now; if not, its outcome has been noted.
  Task<bool> Check(size_t entry);
  Task<bool> PassesCompat(size_t entry);
  Task<std::optional<std::string>> SenderFor(const Mailer& mailer);
  // Where an entry goes to, if only so many may be on their way there: another host, or a program.
  std::string DestinationOf(size_t entry);
  // The destination of the group has no room now.
  void Park(const Entries& group, const std::string& destination);
  void LeaveOutOthers();
  // True: the host is well.
  Task<bool> RunGroup(Entries group);
  Task<MailerReport> RunMailer(const Entries& group);
  SmtpServices Services();
  // What became of `group`, whose mailer has been run.
  void Note(const Entries& group, MailerReport report, absl::Duration xdelay);
  void Record(size_t entry, DeliveryResult result, std::string relay);
  static bool FaresAlike(const Outcome& a, const Outcome& b);
  void Tell(const Entries& entries, const DeliveryResult& result);
  void TellOfReceipt(size_t entry);
  void AddToTranscript(absl::string_view text);
  void Log(const Entries& entries, const Outcome& outcome, std::optional<absl::Duration> xdelay);
  std::string ControllerOf(const SendEntry& entry) const;

  // Writes down what has been reached if a crash would otherwise double more than
  // CheckpointInterval recipients once `more` have been delivered to (or those of one transaction,
  // if they are more).
  Task<absl::Status> CheckpointBefore(size_t more);
  // Makes what has been reached so far survive a crash.
  Task<absl::Status> Checkpoint();
  Task<absl::Status> Finish();
  JobReport Report();
  ReportedRecipient Reported(size_t entry);
  Task<absl::Status> Write(std::vector<Recipient> recipients);

  Site& site_;
  Environment& env_;
  Queue& queue_;
  DeliveryState& state_;
  QueuedMessage& message_;
  Envelope& envelope_;
  SendList& list_;
  Entries entries_;  // in the order of the queue: by host, or as SortByRoute() has it
  std::map<size_t, std::string> best_hosts_;  // by entry; of a message that has been tried
  const DeliveryOptions options_;
  Macros macros_;
  std::string sender_address_;     // "<alice@corp.example>"
  std::string sender_controller_;  // ctladdr= of a sender of this host
  bool local_sender_ = false;
  std::string sender_domain_;                   // "@corp.example", of flag C
  std::map<std::string, std::string> senders_;  // $g, by mailer
  std::map<size_t, Outcome> outcomes_;
  std::string message_text_;  // the M line of the message
  std::string said_in_expansion_;
  std::string transcript_;
  bool attempted_ = false;
  size_t since_checkpoint_ = 0;  // recipients that have it, and still stand in the control file
  Entries lists_;
  std::vector<std::string> notifications_;
  std::set<size_t> parked_;  // entries
  std::vector<std::string> parked_at_;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_DELIVER_ENVELOPE_DELIVERY_H_
