// What came of one seed of one scenario, as a line of text: workers of a campaign send it, and a
// campaign that is to be resumed keeps it.
//
//   SEED "held"|"failed" HASH EVENTS [TAB WHERE TAB WHAT]...
//
// WHERE and WHAT are escaped as in C.
#ifndef STAGEPOST_SIM_CAMPAIGN_SEED_RESULT_H_
#define STAGEPOST_SIM_CAMPAIGN_SEED_RESULT_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "sim/scenario/runner.h"

namespace stagepost {

struct SeedResult {
  uint64_t seed = 0;
  std::string hash;  // 32 hexadecimal digits
  uint64_t events = 0;
  std::vector<Failure> failures;

  bool held() const { return failures.empty(); }
};

// Failures beyond kMaxListedFailures are left out, what is longer than kMaxFailureBytes is cut.
inline constexpr size_t kMaxListedFailures = 10;
inline constexpr size_t kMaxFailureBytes = 2000;

// Without a newline.
std::string FormatSeedResult(const SeedResult& result);
// kInvalidArgument: not such a line.
absl::StatusOr<SeedResult> ParseSeedResult(absl::string_view line);

}  // namespace stagepost

#endif  // STAGEPOST_SIM_CAMPAIGN_SEED_RESULT_H_
