#include "sim/trace/trace.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "mta/base/errno.h"

namespace stagepost {
namespace {

constexpr size_t kBlockBytes = 64 << 10;

// Calls that change nothing that a person looks at, by the names that the simulated file system
// gives them.
constexpr absl::string_view kReadingCalls[] = {"chdir",    "fstat",   "lock",   "lstat",
                                               "open",     "opendir", "read",   "readdir",
                                               "readlink", "stat",    "statfs", "unlock"};

bool OnlyLooks(absl::string_view call) {
  return std::find(std::begin(kReadingCalls), std::end(kReadingCalls), call) !=
         std::end(kReadingCalls);
}

}  // namespace

uint32_t TraceLog::AddHost(absl::string_view name) {
  hasher_.Add(hosts_.size(), name.size());
  hasher_.AddText(name);
  hosts_.emplace_back(name);
  return static_cast<uint32_t>(hosts_.size() - 1);
}

std::string TraceLog::HostName(uint32_t host) const {
  if (host == kWorld) return "-";
  return host < hosts_.size() ? hosts_[host] : absl::StrCat("host-", host);
}

void TraceLog::Record(int64_t time_ns, uint32_t host, uint32_t process, const Event& event) {
  hasher_.Add(static_cast<uint64_t>(event.kind) | static_cast<uint64_t>(host) << 32,
              static_cast<uint64_t>(time_ns));
  hasher_.Add(static_cast<uint64_t>(event.number), static_cast<uint64_t>(event.number2));
  hasher_.Add(process | static_cast<uint64_t>(event.subject.size()) << 32, event.detail.size());
  hasher_.AddText(event.subject);
  hasher_.AddText(event.detail);

  const uint64_t index = size_++;
  if (size_ % kCheckpointInterval == 0) checkpoints_.push_back(hasher_.Finish());
  const bool kept = keep_ == Keep::kEverything || (keep_ == Keep::kReadable && IsReadable(event));
  if (!kept && observers_.empty()) return;

  TraceEvent traced = {index, time_ns, host, process, event};
  if (kept) {
    traced.event.subject = Store(event.subject);
    traced.event.detail = Store(event.detail);
    kept_.push_back(traced);
  }
  Notify(traced);
}

void TraceLog::Notify(const TraceEvent& event) {
  ++notifying_;
  // By index: an observer may add others, which see only later events.
  for (size_t i = 0, count = observers_.size(); i < count; ++i) {
    if (observers_[i] != nullptr) observers_[i]->OnEvent(event);
  }
  if (--notifying_ == 0) std::erase(observers_, nullptr);
}

void TraceLog::RemoveObserver(TraceObserver* observer) {
  if (notifying_ > 0) {
    std::replace(observers_.begin(), observers_.end(), observer,
                 static_cast<TraceObserver*>(nullptr));
  } else {
    std::erase(observers_, observer);
  }
}

absl::string_view TraceLog::Store(absl::string_view text) {
  if (text.empty()) return {};
  if (text.size() > block_left_) {
    // A text larger than a block gets one of its own; what was left of the old one is given up.
    block_left_ = std::max(kBlockBytes, text.size());
    blocks_.push_back(std::make_unique_for_overwrite<char[]>(block_left_));
    block_next_ = blocks_.back().get();
  }
  char* const copy = block_next_;
  std::memcpy(copy, text.data(), text.size());
  block_next_ += text.size();
  block_left_ -= text.size();
  return {copy, text.size()};
}

bool TraceLog::IsReadable(const Event& event) {
  switch (event.kind) {
    case EventKind::kProcessTitle:
    case EventKind::kBytesSent:
    case EventKind::kSchedule:
    case EventKind::kReached:
      return false;
    case EventKind::kFileCall:
      if (event.number != 0) return event.number != static_cast<int64_t>(Errno::kENOENT);
      return !OnlyLooks(event.subject);
    default:
      return true;
  }
}

std::optional<EventRange> FirstDifference(const TraceLog& a, const TraceLog& b) {
  if (a.size() == b.size() && a.hash() == b.hash()) return std::nullopt;
  const size_t common = std::min(a.checkpoints().size(), b.checkpoints().size());
  const auto [first, second] = std::mismatch(
      a.checkpoints().begin(), a.checkpoints().begin() + common, b.checkpoints().begin());
  const uint64_t start =
      static_cast<uint64_t>(first - a.checkpoints().begin()) * TraceLog::kCheckpointInterval;
  return EventRange{start,
                    std::min(start + TraceLog::kCheckpointInterval, std::max(a.size(), b.size()))};
}

}  // namespace stagepost
