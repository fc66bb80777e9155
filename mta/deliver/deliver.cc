#include "mta/deliver/deliver.h"

#include <algorithm>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "mta/async/deadline.h"
#include "mta/base/errno.h"
#include "mta/base/status_macros.h"
#include "mta/deliver/delivery_log.h"
#include "mta/deliver/lmtp_client.h"
#include "mta/deliver/message_text.h"

namespace stagepost {
namespace {

// sendmail's RetryFactor: what each attempt adds to the priority value of a message.
constexpr int64_t kRetryFactor = 90'000;

// Recipients of one LMTP transaction; sendmail's default for a mailer.
constexpr size_t kMaxTransactionRecipients = 100;

// The flags of the local mailer that header fields can depend on (cf/README, LOCAL_MAILER_FLAGS).
constexpr absl::string_view kLocalMailerFlags = "lsDFMAw5:/|@qPSXmnz9";

// For the mailer's end after QUIT, before it is killed.
constexpr absl::Duration kMailerExitTimeout = absl::Seconds(30);

bool HasControlCharacter(absl::string_view text) {
  return std::any_of(text.begin(), text.end(), absl::ascii_iscntrl);
}

// Whether `text` can stand between the angle brackets of an LMTP command.
bool FitsInCommand(absl::string_view text) {
  return !HasControlCharacter(text) && text.find_first_of("<>") == absl::string_view::npos;
}

// One message, from lock to unlock.
class Delivery {
 public:
  Delivery(Environment& env, QueuedMessage& message, const LocalMailer& mailer)
      : env_(env), message_(message), envelope_(message.envelope()), mailer_(mailer) {}

  Task<absl::Status> Run() {
    if (envelope_.attempts > 0) envelope_.priority += kRetryFactor;
    std::vector<size_t> local = FindLocal();
    // The last recipient given comes first, as with sendmail.
    std::reverse(local.begin(), local.end());
    const size_t count = local.size();
    for (size_t begin = 0; begin < count; begin += kMaxTransactionRecipients) {
      const size_t end = std::min(begin + kMaxTransactionRecipients, count);
      CO_RETURN_IF_ERROR(
          co_await DeliverTo(std::vector<size_t>(local.begin() + begin, local.begin() + end)));
    }
    if (count == 0) CO_RETURN_IF_ERROR(co_await Checkpoint());
    co_return absl::OkStatus();
  }

 private:
  // Recipients that are users of this host, by index; sets their `user`. The rest gets a reason.
  std::vector<size_t> FindLocal() {
    std::vector<size_t> local;
    for (size_t i = 0; i < envelope_.recipients.size(); ++i) {
      Recipient& recipient = envelope_.recipients[i];
      const std::optional<std::string> user =
          mailer_.user_of ? mailer_.user_of(recipient.address) : std::nullopt;
      if (user.has_value() && FitsInCommand(*user) && !user->empty()) {
        recipient.user = *user;
        local.push_back(i);
        continue;
      }
      DeliveryOutcome outcome = {.recipients = {ShownRecipient(recipient)},
                                 .dsn = "4.3.5",
                                 .reply = "",
                                 .stat = "Deferred: no mailer for this address in this version"};
      Defer(recipient, outcome.stat);
      Log(outcome, absl::ZeroDuration());
    }
    return local;
  }

  // One LMTP transaction for the recipients with these indices, its results put on record.
  Task<absl::Status> DeliverTo(std::vector<size_t> indices) {
    std::vector<LmtpRecipient> recipients;
    for (const size_t index : indices) {
      recipients.push_back({.user = envelope_.recipients[index].user, .reply = std::nullopt});
    }
    const MonotonicTime started = env_.clock().MonotonicNow();
    const absl::Status status = co_await Transact(recipients);
    Conclude(indices, recipients, status, env_.clock().MonotonicNow() - started);
    CO_RETURN_IF_ERROR(co_await Checkpoint());
    if (absl::IsCancelled(status)) co_return status;
    co_return absl::OkStatus();
  }

  Task<absl::Status> Transact(std::vector<LmtpRecipient>& recipients) {
    if (env_.probes().Buggify("deliver: a mailer keeps us waiting")) {
      CO_RETURN_IF_ERROR(co_await Sleep(absl::Minutes(20)));
    }
    const absl::string_view sender = Sender();
    if (!FitsInCommand(sender)) co_return absl::InvalidArgumentError("Invalid sender address");
    ProgramRequest request;
    request.path = mailer_.path;
    request.arguments = mailer_.arguments;
    request.environment = {{"AGENT", "sendmail"}};
    request.pipe_input = request.pipe_output = true;
    CO_ASSIGN_OR_RETURN(std::unique_ptr<Child> child, co_await env_.programs().Start(request));
    std::unique_ptr<ByteSink> input = child->TakeInput();
    std::unique_ptr<ByteSource> output = child->TakeOutput();
    QueuedMessageText text(HeaderForMailer(envelope_, kLocalMailerFlags, ReturnPath()), message_);
    LmtpClient client(env_.clock(), *input, *output);
    CO_RETURN_IF_ERROR(co_await client.Greet(mailer_.host_name));
    CO_RETURN_IF_ERROR(co_await client.Deliver(sender, text, recipients));
    // All is said; how the mailer takes its leave changes nothing.
    if ((co_await client.Quit()).ok()) {
      input.reset();
      (void)co_await WithDeadline(env_.clock().MonotonicNow() + kMailerExitTimeout, child->Wait());
    }
    co_return absl::OkStatus();
  }

  // The reverse-path: bounces have none, whatever their S line says.
  absl::string_view Sender() const {
    if (envelope_.flags.find('r') != std::string::npos) return "";
    return envelope_.sender;
  }
  std::string ReturnPath() const {
    if (!Sender().empty()) return std::string(Sender());
    return absl::StrCat("MAILER-DAEMON", mailer_.host_name.empty() ? "" : "@", mailer_.host_name);
  }

  // Takes those who have the message out of the envelope and notes why the others have not.
  void Conclude(const std::vector<size_t>& indices, const std::vector<LmtpRecipient>& recipients,
                const absl::Status& status, absl::Duration xdelay) {
    std::vector<DeliveryOutcome> outcomes;
    for (size_t i = 0; i < indices.size(); ++i) {
      Recipient& recipient = envelope_.recipients[indices[i]];
      DeliveryOutcome outcome = OutcomeOf(recipients[i].reply, status);
      if (outcome.stat == kSent) {
        env_.trace().Record({EventKind::kRecipientDelivered, envelope_.id, recipient.address});
        done_.insert(indices[i]);
      } else {
        Defer(recipient, outcome.stat);
      }
      const std::string shown = ShownRecipient(recipient);
      // Those that fared alike share a log line.
      auto same = std::find_if(outcomes.begin(), outcomes.end(), [&](const DeliveryOutcome& o) {
        return o.dsn == outcome.dsn && o.stat == outcome.stat;
      });
      if (same == outcomes.end()) same = outcomes.insert(same, std::move(outcome));
      same->recipients.push_back(shown);
    }
    for (const DeliveryOutcome& outcome : outcomes) Log(outcome, xdelay);
  }

  static constexpr absl::string_view kSent = "Sent";

  static DeliveryOutcome OutcomeOf(const std::optional<LmtpReply>& reply,
                                   const absl::Status& status) {
    DeliveryOutcome outcome;
    if (!reply.has_value()) {
      const absl::string_view why = absl::IsDeadlineExceeded(status)
                                        ? "Connection timed out with local mailer"
                                        : status.message();
      outcome.dsn = "4.0.0";
      outcome.stat = absl::StrCat("Deferred: ", why);
    } else if (reply->positive()) {
      outcome.dsn = reply->dsn.empty() ? "2.0.0" : reply->dsn;
      outcome.stat = std::string(kSent);
    } else {
      // A refusal for good would be a bounce; until there are any, the message waits.
      outcome.dsn = !reply->dsn.empty() ? reply->dsn : reply->permanent() ? "5.0.0" : "4.0.0";
      outcome.reply = reply->text;
      outcome.stat = absl::StrCat("Deferred: ", reply->text);
    }
    // It becomes a line of the qf file.
    std::replace_if(outcome.stat.begin(), outcome.stat.end(), absl::ascii_iscntrl, '?');
    return outcome;
  }

  void Defer(Recipient& recipient, const std::string& reason) {
    recipient.status = reason;
    deferred_ = reason;
    env_.trace().Record({EventKind::kRecipientDeferred, envelope_.id, recipient.address});
  }

  void Log(const DeliveryOutcome& outcome, absl::Duration xdelay) {
    env_.log().Write(Severity::kInfo,
                     DeliveryLogLine(envelope_, env_.clock().WallNow(), xdelay, outcome));
  }

  // Makes what has been reached so far survive a crash. Recipients keep their indices until the
  // last transaction, so the envelope is written without those in done_ and then restored.
  Task<absl::Status> Checkpoint() {
    std::vector<Recipient> all = envelope_.recipients;
    envelope_.recipients.clear();
    for (size_t i = 0; i < all.size(); ++i) {
      if (done_.count(i) == 0) envelope_.recipients.push_back(all[i]);
    }
    absl::Status status;
    if (envelope_.recipients.empty()) {
      status = co_await message_.Remove();
      if (status.ok()) env_.trace().Record({EventKind::kEnvelopeDone, envelope_.id, ""});
    } else {
      if (!counted_) ++envelope_.attempts;
      counted_ = true;
      const int64_t now = absl::ToUnixSeconds(env_.clock().WallNow());
      envelope_.last_attempt = absl::FromUnixSeconds(std::max<int64_t>(now, 1));
      envelope_.message = deferred_;
      status = co_await message_.Update();
    }
    envelope_.recipients = std::move(all);
    co_return status;
  }

  Environment& env_;
  QueuedMessage& message_;
  Envelope& envelope_;
  const LocalMailer& mailer_;
  std::set<size_t> done_;  // indices of recipients that have the message
  std::string deferred_;   // why the last recipient that failed did
  bool counted_ = false;   // this attempt is in envelope_.attempts
};

void LogFailure(Environment& env, absl::string_view id, const absl::Status& status) {
  if (absl::IsCancelled(status)) return;
  env.log().Write(Severity::kCritical, absl::StrCat(id, ": SYSERR: ", status.message()));
}

}  // namespace

Task<absl::Status> DeliverMessage(Environment& env, Queue& queue, LocalMailer mailer,
                                  std::string id) {
  absl::StatusOr<std::unique_ptr<QueuedMessage>> message = co_await queue.Lock(id);
  if (absl::IsNotFound(message.status())) co_return absl::OkStatus();
  if (absl::IsAborted(message.status())) {
    env.probes().Reached("deliver: message locked by another");
    co_return absl::OkStatus();
  }
  absl::Status status = message.status();
  if (status.ok()) {
    Delivery delivery(env, **message, mailer);
    status = co_await delivery.Run();
  }
  if (!status.ok()) LogFailure(env, id, status);
  co_return status;
}

Task<absl::Status> RunQueue(Environment& env, Queue& queue, LocalMailer mailer) {
  const absl::Status cleaned = co_await queue.RemoveOrphans();
  if (!cleaned.ok()) LogFailure(env, "NOQUEUE", cleaned);
  CO_ASSIGN_OR_RETURN(const std::vector<std::string> ids, co_await queue.List());
  for (const std::string& id : ids) {
    // One message that cannot be worked on must not hold up the others; it has been logged.
    const absl::Status status = co_await DeliverMessage(env, queue, mailer, id);
    if (absl::IsCancelled(status)) co_return status;
  }
  co_return absl::OkStatus();
}

}  // namespace stagepost
