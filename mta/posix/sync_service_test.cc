#include "mta/posix/sync_service.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <atomic>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "mta/posix/event_loop.h"
#include "mta/posix/posix_test_util.h"
#include "mta/posix/unique_fd.h"
#include "mta/posix/worker_pool.h"

namespace stagepost {
namespace {

// Keeps a worker busy until told, so that what is submitted after it has not run yet.
class Hold final : public WorkerPool::Job {
 public:
  explicit Hold(std::future<void> end) : end_(std::move(end)) {}
  void Run() override { end_.wait(); }
  void Complete() override {}

 private:
  std::future<void> end_;
};

class Told final : public SyncService::Waiter {
 public:
  Told(std::string name, std::vector<std::string>& log) : name_(std::move(name)), log_(log) {}
  void Withdraw() { ListNode<SyncService::Waiter>::Unlink(); }

 private:
  void OnSynced(int error) override { log_.push_back(absl::StrCat(name_, " ", error)); }

  const std::string name_;
  std::vector<std::string>& log_;
};

// One worker, which is held until Release().
class SyncServiceTest : public PosixTest {
 protected:
  using Log = std::vector<std::string>;

  SyncServiceTest() { workers_->Submit(std::make_unique<Hold>(hold_.get_future())); }
  ~SyncServiceTest() override { Release(); }

  void Release() {
    if (!released_) hold_.set_value();
    released_ = true;
  }
  SyncService::Target Opened(const std::string& name, int flags = O_RDWR | O_CREAT) {
    UniqueFd fd(::open((directory() + name).c_str(), flags | O_CLOEXEC, 0600));
    return Of(std::move(fd));
  }
  static SyncService::Target Of(UniqueFd fd) {
    struct stat status = {};
    EXPECT_EQ(::fstat(fd.get(), &status), 0);
    return {.fd = std::make_shared<const UniqueFd>(std::move(fd)),
            .device = 1,
            .inode = status.st_ino,
            .directory = S_ISDIR(status.st_mode)};
  }
  void RunUntilTold(size_t count) {
    Release();
    while (log_.size() < count) events_.Turn();
  }

  Log log_;
  Told a_{"a", log_}, b_{"b", log_}, c_{"c", log_}, d_{"d", log_};
  EventLoop events_;
  std::promise<void> hold_;
  bool released_ = false;
  std::unique_ptr<WorkerPool> workers_ = std::make_unique<WorkerPool>(events_, 1);
  std::unique_ptr<SyncService> syncs_ = std::make_unique<SyncService>(events_, *workers_);
};

TEST_F(SyncServiceTest, WaitersOfOneFileShareTheNextFlush) {
  const SyncService::Target file = Opened("/file");
  syncs_->Sync(file, a_);
  EXPECT_FALSE(a_.begun());
  events_.EndTurn();
  syncs_->Sync(file, b_);
  syncs_->Sync(file, c_);
  syncs_->Sync(Opened("/other"), d_);
  events_.EndTurn();
  EXPECT_TRUE(a_.begun());
  EXPECT_FALSE(b_.begun());  // its flush must begin after what was written before it
  EXPECT_TRUE(d_.begun());   // nobody waits behind another file
  EXPECT_EQ(syncs_->flushes(), 2u);
  RunUntilTold(4);
  EXPECT_EQ(log_, (Log{"a 0", "d 0", "b 0", "c 0"}));
  EXPECT_EQ(syncs_->flushes(), 3u);
}

TEST_F(SyncServiceTest, OpeningsOfOneDirectoryShareThoseOfAFileDoNot) {
  syncs_->Sync(Opened("/file"), a_);
  syncs_->Sync(Opened("/file"), b_);
  syncs_->Sync(Opened("", O_RDONLY | O_DIRECTORY), c_);
  events_.EndTurn();
  syncs_->Sync(Opened("", O_RDONLY | O_DIRECTORY), d_);
  events_.EndTurn();
  EXPECT_TRUE(b_.begun());
  EXPECT_FALSE(d_.begun());
  RunUntilTold(4);
  EXPECT_EQ(log_, (Log{"a 0", "b 0", "c 0", "d 0"}));
}

TEST_F(SyncServiceTest, ErrorIsToldToThoseOfThatFileOnly) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const UniqueFd other_end(ends[1]);
  const SyncService::Target pipe = Of(UniqueFd(ends[0]));
  syncs_->Sync(Opened("/file"), a_);
  syncs_->Sync(pipe, b_);
  syncs_->Sync(Opened("/other"), c_);
  RunUntilTold(3);
  EXPECT_EQ(log_, (Log{"a 0", absl::StrCat("b ", EINVAL), "c 0"}));
}

TEST_F(SyncServiceTest, WithdrawnWaitersAreNotToldNorFlushedFor) {
  const SyncService::Target file = Opened("/file");
  syncs_->Sync(file, a_);
  events_.EndTurn();
  syncs_->Sync(file, b_);
  syncs_->Sync(Opened("/other"), c_);
  a_.Withdraw();  // while its flush runs
  b_.Withdraw();  // before
  RunUntilTold(1);
  EXPECT_EQ(log_, Log{"c 0"});
  EXPECT_EQ(syncs_->flushes(), 2u);
}

TEST_F(SyncServiceTest, DeviceHasALimit) {
  std::vector<std::unique_ptr<Told>> full;
  for (size_t i = 0; i < SyncService::kFlushesPerDevice; ++i) {
    full.push_back(std::make_unique<Told>("full", log_));
    syncs_->Sync(Opened("/file"), *full.back());
  }
  syncs_->Sync(Opened("/file"), a_);
  SyncService::Target elsewhere = Opened("/other");
  elsewhere.device = 2;
  syncs_->Sync(elsewhere, b_);
  events_.EndTurn();
  EXPECT_TRUE(full.back()->begun());
  EXPECT_FALSE(a_.begun());
  EXPECT_TRUE(b_.begun());
  RunUntilTold(SyncService::kFlushesPerDevice + 2);
  EXPECT_EQ(log_.back(), "a 0");
}

TEST_F(SyncServiceTest, LargeFilesHaveAWorkerOfTheirOwn) {
  SyncService::Target large = Opened("/large");
  large.unflushed_bytes = SyncService::kTogetherBytes + 1;
  syncs_->Sync(Opened("/file"), a_);
  syncs_->Sync(large, b_);
  syncs_->Sync(Opened("/other"), c_);
  RunUntilTold(3);
  EXPECT_EQ(log_, (Log{"b 0", "a 0", "c 0"}));  // submitted at once, the others together
}

TEST_F(SyncServiceTest, MoreThanOneWorkerTakesAllAreTold) {
  std::vector<std::unique_ptr<Told>> waiters;
  Log expected;
  for (size_t i = 0; i < 3 * SyncService::kFlushesTogether + 1; ++i) {
    waiters.push_back(std::make_unique<Told>(absl::StrCat(i), log_));
    syncs_->Sync(Opened(absl::StrCat("/file", i)), *waiters.back());
    expected.push_back(absl::StrCat(i, " 0"));
  }
  RunUntilTold(waiters.size());
  EXPECT_EQ(log_, expected);
  EXPECT_EQ(syncs_->flushes(), waiters.size());
}

TEST_F(SyncServiceTest, EndsWhileFlushesRunAndQueue) {
  const SyncService::Target file = Opened("/file");
  syncs_->Sync(file, a_);
  events_.EndTurn();
  syncs_->Sync(file, b_);
  syncs_.reset();
  Release();
  workers_.reset();
  EXPECT_EQ(log_, Log{});
}

// Each job ends only when all run, so none may be left asleep by how workers wake each other.
TEST_F(SyncServiceTest, AllWorkersWake) {
  class Meet final : public WorkerPool::Job {
   public:
    Meet(int target, std::atomic<int>& here, int& completed)
        : target_(target), here_(here), completed_(completed) {}
    void Run() override {
      for (++here_; here_ < target_;) std::this_thread::yield();
    }
    void Complete() override { ++completed_; }

   private:
    const int target_;
    std::atomic<int>& here_;
    int& completed_;
  };
  WorkerPool pool(events_, 8);
  std::atomic<int> here = 0;
  int completed = 0;
  for (int round = 1; round <= 200; ++round) {
    for (int i = 0; i < 8; ++i) {
      pool.Submit(std::make_unique<Meet>(round * 8, here, completed));
    }
    while (completed < round * 8) events_.Turn();
  }
  EXPECT_EQ(completed, 200 * 8);  // a worker that sleeps on shows as a test that does not end
}

}  // namespace
}  // namespace stagepost
