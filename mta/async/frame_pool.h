// Memory for coroutine frames: free lists by size class, in front of the global allocator.
//
// An await costs about half as much with it. Blocks are interchangeable, so a frame may be freed
// after the executor it ran on is gone. Under AddressSanitizer every frame is a real allocation, so
// that a use after free is seen.
//
// Frame sizes differ between builds, so nothing that behaves may depend on these numbers; budgets
// count modelled bytes.
#ifndef STAGEPOST_MTA_ASYNC_FRAME_POOL_H_
#define STAGEPOST_MTA_ASYNC_FRAME_POOL_H_

#include <cstddef>
#include <cstdint>
#include <optional>

namespace stagepost {

struct FramePoolStats {
  int64_t live_frames = 0;
  int64_t live_bytes = 0;
};

void* AllocateFrame(size_t size);
void FreeFrame(void* frame, size_t size) noexcept;

// What is allocated now and not yet freed, for leak tests and benchmarks.
FramePoolStats FramePoolStatsNow();

// Every later frame is filled with `pattern` before use, until nullopt is given, so that a read of
// uninitialised memory in a coroutine changes the trace hash between two patterns. Costs time; for
// the determinism check.
void PoisonFreshFrames(std::optional<uint8_t> pattern);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_ASYNC_FRAME_POOL_H_
