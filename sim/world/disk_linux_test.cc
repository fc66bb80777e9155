// Is the simulated disk like Linux? Random calls under several identities go to a Disk and to the
// real file system below a chroot, and must give the same errors, the same results and the same
// trees.
//
// Needs root, for chroot(2) and for other identities. The sequences run in a child process, on a
// tmpfs of its own. DISK_SEQUENCES and DISK_FIRST_SEED in the environment say how many and which.
#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/file.h>
#include <sys/fsuid.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "gtest/gtest.h"
#include "sim/choice/choices.h"
#include "sim/world/disk.h"
#include "sim/world/disk_test_steps.h"

namespace stagepost::disk_test {
namespace {

// What came of it: an errno and, without one, a text that both sides must agree on.
struct Outcome {
  int error = 0;
  std::string text;
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

// Neither times nor the sizes of directories are compared. Link counts of directories are: ext4 and
// tmpfs count subdirectories, as Disk does.
std::string StatText(FileType type, FileMode mode, uint32_t owner, uint32_t group, uint64_t size,
                     uint32_t links) {
  if (type == FileType::kDirectory) size = 0;
  return absl::StrFormat("%d %o %d:%d %d bytes %d links", static_cast<int>(type), mode, owner,
                         group, size, links);
}

// --- One side: the Disk.

class OnDisk {
 public:
  OnDisk(const DiskOptions& options) : disk_(absl::UnixEpoch(), options) {
    const Identity root;
    const DiskCaller caller{root, 0, nullptr, 1, absl::UnixEpoch()};
    disk_.Unlink(caller, "/dev/null");
    disk_.RemoveDirectory(caller, "/dev");
  }

  Outcome Do(const Step& step) {
    static const std::vector<Identity> identities = Identities();
    const DiskCaller caller{identities[static_cast<size_t>(step.who)], step.umask, directory_, 1,
                            absl::UnixEpoch()};
    OpenFile*& file = files_[step.handle];
    switch (step.call) {
      case Call::kOpen: {
        if (file != nullptr) disk_.Close(*file);
        const DiskResult<OpenFile*> opened = disk_.Open(caller, step.path, step.open);
        file = opened.value;
        return Only(opened.error);
      }
      case Call::kClose:
        if (file != nullptr) disk_.Close(*file);
        file = nullptr;
        return {};
      case Call::kStat:
        return StatOf(disk_.Stat(caller, step.path));
      case Call::kLstat:
        return StatOf(disk_.LinkStat(caller, step.path));
      case Call::kMkdir:
        return Only(disk_.MakeDirectory(caller, step.path, step.mode));
      case Call::kRmdir:
        return Only(disk_.RemoveDirectory(caller, step.path));
      case Call::kUnlink:
        return Only(disk_.Unlink(caller, step.path));
      case Call::kRename:
        return Only(disk_.Rename(caller, step.path, step.path2));
      case Call::kLink:
        return Only(disk_.Link(caller, step.path, step.path2));
      case Call::kSymlink:
        return Only(disk_.Symlink(caller, step.path, step.path2));
      case Call::kReadlink: {
        const DiskResult<std::string> read = disk_.ReadLink(caller, step.path);
        return {static_cast<int>(read.error), read.value};
      }
      case Call::kChmod:
        return Only(disk_.ChangeMode(caller, step.path, step.mode));
      case Call::kLchown:
        return Only(disk_.ChangeOwner(caller, step.path, step.owner, step.group));
      case Call::kUtime:
        return Only(disk_.SetTimes(caller, step.path,
                                   absl::FromUnixSeconds(static_cast<int64_t>(step.number)),
                                   absl::FromUnixSeconds(7)));
      case Call::kList:
        return List(disk_.ListDirectory(caller, step.path));
      case Call::kChdir: {
        const DiskResult<OpenFile*> opened = disk_.OpenWorkingDirectory(caller, step.path);
        if (!opened.ok()) return Only(opened.error);
        if (directory_ != nullptr) disk_.Close(*directory_);
        directory_ = opened.value;
        return {};
      }
      default:
        return file == nullptr ? Outcome{} : DoOnFile(caller, step, *file);
    }
  }

 private:
  static Outcome Only(Errno error) { return {static_cast<int>(error), ""}; }
  Outcome StatOf(const DiskResult<FileStat>& result) {
    if (!result.ok()) return Only(result.error);
    const FileStat& s = result.value;
    return {0, StatText(s.type, s.mode, static_cast<uint32_t>(s.owner),
                        static_cast<uint32_t>(s.group), s.size, s.links)};
  }
  static Outcome List(const DiskResult<std::vector<DirectoryEntry>>& result) {
    std::vector<std::string> names;
    for (const DirectoryEntry& entry : result.value) {
      names.push_back(absl::StrCat(entry.name, ":", static_cast<int>(entry.type)));
    }
    std::sort(names.begin(), names.end());
    return {static_cast<int>(result.error), absl::StrJoin(names, " ")};
  }
  Outcome DoOnFile(const DiskCaller& caller, const Step& step, OpenFile& file) {
    switch (step.call) {
      case Call::kRead: {
        char buffer[64];
        const DiskResult<size_t> read =
            disk_.Read(file, step.number, absl::MakeSpan(buffer), absl::UnixEpoch());
        return {static_cast<int>(read.error), std::string(buffer, read.value)};
      }
      case Call::kWrite: {
        const DiskResult<size_t> wrote =
            disk_.Write(caller, file, step.number, absl::StrCat("w", step.number, step.mode));
        return {static_cast<int>(wrote.error), absl::StrCat(wrote.value)};
      }
      case Call::kFtruncate:
        return Only(disk_.Truncate(caller, file, step.number));
      case Call::kFstat:
        return StatOf({Errno::kOk, disk_.Stat(file)});
      case Call::kFchmod:
        return Only(disk_.ChangeMode(caller, file, step.mode));
      case Call::kFchown:
        return Only(disk_.ChangeOwner(caller, file, step.owner, step.group));
      case Call::kFlock:
        if (step.number == 0) return Only(disk_.Unlock(file, LockKind::kFlock));
        return Only(disk_.TryLock(file, LockKind::kFlock, step.lock));
      default:
        return {};
    }
  }

  Disk disk_;
  OpenFile* files_[kHandles] = {};
  OpenFile* directory_ = nullptr;
};

// --- The other: Linux, in this process's root directory.

class OnLinux {
 public:
  ~OnLinux() {
    for (const int file : files_) {
      if (file >= 0) ::close(file);
    }
  }

  Outcome Do(const Step& step) {
    static const std::vector<Identity> identities = Identities();
    Become(identities[static_cast<size_t>(step.who)]);
    ::umask(step.umask);
    errno = 0;
    const Outcome outcome = DoAs(step);
    Become(Identity());
    return outcome;
  }

 private:
  // Only this thread's: glibc's calls would do more than the kernel's, and setfsuid takes the
  // capabilities with it.
  static void Become(const Identity& identity) {
    std::vector<gid_t> groups;
    for (const GroupId group : identity.supplementary) groups.push_back(static_cast<gid_t>(group));
    ::setfsuid(0);
    ::syscall(SYS_setgroups, groups.size(), groups.data());
    ::setfsgid(static_cast<gid_t>(identity.group));
    ::setfsuid(static_cast<uid_t>(identity.user));
  }
  static Outcome Only(int result) { return {result < 0 ? errno : 0, ""}; }
  static int Flags(const OpenOptions& options) {
    int flags = options.read && options.write ? O_RDWR : options.write ? O_WRONLY : O_RDONLY;
    if (options.create) flags |= O_CREAT;
    if (options.exclusive) flags |= O_EXCL;
    if (options.truncate) flags |= O_TRUNC;
    if (options.append) flags |= O_APPEND;
    if (options.no_follow) flags |= O_NOFOLLOW;
    if (options.directory) flags |= O_DIRECTORY;
    return flags | O_CLOEXEC;
  }
  Outcome StatOf(int result, const struct stat& s) {
    if (result < 0) return Only(result);
    FileType type = FileType::kRegular;
    if (S_ISDIR(s.st_mode)) type = FileType::kDirectory;
    if (S_ISLNK(s.st_mode)) type = FileType::kSymlink;
    return {0, StatText(type, s.st_mode & 07777, s.st_uid, s.st_gid,
                        static_cast<uint64_t>(s.st_size), static_cast<uint32_t>(s.st_nlink))};
  }
  static Outcome List(const char* path) {
    DIR* const directory = ::opendir(path);
    if (directory == nullptr) return Only(-1);
    std::vector<std::string> names;
    while (const dirent* entry = ::readdir(directory)) {
      const std::string name = entry->d_name;
      if (name == "." || name == "..") continue;
      FileType type = FileType::kRegular;
      if (entry->d_type == DT_DIR) type = FileType::kDirectory;
      if (entry->d_type == DT_LNK) type = FileType::kSymlink;
      names.push_back(absl::StrCat(name, ":", static_cast<int>(type)));
    }
    ::closedir(directory);
    std::sort(names.begin(), names.end());
    return {0, absl::StrJoin(names, " ")};
  }
  static uid_t Owner(const Step& step) {
    return step.owner ? static_cast<uid_t>(*step.owner) : static_cast<uid_t>(-1);
  }
  static gid_t Group(const Step& step) {
    return step.group ? static_cast<gid_t>(*step.group) : static_cast<gid_t>(-1);
  }

  Outcome DoAs(const Step& step) {
    const char* const path = step.path.c_str();
    const char* const path2 = step.path2.c_str();
    struct stat s = {};
    int& file = files_[step.handle];
    switch (step.call) {
      case Call::kOpen:
        if (file >= 0) ::close(file);
        file = ::open(path, Flags(step.open), step.open.mode);
        return Only(file);
      case Call::kClose:
        if (file >= 0) ::close(file);
        file = -1;
        return {};
      case Call::kStat:
        return StatOf(::stat(path, &s), s);
      case Call::kLstat:
        return StatOf(::lstat(path, &s), s);
      case Call::kMkdir:
        return Only(::mkdir(path, step.mode));
      case Call::kRmdir:
        return Only(::rmdir(path));
      case Call::kUnlink:
        return Only(::unlink(path));
      case Call::kRename:
        return Only(::rename(path, path2));
      case Call::kLink:
        return Only(::link(path, path2));
      case Call::kSymlink:
        return Only(::symlink(path, path2));
      case Call::kReadlink: {
        char buffer[4097];
        const ssize_t length = ::readlink(path, buffer, sizeof buffer);
        if (length < 0) return Only(-1);
        return {0, std::string(buffer, static_cast<size_t>(length))};
      }
      case Call::kChmod:
        return Only(::chmod(path, step.mode));
      case Call::kLchown:
        return Only(::lchown(path, Owner(step), Group(step)));
      case Call::kUtime: {
        const timespec times[2] = {{static_cast<time_t>(step.number), 0}, {7, 0}};
        return Only(::utimensat(AT_FDCWD, path, times, 0));
      }
      case Call::kList:
        return List(path);
      case Call::kChdir:
        return Only(::chdir(path));
      default:
        return file < 0 ? Outcome{} : DoOnFile(step, file);
    }
  }
  Outcome DoOnFile(const Step& step, int file) {
    struct stat s = {};
    switch (step.call) {
      case Call::kRead: {
        char buffer[64];
        const ssize_t count = ::pread(file, buffer, sizeof buffer, static_cast<off_t>(step.number));
        if (count < 0) return Only(-1);
        return {0, std::string(buffer, static_cast<size_t>(count))};
      }
      case Call::kWrite: {
        const std::string bytes = absl::StrCat("w", step.number, step.mode);
        const ssize_t count =
            ::pwrite(file, bytes.data(), bytes.size(), static_cast<off_t>(step.number));
        if (count < 0) return {errno, "0"};
        return {0, absl::StrCat(count)};
      }
      case Call::kFtruncate:
        return Only(::ftruncate(file, static_cast<off_t>(step.number)));
      case Call::kFstat:
        return StatOf(::fstat(file, &s), s);
      case Call::kFchmod:
        return Only(::fchmod(file, step.mode));
      case Call::kFchown:
        return Only(::fchown(file, Owner(step), Group(step)));
      case Call::kFlock:
        if (step.number == 0) return Only(::flock(file, LOCK_UN));
        return Only(::flock(file, (step.lock == LockMode::kShared ? LOCK_SH : LOCK_EX) | LOCK_NB));
      default:
        return {};
    }
  }

  int files_[kHandles] = {-1, -1, -1, -1};
};

int ReadSetting(const char* name) {
  std::ifstream file(absl::StrCat("/proc/sys/fs/", name));
  int value = 0;
  file >> value;
  return value;
}

// Everything below the root, as root sees it, except names too long to look at.
void AppendTree(const std::string& path, std::vector<std::string>& found) {
  found.push_back(path);
  DIR* const directory = ::opendir(path.c_str());
  if (directory == nullptr) return;
  std::vector<std::string> names;
  while (const dirent* entry = ::readdir(directory)) names.push_back(entry->d_name);
  ::closedir(directory);
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) {
    if (name == "." || name == "..") continue;
    const std::string below = path == "/" ? "/" + name : path + "/" + name;
    struct stat s = {};
    if (::lstat(below.c_str(), &s) == 0 && S_ISDIR(s.st_mode)) {
      AppendTree(below, found);
    } else {
      found.push_back(below);
    }
  }
}

// Runs one sequence on both; gives a report of the first difference, or "".
std::string Compare(uint64_t seed, const DiskOptions& options, int steps) {
  Choices choices = Choices::FromSeed(seed);
  OnDisk disk(options);
  OnLinux linux_side;
  std::vector<std::pair<Step, int>> history;  // with Linux's errno
  const auto differs = [&](const Step& step) {
    const Outcome a = disk.Do(step);
    const Outcome b = linux_side.Do(step);
    history.emplace_back(step, b.error);
    if (a == b) return std::string();
    std::string report = absl::StrCat("seed ", seed, "\n");
    for (const auto& [done, error] : history) {
      absl::StrAppend(&report, Describe(done), " -> ", error, "\n");
    }
    return absl::StrCat(report, "disk:  ", a.error, " '", a.text, "'\nlinux: ", b.error, " '",
                        b.text, "'\n");
  };
  for (const Step& step : SomeTree()) {
    std::string report = differs(step);
    if (!report.empty()) return report;
  }
  for (int i = 0; i < steps; ++i) {
    std::string report = differs(RandomStep(choices));
    if (!report.empty()) return report;
  }
  std::vector<std::string> tree;
  AppendTree("/", tree);
  for (const std::string& path : tree) {
    for (const Call call : {Call::kLstat, Call::kReadlink, Call::kList}) {
      Step step;
      step.call = call;
      step.path = path;
      std::string report = differs(step);
      if (!report.empty()) return report;
    }
  }
  return "";
}

// A tmpfs of this process's own.
bool MountPrivately(const std::string& directory) {
  return ::unshare(CLONE_NEWNS) == 0 &&
         ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
         ::mount("tmpfs", directory.c_str(), "tmpfs", 0, nullptr) == 0;
}

// In a child, whose root directory is a fresh one for each sequence.
std::string CompareInChild(uint64_t first, uint64_t count, const DiskOptions& options) {
  int ends[2];
  if (::pipe(ends) != 0) return "pipe";
  const pid_t child = ::fork();
  if (child == 0) {
    std::string report;
    const std::string top = absl::StrCat(::getenv("TEST_TMPDIR"), "/disk");
    ::mkdir(top.c_str(), 0755);
    if (!MountPrivately(top)) report = absl::StrCat("no tmpfs on ", top, ": errno ", errno);
    const int old_root = ::open("/", O_RDONLY | O_DIRECTORY);
    for (uint64_t seed = first; seed < first + count && report.empty(); ++seed) {
      std::string directory = absl::StrCat(top, "/root.XXXXXX");
      if (::mkdtemp(directory.data()) == nullptr || ::chmod(directory.c_str(), 0755) != 0 ||
          ::chroot(directory.c_str()) != 0 || ::chdir("/") != 0) {
        report = absl::StrCat("chroot ", directory, ": errno ", errno);
        break;
      }
      report = Compare(seed, options, 60);
      ::umask(022);
      if (::fchdir(old_root) != 0 || ::chroot(".") != 0) report += "cannot leave";
    }
    report.resize(std::min<size_t>(report.size(), 60000));
    const ssize_t written = ::write(ends[1], report.data(), report.size());
    ::_exit(written < 0);
  }
  ::close(ends[1]);
  std::string report;
  char buffer[4096];
  for (ssize_t n; (n = ::read(ends[0], buffer, sizeof buffer)) > 0;) {
    report.append(buffer, static_cast<size_t>(n));
  }
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (status != 0 && report.empty()) report = absl::StrCat("child ended with ", status);
  return report;
}

TEST(DiskLikeLinux, RandomCallsUnderSeveralIdentities) {
  DiskOptions options;
  options.protected_symlinks = ReadSetting("protected_symlinks") != 0;
  options.protected_hardlinks = ReadSetting("protected_hardlinks") != 0;
  options.protected_regular = ReadSetting("protected_regular");
  const char* const asked = ::getenv("DISK_SEQUENCES");
  const uint64_t sequences = asked == nullptr ? 1000 : std::strtoull(asked, nullptr, 10);
  const char* const from = ::getenv("DISK_FIRST_SEED");
  const uint64_t first = from == nullptr ? 1 : std::strtoull(from, nullptr, 10);
  constexpr uint64_t kPerChild = 10'000;  // as many trees as half the memory holds easily
  for (uint64_t done = 0; done < sequences; done += kPerChild) {
    const uint64_t count = std::min(kPerChild, sequences - done);
    ASSERT_EQ(CompareInChild(first + done, count, options), "");
  }
}

}  // namespace
}  // namespace stagepost::disk_test
