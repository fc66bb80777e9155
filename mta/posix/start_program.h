// The moment between clone and exec.
//
// posix_spawn(3) cannot set ids, and fork(2) of a large daemon copies its page tables for nothing.
// So the child is made with CLONE_VM | CLONE_VFORK: it borrows the parent's memory, on a stack of
// its own, while the parent's thread stands still, and makes only raw system calls until exec. Ids
// are set by the kernel's own calls: glibc's would change the parent's other threads.
#ifndef STAGEPOST_MTA_POSIX_START_PROGRAM_H_
#define STAGEPOST_MTA_POSIX_START_PROGRAM_H_

#include <sys/resource.h>
#include <sys/types.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "mta/posix/unique_fd.h"

namespace stagepost {

// One of setrlimit(2).
struct ResourceLimit {
  int resource;
  rlim64_t soft;
  rlim64_t hard;
};

// All that the child needs, made before the clone: the child must not allocate.
struct StartPlan {
  std::string path;  // the machine's
  std::vector<std::string> arguments;
  std::vector<std::string> variables;  // "NAME=value"
  std::string working_directory;       // the machine's
  uid_t user = 0;
  gid_t group = 0;
  bool set_groups = false;  // needs privilege
  std::vector<gid_t> groups;
  std::vector<ResourceLimit> limits;
  int streams[3] = {-1, -1, -1};  // become 0, 1 and 2. REQUIRES: none of them is below 3
};

struct StartedProgram {
  pid_t pid = 0;
  UniqueFd pidfd;  // readable when the program has ended
};

// Starts it: ids, then working directory (under these ids), streams, every other descriptor closed,
// limits, signals as at the beginning of the world, SIGKILL when this process ends, exec. `name` of
// errors is "exec PATH" or the step before it that failed, with paths as `shown_*`.
absl::StatusOr<StartedProgram> StartProgram(const StartPlan& plan, absl::string_view shown_path,
                                            absl::string_view shown_directory);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_POSIX_START_PROGRAM_H_
