// Queue ids: names of messages that stay unique for 60 years in one queue directory.
//
// 14 characters (15 with a long process id), as sendmail makes them: year, month, day, hour, minute
// and second in UTC, each one character of 0-9A-Za-x, two sequence characters of the same alphabet,
// and the process id in six or more digits. 6AK6XWSU000517 was made on 20 November 2026, 06:33:32.
#ifndef STAGEPOST_MTA_QUEUE_QUEUE_ID_H_
#define STAGEPOST_MTA_QUEUE_QUEUE_ID_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "mta/env/process.h"

namespace stagepost {

// Sequence numbers of one second.
inline constexpr uint32_t kQueueIdsPerSecond = 60 * 60;

// The ids of one process: never the same one twice, whatever the clock does. If it goes back, or
// more than kQueueIdsPerSecond ids are made in a second, the ids run ahead of it.
class QueueIdSource {
 public:
  // `first_sequence` (0 .. kQueueIdsPerSecond-1) should be random: it keeps a process apart from an
  // earlier one that had the same process id in the same second.
  QueueIdSource(ProcessId pid, uint32_t first_sequence);

  std::string Next(absl::Time now);

 private:
  ProcessId pid_;
  uint32_t sequence_;
  uint32_t made_this_second_ = 0;
  int64_t second_ = INT64_MIN;  // Unix time in the ids now being made
};

// Whether `text` has the form of a queue id.
bool IsQueueId(absl::string_view text);

// A queue id without a heap: 16 bytes, for a million of them. Ordered as their texts are.
class CompactQueueId {
 public:
  CompactQueueId() = default;
  // REQUIRES: IsQueueId(text).
  explicit CompactQueueId(absl::string_view text);

  absl::string_view text() const { return absl::string_view(text_, size_); }
  std::string str() const { return std::string(text_, size_); }
  friend bool operator==(const CompactQueueId& a, const CompactQueueId& b) {
    return a.text() == b.text();
  }
  friend bool operator<(const CompactQueueId& a, const CompactQueueId& b) {
    // Behind a text there are zeros, and in none.
    return std::memcmp(a.text_, b.text_, kMaxChars) < 0;
  }

 private:
  static constexpr size_t kMaxChars = 15;
  char text_[kMaxChars] = {};
  uint8_t size_ = 0;
};
static_assert(sizeof(CompactQueueId) == 16);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_QUEUE_QUEUE_ID_H_
