#include "mta/posix/small_blocks.h"

#include <sys/mman.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <new>

#include "absl/base/attributes.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define STAGEPOST_SMALL_BLOCKS 0
#endif
#endif
#ifndef STAGEPOST_SMALL_BLOCKS
#define STAGEPOST_SMALL_BLOCKS 1
#endif

namespace stagepost {
namespace {

constexpr size_t kUnit = 16;
constexpr size_t kMostBytes = 512;
constexpr size_t kSizes = kMostBytes / kUnit + 1;
constexpr size_t kSlabBytes = size_t{16} * 1024;
constexpr size_t kSlabs = 16384;
constexpr size_t kRegionBytes = kSlabs * kSlabBytes;

struct FreeBlock {
  FreeBlock* next;
};

// Of one size.
struct Blocks {
  FreeBlock* free = nullptr;
  char* fresh = nullptr;  // from here on nobody has had them
  size_t fresh_bytes = 0;
};

struct Pool {
  uintptr_t region = 0;     // these two stay what they are, and every thread reads them
  size_t region_bytes = 0;  // 0: there is none
  size_t used_bytes = 0;    // of it, in slabs
  Blocks sizes[kSizes];
  uint8_t size_of_slab[kSlabs] = {};
  // Deleted by other threads.
  std::atomic<FreeBlock*> returned = nullptr;
};

constinit Pool pool;
thread_local constinit bool is_owner = false;

size_t SizeNumber(size_t bytes) { return (bytes + kUnit - 1) / kUnit; }

bool IsOurs(const void* block) {
  return reinterpret_cast<uintptr_t>(block) - pool.region < pool.region_bytes;
}

Blocks& BlocksOf(const void* block) {
  const size_t slab = (reinterpret_cast<uintptr_t>(block) - pool.region) / kSlabBytes;
  return pool.sizes[pool.size_of_slab[slab]];
}

void Push(FreeBlock* block, Blocks& to) {
  block->next = to.free;
  to.free = block;
}

void TakeReturned() {
  FreeBlock* block = pool.returned.exchange(nullptr, std::memory_order_acquire);
  while (block != nullptr) {
    FreeBlock* const next = block->next;
    Push(block, BlocksOf(block));
    block = next;
  }
}

bool AddSlab(size_t number) {
  if (pool.used_bytes == pool.region_bytes) return false;
  Blocks& blocks = pool.sizes[number];
  pool.size_of_slab[pool.used_bytes / kSlabBytes] = static_cast<uint8_t>(number);
  blocks.fresh = reinterpret_cast<char*>(pool.region + pool.used_bytes);
  blocks.fresh_bytes = kSlabBytes;
  pool.used_bytes += kSlabBytes;
  return true;
}

// When nothing is free. Null: there is no room.
ABSL_ATTRIBUTE_NOINLINE void* Find(size_t number) {
  Blocks& blocks = pool.sizes[number];
  TakeReturned();
  if (FreeBlock* const block = blocks.free; block != nullptr) {
    blocks.free = block->next;
    return block;
  }
  const size_t bytes = (number == 0 ? 1 : number) * kUnit;
  if (blocks.fresh_bytes < bytes && !AddSlab(number)) return nullptr;
  char* const block = blocks.fresh;
  blocks.fresh += bytes;
  blocks.fresh_bytes -= bytes;
  return block;
}

ABSL_ATTRIBUTE_NOINLINE void* FromLibrary(size_t bytes) {
  while (true) {
    void* const block = malloc(bytes == 0 ? 1 : bytes);
    if (block != nullptr) return block;
    const std::new_handler handler = std::get_new_handler();
    if (handler == nullptr) throw std::bad_alloc();
    handler();
  }
}

ABSL_ATTRIBUTE_NOINLINE void Return(FreeBlock* block) {
  block->next = pool.returned.load(std::memory_order_relaxed);
  while (!pool.returned.compare_exchange_weak(block->next, block, std::memory_order_release,
                                              std::memory_order_relaxed)) {
  }
}

[[maybe_unused]] void* Allocate(size_t bytes) {
  if (is_owner && bytes <= kMostBytes) [[likely]] {
    const size_t number = SizeNumber(bytes);
    Blocks& blocks = pool.sizes[number];
    if (FreeBlock* const block = blocks.free; block != nullptr) [[likely]] {
      blocks.free = block->next;
      return block;
    }
    if (void* const block = Find(number); block != nullptr) return block;
  }
  return FromLibrary(bytes);
}

[[maybe_unused]] void Free(void* memory) {
  if (!IsOurs(memory)) return free(memory);
  FreeBlock* const block = static_cast<FreeBlock*>(memory);
  if (!is_owner) return Return(block);
  Push(block, BlocksOf(block));
}

// The thread that runs this, before main(), is the thread of control. Memory of the region costs
// nothing until it is used.
bool Begin() {
  if (!STAGEPOST_SMALL_BLOCKS) return false;
  void* const region = mmap(nullptr, kRegionBytes, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (region == MAP_FAILED) return false;
  pool.region = reinterpret_cast<uintptr_t>(region);
  pool.region_bytes = kRegionBytes;
  is_owner = true;
  return true;
}

const bool begun = Begin();

}  // namespace

bool IsSmallBlock(const void* block) { return IsOurs(block); }

size_t SmallBlockSlabBytes() { return begun ? pool.used_bytes : 0; }

}  // namespace stagepost

#if STAGEPOST_SMALL_BLOCKS
void* operator new(size_t bytes) { return stagepost::Allocate(bytes); }
void operator delete(void* block) noexcept { stagepost::Free(block); }
void operator delete(void* block, size_t) noexcept { stagepost::Free(block); }
#endif
