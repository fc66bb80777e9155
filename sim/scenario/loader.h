// Reads a scenario: text format into scenario.proto's messages, every field checked.
//
//   absl::StatusOr<LoadedScenario> loaded = LoadScenario("relay.textproto", text);
//   if (!loaded.ok()) std::cerr << loaded.status().message() << "\n";
//   // relay.textproto:12:5: field "exepct": Turn has no such field (did you mean "expect"?)
//
// An error is kInvalidArgument, and its message exactly one line: FILE:LINE:COLUMN: field "x":
// what. It is the first one found: of syntax, then of meaning, in order of the fields' numbers.
//
// The text may be hostile: its size, depth and counts are limited, nothing crashes, time is
// bounded. No file is opened here.
#ifndef STAGEPOST_SIM_SCENARIO_LOADER_H_
#define STAGEPOST_SIM_SCENARIO_LOADER_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "sim/scenario/scenario.pb.h"

namespace stagepost {

inline constexpr size_t kMaxScenarioBytes = 1 << 20;
inline constexpr int kMaxScenarioHosts = 64;
inline constexpr int kMaxScenarioSteps = 10'000;
inline constexpr int kMaxScenarioDepth = 16;
inline constexpr int kMaxScenarioPatterns = 10'000;
inline constexpr int kMaxTurnRepeats = 100'000;
inline constexpr uint32_t kMaxDictionaryNames = 1'000'000;

// What the runner takes. All texts are valid: values.h turns them into what they stand for.
struct LoadedScenario {
  std::string file;  // as it was named
  // With defaults that depend on other fields filled in: User.uid, gid, home; File.mode.
  scenario::Scenario scenario;

  // The sendmail.cf of each host: the default one, or empty until MakeConfigurations() of
  // configurations.h has made it from the file that the scenario names.
  std::vector<std::string> configurations;

  // "FILE:LINE" of a part; the line is that of the field's name.
  std::string Where() const;
  std::string WhereHost(int host) const { return At(host_lines, host); }
  std::string WhereStep(int step) const { return At(step_lines, step); }
  std::string WhereTurn(int step, int turn) const;
  std::string WhereExpect(int expect) const { return At(expect_lines, expect); }

  std::vector<int> host_lines;
  std::vector<int> step_lines;
  std::vector<std::vector<int>> turn_lines;  // by step; empty for steps other than smtp
  std::vector<int> expect_lines;

 private:
  std::string At(const std::vector<int>& lines, int index) const;
};

// `file` is only for messages.
absl::StatusOr<LoadedScenario> LoadScenario(absl::string_view file, absl::string_view text);

}  // namespace stagepost

#endif  // STAGEPOST_SIM_SCENARIO_LOADER_H_
