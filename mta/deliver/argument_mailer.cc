#include "mta/deliver/argument_mailer.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "mta/async/deadline.h"
#include "mta/async/scope.h"
#include "mta/base/status_macros.h"
#include "mta/base/sysexits.h"
#include "mta/deliver/mailer_program.h"
#include "mta/deliver/outgoing_mail.h"
#include "mta/message/line_ends.h"

namespace stagepost {
namespace {

constexpr size_t kTextBlock = 16 * 1024;

// A program under way, and what has become of its streams.
struct Run {
  Child* child = nullptr;
  MessageText* text = nullptr;
  std::string end_of_line;
  bool stuff_dots = false;
  // The message could not be read: the program has not had all of it, whatever it says.
  absl::Status text_status;
  std::string transcript;
  absl::StatusOr<ExitStatus> end = absl::UnknownError("not ended");
};

// Writes the message and closes the pipe. A program that does not read on is no error.
Task<absl::Status> Feed(Run& run) {
  std::unique_ptr<ByteSink> input = run.child->TakeInput();
  std::string block(kTextBlock, '\0'), wire;
  bool line_start = true;
  while (true) {
    const absl::StatusOr<size_t> read = co_await run.text->Read(absl::MakeSpan(block));
    if (!read.ok()) {
      run.text_status = read.status();
      // Nothing says on a pipe that it ends too early; so the program must not see its end.
      run.child->Kill(Signal::kKill);
      co_return absl::OkStatus();
    }
    if (*read == 0) co_return absl::OkStatus();
    wire.clear();
    AppendLines(absl::string_view(block).substr(0, *read), run.end_of_line, run.stuff_dots,
                line_start, wire);
    if (wire.empty()) continue;
    const absl::Status written = co_await WriteAll(*input, wire);
    if (absl::IsCancelled(written)) co_return written;
    if (!written.ok()) co_return absl::OkStatus();
  }
}

Task<absl::Status> Collect(Run& run, std::unique_ptr<ByteSource> source) {
  std::string block(4096, '\0');
  while (true) {
    const absl::StatusOr<size_t> read = co_await source->Read(absl::MakeSpan(block));
    if (absl::IsCancelled(read.status())) co_return read.status();
    if (!read.ok() || *read == 0) co_return absl::OkStatus();
    const size_t room = kMaxTranscript - std::min(kMaxTranscript, run.transcript.size());
    run.transcript.append(block, 0, std::min(room, *read));
  }
}

// The program's end. What it has left running may keep its output open for ever; that is read only
// until then.
Task<absl::Status> Follow(TaskScope& scope, Run& run) {
  CO_RETURN_IF_ERROR(scope.Spawn(&Feed, std::ref(run)));
  CO_RETURN_IF_ERROR(scope.Spawn(&Collect, std::ref(run), run.child->TakeOutput()));
  CO_RETURN_IF_ERROR(scope.Spawn(&Collect, std::ref(run), run.child->TakeError()));
  run.end = co_await run.child->Wait();
  CO_RETURN_IF_ERROR(run.end.status());
  (void)co_await WithDeadline((co_await CurrentContext()).loop().now() + absl::Seconds(1),
                              scope.Join());
  co_return absl::OkStatus();
}

DeliveryResult ResultOf(const MailerRun& run, const Run& ended, const absl::Status& status,
                        absl::string_view path) {
  if (!ended.text_status.ok()) return Deferred("4.3.0", ended.text_status.message());
  if (absl::IsDeadlineExceeded(status)) {
    return Deferred("4.4.1", absl::StrCat("mailer ", run.mailer.name, " timed out"));
  }
  if (!ended.end.ok()) return Deferred("4.0.0", ended.end.status().message());
  return ResultOfExit(*ended.end, run.mailer.name, path);
}

}  // namespace

Task<MailerReport> RunArgumentMailer(MailerRun run) {
  Environment& env = run.site.env();
  absl::StatusOr<ProgramRequest> request = co_await MailerProgram(run);
  if (!request.ok()) {
    co_return ReportForAll(run, Deferred("4.3.5", request.status().message()));
  }
  co_await WarnOfUnsafeProgram(run, request->path);
  absl::StatusOr<std::unique_ptr<MessageText>> text =
      co_await TextForMailer(run, true, std::nullopt);
  if (!text.ok()) {
    DeliveryResult result = ResultOfExitCode(kExitDataError, "", "");
    result.diagnostic = std::string(text.status().message());
    co_return ReportForAll(run, result);
  }
  absl::StatusOr<std::unique_ptr<Child>> child = co_await env.programs().Start(*request);
  if (!child.ok()) {
    co_return ReportForAll(run, CannotStart(run, request->path, child.status()));
  }
  Run ended;
  ended.child = child->get();
  ended.text = text->get();
  ended.end_of_line = ExpandText(run.site, run.macros, run.mailer.end_of_line);
  ended.stuff_dots = run.mailer.Has('X');
  const absl::Duration limit =
      std::max(kMaxMailerTime, run.site.configuration().options.timeout(TimeoutId::kDataFinal));
  const absl::Status status = co_await WithDeadline(
      env.clock().MonotonicNow() + limit,
      WithScope("mailer", TaskScope::Policy::kSupervise, 3, &Follow, std::ref(ended)));
  MailerReport report = ReportForAll(run, ResultOf(run, ended, status, request->path));
  report.relay = run.host;
  report.transcript = std::move(ended.transcript);
  co_return report;
}

}  // namespace stagepost
