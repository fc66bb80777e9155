// A choice log is refused with its line, or replays, and what was replayed is a log that replays.

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "mta/base/check.h"
#include "sim/choice/choices.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using stagepost::Choices;
  absl::StatusOr<Choices> first = Choices::FromLog({reinterpret_cast<const char*>(data), size});
  if (!first.ok()) {
    CHECK(absl::StartsWith(first.status().message(), "line ")) << first.status().message();
    return 0;
  }
  constexpr uint64_t kRanges[] = {0, 1, 2, 1000, 1ull << 63};
  for (const absl::string_view name : {"a", "b/c", "schedule"}) {
    for (const uint64_t range : kRanges) {
      const uint64_t value = first->Pick(name, range);
      CHECK(range == 0 || value < range);
    }
  }
  const std::string log = first->Log();
  absl::StatusOr<Choices> second = Choices::FromLog(log);
  CHECK(second.ok()) << second.status().message();
  CHECK(second->seed() == first->seed());
  for (const absl::string_view name : {"a", "b/c", "schedule"}) {
    for (const uint64_t range : kRanges) second->Pick(name, range);
  }
  CHECK(second->Log() == log);
  return 0;
}
