// A side of the comparison: Linux, by its system calls.
#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "conformance/contract/file_sequence.h"
#include "mta/base/check.h"

namespace stagepost::file_sequence {
namespace {

FileType TypeOf(mode_t mode) {
  if (S_ISDIR(mode)) return FileType::kDirectory;
  if (S_ISLNK(mode)) return FileType::kSymlink;
  return S_ISFIFO(mode) ? FileType::kFifo : FileType::kRegular;
}

FileStat ToFileStat(const struct stat& s) {
  FileStat stat;
  stat.type = TypeOf(s.st_mode);
  stat.mode = s.st_mode & 07777;
  stat.owner = UserId{s.st_uid};
  stat.group = GroupId{s.st_gid};
  stat.size = static_cast<uint64_t>(s.st_size);
  stat.links = static_cast<uint32_t>(s.st_nlink);
  return stat;
}

class LinuxSide final : public FileSide {
 public:
  ~LinuxSide() override {
    Become(0);
    for (const int file : files_) {
      if (file >= 0) ::close(file);
    }
    CHECK(::chdir("/") == 0);
    EmptyWorkingDirectory();
    CHECK(::chown("/", 0, 0) == 0 && ::chmod("/", 0755) == 0);
    ::umask(022);
  }

  Outcome Do(const Step& step) override {
    Become(step.who);
    ::umask(step.umask);
    errno = 0;
    return DoAs(step);
  }

 private:
  // Only this thread's: glibc's calls would do more than the kernel's, and setfsuid takes the
  // capabilities with it.
  // Only this thread's: glibc's calls would do more than the kernel's, and setfsuid takes the
  // capabilities with it.
  void Become(int who) {
    if (who == who_) return;
    static const std::vector<Identity> identities = Identities();
    const Identity& identity = identities[static_cast<size_t>(who)];
    who_ = who;
    ::setfsuid(0);
    ::syscall(SYS_setgroups, identity.supplementary.size(), identity.supplementary.data());
    ::setfsgid(static_cast<gid_t>(identity.group));
    ::setfsuid(static_cast<uid_t>(identity.user));
  }
  static void EmptyWorkingDirectory() {
    DIR* const directory = ::opendir(".");
    CHECK(directory != nullptr);
    while (const dirent* entry = ::readdir(directory)) {
      const absl::string_view name = entry->d_name;
      if (name == "." || name == "..") continue;
      if (::unlink(entry->d_name) == 0) continue;
      CHECK(::chdir(entry->d_name) == 0) << entry->d_name << " errno " << errno;
      EmptyWorkingDirectory();
      CHECK(::chdir("..") == 0 && ::rmdir(entry->d_name) == 0) << entry->d_name;
    }
    ::closedir(directory);
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
    if (options.non_blocking) flags |= O_NONBLOCK;
    return flags | O_CLOEXEC;
  }
  Outcome StatOf(int result, const struct stat& s) {
    if (result < 0) return Only(result);
    return {0, StatText(ToFileStat(s))};
  }
  static Outcome List(const char* path) {
    DIR* const directory = ::opendir(path);
    if (directory == nullptr) return Only(-1);
    std::vector<DirectoryEntry> entries;
    while (const dirent* entry = ::readdir(directory)) {
      const std::string name = entry->d_name;
      if (name == "." || name == "..") continue;
      entries.push_back({name, 0, TypeOf(DTTOIF(entry->d_type))});
    }
    ::closedir(directory);
    return {0, ListText(entries)};
  }
  static Outcome SyncDirectory(const char* path) {
    const int directory = ::open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0) return Only(-1);
    const Outcome outcome = Only(::fsync(directory));
    ::close(directory);
    return outcome;
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
      case Call::kRenameNew:
        return Only(::renameat2(AT_FDCWD, path, AT_FDCWD, path2, RENAME_NOREPLACE));
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
      case Call::kMkfifo:
        return Only(::mkfifo(path, step.mode));
      case Call::kSyncDirectory:
        return SyncDirectory(path);
      case Call::kFreeSpace: {
        struct statvfs space = {};
        return Only(::statvfs(path, &space));
      }
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
        ssize_t count = ::pread(file, buffer, sizeof buffer, static_cast<off_t>(step.number));
        if (count < 0 && errno == ESPIPE) count = ::read(file, buffer, sizeof buffer);
        if (count < 0) return Only(-1);
        return {0, std::string(buffer, static_cast<size_t>(count))};
      }
      case Call::kWrite: {
        const std::string bytes = BytesOf(step);
        ssize_t count = ::pwrite(file, bytes.data(), bytes.size(), static_cast<off_t>(step.number));
        if (count < 0 && errno == ESPIPE) count = ::write(file, bytes.data(), bytes.size());
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
      case Call::kFcntlLock: {
        struct flock range = {};
        range.l_type = step.lock == LockMode::kShared ? F_RDLCK : F_WRLCK;
        if (step.number == 0) range.l_type = F_UNLCK;
        range.l_whence = SEEK_SET;
        return Only(::fcntl(file, F_SETLK, &range));
      }
      case Call::kSync:
        return Only(::fsync(file));
      default:
        return {};
    }
  }

  int who_ = 0;
  int files_[kHandles] = {-1, -1, -1, -1};
};

}  // namespace

std::unique_ptr<FileSide> MakeLinuxSide() { return std::make_unique<LinuxSide>(); }

}  // namespace stagepost::file_sequence
