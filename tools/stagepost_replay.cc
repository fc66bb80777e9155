#include "tools/stagepost_replay.h"

#include <sysexits.h>

#include <algorithm>
#include <cstdint>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "sim/choice/choices.h"
#include "tools/scenario_files.h"
#include "tools/stagepost_files.h"
#include "tools/stagepost_report.h"

namespace stagepost {
namespace {

// Silence for longer than this is worth a line of progress.
constexpr absl::Duration kProgressInterval = absl::Seconds(5);
constexpr size_t kMaxNameWidth = 60;

int ExitCodeOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kUnimplemented:  // of what a scenario asks for
      return EX_DATAERR;
    case absl::StatusCode::kNotFound:
      return EX_NOINPUT;
    case absl::StatusCode::kPermissionDenied:
      return EX_CANTCREAT;
    default:
      return EX_SOFTWARE;
  }
}

class Replay {
 public:
  Replay(std::string program, const ReplayOptions& options, const StagepostContext& context)
      : program_(std::move(program)), options_(options), context_(context) {}

  int Execute() {
    const absl::Duration start = context_.now();
    last_progress_ = start;
    if (!Prepare()) return exit_code_;
    for (const std::string& file : files_) {
      if (const absl::Status loaded = Load(file); !loaded.ok()) ReportUnloadable(file, loaded);
    }
    size_t width = 0;
    for (const LoadedScenario& scenario : scenarios_) {
      width = std::max(width, std::min(kMaxNameWidth, scenario.scenario.name().size()));
    }
    for (const LoadedScenario& scenario : scenarios_) {
      if (options_.many_seeds) {
        RunSeeds(scenario, width);
      } else {
        RunOnce(scenario, width);
      }
    }
    totals_.real_time = context_.now() - start;
    context_.out << (options_.json ? json_.Finish(totals_) : TotalsText(totals_));
    return exit_code_ != EX_OK ? exit_code_ : totals_.failed > 0 ? 1 : EX_OK;
  }

 private:
  // Finds the files and reads the choices; false: there is nothing to run.
  bool Prepare() {
    absl::StatusOr<std::vector<std::string>> files = FindScenarios(options_.arguments);
    if (!files.ok()) return Complain(files.status());
    files_ = *std::move(files);
    const bool one_only = !options_.choices_file.empty() || !options_.record_file.empty();
    if (one_only && files_.size() != 1) {
      context_.err << "stagepost: --choices and --record take one scenario, not " << files_.size()
                   << "\n";
      exit_code_ = EX_USAGE;
      return false;
    }
    if (options_.choices_file.empty()) return true;
    absl::StatusOr<std::string> log = ReadWholeFile(options_.choices_file, Choices::kMaxLogBytes);
    if (!log.ok()) return Complain(log.status());
    const absl::StatusOr<Choices> choices = Choices::FromLog(*log);
    if (!choices.ok()) {
      return Complain(absl::InvalidArgumentError(
          absl::StrCat(options_.choices_file, ": ", choices.status().message())));
    }
    choices_seed_ = choices->seed();
    choice_log_ = *std::move(log);
    return true;
  }

  // The first error decides about the exit status, before any failure.
  bool Complain(const absl::Status& status) {
    context_.err << "stagepost: " << std::string(status.message()) << "\n";
    if (exit_code_ == EX_OK) exit_code_ = ExitCodeOf(status);
    return false;
  }

  absl::Status Load(const std::string& file) {
    absl::StatusOr<LoadedScenario> loaded = scenario_files_.Load(file);
    if (!loaded.ok()) return loaded.status();
    scenarios_.push_back(*std::move(loaded));
    return absl::OkStatus();
  }

  void ReportUnloadable(const std::string& file, const absl::Status& status) {
    // FILE:LINE:COLUMN first, as editors expect it.
    context_.err << std::string(status.message()) << "\n";
    if (exit_code_ == EX_OK) exit_code_ = ExitCodeOf(status);
    ++totals_.errors;
    ReplayRun run;
    run.file = file;
    run.seed = options_.first_seed;
    run.error = std::string(status.message());
    if (options_.json) json_.Add(run);
  }

  ReplayRun Run(const LoadedScenario& scenario, uint64_t seed) {
    ReplayRun run;
    run.name = scenario.scenario.name();
    run.file = scenario.file;
    run.seed = choice_log_.empty() ? seed : choices_seed_;
    run.replay_command = absl::StrCat(
        ShellWord(program_), " replay ", options_.canary ? "--canary " : "",
        options_.faults ? "--faults " : "",
        choice_log_.empty() ? absl::StrCat("--seed ", seed)
                            : absl::StrCat("--choices ", ShellWord(options_.choices_file)),
        " ", ShellWord(scenario.file));
    RunOptions options;
    options.seed = seed;
    options.keep_trace = options_.trace;
    options.faults = options_.faults;
    options.canary = options_.canary;
    if (!choice_log_.empty()) options.choice_log = choice_log_;
    const absl::Duration start = context_.now();
    absl::StatusOr<RunResult> result = context_.run(scenario, options);
    run.real_time = context_.now() - start;
    if (result.ok()) {
      run.result = *std::move(result);
    } else {
      run.error = std::string(result.status().message());
      run.exit_code = ExitCodeOf(result.status());
    }
    Count(run);
    return run;
  }

  void Count(const ReplayRun& run) {
    totals_.skipped += run.result.skipped.size();
    if (!run.error.empty()) {
      ++totals_.errors;
      context_.err << run.error << "\n";
      if (exit_code_ == EX_OK) exit_code_ = run.exit_code;
    } else if (run.held()) {
      ++totals_.held;
    } else {
      ++totals_.failed;
    }
    if (options_.json) json_.Add(run);
  }

  void RunOnce(const LoadedScenario& scenario, size_t width) {
    const ReplayRun run = Run(scenario, options_.first_seed);
    if (!options_.json && run.error.empty()) context_.out << RunText(run, width) << std::flush;
    if (options_.record_file.empty() || !run.error.empty()) return;
    const absl::Status written = WriteWholeFile(options_.record_file, run.result.choice_log);
    if (!written.ok()) Complain(written);
  }

  void RunSeeds(const LoadedScenario& scenario, size_t width) {
    ReplaySummary summary;
    summary.name = scenario.scenario.name();
    summary.file = scenario.file;
    std::set<Hash128> hashes;
    const uint64_t count = options_.last_seed - options_.first_seed + 1;
    for (uint64_t i = 0; i < count; ++i) {
      ReplayRun run = Run(scenario, options_.first_seed + i);
      ++summary.seeds;
      summary.real_time += run.real_time;
      const bool hopeless = !run.error.empty();  // the next seed would say the same
      if (!hopeless) hashes.insert(run.result.hash);
      if (run.held()) {
        ++summary.held;
      } else if (summary.failed.size() < ReplaySummary::kListedFailures) {
        summary.failed.push_back(std::move(run));
      }
      if (hopeless) break;
      ShowProgress(summary, count);
    }
    summary.distinct_hashes = hashes.size();
    if (options_.json) {
      json_.Add(summary);
    } else {
      context_.out << SummaryText(summary, width) << std::flush;
    }
  }

  void ShowProgress(const ReplaySummary& summary, uint64_t count) {
    const absl::Duration now = context_.now();
    if (now - last_progress_ < kProgressInterval || summary.seeds == count) return;
    last_progress_ = now;
    context_.err << summary.name << ": " << summary.seeds << " of " << count << " seeds, "
                 << summary.seeds - summary.held << " failed\n"
                 << std::flush;
  }

  const std::string program_;
  const ReplayOptions& options_;
  const StagepostContext& context_;
  int exit_code_ = EX_OK;
  std::vector<std::string> files_;
  ScenarioFiles scenario_files_;
  std::vector<LoadedScenario> scenarios_;
  std::string choice_log_;  // never empty when it was read: it has a header
  uint64_t choices_seed_ = 0;
  ReplayTotals totals_;
  JsonReport json_;
  absl::Duration last_progress_;
};

}  // namespace

int RunReplay(const std::string& program, const ReplayOptions& options,
              const StagepostContext& context) {
  return Replay(program, options, context).Execute();
}

}  // namespace stagepost
