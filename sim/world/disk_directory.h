// The entries of one simulated directory: names and the inodes they lead to.
//
// Look-up neither allocates nor depends on addresses. Small directories are searched one by one;
// larger ones get an index. The order of entries() is an accident of their history;
// Disk::ListDirectory gives them in an order that a program cannot mistake for a useful one.
#ifndef STAGEPOST_SIM_WORLD_DISK_DIRECTORY_H_
#define STAGEPOST_SIM_WORLD_DISK_DIRECTORY_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace stagepost {

struct Inode;

class DirectoryEntries {
 public:
  struct Entry {
    uint32_t hash;
    Inode* inode;
    std::string name;
  };

  // Null if there is no such entry.
  Inode* Find(absl::string_view name) const;
  // Adds the entry, or makes it lead elsewhere; null removes it.
  void Set(absl::string_view name, Inode* inode);

  bool empty() const { return entries_.empty(); }
  size_t size() const { return entries_.size(); }
  const std::vector<Entry>& entries() const { return entries_; }

 private:
  static constexpr size_t kIndexFrom = 12;  // entries; below, searching one by one is faster
  static constexpr uint32_t kEmpty = 0xffffffff;
  static constexpr uint32_t kDeleted = 0xfffffffe;
  static constexpr size_t kNone = ~size_t{0};

  size_t Position(absl::string_view name, uint32_t hash) const;
  size_t Slot(uint32_t hash, uint32_t position) const;  // of the index that holds `position`
  void Add(absl::string_view name, uint32_t hash, Inode* inode);
  void Remove(size_t position);
  void InsertIntoIndex(uint32_t hash, uint32_t position);
  void RebuildIndex();

  std::vector<Entry> entries_;
  std::vector<uint32_t> index_;  // positions in entries_; empty while the directory is small
  size_t index_used_ = 0;        // slots not kEmpty
};

// A fixed hash of a name (FNV-1a, 32 bits), the same in every build.
uint32_t HashName(absl::string_view name);

}  // namespace stagepost

#endif  // STAGEPOST_SIM_WORLD_DISK_DIRECTORY_H_
