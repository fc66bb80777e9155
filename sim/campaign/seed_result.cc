#include "sim/campaign/seed_result.h"

#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace stagepost {

std::string FormatSeedResult(const SeedResult& result) {
  std::string line = absl::StrCat(result.seed, " ", result.held() ? "held" : "failed", " ",
                                  result.hash, " ", result.events);
  for (size_t i = 0; i < std::min(result.failures.size(), kMaxListedFailures); ++i) {
    const Failure& failure = result.failures[i];
    absl::StrAppend(&line, "\t", absl::CEscape(failure.where), "\t",
                    absl::CEscape(failure.what.substr(0, kMaxFailureBytes)));
  }
  return line;
}

absl::StatusOr<SeedResult> ParseSeedResult(absl::string_view line) {
  const absl::Status wrong = absl::InvalidArgumentError("not the result of a seed");
  const std::vector<absl::string_view> parts = absl::StrSplit(line, '\t');
  const std::vector<absl::string_view> head = absl::StrSplit(parts[0], ' ');
  SeedResult result;
  if (head.size() != 4 || parts.size() % 2 != 1 || !absl::SimpleAtoi(head[0], &result.seed) ||
      head[2].size() != 32 || !absl::SimpleAtoi(head[3], &result.events)) {
    return wrong;
  }
  result.hash = std::string(head[2]);
  for (size_t i = 1; i < parts.size(); i += 2) {
    Failure failure;
    if (!absl::CUnescape(parts[i], &failure.where) ||
        !absl::CUnescape(parts[i + 1], &failure.what)) {
      return wrong;
    }
    result.failures.push_back(std::move(failure));
  }
  if (head[1] != (result.held() ? "held" : "failed")) return wrong;
  return result;
}

}  // namespace stagepost
