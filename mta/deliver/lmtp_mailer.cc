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
#include "mta/deliver/lmtp_command.h"
#include "mta/deliver/mail_transaction.h"
#include "mta/deliver/mailer_program.h"
#include "mta/deliver/message_bytes.h"
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
  LmtpRun(MailerRun& run, LmtpPrograms& programs, DeliveryWatcher* watcher,
          WatchedConnections& watched)
      : run_(run),
        env_(run.site.env()),
        programs_(programs),
        watcher_(watcher),
        watched_(watched),
        key_(WatchedConnections::KeyOfProgram(run.mailer.name)) {}

  Task<MailerReport> Run() {
    absl::StatusOr<ProgramRequest> request = co_await MailerProgram(run_);
    if (!request.ok()) {
      co_return ReportForAll(run_, Deferred("4.3.5", request.status().message()));
    }
    request->pipe_error = false;
    // Who watches sees a session for each message, in the words that sendmail's has.
    if (watcher_ == nullptr) {
      request->environment[std::string(kLmtpChunkingVariable)] = "yes";
      small_ = MessageBytes(run_.message.envelope()) <= kMostSentAtOnce;
    }
    MailerReport report = co_await Deliver(*std::move(request));
    report.relay = run_.mailer.name;
    co_return report;
  }

 private:
  Task<MailerReport> Deliver(ProgramRequest request) {
    std::shared_ptr<LmtpProgram> program;
    if (small_) program = programs_.Join(request, run_.users);
    if (program != nullptr) {
      env_.probes().Reached("lmtp: a message was handed over beside another");
      co_return co_await DeliverTo(std::move(program), true);
    }
    absl::StatusOr<Semaphore::Permit> turn = co_await programs_.Turn(request.path);
    if (!turn.ok()) co_return ReportForAll(run_, Deferred("4.0.0", "shutting down"));
    program = co_await TakeWaiting(request);
    if (program == nullptr) {
      if (watcher_ != nullptr) watcher_->OnConnecting(run_, run_.mailer.name);
      const std::string path = request.path;
      co_await WarnOfUnsafeProgram(run_, path);
      absl::StatusOr<std::unique_ptr<Child>> child = co_await env_.programs().Start(request);
      if (!child.ok()) co_return ReportForAll(run_, CannotStart(run_, path, child.status()));
      program = std::make_shared<LmtpProgram>(env_, *std::move(child), std::move(request),
                                              run_.mailer.name, OptionsOf(run_));
      if (watcher_ != nullptr) co_await watched_.Enter(run_, key_, run_.mailer.name, *watcher_);
    }
    program->turn.emplace(*std::move(turn));
    co_return co_await DeliverTo(std::move(program), false);
  }

  Task<MailerReport> DeliverTo(std::shared_ptr<LmtpProgram> program, bool joined) {
    program->last_message = run_.message.envelope().id;
    SmtpClient& client = program->client();
    SessionTranscript transcript(run_.mailer.name, watcher_);
    absl::Status status;
    if (program->messages == 0 && !joined) {
      client.set_dialogue(&transcript);
      status = co_await Greet(client);
    }
    const bool refused = absl::IsFailedPrecondition(status);
    MailerReport report;
    if (refused) {
      client.set_dialogue(nullptr);
      report = ReportForAll(
          run_, ResultOfReply(client.refusal(), {.stage = client.stage(), .lmtp = true}));
    } else {
      MailTransaction transaction(run_, client, run_.mailer.name, transcript);
      if (!status.ok()) {
        client.set_dialogue(nullptr);
        transaction.GiveUp(status);
      } else if (small_ && client.CanSendAtOnce()) {
        if (!joined) {
          client.set_dialogue(nullptr);
          programs_.Share(program, run_.users);
        }
        status = co_await transaction.RunAtOnce();
      } else {
        client.set_dialogue(&transcript);
        status = co_await transaction.Run();
        client.set_dialogue(nullptr);
      }
      report = transaction.Report();
    }
    ++program->messages;
    report.transcript = transcript.Take();
    co_await Part(std::move(program), status);
    co_return report;
  }

  // All is said; how a mailer takes its leave changes nothing.
  Task<void> Part(std::shared_ptr<LmtpProgram> program, const absl::Status& status) {
    const bool is_watched = watcher_ != nullptr;
    if (is_watched) program->client().set_dialogue(watcher_);
    const bool keep = status.ok() && (!is_watched || WatchedConnections::Keeps(run_));
    if (is_watched) watched_.Use(key_, !keep || program->client().closing());
    program = keep ? programs_.Keep(std::move(program), /*always=*/is_watched)
                   : programs_.LetGo(std::move(program));
    if (program != nullptr) co_await program->Leave();
  }

  // A program that waits for a message, and is well. Null: there is none. Who watches sees that it
  // is told to start anew, as sendmail tells every one.
  Task<std::shared_ptr<LmtpProgram>> TakeWaiting(const ProgramRequest& request) {
    while (std::shared_ptr<LmtpProgram> program = programs_.Take(request)) {
      SmtpClient& client = program->client();
      client.set_dialogue(watcher_);
      absl::Status status = co_await client.CheckWaiting();
      if (status.ok() && (watcher_ != nullptr || client.needs_reset())) {
        status = co_await client.Reset();
      }
      // One that has gone away meanwhile says nothing about the next.
      if (status.ok() && !client.closing()) {
        if (watcher_ != nullptr) watcher_->OnReusing(run_, run_.mailer.name);
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
  bool small_ = false;  // it may be sent at once
  WatchedConnections& watched_;
  const std::string key_;
};

}  // namespace

Task<MailerReport> RunLmtpMailer(MailerRun run, LmtpPrograms& programs, DeliveryWatcher* watcher,
                                 WatchedConnections& watched) {
  LmtpRun lmtp(run, programs, watcher, watched);
  co_return co_await lmtp.Run();
}

}  // namespace stagepost
