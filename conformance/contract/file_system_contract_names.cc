// What becomes of names, and of times.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "conformance/contract/file_system_contract_util.h"
#include "gtest/gtest.h"
#include "mta/async/deadline.h"
#include "mta/base/status_macros.h"

namespace stagepost {
namespace {

constexpr auto kSame = std::nullopt;
// Longer than the clock of any file system ticks.
constexpr absl::Duration kTick = absl::Milliseconds(20);

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

CONTRACT_TEST(FileSystemContract, RenameNew_ReplacesNothing) {
  TREE;
  STAT(before, p + "any/a");
  EXPECT_ERRNO(co_await files.RenameNew(p + "any/a", p + "any/b"), EEXIST);
  EXPECT_ERRNO(co_await files.RenameNew(p + "any/a", p + "any/hard"), EEXIST);
  EXPECT_ERRNO(co_await files.RenameNew(p + "any/a", p + "dangling"), EEXIST);
  EXPECT_ERRNO(co_await files.RenameNew(p + "any/a", p + "dir/."), EEXIST);
  EXPECT_ERRNO(co_await files.RenameNew(p + "any/none", p + "any/b"), ENOENT);
  STAT(still, p + "any/a");
  EXPECT_EQ(still.inode, before.inode);
  EXPECT_OK(co_await files.RenameNew(p + "any/a", p + "dir/a"));
  STAT(after, p + "dir/a");
  EXPECT_EQ(after.inode, before.inode);
  EXPECT_ERRNO((co_await files.LinkStat(p + "any/a")).status(), ENOENT);
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
