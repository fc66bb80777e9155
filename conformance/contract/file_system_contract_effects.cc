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

constexpr auto kSame = std::nullopt;

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

// Linux looks at the slash first.
CONTRACT_TEST(FileSystemContract, Create_ThroughLinkWithSlash) {
  TREE;
  int made = 0;
  for (const char* target : {"../loop/", "d/", "none/", "a/"}) {
    const std::string link = absl::StrCat(p, "any/slash", ++made);
    EXPECT_OK(co_await files.Symlink(target, link));
    EXPECT_ERRNO(co_await TryOpen(files, link, {.write = true, .create = true}), EISDIR);
  }
  EXPECT_OK(co_await files.Symlink("d/.", p + "any/dot"));
  EXPECT_ERRNO(co_await TryOpen(files, p + "any/dot", {.write = true, .create = true}), EISDIR);
  EXPECT_ERRNO(co_await TryOpen(files, p + "any/slash1", {.write = true}), ELOOP);
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

}  // namespace
}  // namespace stagepost
