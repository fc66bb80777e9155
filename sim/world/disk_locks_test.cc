#include "sim/world/disk_locks.h"

#include <vector>

#include "gtest/gtest.h"
#include "sim/world/disk.h"
#include "sim/world/disk_editor.h"

namespace stagepost {
namespace {

constexpr LockKind kFlock = LockKind::kFlock, kFcntl = LockKind::kFcntl;
constexpr LockMode kShared = LockMode::kShared, kExclusive = LockMode::kExclusive;

class Waiter final : public LockWaiter {
 public:
  using LockWaiter::LockWaiter;
  void OnGranted() override { granted = true; }
  bool granted = false;
};

class DiskLocksTest : public testing::Test {
 protected:
  DiskLocksTest() {
    DiskEditor edit(disk_, absl::UnixEpoch());
    EXPECT_TRUE(edit.WriteFile("/f", "x").ok());
    EXPECT_TRUE(edit.WriteFile("/g", "x").ok());
  }
  OpenFile& Open(uint64_t process, absl::string_view path = "/f") {
    const DiskCaller caller{root_, 0, nullptr, process, absl::UnixEpoch()};
    return *disk_.Open(caller, path, {.read = true, .write = true}).value;
  }
  const Identity root_;
  Disk disk_{absl::UnixEpoch()};
};

TEST_F(DiskLocksTest, FlockBelongsToTheOpenFile) {
  OpenFile& a = Open(1);
  OpenFile& b = Open(1);
  EXPECT_EQ(disk_.TryLock(a, kFlock, kExclusive), Errno::kOk);
  EXPECT_EQ(disk_.TryLock(b, kFlock, kShared), Errno::kEAGAIN);
  EXPECT_EQ(disk_.TryLock(a, kFlock, kShared), Errno::kOk);
  EXPECT_EQ(disk_.TryLock(b, kFlock, kShared), Errno::kOk);
  // Asking for more loses what there was.
  EXPECT_EQ(disk_.TryLock(b, kFlock, kExclusive), Errno::kEAGAIN);
  EXPECT_EQ(disk_.TryLock(a, kFlock, kExclusive), Errno::kOk);
  disk_.Close(a);
  EXPECT_EQ(disk_.TryLock(b, kFlock, kExclusive), Errno::kOk);
}

TEST_F(DiskLocksTest, FcntlBelongsToTheProcessAndGoesWithAnyClose) {
  OpenFile& a = Open(1);
  OpenFile& same = Open(1);
  OpenFile& other = Open(2);
  EXPECT_EQ(disk_.TryLock(a, kFcntl, kExclusive), Errno::kOk);
  EXPECT_EQ(disk_.TryLock(same, kFcntl, kExclusive), Errno::kOk);
  EXPECT_EQ(disk_.TryLock(other, kFcntl, kExclusive), Errno::kEAGAIN);
  EXPECT_EQ(disk_.TryLock(other, kFlock, kExclusive), Errno::kOk);
  disk_.Close(same);
  EXPECT_EQ(disk_.TryLock(other, kFcntl, kExclusive), Errno::kOk);
}

TEST_F(DiskLocksTest, FcntlNeedsTheFileOpenForIt) {
  const DiskCaller caller{root_, 0, nullptr, 1, absl::UnixEpoch()};
  OpenFile& reader = *disk_.Open(caller, "/f", {.read = true}).value;
  EXPECT_EQ(disk_.TryLock(reader, kFcntl, kExclusive), Errno::kEBADF);
  EXPECT_EQ(disk_.TryLock(reader, kFcntl, kShared), Errno::kOk);
  EXPECT_EQ(disk_.TryLock(reader, kFlock, kExclusive), Errno::kOk);
}

TEST_F(DiskLocksTest, WaitersGetItInOrderOfArrival) {
  OpenFile& holder = Open(1);
  OpenFile &a = Open(2), &b = Open(3), &c = Open(4);
  ASSERT_EQ(disk_.TryLock(holder, kFlock, kExclusive), Errno::kOk);
  Waiter first(a, kFlock, kExclusive), second(b, kFlock, kShared), third(c, kFlock, kShared);
  for (Waiter* waiter : {&first, &second, &third}) {
    ASSERT_EQ(disk_.TryLock(waiter->file(), kFlock, waiter->mode()), Errno::kEAGAIN);
    disk_.WaitForLock(*waiter);
  }
  disk_.Unlock(holder, kFlock);
  EXPECT_TRUE(first.granted);
  EXPECT_FALSE(second.granted || third.granted);
  disk_.ReleaseProcess(2);
  EXPECT_TRUE(second.granted && third.granted);
}

TEST_F(DiskLocksTest, WhoeverLeavesTheQueueGetsNothing) {
  OpenFile &holder = Open(1), &a = Open(2), &b = Open(3);
  ASSERT_EQ(disk_.TryLock(holder, kFlock, kExclusive), Errno::kOk);
  ASSERT_EQ(disk_.TryLock(a, kFlock, kExclusive), Errno::kEAGAIN);
  Waiter first(a, kFlock, kExclusive), second(b, kFlock, kExclusive);
  disk_.WaitForLock(first);
  disk_.WaitForLock(second);
  disk_.ReleaseProcess(2);
  disk_.Close(holder);
  EXPECT_FALSE(first.granted);
  EXPECT_TRUE(second.granted);
}

TEST_F(DiskLocksTest, FcntlWaitersForEachOtherWait) {
  OpenFile &f1 = Open(1), &g2 = Open(2, "/g"), &g1 = Open(1, "/g"), &f2 = Open(2);
  ASSERT_EQ(disk_.TryLock(f1, kFcntl, kExclusive), Errno::kOk);
  ASSERT_EQ(disk_.TryLock(g2, kFcntl, kExclusive), Errno::kOk);
  Waiter one(g1, kFcntl, kExclusive), two(f2, kFcntl, kExclusive);
  ASSERT_EQ(disk_.TryLock(g1, kFcntl, kExclusive), Errno::kEAGAIN);
  disk_.WaitForLock(one);
  ASSERT_EQ(disk_.TryLock(f2, kFcntl, kExclusive), Errno::kEAGAIN);
  disk_.WaitForLock(two);
  disk_.ReleaseProcess(2);
  EXPECT_TRUE(one.granted);
}

TEST_F(DiskLocksTest, TheDeadHoldNothing) {
  OpenFile& survivor = Open(2);
  for (LockKind kind : {kFlock, kFcntl}) {
    ASSERT_EQ(disk_.TryLock(Open(1), kind, kExclusive), Errno::kOk);
    ASSERT_EQ(disk_.TryLock(survivor, kind, kExclusive), Errno::kEAGAIN);
    disk_.ReleaseProcess(1);
    EXPECT_EQ(disk_.TryLock(survivor, kind, kExclusive), Errno::kOk);
  }
  EXPECT_EQ(disk_.open_files(), 1u);
}

}  // namespace
}  // namespace stagepost
