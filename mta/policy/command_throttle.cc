#include "mta/policy/command_throttle.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace stagepost {

CommandThrottle::Verdict CommandThrottle::Count(ThrottledCommand command, absl::string_view name) {
  int& count = counts_[static_cast<size_t>(command)];
  const int from = ThrottledFrom(command);
  // Beyond this the delay is the same for ever.
  constexpr int kDoublings = 20;
  count = std::min(count + 1, from + kDoublings);
  if (count < from) return {};
  Verdict verdict;
  verdict.wait = std::min(absl::Seconds(int64_t{1} << (count - from)), kMaxCommandDelay);
  if (count == from) {
    verdict.warning = absl::StrCat("possible SMTP attack: command=", name, ", count=", count);
  }
  return verdict;
}

}  // namespace stagepost
