#include "sim/world/disk_pending.h"

#include <algorithm>
#include <string>
#include <utility>

#include "mta/base/check.h"
#include "sim/choice/choices.h"

namespace stagepost {
namespace {

constexpr uint64_t kSectorBytes = 512;

// The new state that a change led to, saved while it is taken back.
struct Redo {
  std::string bytes;  // kWrite
  InodeAttributes attributes;
};

Redo TakeBack(Inode& inode, PendingChange& change) {
  Redo redo;
  switch (change.kind) {
    case PendingChange::Kind::kWrite:
      redo.bytes = inode.bytes.substr(change.offset, change.length);
      inode.bytes.replace(change.offset, change.old_bytes.size(), change.old_bytes);
      inode.bytes.resize(change.old_size);
      break;
    case PendingChange::Kind::kTruncate:
      inode.bytes.resize(std::min<uint64_t>(change.offset, change.old_size));
      inode.bytes.append(change.old_bytes);
      break;
    case PendingChange::Kind::kAttributes:
      redo.attributes = inode.attributes;
      inode.attributes = change.old_attributes;
      break;
  }
  return redo;
}

void Write(std::string& content, uint64_t offset, absl::string_view bytes, uint64_t size) {
  if (content.size() < size) content.resize(size);
  content.replace(offset, bytes.size(), bytes.data(), bytes.size());
}

void MakeAgain(Inode& inode, const PendingChange& change, const Redo& redo,
               const PendingOutcome::Tear* tear) {
  switch (change.kind) {
    case PendingChange::Kind::kWrite: {
      const uint64_t reached = tear == nullptr ? change.length : tear->bytes;
      const bool full_size = tear == nullptr || tear->zero_tail;
      if (reached == 0 && !full_size) return;
      Write(inode.bytes, change.offset, absl::string_view(redo.bytes).substr(0, reached),
            change.offset + (full_size ? change.length : reached));
      return;
    }
    case PendingChange::Kind::kTruncate:
      inode.bytes.resize(change.offset);
      return;
    case PendingChange::Kind::kAttributes:
      inode.attributes = redo.attributes;
      return;
  }
}

PendingOutcome::Tear DrawTear(const Inode& inode, size_t change, Choices& choices) {
  const uint64_t length = inode.pending[change].length;
  PendingOutcome::Tear tear{.change = change};
  // Sectors are what most disks write atomically, but nobody promises even that.
  if (choices.Pick("disk/crash/tear-unit", 2) == 0) {
    tear.bytes = choices.Pick("disk/crash/tear", (length - 1) / kSectorBytes + 1) * kSectorBytes;
  } else {
    tear.bytes = choices.Pick("disk/crash/tear", length);
  }
  tear.zero_tail = choices.Pick("disk/crash/tear-tail", 2) != 0;
  return tear;
}

}  // namespace

PendingOutcome DrawOutcome(const Inode& inode, Choices& choices) {
  enum : uint64_t { kAll, kNone, kPrefix, kTornPrefix, kSubset, kClasses };
  const size_t count = inode.pending.size();
  PendingOutcome outcome{.kept = std::vector<bool>(count, true), .tear = std::nullopt};
  switch (choices.Pick("disk/crash/file", kClasses)) {
    case kAll:
      break;
    case kNone:
      outcome.kept.assign(count, false);
      break;
    case kPrefix: {
      const size_t lost = 1 + choices.Pick("disk/crash/lost", count);
      std::fill(outcome.kept.end() - static_cast<std::ptrdiff_t>(lost), outcome.kept.end(), false);
      break;
    }
    case kTornPrefix: {
      const size_t lost = choices.Pick("disk/crash/lost", count);
      std::fill(outcome.kept.end() - static_cast<std::ptrdiff_t>(lost), outcome.kept.end(), false);
      const size_t last = count - lost - 1;
      if (inode.pending[last].kind == PendingChange::Kind::kWrite) {
        outcome.tear = DrawTear(inode, last, choices);
      }
      break;
    }
    case kSubset:
      for (size_t i = 0; i < count; ++i) {
        outcome.kept[i] = choices.Pick("disk/crash/change", 2) == 0;
      }
      break;
  }
  return outcome;
}

void Settle(Inode& inode, const PendingOutcome& outcome) {
  const size_t count = inode.pending.size();
  CHECK(outcome.kept.size() == count);
  if (count == 0) return;
  std::vector<Redo> redo(count);
  for (size_t i = count; i-- > 0;) redo[i] = TakeBack(inode, inode.pending[i]);
  for (size_t i = 0; i < count; ++i) {
    if (!outcome.kept[i]) continue;
    const bool torn = outcome.tear.has_value() && outcome.tear->change == i;
    MakeAgain(inode, inode.pending[i], redo[i], torn ? &*outcome.tear : nullptr);
  }
  if (!outcome.kept.back()) inode.times = inode.synced_times;
  inode.pending.clear();
  inode.sync_failed = false;
}

}  // namespace stagepost
