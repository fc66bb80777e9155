// The state of a FIFO of a simulated disk: who has it open, what is in it, who waits for a partner.
#ifndef STAGEPOST_SIM_WORLD_DISK_FIFO_H_
#define STAGEPOST_SIM_WORLD_DISK_FIFO_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "mta/base/intrusive_list.h"

namespace stagepost {

class OpenFile;

// An open(2) that waits until the other end is opened, too. Leaves the queue by being destroyed, or
// by Unlink().
class FifoWaiter : public ListNode<FifoWaiter> {
 public:
  // Somebody has opened the other end; called once, already out of the queue.
  virtual void OnPartner() = 0;

  OpenFile* end = nullptr;  // its own end, open while this is queued

 protected:
  ~FifoWaiter() = default;
};

struct Fifo {
  static constexpr size_t kCapacityBytes = 65536;  // pipe(7)
  static constexpr size_t kAtomicBytes = 4096;     // PIPE_BUF: a write of up to this is not split

  uint32_t readers = 0;
  uint32_t writers = 0;
  std::string bytes;  // gone when nobody has it open
  List<FifoWaiter> waiters;
};

}  // namespace stagepost

#endif  // STAGEPOST_SIM_WORLD_DISK_FIFO_H_
