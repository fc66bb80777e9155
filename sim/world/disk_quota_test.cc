// Quota: who is stopped, by what, and who is not.
#include <string>

#include "gtest/gtest.h"
#include "mta/base/errno.h"
#include "sim/choice/choices.h"
#include "sim/world/disk.h"
#include "sim/world/disk_editor.h"

namespace stagepost {
namespace {

constexpr UserId kAlice{1001}, kBob{1002};
constexpr uint64_t kBlock = Disk::kBlockBytes;
constexpr OpenOptions kCreate = {.write = true, .create = true};

// Alice may have four blocks and three files.
class DiskQuotaTest : public testing::Test {
 protected:
  DiskQuotaTest() {
    EXPECT_TRUE(edit_.ChangeMode("/", 0777).ok());
    disk_.SetQuota(kAlice, {.blocks = 4, .inodes = 3});
  }
  OpenFile* Open(const DiskCaller& caller, absl::string_view path) {
    const DiskResult<OpenFile*> opened = disk_.Open(caller, path, kCreate);
    EXPECT_EQ(opened.error, Errno::kOk) << path;
    return opened.value;
  }
  // Written of `blocks` blocks at the start of the file, or the error.
  DiskResult<size_t> Fill(const DiskCaller& caller, OpenFile* file, uint64_t blocks) {
    return disk_.Write(caller, *file, 0, std::string(blocks * kBlock, 'x'));
  }

  const Identity root_;
  const Identity alice_{kAlice, GroupId{1001}, {}};
  const Identity bob_{kBob, GroupId{1002}, {}};
  const DiskCaller as_root_{root_, 022, nullptr, 1, absl::UnixEpoch()};
  const DiskCaller as_alice_{alice_, 022, nullptr, 2, absl::UnixEpoch()};
  const DiskCaller as_bob_{bob_, 022, nullptr, 3, absl::UnixEpoch()};
  Disk disk_{absl::UnixEpoch()};
  DiskEditor edit_{disk_, absl::UnixEpoch()};
};

TEST_F(DiskQuotaTest, BlocksRunOut) {
  OpenFile* const file = Open(as_alice_, "/f");
  EXPECT_EQ(Fill(as_alice_, file, 5).value, 4 * kBlock);
  EXPECT_EQ(disk_.Write(as_alice_, *file, 4 * kBlock, "x").error, Errno::kEDQUOT);
  EXPECT_EQ(disk_.Write(as_alice_, *file, 0, "over").value, 4u);
  EXPECT_EQ(disk_.Truncate(as_alice_, *file, 5 * kBlock), Errno::kEDQUOT);
  EXPECT_EQ(disk_.MakeDirectory(as_alice_, "/d", 0755), Errno::kEDQUOT);
  EXPECT_EQ(disk_.Truncate(as_alice_, *file, 3 * kBlock), Errno::kOk);
  EXPECT_EQ(disk_.MakeDirectory(as_alice_, "/d", 0755), Errno::kOk);
}

TEST_F(DiskQuotaTest, InodesRunOut) {
  OpenFile* const file = Open(as_alice_, "/f");
  EXPECT_EQ(disk_.Symlink(as_alice_, "f", "/l"), Errno::kOk);
  EXPECT_EQ(disk_.MakeDirectory(as_alice_, "/d", 0755), Errno::kOk);
  EXPECT_EQ(disk_.Open(as_alice_, "/g", kCreate).error, Errno::kEDQUOT);
  EXPECT_EQ(disk_.MakeFifo(as_alice_, "/p", 0600), Errno::kEDQUOT);
  EXPECT_EQ(disk_.Link(as_alice_, "/f", "/hard"), Errno::kOk);
  EXPECT_EQ(disk_.Unlink(as_alice_, "/hard"), Errno::kOk);
  EXPECT_EQ(disk_.Unlink(as_alice_, "/f"), Errno::kOk);
  EXPECT_EQ(disk_.Open(as_alice_, "/g", kCreate).error, Errno::kEDQUOT);  // still open
  disk_.Close(*file);
  EXPECT_EQ(disk_.Open(as_alice_, "/g", kCreate).error, Errno::kOk);
}

// The owner of the file pays, whoever writes.
TEST_F(DiskQuotaTest, TheOwnerPays) {
  OpenFile* const alices = Open(as_alice_, "/f");
  ASSERT_EQ(Fill(as_alice_, alices, 4).value, 4 * kBlock);
  ASSERT_EQ(disk_.ChangeMode(as_alice_, "/f", 0666), Errno::kOk);
  EXPECT_EQ(disk_.Write(as_bob_, *Open(as_bob_, "/f"), 4 * kBlock, "x").error, Errno::kEDQUOT);
  OpenFile* const bobs = Open(as_bob_, "/g");
  EXPECT_EQ(Fill(as_bob_, bobs, 50).value, 50 * kBlock);
}

// CAP_SYS_RESOURCE is root's, and stays when a process of root's makes a call as somebody else.
TEST_F(DiskQuotaTest, RootIsNotStopped) {
  OpenFile* const file = Open(as_alice_, "/f");
  ASSERT_EQ(Fill(as_alice_, file, 4).value, 4 * kBlock);
  DiskCaller root_as_alice = as_alice_;
  root_as_alice.exceeds_limits = true;
  EXPECT_EQ(Fill(root_as_alice, file, 6).value, 6 * kBlock);
  EXPECT_EQ(Fill(as_root_, file, 8).value, 8 * kBlock);
  EXPECT_EQ(Fill(as_alice_, file, 8).value, 8 * kBlock);  // what is there may be written over
  for (const char* path : {"/1", "/2", "/3"}) disk_.Close(*Open(root_as_alice, path));
  EXPECT_EQ(disk_.Open(as_alice_, "/4", kCreate).error, Errno::kEDQUOT);
  OpenFile* const roots = Open(as_root_, "/r");
  ASSERT_EQ(Fill(as_root_, roots, 10).value, 10 * kBlock);
  EXPECT_EQ(disk_.ChangeOwner(as_root_, "/r", kAlice, std::nullopt), Errno::kOk);
}

TEST_F(DiskQuotaTest, ChownMovesTheCharge) {
  OpenFile* const file = Open(as_alice_, "/f");
  ASSERT_EQ(Fill(as_alice_, file, 4).value, 4 * kBlock);
  ASSERT_EQ(disk_.ChangeOwner(as_root_, "/f", kBob, std::nullopt), Errno::kOk);
  OpenFile* const second = Open(as_alice_, "/g");
  EXPECT_EQ(Fill(as_alice_, second, 5).value, 4 * kBlock);
}

TEST_F(DiskQuotaTest, CountsAnewAfterACrash) {
  OpenFile* const lost = Open(as_alice_, "/lost");
  ASSERT_EQ(Fill(as_alice_, lost, 3).value, 3 * kBlock);
  for (uint64_t seed = 0;; ++seed) {
    ASSERT_LT(seed, 1000u);
    Choices choices = Choices::FromSeed(seed);
    disk_.Crash(choices);
    if (!edit_.Stat("/lost").ok()) break;
    ASSERT_TRUE(edit_.RemoveAll("/lost").ok());
    ASSERT_EQ(Fill(as_alice_, Open(as_alice_, "/lost"), 3).value, 3 * kBlock);
  }
  EXPECT_EQ(Fill(as_alice_, Open(as_alice_, "/f"), 5).value, 4 * kBlock);
}

TEST_F(DiskQuotaTest, MayBeSetLaterAndLifted) {
  OpenFile* const file = Open(as_bob_, "/f");
  ASSERT_EQ(Fill(as_bob_, file, 10).value, 10 * kBlock);
  disk_.SetQuota(kBob, {.blocks = 5});
  EXPECT_EQ(disk_.Write(as_bob_, *file, 10 * kBlock, "x").error, Errno::kEDQUOT);
  disk_.SetQuota(kBob, {});
  EXPECT_EQ(disk_.Write(as_bob_, *file, 10 * kBlock, "x").error, Errno::kOk);
}

// A group may have four blocks and three files, whoever of it they belong to.
class DiskGroupQuotaTest : public DiskQuotaTest {
 protected:
  static constexpr GroupId kStaff{50};
  DiskGroupQuotaTest() {
    disk_.SetQuota(kAlice, {});
    disk_.SetQuota(kStaff, {.blocks = 4, .inodes = 3});
  }
  const Identity carol_{UserId{1003}, kStaff, {}};
  const Identity dave_{UserId{1004}, GroupId{1004}, {kStaff}};
  const DiskCaller as_carol_{carol_, 022, nullptr, 4, absl::UnixEpoch()};
  const DiskCaller as_dave_{dave_, 022, nullptr, 5, absl::UnixEpoch()};
};

TEST_F(DiskGroupQuotaTest, TheGroupOfTheFilePays) {
  EXPECT_EQ(Fill(as_carol_, Open(as_carol_, "/c"), 5).value, 4 * kBlock);
  OpenFile* const own = Open(as_dave_, "/d");  // not of that group
  EXPECT_EQ(Fill(as_dave_, own, 5).value, 5 * kBlock);
  EXPECT_EQ(disk_.ChangeOwner(as_dave_, "/d", std::nullopt, kStaff), Errno::kEDQUOT);
  EXPECT_EQ(disk_.Truncate(as_dave_, *own, 0), Errno::kOk);
  EXPECT_EQ(disk_.ChangeOwner(as_dave_, "/d", std::nullopt, kStaff), Errno::kOk);
  EXPECT_EQ(Fill(as_dave_, own, 1).error, Errno::kEDQUOT);
}

TEST_F(DiskGroupQuotaTest, InASetGidDirectoryTheGroupOfThatPays) {
  ASSERT_TRUE(edit_.MakeDirectories("/staff", {.group = kStaff, .mode = 02777}).ok());
  for (const char* path : {"/staff/1", "/staff/2"}) Open(as_alice_, path);
  EXPECT_EQ(disk_.Open(as_alice_, "/staff/3", kCreate).error, Errno::kEDQUOT);
  EXPECT_EQ(disk_.Open(as_bob_, "/staff/3", kCreate).error, Errno::kEDQUOT);
  EXPECT_EQ(disk_.Open(as_bob_, "/3", kCreate).error, Errno::kOk);
  EXPECT_EQ(disk_.Open(as_root_, "/staff/3", kCreate).error, Errno::kOk);
}

TEST_F(DiskGroupQuotaTest, TheTighterOfTwoCounts) {
  disk_.SetQuota(carol_.user, {.blocks = 2});
  OpenFile* const file = Open(as_carol_, "/c");
  EXPECT_EQ(Fill(as_carol_, file, 5).value, 2 * kBlock);
  disk_.SetQuota(carol_.user, {.blocks = 9});
  EXPECT_EQ(Fill(as_carol_, file, 5).value, 4 * kBlock);
  disk_.SetQuota(kStaff, {});
  EXPECT_EQ(Fill(as_carol_, file, 20).value, 9 * kBlock);
}

TEST_F(DiskGroupQuotaTest, ChgrpMovesTheCharge) {
  ASSERT_EQ(Fill(as_carol_, Open(as_carol_, "/c"), 4).value, 4 * kBlock);
  EXPECT_EQ(Fill(as_carol_, Open(as_carol_, "/e"), 1).error, Errno::kEDQUOT);
  ASSERT_EQ(disk_.ChangeOwner(as_root_, "/c", std::nullopt, GroupId{1003}), Errno::kOk);
  EXPECT_EQ(Fill(as_carol_, Open(as_carol_, "/e"), 1).value, kBlock);
}

}  // namespace
}  // namespace stagepost
