// What `stagepost replay` says: text for people, JSON for programs. docs/stagepost.md describes
// both.
#ifndef STAGEPOST_TOOLS_STAGEPOST_REPORT_H_
#define STAGEPOST_TOOLS_STAGEPOST_REPORT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "sim/scenario/runner.h"

namespace stagepost {

// One run of one scenario; or, with an error, a scenario that could not be run.
struct ReplayRun {
  std::string name;  // empty if it could not be loaded
  std::string file;
  uint64_t seed = 0;
  std::string error;
  int exit_code = 0;           // of the error
  std::string replay_command;  // which runs it again
  absl::Duration real_time;
  RunResult result;

  bool held() const { return error.empty() && result.held(); }
};

// All runs of one scenario with --seeds.
struct ReplaySummary {
  std::string name;
  std::string file;
  uint64_t seeds = 0;
  uint64_t held = 0;
  uint64_t distinct_hashes = 0;
  absl::Duration real_time;
  std::vector<ReplayRun> failed;  // the first kListedFailures that did not hold

  static constexpr size_t kListedFailures = 10;
};

struct ReplayTotals {
  uint64_t held = 0;
  uint64_t failed = 0;
  uint64_t errors = 0;
  uint64_t skipped = 0;  // steps and expectations
  absl::Duration real_time;
};

// Lines for people, each with its newline. `width`: to which names are padded.
std::string RunText(const ReplayRun& run, size_t width);
std::string SummaryText(const ReplaySummary& summary, size_t width);
std::string TotalsText(const ReplayTotals& totals);

// JSON, built up run by run, since there may be many.
class JsonReport {
 public:
  void Add(const ReplayRun& run);
  void Add(const ReplaySummary& summary);
  std::string Finish(const ReplayTotals& totals) const;

 private:
  std::string runs_;
  std::string summaries_;
};

// With quotes; what is not UTF-8 becomes U+FFFD.
std::string JsonString(absl::string_view text);

// The word as a POSIX shell reads it back.
std::string ShellWord(absl::string_view word);

}  // namespace stagepost

#endif  // STAGEPOST_TOOLS_STAGEPOST_REPORT_H_
