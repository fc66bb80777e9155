// Every state that a crash may leave of a disk, now.
//
//   const CrashStates after = AllCrashStates(disk, "/var/spool/mqueue", {});
//   for (const std::string& state : after.states) …
//
// Disk::Crash() draws one of them; a check that must hold after any crash can look at all of them
// instead. The rules are those of disk.h: they allow what ext4 does, and everything else that POSIX
// allows, such as a name that a file's sync has not made durable. Nothing on the disk changes.
#ifndef STAGEPOST_SIM_WORLD_DISK_CRASH_STATES_H_
#define STAGEPOST_SIM_WORLD_DISK_CRASH_STATES_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "sim/world/disk.h"

namespace stagepost {

struct CrashStatesOptions {
  // Of states, and of outcomes of one file. The work is bounded by this and the size of the tree.
  size_t max_states = 10'000;
  // A write may reach the disk up to any multiple of this, in bytes. Disks write sectors, but
  // promise nothing; with 1 every torn write there can be is among the states.
  uint64_t tear_bytes = 512;
};

struct CrashStates {
  std::vector<std::string> states;  // as TreeText(); sorted, each once
  bool complete = true;             // false: there are more than max_states
};

// Of what is below `directory`, an absolute path without symbolic links. A state in which it is not
// there is "".
CrashStates AllCrashStates(const Disk& disk, absl::string_view directory,
                           const CrashStatesOptions& options);

// What is below `directory` now, a line for each entry, sorted by path:
//
//   d/ 0755 0:0
//   d/f 0600 1001:8 "text\000" 2 links
//   d/l -> f
std::string TreeText(const Disk& disk, absl::string_view directory);

}  // namespace stagepost

#endif  // STAGEPOST_SIM_WORLD_DISK_CRASH_STATES_H_
