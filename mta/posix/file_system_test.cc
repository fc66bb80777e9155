#include "mta/posix/file_system.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <string>

#include "absl/strings/match.h"
#include "mta/posix/posix_test_util.h"

namespace stagepost {
namespace {

class FileSystemTest : public PosixTest {};

POSIX_TEST(FileSystemTest, Open_ENOENT) {
  EXPECT_ERRNO(co_await TryOpen(env.files(), directory + "/none", kReadOnly), ENOENT);
  EXPECT_ERRNO(co_await TryOpen(env.files(), "", kReadOnly), ENOENT);
  absl::Status status = co_await TryOpen(env.files(), "/none/at/all", kReadOnly);
  EXPECT_EQ(status.message(), "open /none/at/all: No such file or directory");
  co_return 0;
}

POSIX_TEST(FileSystemTest, Open_EEXIST) {
  EXPECT_OK(co_await WriteFile(env.files(), directory + "/a", "text"));
  OpenOptions options = kCreate;
  options.exclusive = true;
  EXPECT_ERRNO(co_await TryOpen(env.files(), directory + "/a", options), EEXIST);
  co_return 0;
}

POSIX_TEST(FileSystemTest, Open_EISDIR) {
  EXPECT_ERRNO(co_await TryOpen(env.files(), directory, {.write = true}), EISDIR);
  co_return 0;
}

POSIX_TEST(FileSystemTest, Open_ENOTDIR) {
  EXPECT_OK(co_await WriteFile(env.files(), directory + "/a", "text"));
  EXPECT_ERRNO(co_await TryOpen(env.files(), directory + "/a/b", kReadOnly), ENOTDIR);
  const OpenOptions as_directory = {.read = true, .directory = true};
  EXPECT_ERRNO(co_await TryOpen(env.files(), directory + "/a", as_directory), ENOTDIR);
  co_return 0;
}

POSIX_TEST(FileSystemTest, Open_ELOOP) {
  EXPECT_OK(co_await env.files().Symlink("target", directory + "/link"));
  const OpenOptions no_follow = {.read = true, .no_follow = true};
  EXPECT_ERRNO(co_await TryOpen(env.files(), directory + "/link", no_follow), ELOOP);
  EXPECT_OK(co_await env.files().Symlink(directory + "/round", directory + "/round"));
  EXPECT_ERRNO(co_await TryOpen(env.files(), directory + "/round", kReadOnly), ELOOP);
  co_return 0;
}

POSIX_TEST(FileSystemTest, Open_EINVAL_NulInPath) {
  const std::string path = directory + std::string("/a\0b", 4);
  EXPECT_ERRNO(co_await TryOpen(env.files(), path, kCreate), EINVAL);
  EXPECT_ERRNO(co_await env.files().Unlink(path), EINVAL);
  EXPECT_ERRNO(co_await env.files().Rename(directory, path), EINVAL);
  co_return 0;
}

POSIX_TEST(FileSystemTest, Open_ENAMETOOLONG) {
  const std::string path = directory + "/" + std::string(256, 'a');
  EXPECT_ERRNO(co_await TryOpen(env.files(), path, kCreate), ENAMETOOLONG);
  co_return 0;
}

POSIX_TEST(FileSystemTest, Open_EOPNOTSUPP_Fifo) {
  const std::string path = directory + "/fifo";
  CO_REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  EXPECT_ERRNO(co_await TryOpen(env.files(), path, kReadOnly), EOPNOTSUPP);
  EXPECT_OK(co_await TryOpen(env.files(), path, {.read = true, .non_blocking = true}));
  const OpenOptions writer = {.write = true, .non_blocking = true};
  EXPECT_ERRNO(co_await TryOpen(env.files(), path, writer), ENXIO);
  co_return 0;
}

POSIX_TEST(FileSystemTest, Open_ModeLessUmask) {
  const FileMode before = env.process().SetUmask(027);
  EXPECT_OK(co_await TryOpen(env.files(), directory + "/a",
                             {.write = true, .create = true, .mode = 0666}));
  EXPECT_OK(co_await env.files().MakeDirectory(directory + "/d", 0777));
  EXPECT_EQ(env.process().SetUmask(before), 027u);
  CO_REQUIRE_ASSIGN(const FileStat file, co_await env.files().Stat(directory + "/a"));
  EXPECT_EQ(file.mode, 0640u);
  CO_REQUIRE_ASSIGN(const FileStat made, co_await env.files().Stat(directory + "/d"));
  EXPECT_EQ(made.mode, 0750u);
  EXPECT_EQ(made.type, FileType::kDirectory);
  co_return 0;
}

POSIX_TEST(FileSystemTest, ReadAndWrite) {
  CO_REQUIRE_ASSIGN(std::unique_ptr<File> file,
                    co_await env.files().Open(directory + "/a", kCreate));
  CO_REQUIRE_ASSIGN(size_t size, co_await file->Write(3, "hello"));
  EXPECT_EQ(size, 5u);
  char buffer[100];
  CO_REQUIRE_ASSIGN(size, co_await file->Read(2, absl::MakeSpan(buffer)));
  EXPECT_EQ(absl::string_view(buffer, size), absl::string_view("\0hello", 6));
  CO_REQUIRE_ASSIGN(size, co_await file->Read(8, absl::MakeSpan(buffer)));
  EXPECT_EQ(size, 0u);
  EXPECT_OK(co_await file->Truncate(4));
  CO_REQUIRE_ASSIGN(const FileStat status, co_await file->Stat());
  EXPECT_EQ(status.size, 4u);
  EXPECT_EQ(status.links, 1u);
  co_return 0;
}

POSIX_TEST(FileSystemTest, Write_AppendsWhateverTheOffset) {
  EXPECT_OK(co_await WriteFile(env.files(), directory + "/a", "one"));
  const OpenOptions append = {.write = true, .append = true};
  CO_REQUIRE_ASSIGN(std::unique_ptr<File> file,
                    co_await env.files().Open(directory + "/a", append));
  CO_REQUIRE_ASSIGN(const size_t size, co_await file->Write(0, "two"));
  EXPECT_EQ(size, 3u);
  EXPECT_EQ(FileText(directory + "/a"), "onetwo");
  co_return 0;
}

POSIX_TEST(FileSystemTest, Write_EBADF) {
  EXPECT_OK(co_await WriteFile(env.files(), directory + "/a", "one"));
  CO_REQUIRE_ASSIGN(std::unique_ptr<File> file,
                    co_await env.files().Open(directory + "/a", kReadOnly));
  EXPECT_ERRNO((co_await file->Write(0, "x")).status(), EBADF);
  EXPECT_ERRNO(co_await file->Lock(LockKind::kFcntl, LockMode::kExclusive, LockWait::kNo), EBADF);
  co_return 0;
}

POSIX_TEST(FileSystemTest, Write_DeviceNull) {
  CO_REQUIRE_ASSIGN(std::unique_ptr<File> file,
                    co_await env.files().Open("/dev/null", {.read = true, .write = true}));
  CO_REQUIRE_ASSIGN(size_t size, co_await file->Write(0, "gone"));
  EXPECT_EQ(size, 4u);
  char buffer[4];
  CO_REQUIRE_ASSIGN(size, co_await file->Read(0, absl::MakeSpan(buffer)));
  EXPECT_EQ(size, 0u);
  co_return 0;
}

POSIX_TEST(FileSystemTest, Rename_ReplacesAndFails) {
  EXPECT_OK(co_await WriteFile(env.files(), directory + "/a", "new"));
  EXPECT_OK(co_await WriteFile(env.files(), directory + "/b", "old"));
  EXPECT_OK(co_await env.files().Rename(directory + "/a", directory + "/b"));
  EXPECT_EQ(FileText(directory + "/b"), "new");
  EXPECT_ERRNO(co_await env.files().Rename(directory + "/a", directory + "/b"), ENOENT);
  EXPECT_OK(co_await env.files().MakeDirectory(directory + "/d", 0700));
  EXPECT_ERRNO(co_await env.files().Rename(directory + "/b", directory + "/d"), EISDIR);
  EXPECT_ERRNO(co_await env.files().Rename(directory + "/d", directory + "/b"), ENOTDIR);
  co_return 0;
}

POSIX_TEST(FileSystemTest, Links) {
  EXPECT_OK(co_await WriteFile(env.files(), directory + "/a", "text"));
  EXPECT_OK(co_await env.files().Link(directory + "/a", directory + "/b"));
  EXPECT_ERRNO(co_await env.files().Link(directory + "/a", directory + "/b"), EEXIST);
  CO_REQUIRE_ASSIGN(const FileStat status, co_await env.files().Stat(directory + "/b"));
  EXPECT_EQ(status.links, 2u);
  EXPECT_OK(co_await env.files().Symlink("a", directory + "/s"));
  CO_REQUIRE_ASSIGN(const std::string target, co_await env.files().ReadLink(directory + "/s"));
  EXPECT_EQ(target, "a");
  EXPECT_ERRNO((co_await env.files().ReadLink(directory + "/a")).status(), EINVAL);
  CO_REQUIRE_ASSIGN(const FileStat link, co_await env.files().LinkStat(directory + "/s"));
  EXPECT_EQ(link.type, FileType::kSymlink);
  CO_REQUIRE_ASSIGN(const FileStat followed, co_await env.files().Stat(directory + "/s"));
  EXPECT_EQ(followed.inode, status.inode);
  co_return 0;
}

POSIX_TEST(FileSystemTest, Remove_Errors) {
  EXPECT_ERRNO(co_await env.files().Unlink(directory + "/none"), ENOENT);
  EXPECT_ERRNO(co_await env.files().Unlink(directory), EISDIR);
  EXPECT_OK(co_await env.files().MakeDirectory(directory + "/d", 0700));
  EXPECT_ERRNO(co_await env.files().MakeDirectory(directory + "/d", 0700), EEXIST);
  EXPECT_OK(co_await WriteFile(env.files(), directory + "/d/a", "text"));
  EXPECT_ERRNO(co_await env.files().RemoveDirectory(directory + "/d"), ENOTEMPTY);
  EXPECT_ERRNO(co_await env.files().RemoveDirectory(directory + "/d/a"), ENOTDIR);
  EXPECT_OK(co_await env.files().Unlink(directory + "/d/a"));
  EXPECT_OK(co_await env.files().RemoveDirectory(directory + "/d"));
  co_return 0;
}

POSIX_TEST(FileSystemTest, ModeAndTimes) {
  const std::string path = directory + "/a";
  EXPECT_OK(co_await WriteFile(env.files(), path, "text"));
  EXPECT_OK(co_await env.files().ChangeMode(path, 0604));
  const absl::Time then = absl::FromUnixMillis(1'000'000'000'250);
  EXPECT_OK(co_await env.files().SetTimes(path, then, then + absl::Seconds(1)));
  CO_REQUIRE_ASSIGN(const FileStat status, co_await env.files().Stat(path));
  EXPECT_EQ(status.mode, 0604u);
  EXPECT_EQ(status.accessed, then);
  EXPECT_EQ(status.modified, then + absl::Seconds(1));
  CO_REQUIRE_ASSIGN(const FreeSpace space, co_await env.files().GetFreeSpace(path));
  EXPECT_GT(space.block_bytes, 0u);
  co_return 0;
}

POSIX_TEST(FileSystemTest, ListDirectory_Short) {
  EXPECT_OK(co_await WriteFile(env.files(), directory + "/a", "text"));
  EXPECT_OK(co_await env.files().MakeDirectory(directory + "/d", 0700));
  CO_REQUIRE_ASSIGN(std::vector<DirectoryEntry> entries,
                    co_await env.files().ListDirectory(directory));
  std::sort(entries.begin(), entries.end(), [](auto& a, auto& b) { return a.name < b.name; });
  CO_REQUIRE(entries.size() == 2);
  EXPECT_EQ(entries[0].name, "a");
  EXPECT_EQ(entries[0].type, FileType::kRegular);
  EXPECT_EQ(entries[1].name, "d");
  EXPECT_EQ(entries[1].type, FileType::kDirectory);
  EXPECT_ERRNO((co_await env.files().ListDirectory(directory + "/a")).status(), ENOTDIR);
  EXPECT_ERRNO((co_await env.files().ListDirectory(directory + "/none")).status(), ENOENT);
  co_return 0;
}

POSIX_TEST(FileSystemTest, ListDirectory_LongGoesOffThread) {
  constexpr size_t kFiles = 2500;
  for (size_t i = 0; i < kFiles; ++i) {
    EXPECT_OK(co_await TryOpen(env.files(), absl::StrCat(directory, "/file", i), kCreate));
  }
  CO_REQUIRE_ASSIGN(std::vector<DirectoryEntry> entries,
                    co_await env.files().ListDirectory(directory));
  EXPECT_EQ(entries.size(), kFiles);
  std::sort(entries.begin(), entries.end(), [](auto& a, auto& b) { return a.name < b.name; });
  entries.erase(std::unique(entries.begin(), entries.end(),
                            [](auto& a, auto& b) { return a.name == b.name; }),
                entries.end());
  EXPECT_EQ(entries.size(), kFiles);
  co_return 0;
}

POSIX_TEST(FileSystemTest, OpenDirectory_CancelledReaderIsOfNoMoreUse) {
  for (size_t i = 0; i < 3000; ++i) {
    EXPECT_OK(co_await TryOpen(env.files(), absl::StrCat(directory, "/file", i), kCreate));
  }
  CO_REQUIRE_ASSIGN(std::unique_ptr<DirectoryReader> reader,
                    co_await env.files().OpenDirectory(directory));
  for (int inline_batch = 0; inline_batch < 2; ++inline_batch) {
    CO_REQUIRE_ASSIGN(const absl::Span<const DirectoryName> batch, co_await reader->Next());
    EXPECT_FALSE(batch.empty());
  }
  const absl::Status late =
      (co_await WithDeadline(env.clock().MonotonicNow(), reader->Next())).status();
  if (late.ok()) co_return 0;  // the thread was faster, and completion wins
  EXPECT_TRUE(absl::IsDeadlineExceeded(late)) << late;
  EXPECT_TRUE(absl::IsCancelled((co_await reader->Next()).status()));
  co_return 0;
}

POSIX_TEST(FileSystemTest, As_OwnIdentityNeedsNoPrivilege) {
  const Identity own = env.process().credentials().effective();
  std::unique_ptr<FileSystem> files = env.files().As(own);
  EXPECT_OK(co_await WriteFile(*files, directory + "/a", "text"));
  co_return 0;
}

Task<absl::Status> HoldLock(Environment& env, File& file, std::string& order) {
  CO_RETURN_IF_ERROR(co_await file.Lock(LockKind::kFlock, LockMode::kExclusive, LockWait::kYes));
  order += "1";
  CO_RETURN_IF_ERROR(co_await Sleep(absl::Milliseconds(20)));
  order += "2";
  CO_RETURN_IF_ERROR(co_await file.Unlock(LockKind::kFlock));
  (void)env;
  co_return absl::OkStatus();
}

POSIX_TEST(FileSystemTest, Lock_EAGAIN_AndWaiting) {
  CO_REQUIRE_ASSIGN(std::unique_ptr<File> a, co_await env.files().Open(directory + "/a", kCreate));
  CO_REQUIRE_ASSIGN(std::unique_ptr<File> b, co_await env.files().Open(directory + "/a", kCreate));
  std::string order;
  TaskScope scope(co_await CurrentContext(), "locks", TaskScope::Policy::kFirstError, 2);
  EXPECT_OK(scope.Spawn(&HoldLock, std::ref(env), std::ref(*a), std::ref(order)));
  EXPECT_OK(co_await Sleep(absl::ZeroDuration()));
  EXPECT_ERRNO(co_await b->Lock(LockKind::kFlock, LockMode::kShared, LockWait::kNo), EAGAIN);
  EXPECT_OK(co_await b->Lock(LockKind::kFlock, LockMode::kShared, LockWait::kYes));
  order += "3";
  EXPECT_OK(co_await scope.Join());
  EXPECT_EQ(order, "123");
  co_return 0;
}

POSIX_TEST(FileSystemTest, Lock_DeadlinePasses) {
  CO_REQUIRE_ASSIGN(std::unique_ptr<File> a, co_await env.files().Open(directory + "/a", kCreate));
  CO_REQUIRE_ASSIGN(std::unique_ptr<File> b, co_await env.files().Open(directory + "/a", kCreate));
  EXPECT_OK(co_await a->Lock(LockKind::kFlock, LockMode::kExclusive, LockWait::kNo));
  const MonotonicTime deadline = env.clock().MonotonicNow() + absl::Milliseconds(20);
  absl::Status status = co_await WithDeadline(
      deadline, b->Lock(LockKind::kFlock, LockMode::kExclusive, LockWait::kYes));
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded);
  a.reset();  // closing unlocks
  EXPECT_OK(co_await b->Lock(LockKind::kFlock, LockMode::kExclusive, LockWait::kNo));
  co_return 0;
}

// The other holder is another process, so that waiting means looking again.
POSIX_TEST(FileSystemTest, Lock_FcntlAgainstAnotherProcess) {
  const std::string path = directory + "/a";
  EXPECT_OK(co_await WriteFile(env.files(), path, "text"));
  const std::string ready = directory + "/ready";
  const pid_t other = ::fork();
  if (other == 0) {
    const int fd = ::open(path.c_str(), O_RDWR);
    struct flock range = {};
    range.l_type = F_WRLCK;
    if (::fcntl(fd, F_SETLK, &range) != 0 || ::mkdir(ready.c_str(), 0700) != 0) ::_exit(1);
    ::usleep(60'000);
    ::_exit(0);
  }
  while (!(co_await env.files().Stat(ready)).ok()) EXPECT_OK(co_await Sleep(absl::Milliseconds(1)));
  CO_REQUIRE_ASSIGN(std::unique_ptr<File> file, co_await env.files().Open(path, kCreate));
  EXPECT_ERRNO(co_await file->Lock(LockKind::kFcntl, LockMode::kExclusive, LockWait::kNo), EAGAIN);
  EXPECT_OK(co_await file->Lock(LockKind::kFcntl, LockMode::kExclusive, LockWait::kYes));
  int status = -1;
  EXPECT_EQ(::waitpid(other, &status, 0), other);
  EXPECT_EQ(status, 0);
  co_return 0;
}

Task<absl::Status> SyncOne(Environment& env, std::string directory, int number, int& done) {
  const std::string path = absl::StrCat(directory, "/", number);
  CO_ASSIGN_OR_RETURN(std::unique_ptr<File> file, co_await env.files().Open(path, kCreate));
  CO_ASSIGN_OR_RETURN(const size_t size, co_await file->Write(0, "text"));
  CO_RETURN_IF_ERROR(co_await file->Sync());
  CO_RETURN_IF_ERROR(co_await env.files().SyncDirectory(directory));
  done += size == 4;
  co_return absl::OkStatus();
}

POSIX_TEST(FileSystemTest, Sync_ManyWaitersShareDirectoryFlushes) {
  constexpr int kWaiters = 200;
  int done = 0;
  TaskScope scope(co_await CurrentContext(), "syncs", TaskScope::Policy::kFirstError, kWaiters);
  for (int i = 0; i < kWaiters; ++i) {
    EXPECT_OK(scope.Spawn(&SyncOne, std::ref(env), directory, i, std::ref(done)));
  }
  EXPECT_OK(co_await scope.Join());
  EXPECT_EQ(done, kWaiters);
  // One for each file; how many the directory needs depends on how fast the disk is.
  const uint64_t flushes = static_cast<PosixEnvironment&>(env).flushes();
  EXPECT_GE(flushes, static_cast<uint64_t>(kWaiters) + 1);
  EXPECT_LE(flushes, static_cast<uint64_t>(2 * kWaiters));
  co_return 0;
}

size_t OpenDescriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return static_cast<size_t>(std::distance(begin(all), end(all)));
}

// What removed files held is freed off-thread; the descriptors go all the same.
POSIX_TEST(FileSystemTest, Destroy_ClosesRemovedFiles) {
  CO_REQUIRE_ASSIGN(const std::unique_ptr<File> other,
                    co_await env.files().Open(directory + "/other", kCreate));
  const size_t before = OpenDescriptors();
  for (int i = 0; i < 100; ++i) {
    CO_REQUIRE_ASSIGN(std::unique_ptr<File> file,
                      co_await env.files().Open(directory + "/a", kCreate));
    CO_REQUIRE_ASSIGN(const size_t written, co_await file->Write(0, std::string(10'000, 'x')));
    EXPECT_EQ(written, 10'000u);
    EXPECT_OK(co_await file->Sync());
    EXPECT_OK(co_await env.files().Unlink(directory + "/a"));
  }
  for (int i = 0; i < 500 && OpenDescriptors() > before; ++i) {
    EXPECT_OK(co_await Sleep(absl::Milliseconds(10)));
  }
  EXPECT_LE(OpenDescriptors(), before);
  co_return 0;
}

// Directories are kept open between syncs; what counts is where the path leads now.
POSIX_TEST(FileSystemTest, Sync_OfADirectoryThatWasReplaced) {
  const std::string path = directory + "/synced";
  const size_t before = OpenDescriptors();
  for (int i = 0; i < 3; ++i) {
    EXPECT_OK(co_await env.files().MakeDirectory(path, 0700));
    EXPECT_OK(co_await env.files().SyncDirectory(path));
    EXPECT_OK(co_await env.files().SyncDirectory(path));
    EXPECT_EQ(OpenDescriptors(), before + 1);
    EXPECT_OK(co_await env.files().RemoveDirectory(path));
    EXPECT_ERRNO(co_await env.files().SyncDirectory(path), ENOENT);
  }
  EXPECT_OK(co_await WriteFile(env.files(), path, "text"));
  EXPECT_ERRNO(co_await env.files().SyncDirectory(path), ENOTDIR);
  for (int i = 0; i < 20; ++i) {
    const std::string other = absl::StrCat(directory, "/other", i);
    EXPECT_OK(co_await env.files().MakeDirectory(other, 0700));
    EXPECT_OK(co_await env.files().SyncDirectory(other));
  }
  EXPECT_LE(OpenDescriptors(), before + 8);
  co_return 0;
}

// Where the descriptors of this process lead that are below `directory`.
std::set<std::string> DescriptorsBelow(const std::string& directory) {
  std::set<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code error;
    const std::string path = std::filesystem::read_symlink(entry.path(), error);
    if (absl::StartsWith(path, directory)) found.insert(path);
  }
  return found;
}

POSIX_TEST(FileSystemTest, Sync_OfTheWorkingDirectory) {
  const std::string before = env.process().working_directory();
  for (const std::string& name : {std::string("/one"), std::string("/two"), std::string("/one")}) {
    const std::string path = directory + name;
    (void)co_await env.files().MakeDirectory(path, 0700);
    EXPECT_OK(co_await env.process().ChangeDirectory(path));
    EXPECT_OK(co_await env.files().SyncDirectory("."));
    EXPECT_OK(co_await env.files().SyncDirectory("."));
    EXPECT_EQ(DescriptorsBelow(directory), std::set<std::string>{path});
  }
  EXPECT_OK(co_await env.process().ChangeDirectory(before));
  co_return 0;
}

POSIX_TEST(FileSystemTest, Sync_Errors) {
  EXPECT_ERRNO(co_await env.files().SyncDirectory(directory + "/none"), ENOENT);
  EXPECT_OK(co_await WriteFile(env.files(), directory + "/a", "text"));
  EXPECT_ERRNO(co_await env.files().SyncDirectory(directory + "/a"), ENOTDIR);
  CO_REQUIRE(::mkfifo((directory + "/fifo").c_str(), 0600) == 0);
  CO_REQUIRE_ASSIGN(
      std::unique_ptr<File> fifo,
      co_await env.files().Open(directory + "/fifo", {.read = true, .non_blocking = true}));
  EXPECT_ERRNO(co_await fifo->Sync(), EINVAL);
  co_return 0;
}

POSIX_TEST(FileSystemTest, Sync_StoppedGivesTheRealResultOrHadNoEffect) {
  CO_REQUIRE_ASSIGN(std::unique_ptr<File> file,
                    co_await env.files().Open(directory + "/a", kCreate));
  for (int i = 0; i < 20; ++i) {
    absl::Status status =
        co_await WithDeadline(env.clock().MonotonicNow() + absl::Microseconds(i), file->Sync());
    EXPECT_TRUE(status.ok() || absl::IsDeadlineExceeded(status)) << status;
  }
  co_return 0;
}

class PrivateRootTest : public PosixTest {
 protected:
  PrivateRootTest() { options.private_root = directory(); }
};

POSIX_TEST(PrivateRootTest, AbsolutePathsAreBelowIt) {
  EXPECT_OK(co_await env.files().MakeDirectory("/spool", 0700));
  EXPECT_OK(co_await WriteFile(env.files(), "/spool/a", "text"));
  EXPECT_EQ(FileText(directory + "/spool/a"), "text");
  absl::Status missing = co_await TryOpen(env.files(), "/spool/none", kReadOnly);
  EXPECT_EQ(missing.message(), "open /spool/none: No such file or directory");
  EXPECT_OK(co_await env.files().Symlink("/spool/a", "/link"));
  CO_REQUIRE_ASSIGN(const std::string target, co_await env.files().ReadLink("/link"));
  EXPECT_EQ(target, "/spool/a");
  CO_REQUIRE_ASSIGN(const FileStat followed, co_await env.files().Stat("/link"));
  EXPECT_EQ(followed.size, 4u);
  co_return 0;
}

Task<int> ChangesDirectory(Environment& env, Arguments) {
  EXPECT_OK(co_await env.files().MakeDirectory("/spool", 0700));
  EXPECT_OK(co_await env.process().ChangeDirectory("/spool"));
  EXPECT_EQ(env.process().working_directory(), "/spool");
  EXPECT_OK(co_await WriteFile(env.files(), "relative", "text"));
  EXPECT_OK((co_await env.files().Stat("/spool/relative")).status());
  EXPECT_OK(co_await env.process().ChangeDirectory("/"));
  EXPECT_EQ(env.process().working_directory(), "/");
  EXPECT_ERRNO(co_await env.process().ChangeDirectory("/none"), ENOENT);
  co_return 0;
}

TEST_F(PrivateRootTest, WorkingDirectoryIsBelowIt) { EXPECT_EQ(RunInFork(&ChangesDirectory), 0); }

TEST(PrivateRootPathsTest, MapsBothWays) {
  const PrivateRoot none;
  EXPECT_FALSE(none.active());
  EXPECT_EQ(none.ToMachine("/etc/mail"), "/etc/mail");
  EXPECT_EQ(none.FromMachine("/etc/mail"), "/etc/mail");
  const PrivateRoot root("/tmp/x/");
  EXPECT_EQ(root.directory(), "/tmp/x");
  EXPECT_EQ(root.ToMachine("/etc/mail"), "/tmp/x/etc/mail");
  EXPECT_EQ(root.ToMachine("mail"), "mail");
  EXPECT_EQ(root.FromMachine("/tmp/x"), "/");
  EXPECT_EQ(root.FromMachine("/tmp/x/etc"), "/etc");
  EXPECT_EQ(root.FromMachine("/tmp/xyz"), "/tmp/xyz");
  EXPECT_EQ(root.FromMachine("relative"), "relative");
}

}  // namespace
}  // namespace stagepost
