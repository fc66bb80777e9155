#include "mta/deliver/lmtp_mailer.h"

#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "mta/async/deadline.h"
#include "mta/base/status_macros.h"
#include "mta/deliver/mail_transaction.h"
#include "mta/deliver/mailer_program.h"
#include "mta/deliver/outgoing_mail.h"
#include "mta/smtp/smtp_client.h"

namespace stagepost {
namespace {

// For the mailer's end after QUIT, and after its pipes are closed in the middle, before it is
// killed.
constexpr absl::Duration kMailerExitTimeout = absl::Seconds(30);
constexpr absl::Duration kMailerAbortTimeout = absl::Seconds(2);

ClientOptions OptionsOf(const MailerRun& run) {
  const Options& options = run.site.configuration().options;
  ClientOptions client = {.lmtp = true, .escape_dots = run.mailer.Has('X')};
  client.end_of_line = ExpandText(run.site, run.macros, run.mailer.end_of_line);
  client.timeouts = {.greeting = options.timeout(TimeoutId::kInitial),
                     .hello = options.timeout(TimeoutId::kLhlo),
                     .mail = options.timeout(TimeoutId::kMail),
                     .recipient = options.timeout(TimeoutId::kRcpt),
                     .data = options.timeout(TimeoutId::kDataInit),
                     .data_block = options.timeout(TimeoutId::kDataBlock),
                     .final_dot = options.timeout(TimeoutId::kDataFinal),
                     .reset = options.timeout(TimeoutId::kRset),
                     .quit = options.timeout(TimeoutId::kQuit)};
  return client;
}

class LmtpRun {
 public:
  LmtpRun(MailerRun& run, ClientDialogue* dialogue)
      : run_(run), env_(run.site.env()), dialogue_(dialogue) {}

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
    MailerReport report = co_await Converse(**child);
    report.relay = run_.mailer.name;
    co_return report;
  }

 private:
  Task<MailerReport> Converse(Child& child) {
    std::unique_ptr<ByteSink> input = child.TakeInput();
    std::unique_ptr<ByteSource> output = child.TakeOutput();
    SmtpClient client(env_.clock(), *input, *output, OptionsOf(run_));
    client.set_dialogue(dialogue_);
    MailTransaction transaction(run_, client, run_.mailer.name);
    absl::Status status = co_await Greet(client);
    const bool refused = absl::IsFailedPrecondition(status);
    const ReplyStage stage = client.stage();
    if (status.ok()) {
      status = co_await transaction.Run();
    } else {
      transaction.GiveUp(status);
    }
    if (dialogue_ != nullptr) dialogue_->OnFarewell(run_.mailer.name);
    // All is said; how the mailer takes its leave changes nothing.
    bool left = (status.ok() || refused) && !client.closing();
    if (left) left = (co_await client.Quit()).ok();
    input.reset();
    output.reset();
    const absl::StatusOr<ExitStatus> end = co_await WithDeadline(
        env_.clock().MonotonicNow() + (left ? kMailerExitTimeout : kMailerAbortTimeout),
        child.Wait());
    if (end.ok() && !end->ok()) LogExit(*end);
    if (!refused) co_return transaction.Report();
    co_return ReportForAll(run_, ResultOfReply(client.refusal(), stage));
  }

  Task<absl::Status> Greet(SmtpClient& client) {
    if (env_.probes().Buggify("deliver: a mailer keeps us waiting")) {
      CO_RETURN_IF_ERROR(co_await Sleep(absl::Minutes(20)));
    }
    const std::string name = ExpandText(run_.site, run_.macros, "$j");
    co_return co_await client.Greet(name);
  }

  void LogExit(const ExitStatus& end) {
    const std::string how =
        end.killed_by.has_value()
            ? absl::StrCat(" stopped with signal ", static_cast<int>(*end.killed_by))
            : absl::StrCat(" exited with exit value ", end.code);
    env_.log().Write(Severity::kError, absl::StrCat(run_.message.envelope().id,
                                                    ": smtpquit: mailer ", run_.mailer.name, how));
  }

  MailerRun& run_;
  Environment& env_;
  ClientDialogue* const dialogue_;
};

}  // namespace

Task<MailerReport> RunLmtpMailer(MailerRun run, ClientDialogue* dialogue) {
  LmtpRun lmtp(run, dialogue);
  co_return co_await lmtp.Run();
}

}  // namespace stagepost
