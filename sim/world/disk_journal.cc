#include "sim/world/disk_journal.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "mta/base/check.h"
#include "sim/choice/choices.h"

namespace stagepost {
namespace {

bool SameEntry(const EntryChange& a, const EntryChange& b) {
  return a.directory == b.directory && a.name == b.name;
}

bool ShareAnEntry(const EntryOperation& a, const EntryOperation& b) {
  for (const EntryChange& change : a.all()) {
    for (const EntryChange& other : b.all()) {
      if (SameEntry(change, other)) return true;
    }
  }
  return false;
}

bool IsRename(const EntryOperation& operation) { return operation.count == 2; }

void Put(const EntryChange& change, Inode* inode) {
  change.directory->entries.Set(change.name, inode);
}

}  // namespace

bool EntryOperation::Touches(const Inode& directory) const {
  return changes[0].directory == &directory || (count == 2 && changes[1].directory == &directory);
}

bool DependsOn(const EntryOperation& later, const EntryOperation& earlier) {
  if (earlier.created_directory != nullptr && later.Touches(*earlier.created_directory))
    return true;
  if (later.removed_directory != nullptr && earlier.Touches(*later.removed_directory)) return true;
  if (later.moved_directory && earlier.moved_directory) return true;
  return ShareAnEntry(later, earlier);
}

void EntryJournal::Append(EntryOperation operation) {
  for (const EntryChange& change : operation.all()) {
    ++change.directory->pins;
    if (change.before != nullptr) ++change.before->pins;
    if (change.after != nullptr) ++change.after->pins;
  }
  operations_.push_back(std::move(operation));
}

std::vector<EntryOperation> EntryJournal::TakeForSync(const Inode& directory) {
  std::vector<bool> wanted(operations_.size(), false);
  for (size_t i = operations_.size(); i-- > 0;) {
    if (operations_[i].Touches(directory)) wanted[i] = true;
    if (!wanted[i]) continue;
    const EntryOperation& later = operations_[i];
    // Everything that such an operation needs is in the same directory, and wanted.
    if (later.count == 1 && later.removed_directory == nullptr) continue;
    for (size_t j = 0; j < i; ++j) {
      if (wanted[j] || !DependsOn(later, operations_[j])) continue;
      // A sync does not promise that its directory can be reached, but what was durable under its
      // old name must not be lost by becoming durable under the new one.
      const bool only_reachable = operations_[j].created_directory != nullptr &&
                                  later.Touches(*operations_[j].created_directory) &&
                                  !ShareAnEntry(later, operations_[j]);
      if (!only_reachable || IsRename(later)) wanted[j] = true;
    }
  }
  return Take(wanted);
}

std::vector<EntryOperation> EntryJournal::TakeLast() {
  std::vector<bool> wanted(operations_.size(), false);
  if (!wanted.empty()) wanted.back() = true;
  for (size_t i = operations_.size(); i-- > 0;) {
    for (size_t j = 0; wanted[i] && j < i; ++j) {
      if (DependsOn(operations_[i], operations_[j])) wanted[j] = true;
    }
  }
  return Take(wanted);
}

std::vector<EntryOperation> EntryJournal::Take(const std::vector<bool>& wanted) {
  std::vector<EntryOperation> taken;
  size_t left = 0;
  for (size_t i = 0; i < operations_.size(); ++i) {
    if (wanted[i]) {
      taken.push_back(std::move(operations_[i]));
    } else {
      if (left != i) operations_[left] = std::move(operations_[i]);
      ++left;
    }
  }
  operations_.resize(left);
  return taken;
}

std::vector<EntryOperation> EntryJournal::TakeOverflow() {
  std::vector<EntryOperation> taken;
  if (operations_.size() <= kMaxOperations) return taken;
  const auto end = operations_.begin() + static_cast<std::ptrdiff_t>(operations_.size() / 2);
  std::move(operations_.begin(), end, std::back_inserter(taken));
  operations_.erase(operations_.begin(), end);
  return taken;
}

std::vector<EntryOperation> EntryJournal::TakeAll() { return std::exchange(operations_, {}); }

bool EntryJournal::Allowed(const std::vector<bool>& kept, size_t index) const {
  for (size_t i = 0; i < index; ++i) {
    if (!kept[i] && DependsOn(operations_[index], operations_[i])) return false;
  }
  return true;
}

std::vector<bool> EntryJournal::DrawSurvivors(Choices& choices) const {
  enum : uint64_t { kAll, kNone, kPrefix, kSubset, kClasses };
  const size_t count = operations_.size();
  std::vector<bool> kept(count, true);
  if (count == 0) return kept;
  switch (choices.Pick("disk/crash/entries", kClasses)) {
    case kAll:
      break;
    case kNone:
      kept.assign(count, false);
      break;
    case kPrefix: {
      const size_t lost = 1 + choices.Pick("disk/crash/entries-lost", count);
      std::fill(kept.end() - static_cast<std::ptrdiff_t>(lost), kept.end(), false);
      break;
    }
    case kSubset:
      for (size_t i = 0; i < count; ++i) {
        kept[i] = Allowed(kept, i) && choices.Pick("disk/crash/entry", 2) == 0;
      }
      break;
  }
  return kept;
}

void EntryJournal::Settle(const std::vector<EntryOperation>& operations,
                          const std::vector<bool>& kept) {
  CHECK(kept.size() == operations.size());
  for (size_t i = operations.size(); i-- > 0;) {
    const EntryOperation& operation = operations[i];
    for (int k = operation.count; k-- > 0;) Put(operation.changes[k], operation.changes[k].before);
  }
  for (size_t i = 0; i < operations.size(); ++i) {
    if (!kept[i]) continue;
    for (const EntryChange& change : operations[i].all()) Put(change, change.after);
  }
}

}  // namespace stagepost
