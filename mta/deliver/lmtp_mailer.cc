#include "mta/deliver/lmtp_mailer.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "mta/async/deadline.h"
#include "mta/base/status_macros.h"
#include "mta/base/sysexits.h"
#include "mta/deliver/lmtp_client.h"
#include "mta/deliver/mailer_program.h"
#include "mta/deliver/message_bytes.h"
#include "mta/deliver/outgoing_mail.h"

namespace stagepost {
namespace {

// For the mailer's end after QUIT, before it is killed.
constexpr absl::Duration kMailerExitTimeout = absl::Seconds(30);

// Whether `text` can stand between the angle brackets of an LMTP command.
bool FitsInCommand(absl::string_view text) {
  return std::none_of(text.begin(), text.end(), absl::ascii_iscntrl) &&
         text.find_first_of("<>") == absl::string_view::npos;
}

LmtpTimeouts TimeoutsOf(const Options& options) {
  LmtpTimeouts timeouts;
  timeouts.greeting = options.timeout(TimeoutId::kInitial);
  timeouts.lhlo = options.timeout(TimeoutId::kLhlo);
  timeouts.mail = options.timeout(TimeoutId::kMail);
  timeouts.recipient = options.timeout(TimeoutId::kRcpt);
  timeouts.data = options.timeout(TimeoutId::kDataInit);
  timeouts.data_block = options.timeout(TimeoutId::kDataBlock);
  timeouts.final_dot = options.timeout(TimeoutId::kDataFinal);
  timeouts.reset = options.timeout(TimeoutId::kRset);
  timeouts.quit = options.timeout(TimeoutId::kQuit);
  return timeouts;
}

class LmtpRun {
 public:
  explicit LmtpRun(MailerRun& run) : run_(run), env_(run.site.env()) {
    for (const std::string& user : run_.users) recipients_.push_back({.user = user});
  }

  Task<MailerReport> Run() {
    absl::StatusOr<ProgramRequest> request = co_await MailerProgram(run_);
    if (!request.ok()) {
      co_return ReportForAll(run_, Deferred("4.3.5", request.status().message()));
    }
    request->pipe_error = false;
    absl::StatusOr<std::unique_ptr<Child>> child = co_await env_.programs().Start(*request);
    if (!child.ok()) {
      co_return ReportForAll(run_, CannotStart(run_, request->path, child.status()));
    }
    const absl::Status status = co_await Converse(**child);
    co_return Report(status);
  }

 private:
  Task<absl::Status> Converse(Child& child) {
    std::unique_ptr<ByteSink> input = child.TakeInput();
    std::unique_ptr<ByteSource> output = child.TakeOutput();
    LmtpClient client(env_.clock(), *input, *output, TimeoutsOf(run_.site.configuration().options));
    absl::Status status = co_await Transact(client);
    // All is said; how the mailer takes its leave changes nothing.
    if (status.ok()) status = co_await client.Quit();
    const bool left = status.ok();
    input.reset();
    output.reset();
    const absl::StatusOr<ExitStatus> end = co_await WithDeadline(
        env_.clock().MonotonicNow() + (left ? kMailerExitTimeout : absl::Seconds(2)), child.Wait());
    if (end.ok() && !end->ok()) LogExit(*end);
    co_return transacted_ ? absl::OkStatus() : status;
  }

  Task<absl::Status> Transact(LmtpClient& client) {
    if (env_.probes().Buggify("deliver: a mailer keeps us waiting")) {
      CO_RETURN_IF_ERROR(co_await Sleep(absl::Minutes(20)));
    }
    const std::string sender = run_.null_sender ? "" : run_.sender;
    if (!FitsInCommand(sender)) co_return absl::InvalidArgumentError("Invalid sender address");
    for (const LmtpRecipient& recipient : recipients_) {
      if (FitsInCommand(recipient.user)) continue;
      co_return absl::InvalidArgumentError("Invalid recipient address");
    }
    const std::string name = ExpandText(run_.site, run_.macros, "$j");
    CO_RETURN_IF_ERROR(co_await client.Greet(name));
    const absl::StatusOr<std::unique_ptr<MessageText>> text =
        co_await TextForMailer(run_, false, client.Offers("8BITMIME"));
    if (!text.ok()) co_return forbidden_ = text.status();
    CO_RETURN_IF_ERROR(co_await client.Deliver(sender, Parameters(client), **text, recipients_));
    transacted_ = true;
    co_return absl::OkStatus();
  }

  std::string Parameters(const LmtpClient& client) {
    std::string parameters;
    const Envelope& envelope = run_.message.envelope();
    if (client.Offers("SIZE")) absl::StrAppend(&parameters, " SIZE=", MessageBytes(envelope));
    const bool eight = client.Offers("8BITMIME");
    const BodyPlan plan = PlanBody(envelope, run_.mailer, run_.site.configuration(), eight);
    if (eight && plan.announcement == BodyPlan::Announcement::kEightBitMime) {
      parameters.append(" BODY=8BITMIME");
    }
    if (eight && plan.announcement == BodyPlan::Announcement::kSevenBit) {
      parameters.append(" BODY=7BIT");
    }
    return parameters;
  }

  void LogExit(const ExitStatus& end) {
    const std::string how =
        end.killed_by.has_value()
            ? absl::StrCat(" stopped with signal ", static_cast<int>(*end.killed_by))
            : absl::StrCat(" exited with exit value ", end.code);
    env_.log().Write(Severity::kError, absl::StrCat(run_.message.envelope().id,
                                                    ": smtpquit: mailer ", run_.mailer.name, how));
  }

  MailerReport Report(const absl::Status& status) {
    MailerReport report;
    report.relay = run_.mailer.name;
    bool first = true;
    for (const LmtpRecipient& recipient : recipients_) {
      if (recipient.reply.has_value()) {
        report.results.push_back(ResultOfReply(*recipient.reply, recipient.stage));
        continue;
      }
      report.results.push_back(Unanswered(status, first));
      if (first && absl::IsUnavailable(status)) {
        report.message_text = absl::StrCat("reply: read error from ", run_.mailer.name);
      }
      first = false;
    }
    return report;
  }

  // As sendmail, the first one says why in full.
  DeliveryResult Unanswered(const absl::Status& status, bool first) {
    if (absl::IsDeadlineExceeded(status)) {
      return Deferred("4.4.1", absl::StrCat("Connection timed out with ", run_.mailer.name));
    }
    if (!forbidden_.ok()) {
      DeliveryResult result = ResultOfExitCode(kExitDataError, "", "");
      result.diagnostic = std::string(forbidden_.message());
      return result;
    }
    if (!absl::IsUnavailable(status)) return Deferred("4.3.0", status.message());
    DeliveryResult result =
        Deferred("4.4.2", first ? absl::StrCat("Connection reset by ", run_.mailer.name) : "");
    if (!first) result.queue_text = absl::StrCat("reply: read error from ", run_.mailer.name);
    return result;
  }

  MailerRun& run_;
  Environment& env_;
  std::vector<LmtpRecipient> recipients_;
  bool transacted_ = false;  // everybody has had an answer
  absl::Status forbidden_;   // why this message is not for this mailer
};

}  // namespace

Task<MailerReport> RunLmtpMailer(MailerRun run) {
  LmtpRun lmtp(run);
  co_return co_await lmtp.Run();
}

}  // namespace stagepost
