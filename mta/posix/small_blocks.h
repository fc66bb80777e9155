// operator new and delete for the thread of control: free lists by size, without locks.
//
// A message is some seven hundred small allocations, most of which live until the session or the
// delivery is over. The C library keeps seven of a size at hand and puts the others together and
// apart again; that was a fifth of what a message cost outside of the kernel. Here a block of up to
// 512 bytes is one of a slab for its size, and goes back to the list of that size.
//
// - Linking this is all: `new` and `delete` of the whole program are these.
// - Whose block it is shows from its address: slabs lie in one region. Larger blocks, those of
// other
//   threads, and all when the region is full, are the C library's.
// - A block that another thread deletes waits until the thread of control wants one.
// - What was once needed for a size stays with it: memory does not shrink below its peak.
// - Under AddressSanitizer nothing of this is there: it sees every allocation.
#ifndef STAGEPOST_MTA_POSIX_SMALL_BLOCKS_H_
#define STAGEPOST_MTA_POSIX_SMALL_BLOCKS_H_

#include <cstddef>

namespace stagepost {

// Whether the memory at `block` is one of ours.
bool IsSmallBlock(const void* block);

// Bytes of slabs in use, so far; 0: there are none at all.
size_t SmallBlockSlabBytes();

}  // namespace stagepost

#endif  // STAGEPOST_MTA_POSIX_SMALL_BLOCKS_H_
