// Calls on files: opening them, their attributes, what is open.
#include <cstdint>
#include <iterator>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "conformance/contract/file_system_contract_rows.h"
#include "gtest/gtest.h"

namespace stagepost {
namespace {

using enum Errno;

constexpr auto kFlock = LockKind::kFlock;
constexpr auto kFcntl = LockKind::kFcntl;
constexpr auto kShared = LockMode::kShared;
constexpr auto kExclusive = LockMode::kExclusive;
constexpr auto kNo = LockWait::kNo;
constexpr auto kYes = LockWait::kYes;
constexpr uint64_t kTooLarge = std::numeric_limits<uint64_t>::max();

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

}  // namespace

std::vector<Row> RowsOfFiles() {
  std::vector<Row> rows;
  const auto add = [&](const auto& table) {
    rows.insert(rows.end(), std::begin(table), std::end(table));
  };
  add(kOpens);
  add(kAttributes);
  add(kOpenFiles);
  return rows;
}

std::vector<ProtectedRow> RowsOfProtection() {
  return std::vector<ProtectedRow>(std::begin(kProtected), std::end(kProtected));
}

}  // namespace stagepost
