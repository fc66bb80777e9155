#include "sim/world/disk.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "mta/base/errno.h"
#include "sim/world/disk_editor.h"

namespace stagepost {
namespace {

constexpr UserId kAlice{1001}, kBob{1002}, kCarol{1003};
constexpr GroupId kAlices{1001}, kBobs{1002}, kMail{12}, kCarols{1003};

const absl::Time kStart = absl::FromUnixSeconds(1'700'000'000);

// A disk, and calls on it under named identities.
class DiskTest : public testing::Test {
 protected:
  DiskCaller As(const Identity& identity, FileMode umask = 022) const {
    return DiskCaller{identity, umask, nullptr, 1, now_};
  }
  OpenFile* MustOpen(const Identity& identity, absl::string_view path, const OpenOptions& options) {
    const DiskResult<OpenFile*> opened = disk_.Open(As(identity), path, options);
    EXPECT_EQ(opened.error, Errno::kOk) << path;
    return opened.value;
  }
  Errno TryOpen(const Identity& identity, absl::string_view path, const OpenOptions& options) {
    const DiskResult<OpenFile*> opened = disk_.Open(As(identity), path, options);
    if (opened.ok()) disk_.Close(*opened.value);
    return opened.error;
  }
  FileStat StatOf(absl::string_view path) { return edit_.LinkStat(path).value(); }

  const Identity root_;
  const Identity alice_{kAlice, kAlices, {kAlices}};
  const Identity bob_{kBob, kBobs, {kMail, kBobs}};
  const Identity carol_{kCarol, kCarols, {kCarols}};
  absl::Time now_ = kStart;
  Disk disk_{kStart};
  DiskEditor edit_{disk_, kStart};
};

// --- Who may do what.

TEST_F(DiskTest, TheFirstClassThatAppliesDecides) {
  struct Case {
    FileMode mode;
    const Identity* who;  // the file is alice's, group mail (bob's)
    bool read, write, execute;
  };
  const Case cases[] = {
      {0700, &alice_, true, true, true},    {0700, &bob_, false, false, false},
      {0700, &carol_, false, false, false}, {0700, &root_, true, true, true},
      {0077, &alice_, false, false, false}, {0077, &bob_, true, true, true},
      {0077, &carol_, true, true, true},    {0077, &root_, true, true, true},
      {0707, &alice_, true, true, true},    {0707, &bob_, false, false, false},
      {0707, &carol_, true, true, true},    {0644, &alice_, true, true, false},
      {0644, &bob_, true, false, false},    {0644, &carol_, true, false, false},
      {0644, &root_, true, true, false},    {0620, &bob_, false, true, false},
      {0604, &bob_, false, false, false},   {0604, &carol_, true, false, false},
      {0711, &bob_, false, false, true},    {0711, &carol_, false, false, true},
      {0001, &alice_, false, false, false}, {0001, &bob_, false, false, false},
      {0001, &carol_, false, false, true},  {0001, &root_, true, true, true},
      {0000, &alice_, false, false, false}, {0000, &root_, true, true, false},
      {0400, &alice_, true, false, false},  {0040, &bob_, true, false, false},
      {0004, &carol_, true, false, false},  {0100, &root_, true, true, true},
  };
  ASSERT_TRUE(edit_.WriteFile("/f", "x", {kAlice, kMail, 0}).ok());
  for (const Case& c : cases) {
    SCOPED_TRACE(absl::StrCat(absl::Hex(c.mode), " uid ", static_cast<uint32_t>(c.who->user)));
    ASSERT_TRUE(edit_.ChangeMode("/f", c.mode).ok());
    const auto expect = [](bool may) { return may ? Errno::kOk : Errno::kEACCES; };
    EXPECT_EQ(TryOpen(*c.who, "/f", {.read = true}), expect(c.read));
    EXPECT_EQ(TryOpen(*c.who, "/f", {.write = true}), expect(c.write));
    EXPECT_EQ(TryOpen(*c.who, "/f", {.read = true, .write = true}), expect(c.read && c.write));
    EXPECT_EQ(TryOpen(*c.who, "/f", {.read = true, .truncate = true}), expect(c.read && c.write));
    EXPECT_EQ(disk_.MayExecute(As(*c.who), "/f").error, expect(c.execute));
  }
}

TEST_F(DiskTest, DirectoriesNeedSearchToPassReadToListWriteToChange) {
  struct Case {
    FileMode mode;
    Errno pass, list, add;
  };
  const Errno kOk = Errno::kOk, kNo = Errno::kEACCES;
  const Case cases[] = {
      {0000, kNo, kNo, kNo}, {0001, kOk, kNo, kNo}, {0002, kNo, kNo, kNo}, {0003, kOk, kNo, kOk},
      {0004, kNo, kOk, kNo}, {0005, kOk, kOk, kNo}, {0006, kNo, kOk, kNo}, {0007, kOk, kOk, kOk},
  };
  ASSERT_TRUE(edit_.WriteFile("/d/f", "x", {.mode = 0644}).ok());
  for (const Case& c : cases) {
    SCOPED_TRACE(c.mode);
    ASSERT_TRUE(edit_.MakeDirectories("/d", {.mode = c.mode}).ok());
    EXPECT_EQ(disk_.Stat(As(alice_), "/d/f").error, c.pass);
    EXPECT_EQ(disk_.OpenWorkingDirectory(As(alice_), "/d").error, c.pass);
    EXPECT_EQ(disk_.ListDirectory(As(alice_), "/d").error, c.list);
    EXPECT_EQ(disk_.SyncDirectory(As(alice_), "/d"), c.list);
    EXPECT_EQ(disk_.MakeDirectory(As(alice_), "/d/new", 0755), c.add);
    EXPECT_EQ(TryOpen(alice_, "/d/file", {.write = true, .create = true}), c.add);
    EXPECT_EQ(disk_.Unlink(As(alice_), "/d/f"), c.add);
    EXPECT_TRUE(edit_.RemoveAll("/d/new").ok());
    EXPECT_TRUE(edit_.RemoveAll("/d/file").ok());
    EXPECT_TRUE(edit_.WriteFile("/d/f", "x").ok());
  }
}

TEST_F(DiskTest, OnlyOwnersRemoveFromStickyDirectories) {
  ASSERT_TRUE(edit_.MakeDirectories("/tmp", {.mode = 01777}).ok());
  ASSERT_TRUE(edit_.WriteFile("/tmp/alices", "x", {kAlice, kAlices, 0666}).ok());
  EXPECT_EQ(disk_.Unlink(As(bob_), "/tmp/alices"), Errno::kEPERM);
  EXPECT_EQ(disk_.Rename(As(bob_), "/tmp/alices", "/tmp/bobs"), Errno::kEPERM);
  EXPECT_EQ(TryOpen(bob_, "/tmp/alices", {.write = true}), Errno::kOk);
  EXPECT_EQ(TryOpen(bob_, "/tmp/alices", {.write = true, .create = true}), Errno::kEACCES);
  EXPECT_EQ(disk_.Rename(As(alice_), "/tmp/alices", "/tmp/hers"), Errno::kOk);
  EXPECT_EQ(disk_.Unlink(As(alice_), "/tmp/hers"), Errno::kOk);
}

TEST_F(DiskTest, LinksInStickyDirectoriesAreFollowedOnlyByTheirOwners) {
  ASSERT_TRUE(edit_.MakeDirectories("/tmp", {.mode = 01777}).ok());
  ASSERT_TRUE(edit_.WriteFile("/etc/passwd", "x").ok());
  ASSERT_EQ(disk_.Symlink(As(alice_), "/etc/passwd", "/tmp/link"), Errno::kOk);
  EXPECT_EQ(TryOpen(root_, "/tmp/link", {.read = true}), Errno::kEACCES);
  EXPECT_EQ(TryOpen(bob_, "/tmp/link", {.read = true}), Errno::kEACCES);
  EXPECT_EQ(TryOpen(alice_, "/tmp/link", {.read = true}), Errno::kOk);
}

TEST_F(DiskTest, HardLinksNeedTheFileToBeOnesOwnOrWritable) {
  ASSERT_TRUE(edit_.MakeDirectories("/tmp", {.mode = 01777}).ok());
  ASSERT_TRUE(edit_.WriteFile("/secret", "x", {.mode = 0640}).ok());
  ASSERT_TRUE(edit_.WriteFile("/shared", "x", {kAlice, kAlices, 0666}).ok());
  ASSERT_TRUE(edit_.WriteFile("/setuid", "x", {kRootUser, kRootGroup, 04777}).ok());
  EXPECT_EQ(disk_.Link(As(bob_), "/secret", "/tmp/1"), Errno::kEPERM);
  EXPECT_EQ(disk_.Link(As(bob_), "/setuid", "/tmp/2"), Errno::kEPERM);
  EXPECT_EQ(disk_.Link(As(bob_), "/shared", "/tmp/3"), Errno::kOk);
  EXPECT_EQ(StatOf("/shared").links, 2u);
}

TEST_F(DiskTest, ModesAndOwnersChangeByLinuxsRules) {
  ASSERT_TRUE(edit_.WriteFile("/f", "x", {kAlice, kAlices, 06755}).ok());
  EXPECT_EQ(disk_.ChangeMode(As(bob_), "/f", 0777), Errno::kEPERM);
  EXPECT_EQ(disk_.ChangeOwner(As(alice_), "/f", kBob, std::nullopt), Errno::kEPERM);
  EXPECT_EQ(disk_.ChangeOwner(As(alice_), "/f", std::nullopt, kMail), Errno::kEPERM);
  EXPECT_EQ(StatOf("/f").mode, 06755u);
  // A chown of a program takes its privileges, even root's.
  EXPECT_EQ(disk_.ChangeOwner(As(root_), "/f", kBob, kMail), Errno::kOk);
  EXPECT_EQ(StatOf("/f").mode, 0755u);
  EXPECT_EQ(disk_.ChangeOwner(As(bob_), "/f", kBob, kBobs), Errno::kOk);
  EXPECT_EQ(disk_.ChangeMode(As(bob_), "/f", 02755), Errno::kOk);
  EXPECT_EQ(StatOf("/f").mode, 02755u);
  // Somebody else's group: no set-gid.
  EXPECT_EQ(disk_.ChangeOwner(As(root_), "/f", std::nullopt, kAlices), Errno::kOk);
  EXPECT_EQ(disk_.ChangeMode(As(bob_), "/f", 02755), Errno::kOk);
  EXPECT_EQ(StatOf("/f").mode, 0755u);
}

TEST_F(DiskTest, WritingTakesSetUserAndSetGroupAway) {
  ASSERT_TRUE(edit_.WriteFile("/f", "x", {kAlice, kMail, 06777}).ok());
  OpenFile* file = MustOpen(root_, "/f", {.write = true});
  EXPECT_EQ(disk_.Write(As(root_), *file, 0, "y").value, 1u);
  EXPECT_EQ(StatOf("/f").mode, 06777u);
  EXPECT_EQ(disk_.Write(As(bob_), *file, 0, "z").value, 1u);
  EXPECT_EQ(StatOf("/f").mode, 0777u);
  disk_.Close(*file);
}

TEST_F(DiskTest, NewFilesTakeUmaskAndTheGroupOfSetGroupDirectories) {
  ASSERT_TRUE(edit_.MakeDirectories("/d", {kRootUser, kMail, 02777}).ok());
  const DiskResult<OpenFile*> made =
      disk_.Open(As(alice_, 027), "/d/f", {.write = true, .create = true, .mode = 0666});
  ASSERT_TRUE(made.ok());
  EXPECT_EQ(disk_.Stat(*made.value).mode, 0640u);
  EXPECT_EQ(disk_.Stat(*made.value).group, kMail);
  // Whether set-gid is refused depends on the mode asked for, not on what the umask leaves of it.
  const OpenOptions program{.write = true, .create = true, .mode = 06775};
  ASSERT_TRUE(disk_.Open(As(alice_, 077), "/d/g", program).ok());
  EXPECT_EQ(StatOf("/d/g").mode, 04700u);
  EXPECT_EQ(disk_.MakeDirectory(As(alice_, 027), "/d/d", 0777), Errno::kOk);
  EXPECT_EQ(StatOf("/d/d").mode, 02750u);
  EXPECT_EQ(StatOf("/d/d").group, kMail);
}

// --- Names.

TEST_F(DiskTest, LooksPathsUp) {
  ASSERT_TRUE(edit_.WriteFile("/d/e/f", "x").ok());
  ASSERT_TRUE(edit_.MakeSymlink("e/../e", "/d/link").ok());
  ASSERT_TRUE(edit_.MakeSymlink("/d/link", "/top").ok());
  ASSERT_TRUE(edit_.MakeSymlink("loop", "/loop").ok());
  ASSERT_TRUE(edit_.MakeSymlink("nowhere", "/dangling").ok());
  const std::pair<std::string, Errno> cases[] = {
      {"/", Errno::kOk},
      {"//d//e///f", Errno::kOk},
      {"/../../d/./e/../e/f", Errno::kOk},
      {"/top/f", Errno::kOk},
      {"/d/link/f", Errno::kOk},
      {"d/e/f", Errno::kOk},
      {"", Errno::kENOENT},
      {"/d/e/f/", Errno::kENOTDIR},
      {"/d/e/f/g", Errno::kENOTDIR},
      {"/d/e/f/..", Errno::kENOTDIR},
      {"/x/y", Errno::kENOENT},
      {"/dangling", Errno::kENOENT},
      {"/loop", Errno::kELOOP},
      {"/loop/x", Errno::kELOOP},
      {"/" + std::string(255, 'x'), Errno::kENOENT},
      {"/" + std::string(256, 'x'), Errno::kENAMETOOLONG},
      {"/" + std::string(4094, '/'), Errno::kOk},
      {"/" + std::string(4095, '/'), Errno::kENAMETOOLONG},
      {std::string("/d\0e", 4), Errno::kEINVAL},
  };
  for (const auto& [path, error] : cases) {
    EXPECT_EQ(disk_.Stat(As(root_), path).error, error) << path.substr(0, 60);
  }
}

TEST_F(DiskTest, FollowsFortyLinksAndNoMore) {
  ASSERT_TRUE(edit_.WriteFile("/0", "x").ok());
  for (int i = 1; i <= 41; ++i) {
    ASSERT_TRUE(edit_.MakeSymlink(absl::StrCat(i - 1), absl::StrCat("/", i)).ok());
  }
  EXPECT_EQ(disk_.Stat(As(root_), "/40").error, Errno::kOk);
  EXPECT_EQ(disk_.Stat(As(root_), "/41").error, Errno::kELOOP);
}

TEST_F(DiskTest, OpensAsAsked) {
  ASSERT_TRUE(edit_.WriteFile("/f", "content").ok());
  ASSERT_TRUE(edit_.MakeDirectories("/d").ok());
  ASSERT_TRUE(edit_.MakeSymlink("f", "/link").ok());
  ASSERT_TRUE(edit_.MakeSymlink("new", "/dangling").ok());
  struct Case {
    const char* path;
    OpenOptions options;
    Errno error;
  };
  const Case cases[] = {
      {"/f", {.write = true, .create = true, .exclusive = true}, Errno::kEEXIST},
      {"/link", {.write = true, .create = true, .exclusive = true}, Errno::kEEXIST},
      {"/dangling", {.write = true, .create = true, .exclusive = true}, Errno::kEEXIST},
      {"/link", {.read = true, .no_follow = true}, Errno::kELOOP},
      {"/link", {.read = true, .directory = true}, Errno::kENOTDIR},
      {"/f", {.read = true, .no_follow = true}, Errno::kOk},
      {"/d", {.read = true}, Errno::kOk},
      {"/d", {.write = true}, Errno::kEISDIR},
      {"/d", {.write = true, .create = true}, Errno::kEISDIR},
      {"/d", {.read = true, .directory = true}, Errno::kOk},
      {"/new/", {.write = true, .create = true}, Errno::kEISDIR},
      {"/none", {.read = true}, Errno::kENOENT},
      {"/dangling", {.write = true, .create = true}, Errno::kOk},
      {"/new", {.read = true}, Errno::kOk},
  };
  for (const Case& c : cases) EXPECT_EQ(TryOpen(root_, c.path, c.options), c.error) << c.path;
}

TEST_F(DiskTest, RenamesAsPosixSays) {
  struct Case {
    const char* from;
    const char* to;
    Errno error;
  };
  const Case cases[] = {
      {"/none", "/x", Errno::kENOENT},      {"/d", "/d/e/x", Errno::kEINVAL},
      {"/d/e", "/d", Errno::kENOTEMPTY},    {"/f", "/d", Errno::kEISDIR},
      {"/d", "/f", Errno::kENOTDIR},        {"/d", "/full", Errno::kENOTEMPTY},
      {"/f", "/g/", Errno::kENOTDIR},       {"/d/.", "/x", Errno::kEBUSY},
      {"/", "/x", Errno::kEBUSY},           {"/f", "/f", Errno::kOk},
      {"/f", "/same", Errno::kOk},          {"/f", "/g", Errno::kOk},
      {"/d", "/empty", Errno::kOk},         {"/empty/e", "/e", Errno::kOk},
      {"/g", "/nowhere/x", Errno::kENOENT},
  };
  ASSERT_TRUE(edit_.WriteFile("/f", "f").ok());
  ASSERT_TRUE(edit_.MakeLink("/f", "/same").ok());
  ASSERT_TRUE(edit_.WriteFile("/g", "g").ok());
  ASSERT_TRUE(edit_.MakeDirectories("/d/e").ok());
  ASSERT_TRUE(edit_.MakeDirectories("/full/x").ok());
  ASSERT_TRUE(edit_.MakeDirectories("/empty").ok());
  for (const Case& c : cases) {
    EXPECT_EQ(disk_.Rename(As(root_), c.from, c.to), c.error) << c.from << " " << c.to;
  }
  EXPECT_EQ(edit_.ReadFile("/g").value(), "f");
  EXPECT_EQ(edit_.ReadFile("/same").value(), "f");
  EXPECT_EQ(edit_.ListDirectory("/").value(),
            (std::vector<std::string>{"dev", "e", "empty", "full", "g", "same"}));
}

TEST_F(DiskTest, AnUnlinkedFileLivesWhileItIsOpen) {
  ASSERT_TRUE(edit_.WriteFile("/f", "still here").ok());
  const uint64_t before = disk_.inode_count();
  OpenFile* file = MustOpen(root_, "/f", {.read = true});
  ASSERT_EQ(disk_.Unlink(As(root_), "/f"), Errno::kOk);
  EXPECT_EQ(disk_.Stat(As(root_), "/f").error, Errno::kENOENT);
  char buffer[20];
  EXPECT_EQ(disk_.Read(*file, 6, absl::MakeSpan(buffer), now_).value, 4u);
  EXPECT_EQ(disk_.Stat(*file).links, 0u);
  EXPECT_EQ(disk_.inode_count(), before);
  disk_.Close(*file);
  EXPECT_EQ(disk_.inode_count(), before - 1);
}

// Names come and go, as in a queue directory that once was long.
TEST_F(DiskTest, ALongDirectoryThatGotShortIsSearchedToItsEnd) {
  const auto file = [](int number) { return absl::StrCat("/tmp/", number); };
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(edit_.WriteFile(file(i), "").ok());
  for (int i = 3; i < 20; ++i) ASSERT_TRUE(edit_.RemoveAll(file(i)).ok());
  for (int i = 100; i < 400; ++i) {
    ASSERT_TRUE(edit_.WriteFile(file(i), "").ok());
    EXPECT_FALSE(edit_.LinkStat("/tmp/none").ok());
    ASSERT_TRUE(edit_.RemoveAll(file(i)).ok());
  }
  EXPECT_EQ(edit_.ListDirectory("/tmp").value(), (std::vector<std::string>{"0", "1", "2"}));
}

TEST_F(DiskTest, AWorkingDirectoryKnowsItsPathUntilItIsRemoved) {
  ASSERT_TRUE(edit_.MakeDirectories("/var/spool/mqueue").ok());
  const DiskResult<OpenFile*> cwd = disk_.OpenWorkingDirectory(As(root_), "/var/spool/mqueue");
  ASSERT_TRUE(cwd.ok());
  DiskCaller caller = As(root_);
  caller.working_directory = cwd.value;
  EXPECT_EQ(disk_.PathOf(*cwd.value).value, "/var/spool/mqueue");
  EXPECT_EQ(disk_.Rename(caller, "../mqueue", "../q"), Errno::kOk);
  EXPECT_EQ(disk_.PathOf(*cwd.value).value, "/var/spool/q");
  EXPECT_EQ(disk_.Symlink(caller, "x", "here"), Errno::kOk);
  EXPECT_EQ(disk_.ReadLink(caller, "/var/spool/q/here").value, "x");
  EXPECT_EQ(disk_.Unlink(caller, "here"), Errno::kOk);
  EXPECT_EQ(disk_.RemoveDirectory(caller, "/var/spool/q"), Errno::kOk);
  EXPECT_EQ(disk_.PathOf(*cwd.value).error, Errno::kENOENT);
  EXPECT_EQ(disk_.MakeDirectory(caller, "x", 0755), Errno::kENOENT);
  EXPECT_EQ(disk_.RemoveDirectory(caller, "/var/spool"), Errno::kOk);
  EXPECT_EQ(disk_.Stat(caller, "..").error, Errno::kOk);
  disk_.Close(*cwd.value);
}

TEST_F(DiskTest, LargeDirectoriesFindEverything) {
  for (int i = 0; i < 1000; ++i) {
    ASSERT_TRUE(edit_.WriteFile(absl::StrCat("/d/qf", i), "x").ok());
  }
  for (int i = 0; i < 1000; i += 3) {
    ASSERT_EQ(disk_.Unlink(As(root_), absl::StrCat("/d/qf", i)), Errno::kOk);
  }
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(disk_.Stat(As(root_), absl::StrCat("/d/qf", i)).ok(), i % 3 != 0) << i;
  }
  EXPECT_EQ(edit_.ListDirectory("/d").value().size(), 666u);
}

TEST_F(DiskTest, ListsInAnOrderThatIsFixedButNotSorted) {
  std::vector<std::string> sorted;
  for (int i = 10; i < 30; ++i) {
    sorted.push_back(absl::StrCat("qf", i));
    ASSERT_TRUE(edit_.WriteFile("/d/" + sorted.back(), "x").ok());
  }
  const auto names = [&] {
    std::vector<std::string> result;
    for (const DirectoryEntry& e : disk_.ListDirectory(As(root_), "/d").value) {
      result.push_back(e.name);
    }
    return result;
  };
  const std::vector<std::string> first = names();
  EXPECT_NE(first, sorted);
  EXPECT_EQ(names(), first);
}

// --- Content, times, space.

TEST_F(DiskTest, ReadsWritesAndTruncates) {
  OpenFile* file = MustOpen(root_, "/f", {.read = true, .write = true, .create = true});
  EXPECT_EQ(disk_.Write(As(root_), *file, 3, "abc").value, 3u);
  EXPECT_EQ(edit_.ReadFile("/f").value(), std::string("\0\0\0abc", 6));
  EXPECT_EQ(disk_.Truncate(As(root_), *file, 4), Errno::kOk);
  EXPECT_EQ(disk_.Truncate(As(root_), *file, 6), Errno::kOk);
  EXPECT_EQ(edit_.ReadFile("/f").value(), std::string("\0\0\0a\0\0", 6));
  OpenFile* appender = MustOpen(root_, "/f", {.write = true, .append = true});
  EXPECT_EQ(disk_.Write(As(root_), *appender, 0, "end").value, 3u);
  EXPECT_EQ(edit_.ReadFile("/f").value(), std::string("\0\0\0a\0\0end", 9));
  char buffer[4];
  EXPECT_EQ(disk_.Read(*file, 9, absl::MakeSpan(buffer), now_).value, 0u);
  EXPECT_EQ(disk_.Read(*appender, 0, absl::MakeSpan(buffer), now_).error, Errno::kEBADF);
  OpenFile* reader = MustOpen(root_, "/f", {.read = true});
  EXPECT_EQ(disk_.Write(As(root_), *reader, 0, "x").error, Errno::kEBADF);
  EXPECT_EQ(disk_.Truncate(As(root_), *reader, 0), Errno::kEINVAL);
}

TEST_F(DiskTest, TheNullDeviceSwallowsEverything) {
  OpenFile* file = MustOpen(alice_, "/dev/null", {.read = true, .write = true, .truncate = true});
  EXPECT_EQ(disk_.Write(As(alice_), *file, 0, "gone").value, 4u);
  char buffer[4];
  EXPECT_EQ(disk_.Read(*file, 0, absl::MakeSpan(buffer), now_).value, 0u);
  EXPECT_EQ(disk_.Stat(*file).type, FileType::kCharacterDevice);
  EXPECT_EQ(disk_.Sync(*file), Errno::kEINVAL);
}

TEST_F(DiskTest, KeepsTimes) {
  OpenFile* file = MustOpen(root_, "/f", {.read = true, .write = true, .create = true});
  now_ += absl::Seconds(10);
  disk_.Write(As(root_), *file, 0, "x");
  EXPECT_EQ(StatOf("/f").modified, now_);
  EXPECT_EQ(StatOf("/f").changed, now_);
  EXPECT_EQ(StatOf("/f").accessed, kStart);
  now_ += absl::Seconds(10);
  disk_.ChangeMode(As(root_), "/f", 0600);
  EXPECT_EQ(StatOf("/f").changed, now_);
  EXPECT_EQ(StatOf("/f").modified, now_ - absl::Seconds(10));
  char buffer[1];
  disk_.Read(*file, 0, absl::MakeSpan(buffer), now_);
  EXPECT_EQ(StatOf("/f").accessed, now_);
  disk_.SetTimes(As(root_), "/f", kStart, kStart + absl::Seconds(1));
  EXPECT_EQ(StatOf("/f").accessed, kStart);
  EXPECT_EQ(StatOf("/f").modified, kStart + absl::Seconds(1));
  EXPECT_EQ(disk_.SetTimes(As(alice_), "/f", kStart, kStart), Errno::kEPERM);
  EXPECT_EQ(StatOf("/").modified, kStart);
  disk_.Unlink(As(root_), "/f");
  EXPECT_EQ(StatOf("/").modified, now_);
}

TEST(DiskSpace, RunsOutAndComesBack) {
  const Identity alice{kAlice, kAlices, {}};
  // The root directory and /dev take a block each.
  Disk disk(kStart, {.blocks = 2 + 4, .reserved_blocks = 1, .inodes = 3 + 2});
  DiskEditor edit(disk, kStart);
  ASSERT_TRUE(edit.ChangeMode("/", 0777).ok());
  const DiskCaller caller{alice, 022, nullptr, 1, kStart};
  const DiskResult<OpenFile*> file = disk.Open(caller, "/f", {.write = true, .create = true});
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(disk.GetFreeSpace(caller, "/").value.free_blocks, 3u);
  EXPECT_EQ(disk.GetFreeSpace(caller, "/").value.free_inodes, 1u);
  const std::string much(5 * Disk::kBlockBytes, 'x');
  EXPECT_EQ(disk.Write(caller, *file.value, 0, much).value, 3 * Disk::kBlockBytes);
  EXPECT_EQ(disk.Write(caller, *file.value, 3 * Disk::kBlockBytes, "x").error, Errno::kENOSPC);
  EXPECT_EQ(disk.Write(caller, *file.value, 0, "x").value, 1u);
  EXPECT_EQ(disk.MakeDirectory(caller, "/d", 0755), Errno::kENOSPC);
  EXPECT_TRUE(disk.Open(caller, "/g", {.write = true, .create = true}).ok());
  EXPECT_EQ(disk.Open(caller, "/h", {.write = true, .create = true}).error, Errno::kENOSPC);
  EXPECT_EQ(disk.Unlink(caller, "/f"), Errno::kOk);
  EXPECT_EQ(disk.GetFreeSpace(caller, "/").value.free_blocks, 0u);
  disk.Close(*file.value);
  EXPECT_EQ(disk.GetFreeSpace(caller, "/").value.free_blocks, 3u);
  EXPECT_EQ(disk.Open(caller, "/h", {.write = true, .create = true}).error, Errno::kOk);
}

// --- Set-up.

TEST_F(DiskTest, TheEditorShowsTheTree) {
  ASSERT_TRUE(edit_.WriteFile("/a/b/f", "x", {kAlice, kMail, 0640}).ok());
  ASSERT_TRUE(edit_.MakeSymlink("b", "/a/link").ok());
  std::string text;
  const std::vector<DiskEditor::SnapshotEntry> tree = edit_.Snapshot("/a").value();
  for (const DiskEditor::SnapshotEntry& e : tree) {
    absl::StrAppend(&text, e.path, " ", e.stat.links, " ", e.bytes, "\n");
  }
  EXPECT_EQ(text, "/a 3 \n/a/b 2 \n/a/b/f 1 x\n/a/link 1 b\n");
  EXPECT_EQ(ErrnoOf(edit_.ReadFile("/a/b").status()), Errno::kEISDIR);
  EXPECT_EQ(edit_.ReadFile("/none").status().message(), "open /none: No such file or directory");
  ASSERT_TRUE(edit_.RemoveAll("/a").ok());
  EXPECT_EQ(ErrnoOf(edit_.Stat("/a").status()), Errno::kENOENT);
}

}  // namespace
}  // namespace stagepost
