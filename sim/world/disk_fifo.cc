// FIFOs: opening them, and what goes through them (fifo(7), pipe(7)).
#include "sim/world/disk_fifo.h"

#include <algorithm>
#include <memory>

#include "sim/world/disk.h"

namespace stagepost {

DiskResult<OpenFile*> Disk::OpenFifo(const DiskCaller& caller, Inode& inode,
                                     const OpenOptions& options) {
  if (inode.fifo == nullptr) inode.fifo = std::make_unique<Fifo>();
  Fifo& fifo = *inode.fifo;
  const bool read = options.read || !options.write;
  if (options.write && !read && options.non_blocking && fifo.readers == 0) return {Errno::kENXIO};
  OpenFile* const file = NewOpenFile(inode, caller, options);
  fifo.readers += read ? 1 : 0;
  fifo.writers += options.write ? 1 : 0;
  file->waits_for_partner_ = !options.non_blocking && (read ? fifo.writers : fifo.readers) == 0;
  List<FifoWaiter> asked;
  asked.TakeAll(fifo.waiters);
  while (!asked.empty()) {
    FifoWaiter& waiter = asked.PopFront();
    if (waiter.end->write_ ? read : options.write) {
      waiter.end->waits_for_partner_ = false;
      waiter.OnPartner();
    } else {
      fifo.waiters.PushBack(waiter);
    }
  }
  return {Errno::kOk, file};
}

void Disk::WaitForPartner(FifoWaiter& waiter) {
  waiter.end->inode_->fifo->waiters.PushBack(waiter);
}

void Disk::CloseFifo(OpenFile& file) {
  Fifo& fifo = *file.inode_->fifo;
  for (auto it = fifo.waiters.begin(); it != fifo.waiters.end();) {
    FifoWaiter& waiter = *it;
    ++it;
    if (waiter.end == &file) waiter.Unlink();
  }
  fifo.readers -= file.read_ ? 1 : 0;
  fifo.writers -= file.write_ ? 1 : 0;
  if (fifo.readers == 0 && fifo.writers == 0) fifo.bytes.clear();
}

DiskResult<size_t> Disk::ReadFifo(Inode& inode, absl::Span<char> buffer, absl::Time now) {
  Fifo& fifo = *inode.fifo;
  if (buffer.empty()) return {Errno::kOk, 0};
  if (fifo.bytes.empty()) return {fifo.writers == 0 ? Errno::kOk : Errno::kEAGAIN, 0};
  const size_t count = std::min(buffer.size(), fifo.bytes.size());
  std::copy_n(fifo.bytes.data(), count, buffer.data());
  fifo.bytes.erase(0, count);
  inode.times.accessed = now;
  return {Errno::kOk, count};
}

bool Disk::IsAtomicWrite(const OpenFile& file, size_t bytes) {
  return file.inode_->is_fifo() && bytes <= Fifo::kAtomicBytes;
}

DiskResult<size_t> Disk::WriteFifo(Inode& inode, absl::string_view bytes, absl::Time now) {
  Fifo& fifo = *inode.fifo;
  if (fifo.readers == 0) return {Errno::kEPIPE};
  const size_t room = Fifo::kCapacityBytes - fifo.bytes.size();
  if (room == 0 || (bytes.size() > room && bytes.size() <= Fifo::kAtomicBytes)) {
    return {Errno::kEAGAIN};
  }
  bytes = bytes.substr(0, room);
  fifo.bytes.append(bytes.data(), bytes.size());
  inode.times.modified = inode.times.changed = now;
  return {Errno::kOk, bytes.size()};
}

}  // namespace stagepost
