// The values that a scenario writes as text: durations, modes, commands, patterns, zones, accounts.
//
// The loader has checked every one of them, so that the runner may use the results without looking.
// Errors are kInvalidArgument with a phrase that fits after `field "x": `.
#ifndef STAGEPOST_SIM_SCENARIO_VALUES_H_
#define STAGEPOST_SIM_SCENARIO_VALUES_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "mta/base/errno.h"
#include "mta/env/file_system.h"
#include "re2/re2.h"

namespace stagepost {

// "1500ms", "5s", "2h30m": finite, not negative, at most 100 years.
absl::StatusOr<absl::Duration> ParseScenarioDuration(absl::string_view text);

// "600", "0600", "1777".
absl::StatusOr<FileMode> ParseFileMode(absl::string_view text);

// Words separated by blanks; '...' and "..." hold together. At least one word.
absl::StatusOr<std::vector<std::string>> SplitCommand(absl::string_view text);

// "UTC", "+0200", "-0330": at most 14 hours. The zone data of the machine is not asked.
absl::StatusOr<absl::TimeZone> ParseFixedTimeZone(absl::string_view text);

// "EIO"; the names that mta/base/errno.h knows.
absl::StatusOr<Errno> ParseErrno(absl::string_view text);

// A pattern of at most kMaxPatternBytes, over bytes (Latin-1), with bounded memory.
inline constexpr size_t kMaxPatternBytes = 1000;
absl::StatusOr<std::unique_ptr<RE2>> CompilePattern(absl::string_view text);
// How the fields named expect, on_..., greeting, and contains-like patterns are applied.
bool MatchesAtStart(const RE2& pattern, absl::string_view text);
bool MatchesSomewhere(const RE2& pattern, absl::string_view text);
bool MatchesWhole(const RE2& pattern, absl::string_view text);

// The accounts that every simulated host has; each with a group of the name `group`.
struct SystemAccount {
  absl::string_view name;
  absl::string_view group;
  uint32_t id;  // of both
  absl::string_view home;
};
absl::Span<const SystemAccount> SystemAccounts();

// The names of file calls that faults may name.
absl::Span<const absl::string_view> FileCallNames();
// The phases of a message that faults may name.
absl::Span<const absl::string_view> PhaseNames();

}  // namespace stagepost

#endif  // STAGEPOST_SIM_SCENARIO_VALUES_H_
