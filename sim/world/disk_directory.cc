#include "sim/world/disk_directory.h"

#include <utility>

namespace stagepost {

uint32_t HashName(absl::string_view name) {
  uint32_t hash = 2166136261u;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
  return hash;
}

Inode* DirectoryEntries::Find(absl::string_view name) const {
  if (entries_.empty()) return nullptr;
  const size_t position = Position(name, HashName(name));
  return position == kNone ? nullptr : entries_[position].inode;
}

void DirectoryEntries::Set(absl::string_view name, Inode* inode) {
  const uint32_t hash = HashName(name);
  const size_t position = Position(name, hash);
  if (position == kNone) {
    if (inode != nullptr) Add(name, hash, inode);
  } else if (inode != nullptr) {
    entries_[position].inode = inode;
  } else {
    Remove(position);
  }
}

size_t DirectoryEntries::Position(absl::string_view name, uint32_t hash) const {
  if (index_.empty()) {
    for (size_t i = 0; i < entries_.size(); ++i) {
      if (entries_[i].hash == hash && entries_[i].name == name) return i;
    }
    return kNone;
  }
  const size_t mask = index_.size() - 1;
  for (size_t slot = hash & mask; index_[slot] != kEmpty; slot = (slot + 1) & mask) {
    const uint32_t i = index_[slot];
    if (i != kDeleted && entries_[i].hash == hash && entries_[i].name == name) return i;
  }
  return kNone;
}

size_t DirectoryEntries::Slot(uint32_t hash, uint32_t position) const {
  const size_t mask = index_.size() - 1;
  size_t slot = hash & mask;
  while (index_[slot] != position) slot = (slot + 1) & mask;
  return slot;
}

void DirectoryEntries::Add(absl::string_view name, uint32_t hash, Inode* inode) {
  entries_.push_back(Entry{hash, inode, std::string(name)});
  // At most three slots in four are ever used, so that every search ends soon. An index stays when
  // the directory gets small again, and what was removed fills it, too.
  const bool indexed = !index_.empty() || entries_.size() >= kIndexFrom;
  if (indexed && (index_used_ + 1) * 4 > index_.size() * 3) {
    RebuildIndex();
  } else if (indexed) {
    InsertIntoIndex(hash, static_cast<uint32_t>(entries_.size() - 1));
  }
}

void DirectoryEntries::Remove(size_t position) {
  const size_t last = entries_.size() - 1;
  if (!index_.empty()) {
    index_[Slot(entries_[position].hash, static_cast<uint32_t>(position))] = kDeleted;
    if (position != last) {
      index_[Slot(entries_[last].hash, static_cast<uint32_t>(last))] =
          static_cast<uint32_t>(position);
    }
  }
  if (position != last) entries_[position] = std::move(entries_[last]);
  entries_.pop_back();
}

void DirectoryEntries::InsertIntoIndex(uint32_t hash, uint32_t position) {
  const size_t mask = index_.size() - 1;
  size_t slot = hash & mask;
  while (index_[slot] != kEmpty) slot = (slot + 1) & mask;
  index_[slot] = position;
  ++index_used_;
}

void DirectoryEntries::RebuildIndex() {
  size_t size = 32;
  while (size < entries_.size() * 2) size *= 2;
  index_.assign(size, kEmpty);
  index_used_ = 0;
  for (size_t i = 0; i < entries_.size(); ++i) {
    InsertIntoIndex(entries_[i].hash, static_cast<uint32_t>(i));
  }
}

}  // namespace stagepost
