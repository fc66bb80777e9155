// Random calls on a file system, for comparing two of them.
#ifndef STAGEPOST_SIM_WORLD_DISK_TEST_STEPS_H_
#define STAGEPOST_SIM_WORLD_DISK_TEST_STEPS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "mta/env/file_system.h"
#include "mta/env/identity.h"
#include "sim/choice/choices.h"

namespace stagepost::disk_test {

inline constexpr int kHandles = 4;  // open files at a time

enum class Call {
  kOpen,
  kClose,
  kRead,
  kWrite,
  kFtruncate,
  kFstat,
  kFchmod,
  kFchown,
  kFlock,
  kStat,
  kLstat,
  kMkdir,
  kRmdir,
  kUnlink,
  kRename,
  kLink,
  kSymlink,
  kReadlink,
  kChmod,
  kLchown,
  kUtime,
  kList,
  kChdir,
  kCount,
};

// One call, by the identity numbered `who`. Which of the arguments matter depends on the call.
struct Step {
  Call call = Call::kOpen;
  int who = 0;
  FileMode umask = 022;
  int handle = 0;
  std::string path, path2;
  OpenOptions open;
  FileMode mode = 0;
  std::optional<UserId> owner;
  std::optional<GroupId> group;
  uint64_t number = 0;
  LockMode lock = LockMode::kShared;
};

// Root, and users of overlapping groups.
std::vector<Identity> Identities();

// Something to begin with, as root.
std::vector<Step> SomeTree();

Step RandomStep(Choices& choices);

std::string Describe(const Step& step);

}  // namespace stagepost::disk_test

#endif  // STAGEPOST_SIM_WORLD_DISK_TEST_STEPS_H_
