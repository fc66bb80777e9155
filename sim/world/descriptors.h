// The file descriptors of a simulated process: how many there are, and how many there may be.
#ifndef STAGEPOST_SIM_WORLD_DESCRIPTORS_H_
#define STAGEPOST_SIM_WORLD_DESCRIPTORS_H_

#include <cstdint>
#include <limits>
#include <utility>

namespace stagepost {

struct DescriptorTable {
  // What a program of ours has from its first moment on, live: standard streams, and once more to
  // wait for them, epoll, eventfd.
  static constexpr uint64_t kFromTheStart = 8;

  uint64_t open = kFromTheStart;
  uint64_t limit = std::numeric_limits<uint64_t>::max();  // RLIMIT_NOFILE

  // Whether so many more may be opened; if not, the call fails with EMFILE.
  bool HasRoomFor(uint64_t more) const { return open + more <= limit; }
};

// One open descriptor, for as long as it lives. The table outlives it; null: nobody counts.
class Descriptor {
 public:
  explicit Descriptor(DescriptorTable* table) : table_(table) {
    if (table_ != nullptr) ++table_->open;
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { Close(); }

  // At most once has effect.
  void Close() {
    if (DescriptorTable* const table = std::exchange(table_, nullptr)) --table->open;
  }

 private:
  DescriptorTable* table_;
};

}  // namespace stagepost

#endif  // STAGEPOST_SIM_WORLD_DESCRIPTORS_H_
