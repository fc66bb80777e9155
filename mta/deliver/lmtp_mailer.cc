#include "mta/deliver/lmtp_mailer.h"

#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "mta/async/deadline.h"
#include "mta/async/semaphore.h"
#include "mta/base/status_macros.h"
#include "mta/deliver/mail_transaction.h"
#include "mta/deliver/mailer_program.h"
#include "mta/deliver/outgoing_mail.h"
#include "mta/smtp/smtp_client.h"

namespace stagepost {
namespace {

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
  LmtpRun(MailerRun& run, LmtpPrograms& programs, DeliveryWatcher* watcher)
      : run_(run), env_(run.site.env()), programs_(programs), watcher_(watcher) {}

  Task<MailerReport> Run() {
    absl::StatusOr<ProgramRequest> request = co_await MailerProgram(run_);
    if (!request.ok()) {
      co_return ReportForAll(run_, Deferred("4.3.5", request.status().message()));
    }
    request->pipe_error = false;
    const absl::StatusOr<Semaphore::Permit> turn = co_await programs_.Turn(request->path);
    if (!turn.ok()) co_return ReportForAll(run_, Deferred("4.0.0", "shutting down"));
    MailerReport report = co_await Deliver(*std::move(request));
    report.relay = run_.mailer.name;
    co_return report;
  }

 private:
  Task<MailerReport> Deliver(ProgramRequest request) {
    std::unique_ptr<LmtpProgram> program = co_await TakeWaiting(request);
    if (program == nullptr) {
      const std::string path = request.path;
      absl::StatusOr<std::unique_ptr<Child>> child = co_await env_.programs().Start(request);
      if (!child.ok()) co_return ReportForAll(run_, CannotStart(run_, path, child.status()));
      program = std::make_unique<LmtpProgram>(env_, *std::move(child), std::move(request),
                                              run_.mailer.name, OptionsOf(run_));
    }
    program->last_message = run_.message.envelope().id;
    SmtpClient& client = program->client();
    SessionTranscript transcript(run_.mailer.name, watcher_);
    client.set_dialogue(&transcript);
    absl::Status status;
    if (program->messages == 0) status = co_await Greet(client);
    const bool refused = absl::IsFailedPrecondition(status);
    MailerReport report;
    if (refused) {
      report = ReportForAll(
          run_, ResultOfReply(client.refusal(), {.stage = client.stage(), .lmtp = true}));
    } else {
      MailTransaction transaction(run_, client, run_.mailer.name, transcript);
      if (status.ok()) {
        status = co_await transaction.Run();
      } else {
        transaction.GiveUp(status);
      }
      report = transaction.Report();
    }
    ++program->messages;
    report.transcript = transcript.Take();
    client.set_dialogue(watcher_);
    if (watcher_ != nullptr) {
      watcher_->OnFarewell(run_.mailer.name);
    } else if (status.ok()) {
      program = programs_.Keep(std::move(program));
    }
    // All is said; how a mailer takes its leave changes nothing.
    if (program != nullptr) co_await program->Leave();
    co_return report;
  }

  // A program that waits for a message, and is well. Null: there is none. Who watches sees a
  // session for each message, as sendmail has it.
  Task<std::unique_ptr<LmtpProgram>> TakeWaiting(const ProgramRequest& request) {
    if (watcher_ != nullptr) co_return nullptr;
    while (std::unique_ptr<LmtpProgram> program = programs_.Take(request)) {
      // One that has gone away meanwhile says nothing about the next.
      if ((co_await program->client().Reset()).ok() && !program->client().closing()) {
        co_return std::move(program);
      }
      env_.probes().Reached("lmtp: a program that was kept was gone");
      co_await program->Leave();
    }
    co_return nullptr;
  }

  Task<absl::Status> Greet(SmtpClient& client) {
    if (env_.probes().Buggify("deliver: a mailer keeps us waiting")) {
      CO_RETURN_IF_ERROR(co_await Sleep(absl::Minutes(20)));
    }
    const std::string name = ExpandText(run_.site, run_.macros, "$j");
    co_return co_await client.Greet(name);
  }

  MailerRun& run_;
  Environment& env_;
  LmtpPrograms& programs_;
  DeliveryWatcher* const watcher_;
};

}  // namespace

Task<MailerReport> RunLmtpMailer(MailerRun run, LmtpPrograms& programs, DeliveryWatcher* watcher) {
  LmtpRun lmtp(run, programs, watcher);
  co_return co_await lmtp.Run();
}

}  // namespace stagepost
