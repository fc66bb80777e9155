#include "conformance/contract/file_system_contract_util.h"

#include <fstream>
#include <vector>

#include "absl/strings/str_cat.h"
#include "mta/base/status_macros.h"

namespace stagepost {
namespace {

struct Made {
  const char* name;
  FileMode mode;
  bool roots = false;
};

}  // namespace

const char* WhoName(Who who) {
  constexpr const char* kNames[] = {"Root", "Owner", "Member", "Other"};
  return kNames[static_cast<int>(who)];
}

Identity IdentityOf(Who who) {
  switch (who) {
    case Who::kRoot:
      return Identity();
    case Who::kOwner:
      return {UserId{4001}, GroupId{4001}, {kStaffGroup, GroupId{4001}}};
    case Who::kMember:
      return {UserId{4002}, GroupId{4002}, {kStaffGroup, GroupId{4002}}};
    case Who::kOther:
      return {UserId{4003}, GroupId{4003}, {GroupId{4003}}};
  }
  return Identity();
}

Task<absl::Status> MakeFile(FileSystem& files, std::string path, FileMode mode, std::string text) {
  CO_RETURN_IF_ERROR(co_await WriteFile(files, path, text));
  co_return co_await files.ChangeMode(path, mode);
}

Task<absl::StatusOr<std::string>> TextOf(FileSystem& files, std::string path) {
  const OpenOptions options = kReadOnly;
  CO_ASSIGN_OR_RETURN(std::unique_ptr<File> file, co_await files.Open(path, options));
  std::string text;
  std::vector<char> buffer(1000);
  while (true) {
    CO_ASSIGN_OR_RETURN(const size_t got, co_await file->Read(text.size(), absl::MakeSpan(buffer)));
    if (got == 0) co_return text;
    text.append(buffer.data(), got);
  }
}

Task<absl::Status> MakeTree(FileSystem& files, std::string at) {
  static constexpr Made kTree[] = {
      {"file", 0640},           {"private", 0600},         {"plain", 0644},
      {"shared", 0664},         {"setids", 06755},         {"dir/", 0770},
      {"dir/inner", 0644},      {"empty/", 0755},          {"search/", 0711},
      {"search/inner", 0644},   {"readable/", 0744},       {"readable/inner", 0644},
      {"closed/", 0700, true},  {"closed/inner", 0644},    {"tmp/", 01777, true},
      {"tmp/alices", 0664},     {"tmp/roots", 0644, true}, {"tmp/sub/", 0755},
      {"tmp/full/", 0755},      {"tmp/full/x", 0644},      {"any/", 0777, true},
      {"any/a", 0664},          {"any/b", 0644},           {"any/d/", 0755},
      {"any/d2/", 0755},        {"any/full/", 0755},       {"any/full/x", 0644},
      {"setgid/", 02775, true},
  };
  static constexpr const char* kLinks[][2] = {
      {"made", "any/dangling"}, {"a", "any/link"},    {"file", "top"},
      {"dir", "dirlink"},       {"none", "dangling"}, {"loop", "loop"},
  };
  for (const Made& made : kTree) {
    const std::string path = absl::StrCat(at, "/", made.name);
    if (path.back() == '/') {
      CO_RETURN_IF_ERROR(co_await files.MakeDirectory(path, 0700));
    } else {
      CO_RETURN_IF_ERROR(co_await WriteFile(files, path, "hello"));
    }
    const UserId owner = made.roots ? kRootUser : IdentityOf(Who::kOwner).user;
    const bool closed = made.roots && made.mode != 02775;
    CO_RETURN_IF_ERROR(co_await files.ChangeOwner(path, owner, closed ? kRootGroup : kStaffGroup));
    CO_RETURN_IF_ERROR(co_await files.ChangeMode(path, made.mode));
  }
  for (const auto& [target, path] : kLinks) {
    CO_RETURN_IF_ERROR(co_await files.Symlink(target, absl::StrCat(at, "/", path)));
  }
  co_return co_await files.Link(at + "/any/a", at + "/any/hard");
}

bool MachineProtects(const char* name, int wanted) {
  std::ifstream setting(absl::StrCat("/proc/sys/fs/", name));
  int value = 0;
  setting >> value;
  return value >= wanted;
}

}  // namespace stagepost
