#include "mta/m4/m4_main.h"

#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "mta/async/deadline.h"
#include "mta/base/errno.h"
#include "mta/base/sysexits.h"
#include "mta/m4/m4.h"
#include "mta/m4/m4_commands.h"
#include "mta/m4/m4_files.h"
#include "mta/m4/m4_options.h"

namespace stagepost {
namespace {

// Of steps on end; then what there is is written, and others have their turn.
constexpr uint64_t kSteps = 5'000'000;
constexpr absl::Duration kPause = absl::Microseconds(1);
constexpr size_t kWriteBytes = 4 << 20;

Errno ErrnoOr(const absl::Status& status, Errno otherwise) {
  const Errno found = ErrnoOf(status);
  return found == Errno::kOk ? otherwise : found;
}

// The exit code when standard output cannot be written. A reader that has gone by its own will
// (`… | head`) need not be told.
Task<int> OutputLost(Environment& env, absl::Status status) {
  if (!absl::IsUnavailable(status)) {
    const std::string text = absl::StrCat(
        "stagepost m4: standard output: ", ErrnoText(ErrnoOr(status, Errno::kEIO)), "\n");
    (void)co_await WriteAll(env.process().standard_error(), text);
  }
  co_return kExitIoError;
}

// One run of the program.
class M4Run {
 public:
  M4Run(Environment& env, M4Options options)
      : env_(env),
        options_(std::move(options)),
        files_(env, options_.include_path),
        commands_(env, options_.allow_commands),
        m4_(M4Limits{}) {}

  Task<int> Run() {
    for (const M4Step& step : options_.steps) {
      if (step.kind == M4Step::Kind::kDefine) m4_.Define(step.name, step.value);
      if (step.kind == M4Step::Kind::kUndefine) m4_.Undefine(step.name);
      if (step.kind == M4Step::Kind::kFile) co_await ReadFile(step.name);
      if (finished_) break;
    }
    if (!finished_) {
      m4_.End();
      co_await Evaluate();
    }
    if (!options_.terse) co_await Explain();
    co_await Write();
    if (!output_status_.ok()) co_return co_await OutputLost(env_, output_status_);
    co_return exit_code_ == 0 ? m4_.exit_code() : exit_code_;
  }

 private:
  Task<void> ReadFile(std::string name) {
    absl::StatusOr<M4Files::Found> found;
    if (name == "-") {
      found = co_await files_.ReadStandardInput();
    } else {
      found = co_await files_.Find(name);
    }
    if (!found.ok()) {
      m4_.GiveMessages(absl::StrCat("m4: cannot open `", name,
                                    "': ", ErrnoText(ErrnoOr(found.status(), Errno::kEIO)), "\n"));
      exit_code_ = 1;
      if (IsSendmailLibrary(name)) library_missing_ = true;
      co_return;
    }
    m4_.Begin(found->path, std::move(found->text));
    co_await Evaluate();
  }

  // Runs until the file is done, or everything.
  Task<void> Evaluate() {
    while (true) {
      const M4Event event = m4_.Run(kSteps);
      co_await WriteSome();
      if (!output_status_.ok()) finished_ = true;
      if (event == M4Event::kFinished) finished_ = true;
      // A signal is to end even what has no end.
      if (event == M4Event::kPaused && !(co_await Sleep(kPause)).ok()) finished_ = true;
      if (finished_ || event == M4Event::kInputEnd) co_return;
      if (event == M4Event::kNeedFile) co_await GiveFile();
      if (event == M4Event::kNeedTemporary) co_await GiveTemporary();
      if (event == M4Event::kNeedCommand) co_await GiveCommand();
    }
  }

  Task<void> GiveFile() {
    absl::StatusOr<M4Files::Found> found = co_await files_.Find(m4_.request().name);
    if (found.ok()) {
      m4_.GiveFile(found->path, std::move(found->text));
    } else {
      m4_.RefuseFile(ErrnoOr(found.status(), Errno::kEIO));
    }
  }

  Task<void> GiveTemporary() {
    const auto path = co_await commands_.MakeTemporary(m4_.request().name);
    if (path.ok()) {
      m4_.GiveTemporary(*path);
    } else {
      m4_.RefuseFile(ErrnoOr(path.status(), Errno::kEIO));
    }
  }

  Task<void> GiveCommand() {
    // What was written before comes before what the command writes to a terminal or a file.
    co_await Write();
    absl::StatusOr<M4Commands::Result> result = co_await commands_.Run(m4_.request().name);
    if (result.ok()) {
      m4_.GiveMessages(result->errors);
      m4_.GiveCommand(result->output, result->status);
    } else if (absl::IsPermissionDenied(result.status()) &&
               ErrnoOf(result.status()) == Errno::kOk) {
      m4_.RefuseCommand("without --allow-commands no command is run");
    } else {
      m4_.RefuseCommand(absl::StrCat("cannot run (", result.status().message(), ")"));
    }
  }

  Task<void> WriteSome() {
    output_ += m4_.TakeOutput();
    messages_ += m4_.TakeMessages();
    if (output_.size() > kWriteBytes || !messages_.empty()) co_await Write();
  }

  Task<void> Write() {
    output_ += m4_.TakeOutput();
    messages_ += m4_.TakeMessages();
    const std::string output = std::exchange(output_, {});
    const std::string messages = std::exchange(messages_, {});
    if (!output.empty()) {
      output_status_.Update(co_await WriteAll(env_.process().standard_output(), output));
    }
    // Nobody can be told that the messages cannot be written.
    if (!messages.empty()) {
      (void)co_await WriteAll(env_.process().standard_error(), messages);
    }
  }

  Task<void> Explain() {
    for (const M4Finding& finding : m4_.findings()) {
      std::string text =
          absl::StrCat("stagepost m4: ", PlaceText(finding.place), finding.what, "\n");
      for (M4Place place = m4_.uses()[finding.place.use].included_at; place.use != 0;
           place = m4_.uses()[place.use].included_at) {
        absl::StrAppend(&text, "    included at ", PlaceText(place), "\n");
        // ": " at the end is for texts that follow.
        text.erase(text.size() - 3, 2);
      }
      if (!finding.hint.empty()) absl::StrAppend(&text, "    ", finding.hint, "\n");
      if (IsSendmailLibrary(finding.missing_file)) {
        library_missing_ = true;
      } else if (!finding.missing_file.empty()) {
        const std::string similar = co_await files_.Similar(finding.missing_file);
        if (!similar.empty()) absl::StrAppend(&text, "    did you mean ", similar, "?\n");
      }
      m4_.GiveMessages(text);
    }
    if (library_missing_) m4_.GiveMessages(LibraryMissing());
  }

  std::string PlaceText(const M4Place& place) const {
    if (place.use == 0) return "";
    const std::string& name = m4_.uses()[place.use].name;
    if (place.column == 0) return absl::StrCat(name, ":", place.line, ": ");
    return absl::StrCat(name, ":", place.line, ":", place.column, ": ");
  }

  static std::string LibraryMissing() {
    std::string text =
        "stagepost m4: sendmail's m4 library (m4/cf.m4) is not on this machine. Looked for in:\n";
    for (const absl::string_view tree : SendmailTrees()) absl::StrAppend(&text, "    ", tree, "\n");
    return absl::StrCat(text,
                        "    Install it (Debian: the package sendmail-cf) or say where: -I DIR\n");
  }

  Environment& env_;
  const M4Options options_;
  M4Files files_;
  M4Commands commands_;
  M4 m4_;
  std::string output_;
  std::string messages_;
  int exit_code_ = 0;
  bool finished_ = false;
  absl::Status output_status_;
  bool library_missing_ = false;
};

}  // namespace

Task<int> M4Main(Environment& env, Arguments arguments) {
  absl::StatusOr<M4Options> options = ParseM4Options(arguments);
  if (!options.ok()) {
    const std::string text =
        absl::StrCat("stagepost m4: ", options.status().message(), "\nTry: stagepost m4 --help\n");
    (void)co_await WriteAll(env.process().standard_error(), text);
    co_return kExitUsage;
  }
  if (options->help) {
    const absl::Status status = co_await WriteAll(env.process().standard_output(), M4Help());
    if (!status.ok()) co_return co_await OutputLost(env, status);
    co_return kExitOk;
  }
  M4Run run(env, *std::move(options));
  co_return co_await run.Run();
}

}  // namespace stagepost
