#include "mta/async/frame_pool.h"

#include <cstring>
#include <new>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define STAGEPOST_POOL_FRAMES 0
#endif
#endif
#ifndef STAGEPOST_POOL_FRAMES
#define STAGEPOST_POOL_FRAMES 1
#endif

namespace stagepost {
namespace {

constexpr size_t kClassBytes = 64;
constexpr size_t kClasses = 64;  // frames up to 4 KiB are pooled

struct FreeBlock {
  FreeBlock* next;
};

struct Pool {
  FreeBlock* free[kClasses] = {};
  FramePoolStats stats;
  std::optional<uint8_t> poison;
};

// Memory is a property of the thread of control, not of any simulated process, and has no effect
// that a program could observe.
// lint: allow(global): the allocator's free lists.
thread_local constinit Pool pool;

size_t ClassOf(size_t size) { return (size - 1) / kClassBytes; }

}  // namespace

void* AllocateFrame(size_t size) {
  pool.stats.live_frames += 1;
  pool.stats.live_bytes += static_cast<int64_t>(size);
  const size_t index = ClassOf(size);
  void* frame = nullptr;
  if (STAGEPOST_POOL_FRAMES && index < kClasses) {
    if (FreeBlock* block = pool.free[index]; block != nullptr) {
      pool.free[index] = block->next;
      frame = block;
    } else {
      frame = ::operator new((index + 1) * kClassBytes);
    }
  } else {
    frame = ::operator new(size);
  }
  if (pool.poison.has_value()) std::memset(frame, *pool.poison, size);
  return frame;
}

void FreeFrame(void* frame, size_t size) noexcept {
  pool.stats.live_frames -= 1;
  pool.stats.live_bytes -= static_cast<int64_t>(size);
  const size_t index = ClassOf(size);
  if (STAGEPOST_POOL_FRAMES && index < kClasses) {
    auto* block = static_cast<FreeBlock*>(frame);
    block->next = pool.free[index];
    pool.free[index] = block;
  } else {
    ::operator delete(frame);
  }
}

FramePoolStats FramePoolStatsNow() { return pool.stats; }

void PoisonFreshFrames(std::optional<uint8_t> pattern) { pool.poison = pattern; }

}  // namespace stagepost
