// SyncService: brings files and directories to stable storage, off the thread of control.
//
// Every wait for the disk goes through here, so this is the one place that decides how many flushes
// run beside each other, who makes them, and who shares one.
//
// What a turn of the loop asks for begins when the turn ends, up to kFlushesTogether on one worker:
// it hands all their bytes to the disk, then calls fsync(2) for one after the other. Most of what
// the later ones would wait for has been written by then: their bytes beside those of the first,
// inodes in a block that they share, a journal by one commit. That takes a third less processor
// time than a worker for each, and hardly longer. A file with more than kTogetherBytes to write has
// a worker of its own, so that nobody waits for it.
//
// Up to kFlushesPerDevice run at a time for each file system (one stalled disk leaves workers to
// the others); the rest queue in order. No two flushes of the same thing run at a time, and those
// who come meanwhile share the next one. The same thing is
//
// - a directory: the queue directory is synced for every message;
// - an open file, not all that have opened the same inode: the kernel reports a write error once
//   per open file, and a shared flush would hide it from the others.
//
// syncfs(2) for a batch of files is not used. It would be as durable, but it waits for everything
// dirty on the file system, so whoever writes a large file there would hold up the mail, and its
// error may be that of any file. (Linux also drops some of its errors before 5.17.)
#ifndef STAGEPOST_MTA_POSIX_SYNC_SERVICE_H_
#define STAGEPOST_MTA_POSIX_SYNC_SERVICE_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <vector>

#include "mta/base/intrusive_list.h"
#include "mta/posix/event_loop.h"
#include "mta/posix/unique_fd.h"
#include "mta/posix/worker_pool.h"

namespace stagepost {

class SyncService final : private TurnEnd {
 public:
  static constexpr size_t kFlushesPerDevice = 64;
  static constexpr size_t kFlushesTogether = 4;
  static constexpr uint64_t kTogetherBytes = 256 * 1024;

  // What is to be flushed. The descriptor stays open until the flush is over.
  struct Target {
    std::shared_ptr<const UniqueFd> fd;
    uint64_t device = 0;
    uint64_t inode = 0;
    bool directory = false;
    uint64_t unflushed_bytes = 0;  // written since the last flush, as far as is known
  };

  // Who waits. Unlinking it withdraws: no flush is begun for its sake alone, and it is not told.
  class Waiter : public ListNode<Waiter> {
   public:
    // Whether the flush that it waits for is running.
    bool begun() const { return begun_; }

   protected:
    ~Waiter() = default;

   private:
    friend class SyncService;
    // `error` is an errno, 0 when all is on stable storage.
    virtual void OnSynced(int error) = 0;
    bool begun_ = false;
  };

  // Both outlive the service, but `workers` runs none of its flushes after it.
  SyncService(EventLoop& events, WorkerPool& workers);
  SyncService(const SyncService&) = delete;
  SyncService& operator=(const SyncService&) = delete;
  ~SyncService();

  // Queues or joins a flush that covers everything written before this call.
  void Sync(const Target& target, Waiter& waiter);

  // Flushes begun so far, to see what was shared.
  uint64_t flushes() const { return flushes_; }

 private:
  class Flush;
  class Batch;
  struct Device {
    std::deque<std::unique_ptr<Flush>> queued;
    std::vector<const Flush*> running;
  };
  static bool Same(const Target& a, const Target& b);
  static bool IsRunning(const Device& device, const Target& target);
  void OnTurnEnd() override;
  // Begins all that may run.
  void Begin(Device& device);
  void Begin(Device& device, Flush& flush);
  void OnFlushed(Flush& flush);

  EventLoop& events_;
  WorkerPool& workers_;
  std::map<uint64_t, Device> devices_;  // those with work, by device number
  uint64_t flushes_ = 0;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_POSIX_SYNC_SERVICE_H_
