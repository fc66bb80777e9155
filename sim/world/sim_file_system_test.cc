#include "sim/world/sim_file_system.h"

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "mta/async/deadline.h"
#include "mta/async/executor.h"
#include "mta/async/loop.h"
#include "mta/async/task.h"
#include "mta/base/errno.h"
#include "mta/base/status_macros.h"
#include "sim/choice/choices.h"
#include "sim/world/disk_editor.h"

namespace stagepost {
namespace {

class PlannedFaults final : public FileFaults {
 public:
  FileFault OnCall(FileCall call, absl::string_view path) override {
    asked.push_back(absl::StrCat(FileCallName(call), " ", path));
    return call == on ? fault : FileFault();
  }
  FileCall on = FileCall::kOpen;
  FileFault fault;
  std::vector<std::string> asked;
};

// A process without the rest of the world. Declared after what it uses.
class TestProcess final : public FileCaller {
 public:
  TestProcess(Disk& disk, Loop& loop, Choices& choices, uint64_t key, Identity identity = {})
      : disk_(disk), loop_(loop), choices_(choices), key_(key), identity_(std::move(identity)) {}
  ~TestProcess() override {
    if (!inert_) Die();
  }

  template <class F, class... Args>
  void Run(F f, Args... args) {
    executor_.Start([](int) {}, f, std::ref(*this), std::move(args)...);
  }
  void Die() {
    inert_ = true;
    disk_.ReleaseProcess(key_);
    executor_.Kill();
  }
  size_t live() const { return executor_.live(); }

  Disk& disk() override { return disk_; }
  Loop& loop() override { return loop_; }
  Choices& choices() override { return choices_; }
  FileFaults* faults() override { return plan; }
  const Identity& identity() const override { return identity_; }
  FileMode umask() const override { return 022; }
  const OpenFile* working_directory() const override { return directory; }
  uint64_t process_key() const override { return key_; }
  absl::Time wall_now() const override {
    return absl::UnixEpoch() + absl::Nanoseconds(loop_.now().nanoseconds());
  }
  bool inert() const override { return inert_; }
  void OnFileCall(const FileCallRecord& record) override {
    trace.push_back(absl::StrCat(FileCallName(record.call), " ", record.path, " ",
                                 static_cast<int>(record.result), " ", record.bytes));
  }

 private:
  Disk& disk_;
  Loop& loop_;
  Choices& choices_;
  const uint64_t key_;
  const Identity identity_;
  bool inert_ = false;
  Executor executor_{loop_};

 public:
  SimFileSystem files{*this};
  PlannedFaults* plan = nullptr;
  const OpenFile* directory = nullptr;
  std::vector<std::string> trace, log;
};

constexpr OpenOptions kCreate{.read = true, .write = true, .create = true};

class SimFileSystemTest : public testing::Test {
 protected:
  // Runs until nothing is ready and no timer is left.
  void RunAll() {
    loop_.RunUntilIdle();
    while (!loop_.timers().empty() &&
           loop_.timers().next_deadline() < MonotonicTime::InfiniteFuture()) {
      loop_.Advance(loop_.timers().next_deadline());
      loop_.RunUntilIdle();
    }
  }
  Loop loop_;
  Disk disk_{absl::UnixEpoch()};
  DiskEditor edit_{disk_, absl::UnixEpoch()};
  // A log without values draws nothing but zeros: nothing unusual happens.
  Choices mild_ = Choices::FromLog("stagepost-choices 1 seed 0\n").value();
};

Task<absl::Status> WriteAndSync(TestProcess& p, std::string path, std::string bytes) {
  CO_ASSIGN_OR_RETURN(std::unique_ptr<File> file, co_await p.files.Open(path, kCreate));
  size_t done = 0;
  while (done < bytes.size()) {
    CO_ASSIGN_OR_RETURN(const size_t n,
                        co_await file->Write(done, absl::string_view(bytes).substr(done)));
    done += n;
  }
  CO_RETURN_IF_ERROR(co_await file->Sync());
  co_return co_await p.files.SyncDirectory("/");
}

Task<int> WriteMain(TestProcess& p) {
  p.log.push_back(std::string((co_await WriteAndSync(p, "/f", "0123456789")).ToString()));
  co_return 0;
}

TEST_F(SimFileSystemTest, WritesSyncsAndTraces) {
  TestProcess p(disk_, loop_, mild_, 1);
  p.Run(&WriteMain);
  RunAll();
  EXPECT_EQ(p.log, (std::vector<std::string>{"OK"}));
  EXPECT_EQ(p.trace, (std::vector<std::string>{"open /f 0 ", "write /f 0 0123456789", "fsync /f 0 ",
                                               "fsync / 0 "}));
  EXPECT_EQ(edit_.ReadFile("/f").value(), "0123456789");
  // The two syncs took time, and nothing else did.
  EXPECT_EQ(loop_.now() - MonotonicTime(), absl::Microseconds(200));
  EXPECT_EQ(disk_.open_files(), 0u);
}

TEST_F(SimFileSystemTest, UnderAnyChoicesTheResultIsTheSame) {
  bool short_write = false, late = false;
  for (uint64_t seed = 0; seed < 1000; ++seed) {
    Disk disk(absl::UnixEpoch());
    Choices choices = Choices::FromSeed(seed);
    TestProcess p(disk, loop_, choices, 1);
    p.Run(&WriteMain);
    loop_.RunUntilIdle();
    late = late || p.trace.size() < 2;
    RunAll();
    EXPECT_EQ(p.log, (std::vector<std::string>{"OK"}));
    short_write = short_write || p.trace.size() > 4;
    EXPECT_EQ(DiskEditor(disk, absl::UnixEpoch()).ReadFile("/f").value(), "0123456789");
    Choices crash = Choices::FromSeed(seed);
    disk.Crash(crash);
    EXPECT_EQ(DiskEditor(disk, absl::UnixEpoch()).ReadFile("/f").value(), "0123456789");
  }
  EXPECT_TRUE(short_write);
  EXPECT_TRUE(late);
}

Task<int> EveryCallMain(TestProcess& p) {
  SimFileSystem& fs = p.files;
  const auto note = [&](const absl::Status& status) {
    p.log.push_back(std::string(ErrnoName(ErrnoOf(status))));
  };
  note(co_await fs.MakeDirectory("/d", 0755));
  note(co_await fs.MakeDirectory("/d", 0755));
  note((co_await fs.Open("/d/none", {.read = true})).status());
  auto file = co_await fs.Open("/d/f", kCreate);
  note(file.status());
  note(co_await (*file)->Truncate(3));
  note(co_await (*file)->ChangeMode(0600));
  note(co_await (*file)->ChangeOwner(UserId{7}, std::nullopt));
  EXPECT_EQ((co_await (*file)->Stat())->owner, UserId{7});
  note(co_await (*file)->Lock(LockKind::kFcntl, LockMode::kExclusive, LockWait::kYes));
  note(co_await (*file)->Unlock(LockKind::kFcntl));
  char buffer[8];
  EXPECT_EQ((co_await (*file)->Read(0, absl::MakeSpan(buffer))).value(), 3u);
  note(co_await fs.Link("/d/f", "/d/g"));
  note(co_await fs.Rename("/d/g", "/d/h"));
  note(co_await fs.Symlink("h", "/d/l"));
  EXPECT_EQ((co_await fs.ReadLink("/d/l")).value(), "h");
  EXPECT_EQ((co_await fs.Stat("/d/l"))->type, FileType::kRegular);
  EXPECT_EQ((co_await fs.LinkStat("/d/l"))->type, FileType::kSymlink);
  EXPECT_EQ((co_await fs.ListDirectory("/d"))->size(), 3u);
  note(co_await fs.ChangeMode("/d/l", 0640));
  note(co_await fs.ChangeOwner("/d/l", UserId{8}, GroupId{8}));
  note(co_await fs.SetTimes("/d/h", absl::UnixEpoch(), absl::UnixEpoch()));
  EXPECT_GT((co_await fs.GetFreeSpace("/d"))->free_blocks, 1000u);
  note(co_await fs.SyncDirectory("/d/h"));
  note(co_await fs.Unlink("/d/h"));
  note(co_await fs.RemoveDirectory("/d"));
  co_return 0;
}

TEST_F(SimFileSystemTest, EveryCallReachesTheDisk) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    Disk disk(absl::UnixEpoch());
    Choices choices = Choices::FromSeed(seed);
    TestProcess p(disk, loop_, seed == 0 ? mild_ : choices, 1);
    p.Run(&EveryCallMain);
    RunAll();
    EXPECT_EQ(p.live(), 0u);
    const std::string ok = "E?";
    EXPECT_EQ(p.log, (std::vector<std::string>{ok, "EEXIST", "ENOENT", ok, ok, ok, ok, ok, ok, ok,
                                               ok, ok, ok, ok, ok, "ENOTDIR", ok, "ENOTEMPTY"}));
  }
}

// --- Identities.

Task<int> AsMain(TestProcess& p, Identity identity) {
  std::unique_ptr<FileSystem> other = p.files.As(identity);
  const absl::StatusOr<std::unique_ptr<File>> opened = co_await other->Open("/home/f", kCreate);
  p.log.push_back(opened.status().ok() ? "OK" : std::string(opened.status().message()));
  co_return 0;
}

TEST_F(SimFileSystemTest, ActsAsOthersOnlyForRoot) {
  const Identity alice{UserId{1001}, GroupId{1001}, {}};
  const Identity bob{UserId{1002}, GroupId{1002}, {}};
  ASSERT_TRUE(edit_.MakeDirectories("/home", {UserId{1001}, GroupId{1001}, 0700}).ok());
  TestProcess root(disk_, loop_, mild_, 1), self(disk_, loop_, mild_, 2, alice),
      other(disk_, loop_, mild_, 3, bob);
  root.Run(&AsMain, alice);
  RunAll();
  EXPECT_EQ(edit_.Stat("/home/f")->owner, UserId{1001});
  self.Run(&AsMain, alice);
  other.Run(&AsMain, alice);
  root.Run(&AsMain, bob);
  RunAll();
  EXPECT_EQ(root.log, (std::vector<std::string>{"OK", "open /home/f: Permission denied"}));
  EXPECT_EQ(self.log, (std::vector<std::string>{"OK"}));
  EXPECT_EQ(other.log, (std::vector<std::string>{"open /home/f: Operation not permitted"}));
}

TEST_F(SimFileSystemTest, RelativePathsStartAtTheWorkingDirectory) {
  ASSERT_TRUE(edit_.WriteFile("/var/spool/qf1", "x").ok());
  TestProcess p(disk_, loop_, mild_, 1);
  p.Run(+[](TestProcess& self) -> Task<int> {
    const auto directory = co_await self.files.OpenWorkingDirectory("/var/spool");
    self.directory = directory.value();
    self.log.push_back((co_await self.files.Stat("qf1")).ok() ? "found" : "lost");
    self.log.push_back((co_await self.files.Stat("../spool/qf1")).ok() ? "found" : "lost");
    co_return 0;
  });
  RunAll();
  EXPECT_EQ(p.log, (std::vector<std::string>{"found", "found"}));
}

// --- Locks, stops, death.

Task<int> LockMain(TestProcess& p, absl::Duration hold, absl::Duration patience) {
  auto file = co_await p.files.Open("/f", kCreate);
  const absl::Status locked =
      co_await WithDeadline(p.loop().now() + patience,
                            (*file)->Lock(LockKind::kFlock, LockMode::kExclusive, LockWait::kYes));
  p.log.push_back(absl::StrCat(locked.ok() ? "locked" : "late", " at ",
                               absl::FormatDuration(p.loop().now() - MonotonicTime())));
  if (locked.ok()) (void)co_await Sleep(hold);
  co_return 0;
}

TEST_F(SimFileSystemTest, BlockingLocksWaitAndDeadlinesEndTheWait) {
  TestProcess a(disk_, loop_, mild_, 1), b(disk_, loop_, mild_, 2), c(disk_, loop_, mild_, 3);
  a.Run(&LockMain, absl::Seconds(10), absl::Hours(1));
  b.Run(&LockMain, absl::Seconds(5), absl::Seconds(3));
  c.Run(&LockMain, absl::Seconds(5), absl::Hours(1));
  RunAll();
  EXPECT_EQ(a.log, (std::vector<std::string>{"locked at 0"}));
  EXPECT_EQ(b.log, (std::vector<std::string>{"late at 3s"}));
  EXPECT_EQ(c.log, (std::vector<std::string>{"locked at 10s"}));
}

TEST_F(SimFileSystemTest, DeathReleasesLocksAndLeavesNoTrace) {
  TestProcess a(disk_, loop_, mild_, 1), b(disk_, loop_, mild_, 2), c(disk_, loop_, mild_, 3);
  a.Run(&LockMain, absl::InfiniteDuration(), absl::Hours(1));
  b.Run(&LockMain, absl::Seconds(1), absl::Hours(1));
  c.Run(&LockMain, absl::Seconds(1), absl::Hours(1));
  loop_.RunUntilIdle();
  EXPECT_EQ(disk_.open_files(), 3u);
  const std::vector<std::string> before = b.trace;
  b.Die();  // while it waits
  a.Die();  // while it holds
  RunAll();
  EXPECT_EQ(b.trace, before);
  EXPECT_EQ(b.log, std::vector<std::string>{});
  EXPECT_EQ(c.log, (std::vector<std::string>{"locked at 0"}));
  EXPECT_EQ(disk_.open_files(), 0u);
}

TEST_F(SimFileSystemTest, TheDeadHaveNoEffect) {
  TestProcess p(disk_, loop_, mild_, 1);
  p.Run(&LockMain, absl::InfiniteDuration(), absl::Hours(1));
  loop_.RunUntilIdle();
  p.Die();
  const size_t calls = p.trace.size();
  Operation<absl::Status> call = p.files.MakeDirectory("/d", 0755);
  EXPECT_TRUE(call.completed_inline());
  EXPECT_EQ(p.trace.size(), calls);
  EXPECT_EQ(ErrnoOf(edit_.Stat("/d").status()), Errno::kENOENT);
}

TEST_F(SimFileSystemTest, ACrashWhileFilesAreOpenIsSafe) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    Disk disk(absl::UnixEpoch());
    Choices choices = Choices::FromSeed(seed);
    TestProcess p(disk, loop_, choices, 1);
    p.Run(&WriteMain);
    for (uint64_t i = 0; i < seed % 5 && !loop_.timers().empty(); ++i) {
      loop_.RunUntilIdle();
      if (!loop_.timers().empty()) loop_.Advance(loop_.timers().next_deadline());
    }
    loop_.RunUntilIdle();
    disk.Crash(choices);
    p.Die();
    EXPECT_EQ(disk.open_files(), 0u);
  }
}

TEST_F(SimFileSystemTest, ProcessesInterleaveBetweenCalls) {
  // Check-then-create by two processes: under some choices both find nothing.
  const auto racer = +[](TestProcess& p) -> Task<int> {
    const bool there = (co_await p.files.Stat("/f")).ok();
    if (!there) {
      const auto made = co_await p.files.Open("/f", kCreate);
      p.log.push_back("made");
    }
    co_return 0;
  };
  bool both = false, one = false;
  for (uint64_t seed = 0; seed < 300; ++seed) {
    Disk disk(absl::UnixEpoch());
    Choices choices = Choices::FromSeed(seed);
    TestProcess a(disk, loop_, choices, 1), b(disk, loop_, choices, 2);
    a.Run(racer);
    b.Run(racer);
    RunAll();
    const size_t made = a.log.size() + b.log.size();
    both = both || made == 2;
    one = one || made == 1;
  }
  EXPECT_TRUE(both);
  EXPECT_TRUE(one);
}

// --- Faults.

TEST_F(SimFileSystemTest, FaultsFailStallAndPoisonSyncs) {
  PlannedFaults faults;
  TestProcess p(disk_, loop_, mild_, 1);
  p.plan = &faults;
  faults.on = FileCall::kWrite;
  faults.fault = {.error = Errno::kENOSPC, .stall = absl::Seconds(2)};
  p.Run(&WriteMain);
  RunAll();
  ASSERT_EQ(p.log.size(), 1u);
  EXPECT_TRUE(absl::StrContains(p.log[0], "write /f: No space left on device")) << p.log[0];
  EXPECT_EQ(loop_.now() - MonotonicTime(), absl::Seconds(2));
  EXPECT_EQ(faults.asked, (std::vector<std::string>{"open /f", "write /f"}));
  EXPECT_EQ(edit_.ReadFile("/f").value(), "");
}

TEST_F(SimFileSystemTest, FaultsAreAskedByAbsolutePath) {
  PlannedFaults faults;
  TestProcess p(disk_, loop_, mild_, 1);
  p.plan = &faults;
  ASSERT_TRUE(edit_.MakeDirectories("/var/q").ok());
  const Identity root;
  p.directory =
      disk_.OpenWorkingDirectory({root, 022, nullptr, 1, absl::UnixEpoch()}, "/var/q").value;
  p.Run(+[](TestProcess& self) -> Task<int> {
    (void)co_await self.files.Stat("tf");
    (void)co_await self.files.Stat("../x");
    (void)co_await self.files.Stat("/etc");
    co_return 0;
  });
  RunAll();
  EXPECT_EQ(faults.asked,
            (std::vector<std::string>{"stat /var/q/tf", "stat /var/q/../x", "stat /etc"}));
}

Task<int> SyncTwiceMain(TestProcess& p) {
  auto file = co_await p.files.Open("/f", kCreate);
  (void)co_await (*file)->Write(0, "x");
  (void)co_await p.files.SyncDirectory("/");
  p.log.push_back(std::string(ErrnoName(ErrnoOf(co_await (*file)->Sync()))));
  p.plan = nullptr;
  p.log.push_back(std::string(ErrnoName(ErrnoOf(co_await (*file)->Sync()))));
  co_return 0;
}

TEST_F(SimFileSystemTest, ASyncAfterAFailedOneProvesNothing) {
  bool lost = false;
  for (uint64_t seed = 0; seed < 50; ++seed) {
    Disk disk(absl::UnixEpoch());
    PlannedFaults faults;
    faults.on = FileCall::kSync;
    faults.fault.error = Errno::kEIO;
    TestProcess p(disk, loop_, mild_, 1);
    p.plan = &faults;
    p.Run(&SyncTwiceMain);
    RunAll();
    EXPECT_EQ(p.log, (std::vector<std::string>{"EIO", "E?"}));
    Choices choices = Choices::FromSeed(seed);
    p.Die();
    disk.Crash(choices);
    lost = lost || DiskEditor(disk, absl::UnixEpoch()).ReadFile("/f").value() != "x";
  }
  EXPECT_TRUE(lost);
}

TEST_F(SimFileSystemTest, AnInfiniteStallEndsOnlyWithTheProcess) {
  PlannedFaults faults;
  faults.on = FileCall::kSync;
  faults.fault.stall = absl::InfiniteDuration();
  TestProcess p(disk_, loop_, mild_, 1);
  p.plan = &faults;
  p.Run(&WriteMain);
  RunAll();
  EXPECT_EQ(p.live(), 1u);
  EXPECT_EQ(p.log, std::vector<std::string>{});
}

TEST_F(SimFileSystemTest, ACancelledSyncMayHaveHappened) {
  bool happened = false, not_happened = false;
  for (uint64_t seed = 0; seed < 50; ++seed) {
    Disk disk(absl::UnixEpoch());
    Choices choices = Choices::FromSeed(seed);
    TestProcess p(disk, loop_, choices, 1);
    p.Run(+[](TestProcess& self) -> Task<int> {
      auto file = co_await self.files.Open("/f", kCreate);
      const absl::Status status = co_await WithDeadline(self.loop().now() + absl::Microseconds(1),
                                                        self.files.SyncDirectory("/"));
      EXPECT_TRUE(absl::IsDeadlineExceeded(status));
      co_return 0;
    });
    RunAll();
    (disk.journal().operations().empty() ? happened : not_happened) = true;
  }
  EXPECT_TRUE(happened);
  EXPECT_TRUE(not_happened);
}

}  // namespace
}  // namespace stagepost
