#include "mta/queue/queue_id.h"

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"
#include "mta/base/check.h"

namespace stagepost {
namespace {

constexpr absl::string_view kDigits =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwx";
static_assert(kDigits.size() == 60);

constexpr size_t kTimeAndSequence = 8;

// Which bytes are digits; a listing asks that of every character of a million names.
constexpr std::array<bool, 256> DigitTable() {
  std::array<bool, 256> table = {};
  for (const char c : kDigits) table[static_cast<unsigned char>(c)] = true;
  return table;
}
constexpr std::array<bool, 256> kIsDigit = DigitTable();

}  // namespace

QueueIdSource::QueueIdSource(ProcessId pid, uint32_t first_sequence)
    : pid_(pid), sequence_(first_sequence) {
  CHECK(first_sequence < kQueueIdsPerSecond);
}

std::string QueueIdSource::Next(absl::Time now) {
  const int64_t second = absl::ToUnixSeconds(now);
  if (second > second_) {
    second_ = second;
    made_this_second_ = 0;
  } else if (made_this_second_ == kQueueIdsPerSecond) {
    ++second_;
    made_this_second_ = 0;
  }
  ++made_this_second_;
  const absl::CivilSecond civil =
      absl::ToCivilSecond(absl::FromUnixSeconds(second_), absl::UTCTimeZone());
  // As struct tm: years from 1900, months from 0.
  const int64_t fields[] = {((civil.year() - 1900) % 60 + 60) % 60,
                            civil.month() - 1,
                            civil.day(),
                            civil.hour(),
                            civil.minute(),
                            civil.second(),
                            sequence_ / 60,
                            sequence_ % 60};
  std::string id;
  for (const int64_t field : fields) id.push_back(kDigits[static_cast<size_t>(field)]);
  absl::StrAppendFormat(&id, "%06d", static_cast<int32_t>(pid_));
  sequence_ = (sequence_ + 1) % kQueueIdsPerSecond;
  return id;
}

bool IsQueueId(absl::string_view text) {
  if (text.size() < kTimeAndSequence + 5 || text.size() > kTimeAndSequence + 7) return false;
  const auto is_digit60 = [](char c) { return kIsDigit[static_cast<unsigned char>(c)]; };
  const absl::string_view pid = text.substr(kTimeAndSequence);
  return std::all_of(text.begin(), text.begin() + kTimeAndSequence, is_digit60) &&
         std::all_of(pid.begin(), pid.end(), absl::ascii_isdigit);
}

CompactQueueId::CompactQueueId(absl::string_view text) : size_(static_cast<uint8_t>(text.size())) {
  CHECK(text.size() <= kMaxChars);
  std::copy(text.begin(), text.end(), text_);
}

}  // namespace stagepost
