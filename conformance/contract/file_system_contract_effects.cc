// What the calls of the file system do when they work.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "conformance/contract/file_system_contract_util.h"
#include "gtest/gtest.h"
#include "mta/async/deadline.h"

namespace stagepost {
namespace {

constexpr OpenOptions kReadWrite = {.read = true, .write = true};
constexpr auto kSame = std::nullopt;
// Longer than the clock of any file system ticks.
constexpr absl::Duration kTick = absl::Milliseconds(20);

// Begins a case: the tree, and what is where.
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

// --- New files.

CONTRACT_TEST(FileSystemContract, Create_BelongsToTheCaller) {
  TREE;
  EXPECT_OK(co_await TryOpen(*owner, p + "any/new", {.write = true, .create = true, .mode = 0666}));
  EXPECT_OK(co_await owner->MakeDirectory(p + "any/newdir", 0777));
  EXPECT_OK(co_await owner->Symlink("to", p + "any/newlink"));
  for (const char* name : {"any/new", "any/newdir", "any/newlink"}) {
    STAT(stat, p + name);
    EXPECT_EQ(stat.owner, UserId{4001}) << name;
    EXPECT_EQ(stat.group, GroupId{4001}) << name;
  }
  STAT(file, p + "any/new");
  EXPECT_EQ(file.mode, 0644u);
  EXPECT_EQ(file.size, 0u);
  EXPECT_EQ(file.links, 1u);
  STAT(made, p + "any/newdir");
  EXPECT_EQ(made.mode, 0755u);
  EXPECT_EQ(made.links, 2u);
  STAT(link, p + "any/newlink");
  EXPECT_EQ(link.mode, 0777u);
  EXPECT_EQ(link.size, 2u);
  co_return 0;
}

CONTRACT_TEST(FileSystemContract, Create_Umask) {
  TREE;
  for (const FileMode umask : {FileMode{0}, FileMode{027}, FileMode{077}, FileMode{0777}}) {
    const std::string name = absl::StrCat(p, "any/", umask);
    env.process().SetUmask(umask);
    EXPECT_OK(co_await TryOpen(files, name, {.write = true, .create = true, .mode = 0776}));
    EXPECT_OK(co_await files.MakeDirectory(name + "d", 01777));
    STAT(file, name);
    EXPECT_EQ(file.mode, 0776 & ~umask);
    STAT(made, name + "d");
    EXPECT_EQ(made.mode, 01777 & ~umask);
  }
  co_return 0;
}

CONTRACT_TEST(FileSystemContract, MakeDirectory_IgnoresSetIds) {
  TREE;
  EXPECT_OK(co_await files.MakeDirectory(p + "new", 07755));
  STAT(made, p + "new");
  EXPECT_EQ(made.mode, 01755u);
  co_return 0;
}

CONTRACT_TEST(FileSystemContract, SetGidDirectory_GivesItsGroup) {
  TREE;
  EXPECT_OK(
      co_await TryOpen(*member, p + "setgid/f", {.write = true, .create = true, .mode = 0640}));
  EXPECT_OK(co_await member->MakeDirectory(p + "setgid/d", 0755));
  EXPECT_OK(co_await member->Symlink("to", p + "setgid/l"));
  STAT(file, p + "setgid/f");
  EXPECT_EQ(file.owner, UserId{4002});
  EXPECT_EQ(file.group, kStaffGroup);
  EXPECT_EQ(file.mode, 0640u);
  STAT(made, p + "setgid/d");
  EXPECT_EQ(made.group, kStaffGroup);
  EXPECT_EQ(made.mode, 02755u);
  STAT(link, p + "setgid/l");
  EXPECT_EQ(link.group, kStaffGroup);
  co_return 0;
}

CONTRACT_TEST(FileSystemContract, SetGidDirectory_StrangersGetNoSetGidFile) {
  TREE;
  EXPECT_OK(co_await files.ChangeMode(p + "setgid", 02777));
  const OpenOptions options = {.write = true, .create = true, .mode = 02755};
  EXPECT_OK(co_await TryOpen(*other, p + "setgid/other", options));
  EXPECT_OK(co_await TryOpen(*member, p + "setgid/member", options));
  STAT(strangers, p + "setgid/other");
  EXPECT_EQ(strangers.mode, 0755u);
  EXPECT_EQ(strangers.group, kStaffGroup);
  STAT(members, p + "setgid/member");
  EXPECT_EQ(members.mode, 02755u);
  co_return 0;
}

CONTRACT_TEST(FileSystemContract, Create_ThroughDanglingLink) {
  TREE;
  EXPECT_OK(co_await WriteFile(files, p + "any/dangling", "text"));
  STAT(made, p + "any/made");
  EXPECT_EQ(made.size, 4u);
  STAT(link, p + "any/dangling");
  EXPECT_EQ(link.type, FileType::kSymlink);
  co_return 0;
}

CONTRACT_TEST(FileSystemContract, Create_LongestName) {
  TREE;
  const std::string name(255, 'n');
  EXPECT_OK(co_await WriteFile(files, p + name, "x"));
  CO_REQUIRE_ASSIGN(const std::string text, co_await TextOf(files, p + "./" + name));
  EXPECT_EQ(text, "x");
  co_return 0;
}

CONTRACT_TEST(FileSystemContract, Create_ModeDoesNotBindTheCreator) {
  TREE;
  FILE_OF(file, owner, p + "any/new",
          (OpenOptions{.read = true, .write = true, .create = true, .mode = 0}));
  EXPECT_OK((co_await file->Write(0, "text")).status());
  EXPECT_ERRNO(co_await TryOpen(*owner, p + "any/new", kReadOnly), EACCES);
  co_return 0;
}

// --- Permissions.

CONTRACT_TEST(FileSystemContract, Permission_OnlyOneClassCounts) {
  TREE;
  EXPECT_OK(co_await files.ChangeMode(p + "plain", 0077));
  EXPECT_ERRNO(co_await TryOpen(*owner, p + "plain", kReadOnly), EACCES);
  EXPECT_OK(co_await TryOpen(*member, p + "plain", kReadOnly));
  EXPECT_OK(co_await files.ChangeMode(p + "plain", 0707));
  EXPECT_ERRNO(co_await TryOpen(*member, p + "plain", kReadOnly), EACCES);
  EXPECT_OK(co_await TryOpen(*other, p + "plain", kReadOnly));
  co_return 0;
}

CONTRACT_TEST(FileSystemContract, Permission_RootNeedsNone) {
  TREE;
  EXPECT_OK(co_await files.ChangeMode(p + "plain", 0));
  EXPECT_OK(co_await files.ChangeMode(p + "dir", 0));
  EXPECT_OK(co_await TryOpen(files, p + "plain", kReadWrite));
  EXPECT_OK(co_await TryOpen(files, p + "dir/inner", kReadWrite));
  EXPECT_OK((co_await files.ListDirectory(p + "dir")).status());
  EXPECT_OK(co_await files.Unlink(p + "dir/inner"));
  co_return 0;
}

CONTRACT_TEST(FileSystemContract, Permission_IsLookedAtWhenOpening) {
  TREE;
  FILE_OF(file, member, p + "shared", kReadWrite);
  EXPECT_OK(co_await files.ChangeMode(p + "shared", 0));
  EXPECT_OK((co_await file->Write(0, "J")).status());
  EXPECT_ERRNO(co_await file->ChangeMode(0777), EPERM);
  CO_REQUIRE_ASSIGN(const std::string text, co_await TextOf(files, p + "shared"));
  EXPECT_EQ(text, "Jello");
  co_return 0;
}

CONTRACT_TEST(FileSystemContract, Permission_PrimaryGroupCounts) {
  TREE;
  const Identity primary = {UserId{4005}, kStaffGroup, {}};
  const std::unique_ptr<FileSystem> someone = files.As(primary);
  EXPECT_OK(co_await TryOpen(*someone, p + "file", kReadOnly));
  EXPECT_ERRNO(co_await TryOpen(*someone, p + "private", kReadOnly), EACCES);
  co_return 0;
}

CONTRACT_TEST(FileSystemContract, Sticky_DirectorysOwnerMayRemove) {
  TREE;
  EXPECT_OK(co_await files.ChangeOwner(p + "tmp", UserId{4002}, kSame));
  EXPECT_OK(co_await member->Unlink(p + "tmp/roots"));
  EXPECT_OK(co_await member->Rename(p + "tmp/alices", p + "tmp/renamed"));
  EXPECT_ERRNO(co_await other->Unlink(p + "tmp/renamed"), EPERM);
  co_return 0;
}

CONTRACT_TEST(FileSystemContract, Sticky_WithoutWriteIsEacces) {
  TREE;
  EXPECT_OK(co_await files.ChangeMode(p + "tmp", 01755));
  EXPECT_ERRNO(co_await owner->Unlink(p + "tmp/alices"), EACCES);
  co_return 0;
}

// --- Modes and owners.

CONTRACT_TEST(FileSystemContract, ChangeMode_KeepsTypeAndAllBits) {
  TREE;
  EXPECT_OK(co_await owner->ChangeMode(p + "plain", 07777));
  STAT(file, p + "plain");
  EXPECT_EQ(file.mode, 07777u);
  EXPECT_EQ(file.type, FileType::kRegular);
  EXPECT_OK(co_await files.ChangeMode(p + "dirlink", 0711));
  STAT(behind, p + "dir");
  EXPECT_EQ(behind.mode, 0711u);
  STAT(link, p + "dirlink");
  EXPECT_EQ(link.mode, 0777u);
  co_return 0;
}

CONTRACT_TEST(FileSystemContract, ChangeMode_SetGidOnlyForMembers) {
  TREE;
  EXPECT_OK(co_await files.ChangeOwner(p + "plain", kSame, kForeignGroup));
  EXPECT_OK(co_await owner->ChangeMode(p + "plain", 06755));
  STAT(stripped, p + "plain");
  EXPECT_EQ(stripped.mode, 04755u);
  EXPECT_OK(co_await files.ChangeMode(p + "plain", 06755));
  STAT(roots, p + "plain");
  EXPECT_EQ(roots.mode, 06755u);
  co_return 0;
}

CONTRACT_TEST(FileSystemContract, ChangeOwner_TakesSetIds) {
  TREE;
  EXPECT_OK(co_await owner->ChangeOwner(p + "setids", kSame, GroupId{4001}));
  STAT(by_owner, p + "setids");
  EXPECT_EQ(by_owner.mode, 0755u);
  EXPECT_EQ(by_owner.group, GroupId{4001});
  EXPECT_OK(co_await files.ChangeMode(p + "setids", 06755));
  EXPECT_OK(co_await files.ChangeOwner(p + "setids", UserId{4002}, kSame));
  STAT(by_root, p + "setids");
  EXPECT_EQ(by_root.mode, 0755u);
  co_return 0;
}

CONTRACT_TEST(FileSystemContract, ChangeOwner_KeepsSetGidWithoutExecute) {
  TREE;
  EXPECT_OK(co_await files.ChangeMode(p + "setids", 06745));
  EXPECT_OK(co_await files.ChangeOwner(p + "setids", UserId{4002}, kSame));
  STAT(file, p + "setids");
  EXPECT_EQ(file.mode, 02745u);
  co_return 0;
}

CONTRACT_TEST(FileSystemContract, ChangeOwner_LeavesDirectoriesAlone) {
  TREE;
  EXPECT_OK(co_await files.ChangeOwner(p + "setgid", UserId{4002}, kForeignGroup));
  STAT(made, p + "setgid");
  EXPECT_EQ(made.mode, 02775u);
  EXPECT_EQ(made.owner, UserId{4002});
  EXPECT_EQ(made.group, kForeignGroup);
  co_return 0;
}

CONTRACT_TEST(FileSystemContract, ChangeOwner_OfALink) {
  TREE;
  EXPECT_OK(co_await files.ChangeOwner(p + "top", UserId{4003}, GroupId{4003}));
  STAT(link, p + "top");
  EXPECT_EQ(link.owner, UserId{4003});
  STAT(behind, p + "file");
  EXPECT_EQ(behind.owner, UserId{4001});
  co_return 0;
}

CONTRACT_TEST(FileSystemContract, Write_TakesSetIds) {
  TREE;
  EXPECT_OK(co_await files.ChangeMode(p + "setids", 06777));
  FILE_OF(file, other, p + "setids", kReadWrite);
  EXPECT_OK((co_await file->Write(0, "")).status());
  STAT(untouched, p + "setids");
  EXPECT_EQ(untouched.mode, 06777u);
  EXPECT_OK((co_await file->Write(0, "x")).status());
  STAT(written, p + "setids");
  EXPECT_EQ(written.mode, 0777u);
  co_return 0;
}

CONTRACT_TEST(FileSystemContract, Write_LeavesRootTheSetIds) {
  TREE;
  FILE_OF(file, &files, p + "setids", kReadWrite);
  EXPECT_OK((co_await file->Write(0, "x")).status());
  STAT(written, p + "setids");
  EXPECT_EQ(written.mode, 06755u);
  co_return 0;
}

CONTRACT_TEST(FileSystemContract, Truncate_TakesSetIds) {
  TREE;
  FILE_OF(file, owner, p + "setids", kReadWrite);
  EXPECT_OK(co_await file->Truncate(1));
  STAT(cut, p + "setids");
  EXPECT_EQ(cut.mode, 0755u);
  EXPECT_OK(co_await files.ChangeMode(p + "setids", 06755));
  EXPECT_OK(co_await TryOpen(*owner, p + "setids", {.write = true, .truncate = true}));
  STAT(emptied, p + "setids");
  EXPECT_EQ(emptied.mode, 0755u);
  EXPECT_EQ(emptied.size, 0u);
  co_return 0;
}

// --- Content.

CONTRACT_TEST(FileSystemContract, Read_AtAndBehindTheEnd) {
  TREE;
  FILE_OF(file, &files, p + "plain", kReadOnly);
  char buffer[16];
  CO_REQUIRE_ASSIGN(size_t got, co_await file->Read(5, absl::MakeSpan(buffer)));
  EXPECT_EQ(got, 0u);
  CO_REQUIRE_ASSIGN(got, co_await file->Read(1'000'000, absl::MakeSpan(buffer)));
  EXPECT_EQ(got, 0u);
  CO_REQUIRE_ASSIGN(got, co_await file->Read(4, absl::MakeSpan(buffer)));
  EXPECT_EQ(absl::string_view(buffer, got), "o");
  CO_REQUIRE_ASSIGN(got, co_await file->Read(0, absl::MakeSpan(buffer, 0)));
  EXPECT_EQ(got, 0u);
  co_return 0;
}

CONTRACT_TEST(FileSystemContract, Write_HolesAreZeros) {
  TREE;
  FILE_OF(file, &files, p + "plain", kReadWrite);
  EXPECT_OK((co_await file->Write(7, "x")).status());
  CO_REQUIRE_ASSIGN(const std::string text, co_await TextOf(files, p + "plain"));
  EXPECT_EQ(text, std::string("hello\0\0x", 8));
  co_return 0;
}

CONTRACT_TEST(FileSystemContract, Write_NothingChangesNothing) {
  TREE;
  FILE_OF(file, &files, p + "plain", kReadWrite);
  CO_REQUIRE_ASSIGN(const size_t count, co_await file->Write(100, ""));
  EXPECT_EQ(count, 0u);
  CO_REQUIRE_ASSIGN(const FileStat stat, co_await file->Stat());
  EXPECT_EQ(stat.size, 5u);
  co_return 0;
}

CONTRACT_TEST(FileSystemContract, Write_AppendIgnoresTheOffset) {
  TREE;
  FILE_OF(file, &files, p + "plain", (OpenOptions{.write = true, .append = true}));
  FILE_OF(again, &files, p + "plain", (OpenOptions{.write = true, .append = true}));
  EXPECT_OK((co_await file->Write(0, "1")).status());
  EXPECT_OK((co_await again->Write(0, "2")).status());
  EXPECT_OK((co_await file->Write(0, "3")).status());
  CO_REQUIRE_ASSIGN(const std::string text, co_await TextOf(files, p + "plain"));
  EXPECT_EQ(text, "hello123");
  co_return 0;
}

CONTRACT_TEST(FileSystemContract, Truncate_CutsAndExtends) {
  TREE;
  FILE_OF(file, &files, p + "plain", kReadWrite);
  EXPECT_OK(co_await file->Truncate(2));
  EXPECT_OK(co_await file->Truncate(4));
  CO_REQUIRE_ASSIGN(const std::string text, co_await TextOf(files, p + "plain"));
  EXPECT_EQ(text, std::string("he\0\0", 4));
  co_return 0;
}

CONTRACT_TEST(FileSystemContract, Open_TruncateSpareWhatIsRefused) {
  TREE;
  EXPECT_ERRNO(co_await TryOpen(*other, p + "private", {.write = true, .truncate = true}), EACCES);
  EXPECT_ERRNO(
      co_await TryOpen(files, p + "private",
                       {.write = true, .create = true, .exclusive = true, .truncate = true}),
      EEXIST);
  STAT(file, p + "private");
  EXPECT_EQ(file.size, 5u);
  co_return 0;
}

CONTRACT_TEST(FileSystemContract, Open_NeitherReadNorWriteReads) {
  TREE;
  FILE_OF(file, &files, p + "plain", OpenOptions{});
  char buffer[16];
  CO_REQUIRE_ASSIGN(const size_t got, co_await file->Read(0, absl::MakeSpan(buffer)));
  EXPECT_EQ(absl::string_view(buffer, got), "hello");
  EXPECT_ERRNO((co_await file->Write(0, "x")).status(), EBADF);
  co_return 0;
}

CONTRACT_TEST(FileSystemContract, Unlink_WhatIsOpenStays) {
  TREE;
  FILE_OF(file, &files, p + "plain", kReadWrite);
  EXPECT_OK(co_await files.Unlink(p + "plain"));
  EXPECT_OK((co_await file->Write(5, "!")).status());
  CO_REQUIRE_ASSIGN(const FileStat stat, co_await file->Stat());
  EXPECT_EQ(stat.links, 0u);
  EXPECT_EQ(stat.size, 6u);
  EXPECT_OK(co_await file->Sync());
  EXPECT_OK(co_await WriteFile(files, p + "plain", "another"));
  char buffer[16];
  CO_REQUIRE_ASSIGN(const size_t got, co_await file->Read(0, absl::MakeSpan(buffer)));
  EXPECT_EQ(absl::string_view(buffer, got), "hello!");
  co_return 0;
}

// --- Names.

CONTRACT_TEST(FileSystemContract, Link_IsTheSameFile) {
  TREE;
  STAT(one, p + "any/a");
  STAT(two, p + "any/hard");
  EXPECT_EQ(one.inode, two.inode);
  EXPECT_EQ(one.device, two.device);
  EXPECT_EQ(one.links, 2u);
  EXPECT_OK(co_await files.Unlink(p + "any/a"));
  STAT(left, p + "any/hard");
  EXPECT_EQ(left.links, 1u);
  EXPECT_EQ(left.inode, one.inode);
  co_return 0;
}

CONTRACT_TEST(FileSystemContract, Link_OfALinkIsTheLink) {
  TREE;
  EXPECT_OK(co_await files.Link(p + "any/dangling", p + "any/new"));
  CO_REQUIRE_ASSIGN(const std::string target, co_await files.ReadLink(p + "any/new"));
  EXPECT_EQ(target, "made");
  STAT(link, p + "any/new");
  EXPECT_EQ(link.links, 2u);
  co_return 0;
}

CONTRACT_TEST(FileSystemContract, Directory_LinksCountSubdirectories) {
  TREE;
  STAT(before, p + "any");
  EXPECT_EQ(before.links, 5u);
  EXPECT_OK(co_await files.MakeDirectory(p + "any/new", 0755));
  EXPECT_OK(co_await files.Rename(p + "any/new", p + "dir/new"));
  EXPECT_OK(co_await files.RemoveDirectory(p + "any/d"));
  STAT(after, p + "any");
  EXPECT_EQ(after.links, 4u);
  STAT(into, p + "dir");
  EXPECT_EQ(into.links, 3u);
  co_return 0;
}

CONTRACT_TEST(FileSystemContract, Rename_KeepsTheFile) {
  TREE;
  STAT(before, p + "any/a");
  EXPECT_OK(co_await files.Rename(p + "any/a", p + "dir/a"));
  STAT(after, p + "dir/a");
  EXPECT_EQ(after.inode, before.inode);
  EXPECT_EQ(after.modified, before.modified);
  EXPECT_ERRNO((co_await files.LinkStat(p + "any/a")).status(), ENOENT);
  co_return 0;
}

CONTRACT_TEST(FileSystemContract, Rename_ReplacesAtOnce) {
  TREE;
  FILE_OF(old, &files, p + "any/b", kReadOnly);
  EXPECT_OK(co_await MakeFile(files, p + "any/new", 0600, "new"));
  EXPECT_OK(co_await files.Rename(p + "any/new", p + "any/b"));
  CO_REQUIRE_ASSIGN(const std::string text, co_await TextOf(files, p + "any/b"));
  EXPECT_EQ(text, "new");
  CO_REQUIRE_ASSIGN(const FileStat stat, co_await old->Stat());
  EXPECT_EQ(stat.links, 0u);
  co_return 0;
}

CONTRACT_TEST(FileSystemContract, Rename_SameFileKeepsBothNames) {
  TREE;
  EXPECT_OK(co_await files.Rename(p + "any/a", p + "any/hard"));
  STAT(one, p + "any/a");
  STAT(two, p + "any/hard");
  EXPECT_EQ(one.inode, two.inode);
  co_return 0;
}

CONTRACT_TEST(FileSystemContract, Rename_DirectoryTakesItsContent) {
  TREE;
  EXPECT_OK(co_await files.Rename(p + "any/full", p + "dir/moved"));
  EXPECT_OK((co_await files.Stat(p + "dir/moved/x")).status());
  STAT(above, p + "dir");
  STAT(dots, p + "dir/moved/..");
  EXPECT_EQ(above.inode, dots.inode);
  co_return 0;
}

CONTRACT_TEST(FileSystemContract, Rename_LinkItself) {
  TREE;
  EXPECT_OK(co_await files.Rename(p + "dangling", p + "moved"));
  CO_REQUIRE_ASSIGN(const std::string target, co_await files.ReadLink(p + "moved"));
  EXPECT_EQ(target, "none");
  co_return 0;
}

CONTRACT_TEST(FileSystemContract, Unlink_LeavesTheTarget) {
  TREE;
  EXPECT_OK(co_await files.Unlink(p + "top"));
  EXPECT_OK((co_await files.Stat(p + "file")).status());
  co_return 0;
}

CONTRACT_TEST(FileSystemContract, Symlink_KeepsItsText) {
  TREE;
  const std::string odd = "//odd/../to  \"x\"/";
  EXPECT_OK(co_await files.Symlink(odd, p + "odd"));
  CO_REQUIRE_ASSIGN(const std::string target, co_await files.ReadLink(p + "odd"));
  EXPECT_EQ(target, odd);
  co_return 0;
}

CONTRACT_TEST(FileSystemContract, Symlink_FortyAreFollowed) {
  TREE;
  EXPECT_OK(co_await files.Symlink("plain", p + "l0"));
  for (int i = 1; i <= 40; ++i) {
    EXPECT_OK(co_await files.Symlink(absl::StrCat("l", i - 1), absl::StrCat(p, "l", i)));
  }
  EXPECT_OK((co_await files.Stat(p + "l39")).status());
  EXPECT_ERRNO((co_await files.Stat(p + "l40")).status(), ELOOP);
  co_return 0;
}

CONTRACT_TEST(FileSystemContract, Path_DotsAndSlashes) {
  TREE;
  STAT(plain, p + "plain");
  for (const char* path :
       {"./plain", "//plain", "dir/../plain", "dir//..///./plain", "dirlink/../plain"}) {
    CO_REQUIRE_ASSIGN(const FileStat stat, co_await files.Stat(p + path));
    EXPECT_EQ(stat.inode, plain.inode) << path;
  }
  CO_REQUIRE_ASSIGN(const FileStat root, co_await files.Stat("/../.."));
  CO_REQUIRE_ASSIGN(const FileStat again, co_await files.Stat("/"));
  EXPECT_EQ(root.inode, again.inode);
  co_return 0;
}

CONTRACT_TEST(FileSystemContract, List_NamesTypesInodes) {
  TREE;
  CO_REQUIRE_ASSIGN(std::vector<DirectoryEntry> entries, co_await files.ListDirectory(p + "any"));
  std::sort(entries.begin(), entries.end(),
            [](const DirectoryEntry& a, const DirectoryEntry& b) { return a.name < b.name; });
  std::vector<std::string> names;
  for (const DirectoryEntry& entry : entries) {
    names.push_back(entry.name);
    STAT(stat, p + "any/" + entry.name);
    EXPECT_EQ(entry.inode, stat.inode) << entry.name;
    EXPECT_EQ(entry.type, stat.type) << entry.name;
  }
  EXPECT_EQ(absl::StrJoin(names, " "), "a b d d2 dangling full hard link");
  co_return 0;
}

CONTRACT_TEST(FileSystemContract, List_Thousands) {
  TREE;
  for (int i = 0; i < 3000; ++i) {
    EXPECT_OK(co_await files.Link(p + "plain", absl::StrCat(p, "empty/entry-", i)));
  }
  CO_REQUIRE_ASSIGN(std::vector<DirectoryEntry> entries, co_await files.ListDirectory(p + "empty"));
  std::vector<std::string> names;
  for (const DirectoryEntry& entry : entries) names.push_back(entry.name);
  std::sort(names.begin(), names.end());
  EXPECT_EQ(std::unique(names.begin(), names.end()) - names.begin(), 3000);
  co_return 0;
}

CONTRACT_TEST(FileSystemContract, RemovedDirectory_IsEmptyAndTakesNothing) {
  TREE;
  EXPECT_OK(co_await env.process().ChangeDirectory(p + "empty"));
  EXPECT_OK(co_await files.RemoveDirectory(p + "empty"));
  EXPECT_ERRNO(co_await TryOpen(files, "new", kCreate), ENOENT);
  EXPECT_ERRNO(co_await files.MakeDirectory("new", 0755), ENOENT);
  EXPECT_ERRNO(co_await files.Link(p + "plain", "new"), ENOENT);
  CO_REQUIRE_ASSIGN(const std::vector<DirectoryEntry> entries, co_await files.ListDirectory("."));
  EXPECT_TRUE(entries.empty());
  CO_REQUIRE_ASSIGN(const FileStat stat, co_await files.Stat("."));
  EXPECT_EQ(stat.links, 0u);
  EXPECT_OK(co_await env.process().ChangeDirectory("/"));
  co_return 0;
}

// --- Times.

CONTRACT_TEST(FileSystemContract, SetTimes_ToTheNanosecond) {
  TREE;
  const absl::Time accessed = absl::FromUnixNanos(1'234'567'890'123'456'789);
  const absl::Time modified = absl::FromUnixNanos(999'999'999);
  STAT(before, p + "plain");
  EXPECT_OK(co_await Sleep(kTick));
  EXPECT_OK(co_await owner->SetTimes(p + "plain", accessed, modified));
  STAT(after, p + "plain");
  EXPECT_EQ(after.accessed, accessed);
  EXPECT_EQ(after.modified, modified);
  EXPECT_GT(after.changed, before.changed);
  co_return 0;
}

// Which of modified and changed a step moved: "mc", "m", "c" or "".
std::string Moved(const FileStat& before, const FileStat& after) {
  std::string moved;
  if (after.modified > before.modified) moved += "m";
  if (after.changed > before.changed) moved += "c";
  return moved;
}

struct TimeRow {
  const char* name;
  Task<absl::Status> (*act)(FileSystem& files, const std::string& at);
  const char* watched;  // what is looked at
  const char* moved;
};

#define DO(expression)                                                  \
  +[](FileSystem& files, const std::string& at) -> Task<absl::Status> { \
    const std::string p = at + "/";                                     \
    co_return StatusOf(co_await files.expression);                      \
  }
#define DO_FILE(expression)                                                                       \
  +[](FileSystem& files, const std::string& at) -> Task<absl::Status> {                           \
    const OpenOptions options = kReadWrite;                                                       \
    CO_ASSIGN_OR_RETURN(std::unique_ptr<File> file, co_await files.Open(at + "/plain", options)); \
    [[maybe_unused]] char buffer[16];                                                             \
    co_return StatusOf(co_await file->expression);                                                \
  }

constexpr TimeRow kTimes[] = {
    {"Write", DO_FILE(Write(0, "x")), "plain", "mc"},
    {"Truncate", DO_FILE(Truncate(1)), "plain", "mc"},
    {"TruncateSameSize", DO_FILE(Truncate(5)), "plain", "mc"},
    {"Read", DO_FILE(Read(0, absl::MakeSpan(buffer))), "plain", ""},
    {"Sync", DO_FILE(Sync()), "plain", ""},
    {"ChangeMode", DO(ChangeMode(p + "plain", 0600)), "plain", "c"},
    {"ChangeOwner", DO(ChangeOwner(p + "plain", UserId{4002}, kSame)), "plain", "c"},
    {"ChangeOwnerSame", DO(ChangeOwner(p + "plain", UserId{4001}, kSame)), "plain", "c"},
    {"LinkFile", DO(Link(p + "plain", p + "any/new")), "plain", "c"},
    {"LinkDirectory", DO(Link(p + "plain", p + "any/new")), "any", "mc"},
    {"UnlinkFile", DO(Unlink(p + "any/a")), "any/hard", "c"},
    {"UnlinkDirectory", DO(Unlink(p + "any/a")), "any", "mc"},
    {"MakeDirectory", DO(MakeDirectory(p + "any/new", 0755)), "any", "mc"},
    {"RemoveDirectory", DO(RemoveDirectory(p + "any/d")), "any", "mc"},
    {"Symlink", DO(Symlink("to", p + "any/new")), "any", "mc"},
    {"RenameFrom", DO(Rename(p + "any/a", p + "dir/a")), "any", "mc"},
    {"RenameTo", DO(Rename(p + "any/a", p + "dir/a")), "dir", "mc"},
    {"RenameFile", DO(Rename(p + "any/a", p + "dir/a")), "any/hard", "c"},
    {"RenameOver", DO(Rename(p + "any/b", p + "any/a")), "any/hard", "c"},
    {"RenameSame", DO(Rename(p + "any/a", p + "any/hard")), "any", ""},
    {"List", DO(ListDirectory(p + "any")), "any", ""},
};

CONTRACT_TEST(FileSystemContract, Times_MoveWithWhatIsDone) {
  for (const TimeRow& row : kTimes) {
    const std::string at = absl::StrCat(directory, "/", row.name);
    EXPECT_OK(co_await env.files().MakeDirectory(at, 0755));
    EXPECT_OK(co_await MakeTree(env.files(), at));
  }
  EXPECT_OK(co_await Sleep(kTick));
  for (const TimeRow& row : kTimes) {
    const std::string at = absl::StrCat(directory, "/", row.name);
    const std::string watched = absl::StrCat(at, "/", row.watched);
    CO_REQUIRE_ASSIGN(const FileStat before, co_await env.files().LinkStat(watched));
    EXPECT_OK(co_await row.act(env.files(), at));
    CO_REQUIRE_ASSIGN(const FileStat after, co_await env.files().LinkStat(watched));
    EXPECT_EQ(Moved(before, after), row.moved) << row.name;
  }
  co_return 0;
}

CONTRACT_TEST(FileSystemContract, Times_OpenTruncate) {
  TREE;
  EXPECT_OK(co_await MakeFile(files, p + "void", 0600, ""));
  STAT(before, p + "plain");
  STAT(before_empty, p + "void");
  EXPECT_OK(co_await Sleep(kTick));
  EXPECT_OK(co_await TryOpen(files, p + "plain", {.write = true, .truncate = true}));
  EXPECT_OK(co_await TryOpen(files, p + "void", {.write = true, .truncate = true}));
  EXPECT_OK(co_await TryOpen(files, p + "shared", kCreate));
  STAT(after, p + "plain");
  STAT(after_empty, p + "void");
  EXPECT_EQ(Moved(before, after), "mc");
  EXPECT_EQ(Moved(before_empty, after_empty), "mc");
  co_return 0;
}

// --- The rest.

CONTRACT_TEST(FileSystemContract, FreeSpace_IsSome) {
  TREE;
  CO_REQUIRE_ASSIGN(const FreeSpace space, co_await other->GetFreeSpace(p + "plain"));
  EXPECT_GE(space.block_bytes, 512u);
  EXPECT_GT(space.free_blocks, 0u);
  EXPECT_GT(space.free_inodes, 0u);
  co_return 0;
}

CONTRACT_TEST(FileSystemContract, NullDevice) {
  FileSystem& files = env.files();
  FILE_OF(device, &files, "/dev/null", kReadWrite);
  CO_REQUIRE_ASSIGN(const size_t written, co_await device->Write(0, "gone"));
  EXPECT_EQ(written, 4u);
  char buffer[4];
  CO_REQUIRE_ASSIGN(const size_t got, co_await device->Read(0, absl::MakeSpan(buffer)));
  EXPECT_EQ(got, 0u);
  CO_REQUIRE_ASSIGN(const FileStat stat, co_await device->Stat());
  EXPECT_EQ(stat.type, FileType::kCharacterDevice);
  EXPECT_ERRNO(co_await device->Truncate(0), EINVAL);
  EXPECT_ERRNO(co_await device->Sync(), EINVAL);
  EXPECT_OK(
      co_await TryOpen(files, "/dev/null", {.write = true, .create = true, .truncate = true}));
  co_return 0;
}

CONTRACT_TEST(FileSystemContract, Errors_NameTheCallAndThePath) {
  const absl::Status status = (co_await env.files().Stat("/none/at/all")).status();
  EXPECT_EQ(status.message(), "stat /none/at/all: No such file or directory");
  EXPECT_EQ((co_await env.files().Unlink("/none")).message(),
            "unlink /none: No such file or directory");
  co_return 0;
}

INSTANTIATE_CONTRACT(FileSystemContract);

}  // namespace
}  // namespace stagepost
