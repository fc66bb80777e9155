// Directory entry operations that no directory sync has covered yet, and which of them may survive
// a crash without which others.
//
// An operation (create, link, unlink, rename) is atomic: all of its entry changes survive or none.
// An operation survives only with those earlier ones it depends on:
//   - one that changed the same entry: an entry's changes happen in order;
//   - the one that made the directory it changes an entry of;
//   - every change in a directory that it removes, since that directory must have become empty;
//   - among moves of directories to other directories, all earlier ones, so that no cycle arises.
// Any set of operations that is closed under this is a state a crash may leave.
#ifndef STAGEPOST_SIM_WORLD_DISK_JOURNAL_H_
#define STAGEPOST_SIM_WORLD_DISK_JOURNAL_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "sim/world/disk_inode.h"

namespace stagepost {

class Choices;

// What one operation did to one entry. Null: there was, or is, none.
struct EntryChange {
  Inode* directory = nullptr;
  std::string name;
  Inode* before = nullptr;
  Inode* after = nullptr;
};

struct EntryOperation {
  EntryChange changes[2];
  int count = 0;
  Inode* created_directory = nullptr;  // by mkdir
  Inode* removed_directory = nullptr;  // by rmdir, or replaced by rename
  bool moved_directory = false;        // from one directory to another

  absl::Span<const EntryChange> all() const { return absl::MakeConstSpan(changes, count); }
  bool Touches(const Inode& directory) const;
};

// Whether `later` can survive only if `earlier` does.
bool DependsOn(const EntryOperation& later, const EntryOperation& earlier);

class EntryJournal {
 public:
  // Beyond this many the oldest half becomes durable, as by a kernel's own write-back.
  static constexpr size_t kMaxOperations = 512;

  // Pins every inode the operation mentions.
  void Append(EntryOperation operation);

  // Removes from the journal, oldest first, what a sync of `directory` makes durable: all
  // operations that touch it, those they depend on by entry, and, if one is a rename, whatever it
  // needs for the renamed file to be reachable. The caller unpins (Unpin below) what it gets.
  std::vector<EntryOperation> TakeForSync(const Inode& directory);
  // The newest operation, and whatever it needs to survive.
  std::vector<EntryOperation> TakeLast();
  // The oldest operations, if there are too many.
  std::vector<EntryOperation> TakeOverflow();
  std::vector<EntryOperation> TakeAll();

  const std::vector<EntryOperation>& operations() const { return operations_; }

  // Which operations survive, drawn; closed under DependsOn(). All of them is the mildest.
  std::vector<bool> DrawSurvivors(Choices& choices) const;

  // Takes every operation back, then does the surviving ones again. REQUIRES: one flag for each.
  static void Settle(const std::vector<EntryOperation>& operations, const std::vector<bool>& kept);

 private:
  std::vector<EntryOperation> Take(const std::vector<bool>& wanted);
  bool Allowed(const std::vector<bool>& kept, size_t index) const;
  std::vector<EntryOperation> operations_;  // oldest first
};

}  // namespace stagepost

#endif  // STAGEPOST_SIM_WORLD_DISK_JOURNAL_H_
