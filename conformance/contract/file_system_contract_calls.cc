// Every call of the file system, each for four callers: does it work, and with which error not?
//
// A row of the table is a call and its results for root, the owner, a member of the group and
// anybody else. Each result is a case by itself, on each side: Linux_Unlink_Sticky_Member. The tree
// that the calls are about is in file_system_contract_util.h.
#include <cstdint>
#include <cstdio>
#include <limits>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/str_cat.h"
#include "conformance/contract/file_system_contract_util.h"
#include "gtest/gtest.h"
#include "mta/async/deadline.h"

namespace stagepost {
namespace {

using enum Errno;

struct Row {
  const char* name;
  Task<absl::Status> (*act)(FileSystem& files, const std::string& at);
  Errno results[kCallers];
};

std::string LongName() { return std::string(256, 'n'); }
std::string LongPath() { return std::string(4096, 'p'); }

// The status of one call. `p` is the directory's path and a slash.
#define CALL(expression)                                                \
  +[](FileSystem& files, const std::string& at) -> Task<absl::Status> { \
    const std::string p = at + "/";                                     \
    co_return StatusOf(co_await files.expression);                      \
  }
#define OPEN(path, ...)                                                 \
  +[](FileSystem& files, const std::string& at) -> Task<absl::Status> { \
    const std::string p = at + "/";                                     \
    const OpenOptions options = {__VA_ARGS__};                          \
    co_return StatusOf(co_await files.Open(path, options));             \
  }
// Opens, which must work, then calls the file.
#define ON_FILE(path, expression, ...)                                               \
  +[](FileSystem& files, const std::string& at) -> Task<absl::Status> {              \
    const std::string p = at + "/";                                                  \
    const OpenOptions options = {__VA_ARGS__};                                       \
    absl::StatusOr<std::unique_ptr<File>> file = co_await files.Open(path, options); \
    EXPECT_TRUE(file.ok()) << file.status();                                         \
    if (!file.ok()) co_return file.status();                                         \
    [[maybe_unused]] char buffer[16];                                                \
    co_return StatusOf(co_await (*file)->expression);                                \
  }
#define ALL(error) {error, error, error, error}
#define ROOT_ONLY(error) {kOk, error, error, error}
#define OWNER_TOO(error) {kOk, kOk, error, error}
#define MEMBER_TOO(error) {kOk, kOk, kOk, error}

constexpr Row kLookUp[] = {
    {"Stat_File", CALL(Stat(p + "file")), ALL(kOk)},
    {"Stat_ThroughLink", CALL(Stat(p + "top")), ALL(kOk)},
    {"Stat_Self", CALL(Stat(p + ".")), ALL(kOk)},
    {"Stat_ENOENT", CALL(Stat(p + "none")), ALL(kENOENT)},
    {"Stat_ENOENT_Empty", CALL(Stat("")), ALL(kENOENT)},
    {"Stat_ENOENT_Dangling", CALL(Stat(p + "dangling")), ALL(kENOENT)},
    {"Stat_ENOENT_BelowNone", CALL(Stat(p + "none/x")), ALL(kENOENT)},
    {"Stat_ENOTDIR", CALL(Stat(p + "file/x")), ALL(kENOTDIR)},
    {"Stat_ENOTDIR_Dot", CALL(Stat(p + "file/.")), ALL(kENOTDIR)},
    {"Stat_ENOTDIR_Slash", CALL(Stat(p + "file/")), ALL(kENOTDIR)},
    {"Stat_EACCES_Closed", CALL(Stat(p + "closed/inner")), ROOT_ONLY(kEACCES)},
    {"Stat_EACCES_ClosedNone", CALL(Stat(p + "closed/none")), {kENOENT, kEACCES, kEACCES, kEACCES}},
    {"Stat_EACCES_Dir", CALL(Stat(p + "dir/inner")), MEMBER_TOO(kEACCES)},
    {"Stat_EACCES_DirLink", CALL(Stat(p + "dirlink/inner")), MEMBER_TOO(kEACCES)},
    {"Stat_EACCES_Readable", CALL(Stat(p + "readable/inner")), OWNER_TOO(kEACCES)},
    {"Stat_Search", CALL(Stat(p + "search/inner")), ALL(kOk)},
    {"Stat_ELOOP", CALL(Stat(p + "loop")), ALL(kELOOP)},
    {"Stat_ELOOP_Below", CALL(Stat(p + "loop/x")), ALL(kELOOP)},
    {"Stat_ENAMETOOLONG", CALL(Stat(p + LongName())), ALL(kENAMETOOLONG)},
    {"Stat_ENAMETOOLONG_Path", CALL(Stat(LongPath())), ALL(kENAMETOOLONG)},
    {"Stat_EINVAL_Nul", CALL(Stat(p + std::string("a\0b", 3))), ALL(kEINVAL)},
    {"LinkStat_Dangling", CALL(LinkStat(p + "dangling")), ALL(kOk)},
    {"LinkStat_Loop", CALL(LinkStat(p + "loop")), ALL(kOk)},
    {"LinkStat_ELOOP_Slash", CALL(LinkStat(p + "loop/")), ALL(kELOOP)},
    {"LinkStat_ENOENT", CALL(LinkStat(p + "none")), ALL(kENOENT)},
    {"LinkStat_ENOENT_DanglingSlash", CALL(LinkStat(p + "dangling/")), ALL(kENOENT)},
    {"LinkStat_ENOTDIR", CALL(LinkStat(p + "file/x")), ALL(kENOTDIR)},
    {"LinkStat_EACCES", CALL(LinkStat(p + "closed/inner")), ROOT_ONLY(kEACCES)},
    {"LinkStat_ENAMETOOLONG", CALL(LinkStat(p + LongName())), ALL(kENAMETOOLONG)},
    {"ReadLink_Link", CALL(ReadLink(p + "top")), ALL(kOk)},
    {"ReadLink_EINVAL_File", CALL(ReadLink(p + "file")), ALL(kEINVAL)},
    {"ReadLink_EINVAL_Directory", CALL(ReadLink(p + "dir")), ALL(kEINVAL)},
    {"ReadLink_EINVAL_DirLinkSlash", CALL(ReadLink(p + "dirlink/")), ALL(kEINVAL)},
    {"ReadLink_ENOENT", CALL(ReadLink(p + "none")), ALL(kENOENT)},
    {"ReadLink_ENOENT_Empty", CALL(ReadLink("")), ALL(kENOENT)},
    {"ReadLink_ENOTDIR", CALL(ReadLink(p + "file/x")), ALL(kENOTDIR)},
    {"ReadLink_EACCES", CALL(ReadLink(p + "closed/inner")), {kEINVAL, kEACCES, kEACCES, kEACCES}},
    {"ReadLink_ELOOP", CALL(ReadLink(p + "loop/x")), ALL(kELOOP)},
    {"ReadLink_ENAMETOOLONG", CALL(ReadLink(p + LongName())), ALL(kENAMETOOLONG)},
    {"List_Dir", CALL(ListDirectory(p + "dir")), MEMBER_TOO(kEACCES)},
    {"List_Readable", CALL(ListDirectory(p + "readable")), ALL(kOk)},
    {"List_ThroughLink", CALL(ListDirectory(p + "dirlink")), MEMBER_TOO(kEACCES)},
    {"List_EACCES_Search", CALL(ListDirectory(p + "search")), OWNER_TOO(kEACCES)},
    {"List_EACCES_Closed", CALL(ListDirectory(p + "closed")), ROOT_ONLY(kEACCES)},
    {"List_ENOENT", CALL(ListDirectory(p + "none")), ALL(kENOENT)},
    {"List_ENOENT_Dangling", CALL(ListDirectory(p + "dangling")), ALL(kENOENT)},
    {"List_ENOTDIR", CALL(ListDirectory(p + "file")), ALL(kENOTDIR)},
    {"List_ELOOP", CALL(ListDirectory(p + "loop")), ALL(kELOOP)},
    {"List_ENAMETOOLONG", CALL(ListDirectory(p + LongName())), ALL(kENAMETOOLONG)},
    {"SyncDirectory_Dir", CALL(SyncDirectory(p + "dir")), MEMBER_TOO(kEACCES)},
    {"SyncDirectory_EACCES", CALL(SyncDirectory(p + "closed")), ROOT_ONLY(kEACCES)},
    {"SyncDirectory_ENOENT", CALL(SyncDirectory(p + "none")), ALL(kENOENT)},
    {"SyncDirectory_ENOTDIR", CALL(SyncDirectory(p + "file")), ALL(kENOTDIR)},
    {"SyncDirectory_ELOOP", CALL(SyncDirectory(p + "loop")), ALL(kELOOP)},
    {"FreeSpace_File", CALL(GetFreeSpace(p + "private")), ALL(kOk)},
    {"FreeSpace_EACCES", CALL(GetFreeSpace(p + "closed/inner")), ROOT_ONLY(kEACCES)},
    {"FreeSpace_ENOENT", CALL(GetFreeSpace(p + "none")), ALL(kENOENT)},
    {"FreeSpace_ENOTDIR", CALL(GetFreeSpace(p + "file/x")), ALL(kENOTDIR)},
    {"FreeSpace_ELOOP", CALL(GetFreeSpace(p + "loop")), ALL(kELOOP)},
    {"FreeSpace_ENAMETOOLONG", CALL(GetFreeSpace(p + LongName())), ALL(kENAMETOOLONG)},
};

constexpr Row kOpens[] = {
    {"OpenRead_File", OPEN(p + "file", .read = true), MEMBER_TOO(kEACCES)},
    {"OpenRead_EACCES_Private", OPEN(p + "private", .read = true), OWNER_TOO(kEACCES)},
    {"OpenRead_ThroughLink", OPEN(p + "top", .read = true), MEMBER_TOO(kEACCES)},
    {"OpenRead_Directory", OPEN(p + "dir", .read = true), MEMBER_TOO(kEACCES)},
    {"OpenRead_EACCES_Search", OPEN(p + "search", .read = true), OWNER_TOO(kEACCES)},
    {"OpenRead_EACCES_Closed", OPEN(p + "closed/inner", .read = true), ROOT_ONLY(kEACCES)},
    {"OpenRead_ENOENT", OPEN(p + "none", .read = true), ALL(kENOENT)},
    {"OpenRead_ENOENT_Dangling", OPEN(p + "dangling", .read = true), ALL(kENOENT)},
    {"OpenRead_ENOTDIR", OPEN(p + "file/x", .read = true), ALL(kENOTDIR)},
    {"OpenRead_ENOTDIR_Slash", OPEN(p + "file/", .read = true), ALL(kENOTDIR)},
    {"OpenRead_ENOTDIR_Flag", OPEN(p + "private", .read = true, .directory = true), ALL(kENOTDIR)},
    {"OpenRead_ENOTDIR_FlagNoFollow",
     OPEN(p + "dirlink", .read = true, .no_follow = true, .directory = true), ALL(kENOTDIR)},
    {"OpenRead_ELOOP", OPEN(p + "loop", .read = true), ALL(kELOOP)},
    {"OpenRead_ELOOP_NoFollow", OPEN(p + "top", .read = true, .no_follow = true), ALL(kELOOP)},
    {"OpenRead_NoFollowBelowLink", OPEN(p + "dirlink/inner", .read = true, .no_follow = true),
     MEMBER_TOO(kEACCES)},
    {"OpenRead_ENAMETOOLONG", OPEN(p + LongName(), .read = true), ALL(kENAMETOOLONG)},
    {"OpenRead_EINVAL_Nul", OPEN(p + std::string("a\0b", 3), .read = true), ALL(kEINVAL)},
    {"OpenWrite_EACCES_File", OPEN(p + "file", .write = true), OWNER_TOO(kEACCES)},
    {"OpenWrite_Shared", OPEN(p + "shared", .write = true), MEMBER_TOO(kEACCES)},
    {"OpenWrite_EISDIR", OPEN(p + "dir", .write = true), ALL(kEISDIR)},
    {"OpenWrite_EISDIR_Closed", OPEN(p + "closed", .write = true), ALL(kEISDIR)},
    {"OpenWrite_ENOENT", OPEN(p + "none", .write = true), ALL(kENOENT)},
    {"OpenWrite_Append", OPEN(p + "private", .write = true, .append = true), OWNER_TOO(kEACCES)},
    {"OpenWrite_Truncate", OPEN(p + "shared", .write = true, .truncate = true),
     MEMBER_TOO(kEACCES)},
    {"OpenBoth_EACCES_File", OPEN(p + "file", .read = true, .write = true), OWNER_TOO(kEACCES)},
    {"OpenCreate_InAny", OPEN(p + "any/new", .write = true, .create = true), ALL(kOk)},
    {"OpenCreate_InDir", OPEN(p + "dir/new", .write = true, .create = true), MEMBER_TOO(kEACCES)},
    {"OpenCreate_InSticky", OPEN(p + "tmp/new", .write = true, .create = true), ALL(kOk)},
    {"OpenCreate_EACCES_InTop", OPEN(p + "new", .write = true, .create = true), ROOT_ONLY(kEACCES)},
    {"OpenCreate_EACCES_InSearch", OPEN(p + "search/new", .write = true, .create = true),
     OWNER_TOO(kEACCES)},
    {"OpenCreate_EACCES_InClosed", OPEN(p + "closed/new", .write = true, .create = true),
     ROOT_ONLY(kEACCES)},
    {"OpenCreate_Existing", OPEN(p + "shared", .write = true, .create = true), MEMBER_TOO(kEACCES)},
    {"OpenCreate_ThroughDangling", OPEN(p + "any/dangling", .write = true, .create = true),
     ALL(kOk)},
    {"OpenCreate_ENOENT", OPEN(p + "none/new", .write = true, .create = true), ALL(kENOENT)},
    {"OpenCreate_ENOENT_Empty", OPEN("", .write = true, .create = true), ALL(kENOENT)},
    {"OpenCreate_ENOTDIR", OPEN(p + "file/new", .write = true, .create = true), ALL(kENOTDIR)},
    {"OpenCreate_EISDIR", OPEN(p + "any/d", .write = true, .create = true), ALL(kEISDIR)},
    {"OpenCreate_EISDIR_ReadOnly", OPEN(p + "any/d", .read = true, .create = true), ALL(kEISDIR)},
    {"OpenCreate_EISDIR_Slash", OPEN(p + "any/new/", .write = true, .create = true), ALL(kEISDIR)},
    {"OpenCreate_EISDIR_Dot", OPEN(p + "any/.", .write = true, .create = true), ALL(kEISDIR)},
    {"OpenCreate_ELOOP", OPEN(p + "loop", .write = true, .create = true), ALL(kELOOP)},
    {"OpenCreate_ELOOP_NoFollow",
     OPEN(p + "any/link", .write = true, .create = true, .no_follow = true), ALL(kELOOP)},
    {"OpenCreate_ELOOP_NoFollowDangling",
     OPEN(p + "any/dangling", .write = true, .create = true, .no_follow = true), ALL(kELOOP)},
    {"OpenCreate_EINVAL_Directory",
     OPEN(p + "any/new", .read = true, .create = true, .directory = true), ALL(kEINVAL)},
    {"OpenCreate_ENAMETOOLONG", OPEN(p + "any/" + LongName(), .write = true, .create = true),
     ALL(kENAMETOOLONG)},
    {"OpenExclusive_InAny", OPEN(p + "any/new", .write = true, .create = true, .exclusive = true),
     ALL(kOk)},
    {"OpenExclusive_EEXIST", OPEN(p + "private", .write = true, .create = true, .exclusive = true),
     ALL(kEEXIST)},
    {"OpenExclusive_EEXIST_Dangling",
     OPEN(p + "any/dangling", .write = true, .create = true, .exclusive = true), ALL(kEEXIST)},
    {"OpenExclusive_EEXIST_Directory",
     OPEN(p + "any/d", .write = true, .create = true, .exclusive = true), ALL(kEEXIST)},
    {"OpenExclusive_EACCES",
     OPEN(p + "closed/inner", .write = true, .create = true, .exclusive = true),
     {kEEXIST, kEACCES, kEACCES, kEACCES}},
    {"OpenExclusive_EACCES_InTop",
     OPEN(p + "new", .write = true, .create = true, .exclusive = true), ROOT_ONLY(kEACCES)},
};

constexpr Row kMaking[] = {
    {"MakeDirectory_InAny", CALL(MakeDirectory(p + "any/new", 0755)), ALL(kOk)},
    {"MakeDirectory_Slash", CALL(MakeDirectory(p + "any/new/", 0755)), ALL(kOk)},
    {"MakeDirectory_InDir", CALL(MakeDirectory(p + "dir/new", 0755)), MEMBER_TOO(kEACCES)},
    {"MakeDirectory_EACCES_InTop", CALL(MakeDirectory(p + "new", 0755)), ROOT_ONLY(kEACCES)},
    {"MakeDirectory_EACCES_InClosed", CALL(MakeDirectory(p + "closed/new", 0755)),
     ROOT_ONLY(kEACCES)},
    {"MakeDirectory_EEXIST", CALL(MakeDirectory(p + "dir", 0755)), ALL(kEEXIST)},
    {"MakeDirectory_EEXIST_File", CALL(MakeDirectory(p + "any/a", 0755)), ALL(kEEXIST)},
    {"MakeDirectory_EEXIST_Dangling", CALL(MakeDirectory(p + "any/dangling", 0755)), ALL(kEEXIST)},
    {"MakeDirectory_EEXIST_Dot", CALL(MakeDirectory(p + "any/.", 0755)), ALL(kEEXIST)},
    {"MakeDirectory_ENOENT", CALL(MakeDirectory(p + "none/new", 0755)), ALL(kENOENT)},
    {"MakeDirectory_ENOENT_Empty", CALL(MakeDirectory("", 0755)), ALL(kENOENT)},
    {"MakeDirectory_ENOTDIR", CALL(MakeDirectory(p + "file/new", 0755)), ALL(kENOTDIR)},
    {"MakeDirectory_ELOOP", CALL(MakeDirectory(p + "loop/new", 0755)), ALL(kELOOP)},
    {"MakeDirectory_ENAMETOOLONG", CALL(MakeDirectory(p + "any/" + LongName(), 0755)),
     ALL(kENAMETOOLONG)},
    {"Symlink_InAny", CALL(Symlink("to", p + "any/new")), ALL(kOk)},
    {"Symlink_EACCES_InTop", CALL(Symlink("to", p + "new")), ROOT_ONLY(kEACCES)},
    {"Symlink_EEXIST", CALL(Symlink("to", p + "any/a")), ALL(kEEXIST)},
    {"Symlink_EEXIST_InTop", CALL(Symlink("to", p + "top")), ALL(kEEXIST)},
    {"Symlink_ENOENT_NoTarget", CALL(Symlink("", p + "any/new")), ALL(kENOENT)},
    {"Symlink_ENOENT", CALL(Symlink("to", p + "none/new")), ALL(kENOENT)},
    {"Symlink_ENOENT_Slash", CALL(Symlink("to", p + "any/new/")), ALL(kENOENT)},
    {"Symlink_ENOTDIR", CALL(Symlink("to", p + "file/new")), ALL(kENOTDIR)},
    {"Symlink_ELOOP", CALL(Symlink("to", p + "loop/new")), ALL(kELOOP)},
    {"Symlink_ENAMETOOLONG", CALL(Symlink("to", p + "any/" + LongName())), ALL(kENAMETOOLONG)},
    {"Symlink_ENAMETOOLONG_Target", CALL(Symlink(LongPath(), p + "any/new")), ALL(kENAMETOOLONG)},
    {"Link_ENOENT", CALL(Link(p + "none", p + "any/new")), ALL(kENOENT)},
    {"Link_ENOENT_To", CALL(Link(p + "any/a", p + "none/new")), ALL(kENOENT)},
    {"Link_EEXIST", CALL(Link(p + "any/a", p + "any/b")), ALL(kEEXIST)},
    {"Link_EEXIST_Self", CALL(Link(p + "any/a", p + "any/a")), ALL(kEEXIST)},
    {"Link_EPERM_Directory", CALL(Link(p + "any/d", p + "any/new")), ALL(kEPERM)},
    {"Link_EACCES_FromClosed", CALL(Link(p + "closed/inner", p + "any/new")), ROOT_ONLY(kEACCES)},
    {"Link_EACCES_ToClosed", CALL(Link(p + "any/a", p + "closed/new")), ROOT_ONLY(kEACCES)},
    {"Link_ENOTDIR", CALL(Link(p + "file/x", p + "any/new")), ALL(kENOTDIR)},
    {"Link_ENOTDIR_To", CALL(Link(p + "any/a", p + "file/new")), ALL(kENOTDIR)},
    {"Link_ELOOP", CALL(Link(p + "loop/x", p + "any/new")), ALL(kELOOP)},
    {"Link_ENAMETOOLONG", CALL(Link(p + "any/a", p + "any/" + LongName())), ALL(kENAMETOOLONG)},
};

constexpr Row kRemoving[] = {
    {"RemoveDirectory_InAny", CALL(RemoveDirectory(p + "any/d")), ALL(kOk)},
    {"RemoveDirectory_Slash", CALL(RemoveDirectory(p + "any/d/")), ALL(kOk)},
    {"RemoveDirectory_EACCES_InTop", CALL(RemoveDirectory(p + "empty")), ROOT_ONLY(kEACCES)},
    {"RemoveDirectory_EPERM_Sticky", CALL(RemoveDirectory(p + "tmp/sub")), OWNER_TOO(kEPERM)},
    {"RemoveDirectory_EPERM_StickyFull",
     CALL(RemoveDirectory(p + "tmp/full")),
     {kENOTEMPTY, kENOTEMPTY, kEPERM, kEPERM}},
    {"RemoveDirectory_ENOTEMPTY", CALL(RemoveDirectory(p + "any/full")), ALL(kENOTEMPTY)},
    {"RemoveDirectory_ENOTEMPTY_DotDot", CALL(RemoveDirectory(p + "any/d/..")), ALL(kENOTEMPTY)},
    {"RemoveDirectory_EINVAL_Dot", CALL(RemoveDirectory(p + "any/d/.")), ALL(kEINVAL)},
    {"RemoveDirectory_EBUSY_Root", CALL(RemoveDirectory("/")), ALL(kEBUSY)},
    {"RemoveDirectory_ENOENT", CALL(RemoveDirectory(p + "any/none")), ALL(kENOENT)},
    {"RemoveDirectory_ENOTDIR", CALL(RemoveDirectory(p + "any/a")), ALL(kENOTDIR)},
    {"RemoveDirectory_ENOTDIR_Link", CALL(RemoveDirectory(p + "any/link")), ALL(kENOTDIR)},
    {"RemoveDirectory_ENOTDIR_Below", CALL(RemoveDirectory(p + "file/x")), ALL(kENOTDIR)},
    {"RemoveDirectory_EACCES_InClosed",
     CALL(RemoveDirectory(p + "closed/inner")),
     {kENOTDIR, kEACCES, kEACCES, kEACCES}},
    {"RemoveDirectory_ENAMETOOLONG", CALL(RemoveDirectory(p + "any/" + LongName())),
     ALL(kENAMETOOLONG)},
    {"Unlink_InAny", CALL(Unlink(p + "any/a")), ALL(kOk)},
    {"Unlink_Dangling", CALL(Unlink(p + "any/dangling")), ALL(kOk)},
    {"Unlink_InDir", CALL(Unlink(p + "dir/inner")), MEMBER_TOO(kEACCES)},
    {"Unlink_EACCES_InTop", CALL(Unlink(p + "file")), ROOT_ONLY(kEACCES)},
    {"Unlink_EACCES_InClosed", CALL(Unlink(p + "closed/inner")), ROOT_ONLY(kEACCES)},
    {"Unlink_EPERM_Sticky", CALL(Unlink(p + "tmp/alices")), OWNER_TOO(kEPERM)},
    {"Unlink_EPERM_StickyRoots", CALL(Unlink(p + "tmp/roots")), ROOT_ONLY(kEPERM)},
    {"Unlink_ENOENT", CALL(Unlink(p + "any/none")), ALL(kENOENT)},
    {"Unlink_ENOENT_Empty", CALL(Unlink("")), ALL(kENOENT)},
    {"Unlink_EISDIR", CALL(Unlink(p + "any/d")), ALL(kEISDIR)},
    {"Unlink_EISDIR_Slash", CALL(Unlink(p + "any/d/")), ALL(kEISDIR)},
    {"Unlink_EISDIR_Dot", CALL(Unlink(p + "any/.")), ALL(kEISDIR)},
    {"Unlink_ENOTDIR", CALL(Unlink(p + "file/x")), ALL(kENOTDIR)},
    {"Unlink_ENOTDIR_Slash", CALL(Unlink(p + "any/a/")), ALL(kENOTDIR)},
    {"Unlink_ELOOP", CALL(Unlink(p + "loop/x")), ALL(kELOOP)},
    {"Unlink_ENAMETOOLONG", CALL(Unlink(p + "any/" + LongName())), ALL(kENAMETOOLONG)},
};

constexpr Row kRenaming[] = {
    {"Rename_InAny", CALL(Rename(p + "any/a", p + "any/new")), ALL(kOk)},
    {"Rename_OverFile", CALL(Rename(p + "any/a", p + "any/b")), ALL(kOk)},
    {"Rename_OverLink", CALL(Rename(p + "any/a", p + "any/dangling")), ALL(kOk)},
    {"Rename_OverEmptyDirectory", CALL(Rename(p + "any/d", p + "any/d2")), ALL(kOk)},
    {"Rename_Same", CALL(Rename(p + "any/a", p + "any/a")), ALL(kOk)},
    {"Rename_SameInode", CALL(Rename(p + "any/a", p + "any/hard")), ALL(kOk)},
    {"Rename_SameInodeSticky", CALL(Rename(p + "tmp/roots", p + "tmp/roots")), ALL(kOk)},
    {"Rename_EACCES_ToTop", CALL(Rename(p + "any/a", p + "new")), ROOT_ONLY(kEACCES)},
    {"Rename_EACCES_FromTop", CALL(Rename(p + "shared", p + "any/new")), ROOT_ONLY(kEACCES)},
    {"Rename_EACCES_ToClosed", CALL(Rename(p + "any/a", p + "closed/new")), ROOT_ONLY(kEACCES)},
    {"Rename_EACCES_MovedDirectory", CALL(Rename(p + "any/d", p + "tmp/d")), OWNER_TOO(kEACCES)},
    {"Rename_EPERM_StickyFrom", CALL(Rename(p + "tmp/alices", p + "tmp/new")), OWNER_TOO(kEPERM)},
    {"Rename_EPERM_StickyOver", CALL(Rename(p + "any/a", p + "tmp/roots")), ROOT_ONLY(kEPERM)},
    {"Rename_ENOENT", CALL(Rename(p + "any/none", p + "any/new")), ALL(kENOENT)},
    {"Rename_ENOENT_To", CALL(Rename(p + "any/a", p + "none/new")), ALL(kENOENT)},
    {"Rename_EISDIR", CALL(Rename(p + "any/a", p + "any/d")), ALL(kEISDIR)},
    {"Rename_ENOTDIR_OverFile", CALL(Rename(p + "any/d", p + "any/a")), ALL(kENOTDIR)},
    {"Rename_ENOTDIR_Below", CALL(Rename(p + "any/a", p + "file/x")), ALL(kENOTDIR)},
    {"Rename_ENOTDIR_Slash", CALL(Rename(p + "any/a/", p + "any/new")), ALL(kENOTDIR)},
    {"Rename_ENOTDIR_ToSlash", CALL(Rename(p + "any/a", p + "any/new/")), ALL(kENOTDIR)},
    {"Rename_ENOTEMPTY", CALL(Rename(p + "any/d", p + "any/full")), ALL(kENOTEMPTY)},
    {"Rename_ENOTEMPTY_Above", CALL(Rename(p + "any/full/x", p + "any/full")), ALL(kENOTEMPTY)},
    {"Rename_EINVAL_IntoItself", CALL(Rename(p + "any/d", p + "any/d/x")), ALL(kEINVAL)},
    {"Rename_EBUSY_Dot", CALL(Rename(p + "any/d/.", p + "any/new")), ALL(kEBUSY)},
    {"Rename_EBUSY_ToDotDot", CALL(Rename(p + "any/a", p + "any/d/..")), ALL(kEBUSY)},
    {"Rename_ELOOP", CALL(Rename(p + "any/a", p + "loop/x")), ALL(kELOOP)},
    {"Rename_ENAMETOOLONG", CALL(Rename(p + "any/a", p + "any/" + LongName())), ALL(kENAMETOOLONG)},
};

constexpr UserId kOwnerId{4001};
constexpr UserId kSomebody{4777};
constexpr auto kSame = std::nullopt;

constexpr Row kAttributes[] = {
    {"ChangeMode_File", CALL(ChangeMode(p + "file", 0600)), OWNER_TOO(kEPERM)},
    {"ChangeMode_Shared", CALL(ChangeMode(p + "shared", 0664)), OWNER_TOO(kEPERM)},
    {"ChangeMode_Roots", CALL(ChangeMode(p + "tmp", 01777)), ROOT_ONLY(kEPERM)},
    {"ChangeMode_ThroughLink", CALL(ChangeMode(p + "top", 0600)), OWNER_TOO(kEPERM)},
    {"ChangeMode_EACCES", CALL(ChangeMode(p + "closed/inner", 0600)), ROOT_ONLY(kEACCES)},
    {"ChangeMode_ENOENT", CALL(ChangeMode(p + "none", 0600)), ALL(kENOENT)},
    {"ChangeMode_ENOENT_Dangling", CALL(ChangeMode(p + "dangling", 0600)), ALL(kENOENT)},
    {"ChangeMode_ENOTDIR", CALL(ChangeMode(p + "file/x", 0600)), ALL(kENOTDIR)},
    {"ChangeMode_ELOOP", CALL(ChangeMode(p + "loop", 0600)), ALL(kELOOP)},
    {"ChangeMode_ENAMETOOLONG", CALL(ChangeMode(p + LongName(), 0600)), ALL(kENAMETOOLONG)},
    {"ChangeOwner_ToItsOwner", CALL(ChangeOwner(p + "plain", kOwnerId, kSame)), OWNER_TOO(kEPERM)},
    {"ChangeOwner_EPERM_ToSomebody", CALL(ChangeOwner(p + "plain", kSomebody, kSame)),
     ROOT_ONLY(kEPERM)},
    {"ChangeOwner_ToItsGroup", CALL(ChangeOwner(p + "plain", kSame, kStaffGroup)),
     OWNER_TOO(kEPERM)},
    {"ChangeOwner_EPERM_ToForeignGroup", CALL(ChangeOwner(p + "plain", kSame, kForeignGroup)),
     ROOT_ONLY(kEPERM)},
    {"ChangeOwner_Nothing", CALL(ChangeOwner(p + "plain", kSame, kSame)), ALL(kOk)},
    {"ChangeOwner_NothingOfSetIds", CALL(ChangeOwner(p + "setids", kSame, kSame)),
     OWNER_TOO(kEPERM)},
    {"ChangeOwner_LinkItself", CALL(ChangeOwner(p + "dangling", kSomebody, kSame)),
     ROOT_ONLY(kEPERM)},
    {"ChangeOwner_EACCES", CALL(ChangeOwner(p + "closed/inner", kOwnerId, kSame)),
     ROOT_ONLY(kEACCES)},
    {"ChangeOwner_ENOENT", CALL(ChangeOwner(p + "none", kOwnerId, kSame)), ALL(kENOENT)},
    {"ChangeOwner_ENOTDIR", CALL(ChangeOwner(p + "file/x", kOwnerId, kSame)), ALL(kENOTDIR)},
    {"ChangeOwner_ELOOP", CALL(ChangeOwner(p + "loop/x", kOwnerId, kSame)), ALL(kELOOP)},
    {"ChangeOwner_ENAMETOOLONG", CALL(ChangeOwner(p + LongName(), kOwnerId, kSame)),
     ALL(kENAMETOOLONG)},
    {"SetTimes_File", CALL(SetTimes(p + "file", absl::UnixEpoch(), absl::UnixEpoch())),
     OWNER_TOO(kEPERM)},
    {"SetTimes_EPERM_Shared", CALL(SetTimes(p + "shared", absl::UnixEpoch(), absl::UnixEpoch())),
     OWNER_TOO(kEPERM)},
    {"SetTimes_EACCES", CALL(SetTimes(p + "closed/inner", absl::UnixEpoch(), absl::UnixEpoch())),
     ROOT_ONLY(kEACCES)},
    {"SetTimes_ENOENT", CALL(SetTimes(p + "dangling", absl::UnixEpoch(), absl::UnixEpoch())),
     ALL(kENOENT)},
    {"SetTimes_ENOTDIR", CALL(SetTimes(p + "file/x", absl::UnixEpoch(), absl::UnixEpoch())),
     ALL(kENOTDIR)},
    {"SetTimes_ELOOP", CALL(SetTimes(p + "loop", absl::UnixEpoch(), absl::UnixEpoch())),
     ALL(kELOOP)},
    {"SetTimes_ENAMETOOLONG", CALL(SetTimes(p + LongName(), absl::UnixEpoch(), absl::UnixEpoch())),
     ALL(kENAMETOOLONG)},
};

constexpr auto kFlock = LockKind::kFlock;
constexpr auto kFcntl = LockKind::kFcntl;
constexpr auto kShared = LockMode::kShared;
constexpr auto kExclusive = LockMode::kExclusive;
constexpr auto kNo = LockWait::kNo;
constexpr auto kYes = LockWait::kYes;
constexpr uint64_t kTooLarge = std::numeric_limits<uint64_t>::max();

constexpr Row kOpenFiles[] = {
    {"Read_File", ON_FILE(p + "plain", Read(0, absl::MakeSpan(buffer)), .read = true), ALL(kOk)},
    {"Read_EBADF",
     ON_FILE(p + "any/new", Read(0, absl::MakeSpan(buffer)), .write = true, .create = true),
     ALL(kEBADF)},
    {"Read_EISDIR", ON_FILE(p + "any", Read(0, absl::MakeSpan(buffer)), .read = true),
     ALL(kEISDIR)},
    {"Write_New", ON_FILE(p + "any/new", Write(0, "x"), .write = true, .create = true), ALL(kOk)},
    {"Write_EBADF", ON_FILE(p + "plain", Write(0, "x"), .read = true), ALL(kEBADF)},
    {"Write_EBADF_Directory", ON_FILE(p + "any", Write(0, "x"), .read = true), ALL(kEBADF)},
    {"Truncate_New", ON_FILE(p + "any/new", Truncate(10), .write = true, .create = true), ALL(kOk)},
    {"Truncate_EINVAL", ON_FILE(p + "plain", Truncate(0), .read = true), ALL(kEINVAL)},
    {"Truncate_EFBIG", ON_FILE(p + "any/new", Truncate(kTooLarge), .write = true, .create = true),
     ALL(kEFBIG)},
    {"FileStat_Plain", ON_FILE(p + "plain", Stat(), .read = true), ALL(kOk)},
    {"FileChangeMode_Plain", ON_FILE(p + "plain", ChangeMode(0644), .read = true),
     OWNER_TOO(kEPERM)},
    {"FileChangeOwner_ToItsOwner", ON_FILE(p + "plain", ChangeOwner(kOwnerId, kSame), .read = true),
     OWNER_TOO(kEPERM)},
    {"FileChangeOwner_EPERM_ToSomebody",
     ON_FILE(p + "plain", ChangeOwner(kSomebody, kSame), .read = true), ROOT_ONLY(kEPERM)},
    {"FileChangeOwner_EPERM_ToForeignGroup",
     ON_FILE(p + "plain", ChangeOwner(kSame, kForeignGroup), .read = true), ROOT_ONLY(kEPERM)},
    {"Sync_ReadOnly", ON_FILE(p + "plain", Sync(), .read = true), ALL(kOk)},
    {"Sync_Directory", ON_FILE(p + "any", Sync(), .read = true), ALL(kOk)},
    {"Flock_ExclusiveOfReadOnly", ON_FILE(p + "plain", Lock(kFlock, kExclusive, kNo), .read = true),
     ALL(kOk)},
    {"Flock_Directory", ON_FILE(p + "any", Lock(kFlock, kExclusive, kNo), .read = true), ALL(kOk)},
    {"Flock_Waiting", ON_FILE(p + "plain", Lock(kFlock, kShared, kYes), .read = true), ALL(kOk)},
    {"Fcntl_Shared", ON_FILE(p + "plain", Lock(kFcntl, kShared, kNo), .read = true), ALL(kOk)},
    {"Fcntl_EBADF_ExclusiveOfReadOnly",
     ON_FILE(p + "plain", Lock(kFcntl, kExclusive, kNo), .read = true), ALL(kEBADF)},
    {"Fcntl_EBADF_Waiting", ON_FILE(p + "plain", Lock(kFcntl, kExclusive, kYes), .read = true),
     ALL(kEBADF)},
    {"Fcntl_EBADF_SharedOfWriteOnly",
     ON_FILE(p + "any/new", Lock(kFcntl, kShared, kNo), .write = true, .create = true),
     ALL(kEBADF)},
    {"Unlock_NotLocked", ON_FILE(p + "plain", Unlock(kFlock), .read = true), ALL(kOk)},
    {"Unlock_NotLockedFcntl", ON_FILE(p + "plain", Unlock(kFcntl), .read = true), ALL(kOk)},
};

// What is about /proc/sys/fs/protected_*. The results hold from `level` on.
struct ProtectedRow {
  const char* setting;
  int level;
  Row row;
};

constexpr ProtectedRow kProtected[] = {
    {"protected_symlinks",
     1,
     {"Symlinks_OthersLinkInSticky",
      OPEN(p + "tmp/link", .read = true),
      {kEACCES, kOk, kEACCES, kEACCES}}},
    {"protected_symlinks",
     1,
     {"Symlinks_StatInSticky", CALL(Stat(p + "tmp/link")), {kEACCES, kOk, kEACCES, kEACCES}}},
    {"protected_symlinks",
     0,
     {"Symlinks_LinkStatInSticky", CALL(LinkStat(p + "tmp/link")), ALL(kOk)}},
    {"protected_symlinks",
     1,
     {"Symlinks_DirectoryOwnersLink", OPEN(p + "tmp/rootlink", .read = true), ALL(kOk)}},
    {"protected_regular",
     1,
     {"Regular_CreateOpensOthersInSticky",
      OPEN(p + "tmp/alices", .write = true, .create = true),
      {kEACCES, kOk, kEACCES, kEACCES}}},
    {"protected_regular",
     0,
     {"Regular_WithoutCreate", OPEN(p + "tmp/alices", .write = true), MEMBER_TOO(kEACCES)}},
    {"protected_hardlinks",
     1,
     {"Link_EACCES_InTop", CALL(Link(p + "shared", p + "new")), {kOk, kEACCES, kEACCES, kEPERM}}},
    {"protected_hardlinks",
     1,
     {"Link_OwnFile", CALL(Link(p + "any/b", p + "dir/new")), {kOk, kOk, kEPERM, kEACCES}}},
    {"protected_hardlinks",
     1,
     {"Hardlinks_SharedFile", CALL(Link(p + "any/a", p + "any/new")), MEMBER_TOO(kEPERM)}},
    {"protected_hardlinks",
     1,
     {"Hardlinks_ReadableFile", CALL(Link(p + "any/b", p + "any/new")), OWNER_TOO(kEPERM)}},
    {"protected_hardlinks",
     1,
     {"Hardlinks_SetIds", CALL(Link(p + "setids", p + "any/new")), OWNER_TOO(kEPERM)}},
    {"protected_hardlinks",
     1,
     {"Hardlinks_RootsLink", CALL(Link(p + "any/dangling", p + "any/new")), ROOT_ONLY(kEPERM)}},
};

struct Case {
  Row row;
  Who who;
  const char* setting = nullptr;
  int level = 0;
};

std::vector<Case> AllCases() {
  std::vector<Case> cases;
  const auto add = [&](const Row& row, const char* setting, int level) {
    for (int i = 0; i < kCallers; ++i) {
      cases.push_back({row, static_cast<Who>(i), setting, level});
    }
  };
  const auto add_all = [&](const auto& rows) {
    for (const Row& row : rows) add(row, nullptr, 0);
  };
  add_all(kLookUp);
  add_all(kOpens);
  add_all(kMaking);
  add_all(kRemoving);
  add_all(kRenaming);
  add_all(kAttributes);
  add_all(kOpenFiles);
  for (const ProtectedRow& protects : kProtected) {
    add(protects.row, protects.setting, protects.level);
  }
  return cases;
}

// A Program takes no arguments of ours.
const Case* running = nullptr;

Task<int> RunCase(Environment& env, Arguments arguments) {
  const std::string at = arguments[1];
  const absl::Status made = co_await MakeTree(env.files(), at);
  EXPECT_TRUE(made.ok()) << made;
  if (running->setting != nullptr) {
    EXPECT_OK(co_await env.files().Symlink("alices", at + "/tmp/link"));
    EXPECT_OK(co_await env.files().ChangeOwner(at + "/tmp/link", kOwnerId, kSame));
    EXPECT_OK(co_await env.files().Symlink("alices", at + "/tmp/rootlink"));
  }
  std::unique_ptr<FileSystem> files = env.files().As(IdentityOf(running->who));
  const absl::Status status = co_await running->row.act(*files, at);
  const Errno expected = running->row.results[static_cast<int>(running->who)];
  EXPECT_EQ(ErrnoName(ErrnoOf(status)), ErrnoName(expected)) << status;
  EXPECT_EQ(status.ok(), expected == kOk) << status;
  co_return 0;
}

// The cases of one world. On Linux those are left out whose setting in /proc/sys/fs is not in force
// here: it is the machine's, and not ours to change. Debian 12 has them all in force.
std::vector<std::tuple<ContractWorld, Case>> CasesOf(const ContractWorld& world, bool is_linux) {
  std::vector<std::tuple<ContractWorld, Case>> cases;
  std::set<std::string> left_out;
  for (const Case& row : AllCases()) {
    if (is_linux && row.setting != nullptr && !MachineProtects(row.setting, row.level)) {
      left_out.insert(row.setting);
    } else {
      cases.emplace_back(world, row);
    }
  }
  for (const std::string& setting : left_out) {
    std::printf("note: /proc/sys/fs/%s is not in force; compared in the simulator only\n",
                setting.c_str());
  }
  return cases;
}

std::vector<std::tuple<ContractWorld, Case>> CasesOfBoth() {
  auto cases = CasesOf({"Simulated", &MakeSimulatedHost}, /*is_linux=*/false);
  const auto on_linux = CasesOf({"Linux", &MakeLinuxHost}, /*is_linux=*/true);
  cases.insert(cases.end(), on_linux.begin(), on_linux.end());
  return cases;
}

class FileSystemCalls : public testing::TestWithParam<std::tuple<ContractWorld, Case>> {};

TEST_P(FileSystemCalls, GiveWhatLinuxGives) {
  const auto& [world, row] = GetParam();
  running = &row;
  EXPECT_EQ(world.make()->Run(&RunCase), 0);
}

INSTANTIATE_TEST_SUITE_P(Both, FileSystemCalls, testing::ValuesIn(CasesOfBoth()),
                         [](const auto& info) {
                           return absl::StrCat(std::get<0>(info.param).name, "_",
                                               std::get<1>(info.param).row.name, "_",
                                               WhoName(std::get<1>(info.param).who));
                         });

}  // namespace
}  // namespace stagepost
