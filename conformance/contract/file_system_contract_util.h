// What the cases of the file system's contract share: who calls, and a tree to call on.
#ifndef STAGEPOST_CONFORMANCE_CONTRACT_FILE_SYSTEM_CONTRACT_UTIL_H_
#define STAGEPOST_CONFORMANCE_CONTRACT_FILE_SYSTEM_CONTRACT_UTIL_H_

#include <memory>
#include <string>

#include "conformance/contract/contract_host.h"
#include "mta/env/env_test_util.h"
#include "mta/env/environment.h"

namespace stagepost {

// Four callers, as every permission check tells them apart.
enum class Who { kRoot, kOwner, kMember, kOther };
inline constexpr int kCallers = 4;
const char* WhoName(Who who);
// kOwner owns most of the tree; kOwner and kMember are in the group of it; kOther is in neither.
Identity IdentityOf(Who who);

inline constexpr GroupId kStaffGroup{4000};
inline constexpr GroupId kForeignGroup{4999};  // of nobody's

// Makes, in `at`, as root, what is the owner's and the group's unless it says otherwise:
//
//   file 0640 "hello"   private 0600   plain 0644   shared 0664   setids 06755
//   dir/ 0770 {inner}   empty/ 0755    search/ 0711 {inner}       readable/ 0744 {inner}
//   closed/ 0700 {inner}, root's       tmp/ 01777, root's {alices 0664, roots, root's, sub/, full/}
//   any/ 0777, root's {a 0664, b, hard (a), d/, d2/, full/ {x}, dangling -> made, link -> a}
//   setgid/ 02775, root's              top -> file, dirlink -> dir, dangling -> none, loop -> loop
Task<absl::Status> MakeTree(FileSystem& files, std::string at);

Task<absl::Status> MakeFile(FileSystem& files, std::string path, FileMode mode, std::string text);
// The whole content.
Task<absl::StatusOr<std::string>> TextOf(FileSystem& files, std::string path);

// Whether this machine's /proc/sys/fs/NAME is at least `wanted`.
bool MachineProtects(const char* name, int wanted);

class FileSystemContract : public ContractTest {
 protected:
  bool OnLinux() const { return std::string(GetParam().name) == "Linux"; }
};

inline constexpr OpenOptions kReadWrite = {.read = true, .write = true};

// Begins a case on the tree: `files` is root's, `p` the path of the directory and a slash.
#define TREE                                                                                      \
  env.process().SetUmask(022);                                                                    \
  FileSystem& files = env.files();                                                                \
  EXPECT_OK(co_await MakeTree(files, directory));                                                 \
  const std::string p = directory + "/";                                                          \
  [[maybe_unused]] const std::unique_ptr<FileSystem> owner = files.As(IdentityOf(Who::kOwner)),   \
                                                     member = files.As(IdentityOf(Who::kMember)), \
                                                     other = files.As(IdentityOf(Who::kOther))

#define STAT(name, path) CO_REQUIRE_ASSIGN(const FileStat name, co_await files.LinkStat(path))
#define FILE_OF(name, whose, path, options)   \
  const OpenOptions name##_options = options; \
  CO_REQUIRE_ASSIGN(std::unique_ptr<File> name, co_await (whose)->Open(path, name##_options))

}  // namespace stagepost

#endif  // STAGEPOST_CONFORMANCE_CONTRACT_FILE_SYSTEM_CONTRACT_UTIL_H_
