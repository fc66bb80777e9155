#include "mta/maptools/map_path.h"

#include <algorithm>
#include <deque>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "mta/base/errno.h"
#include "mta/base/status_macros.h"

namespace stagepost {
namespace {

constexpr int kMaxLinks = 32;  // symbolic links followed on the way
constexpr FileMode kRead = 4, kWrite = 2, kExecute = 1;

// `trusted`: whose files are as good as one's own.
bool Permits(const Identity& who, std::optional<UserId> trusted, const FileStat& file,
             FileMode wanted) {
  FileMode bits = file.mode;
  if (file.owner == who.user || file.owner == trusted) {
    bits >>= 6;
  } else if (file.group == who.group ||
             std::count(who.supplementary.begin(), who.supplementary.end(), file.group) > 0) {
    bits >>= 3;
  }
  return (bits & wanted) == wanted;
}

// Goes from directory to directory.
class DirectoryWalk {
 public:
  DirectoryWalk(Environment& env, const Identity& who, absl::string_view directory,
                std::string& warnings)
      : env_(env), who_(who), warnings_(warnings) {
    Push(directory);
  }

  Task<absl::Status> Run() {
    while (!pending_.empty()) {
      const std::string component = std::move(pending_.front());
      pending_.pop_front();
      CO_RETURN_IF_ERROR(co_await Enter(component));
    }
    co_return absl::OkStatus();
  }

 private:
  void Push(absl::string_view path) {
    std::deque<std::string> components = absl::StrSplit(path, '/', absl::SkipEmpty());
    if (absl::StartsWith(path, "/")) {
      here_.clear();
      components.push_front("/");
    }
    pending_.insert(pending_.begin(), components.begin(), components.end());
  }

  std::string Below(const std::string& component) const {
    if (here_.empty()) return component;
    return absl::EndsWith(here_, "/") ? here_ + component : absl::StrCat(here_, "/", component);
  }

  Task<absl::Status> Enter(std::string component) {
    const std::string path = Below(component);
    const absl::StatusOr<FileStat> found = co_await env_.files().LinkStat(path);
    if (!found.ok()) co_return found.status();
    if (found->type == FileType::kSymlink) {
      if (++links_ > kMaxLinks) co_return ErrnoStatus(Errno::kELOOP, path);
      CO_ASSIGN_OR_RETURN(const std::string target, co_await env_.files().ReadLink(path));
      Push(target);
      co_return absl::OkStatus();
    }
    if (component != ".." && (found->mode & 022) != 0) {
      absl::StrAppend(&warnings_, "WARNING: ", (found->mode & 02) != 0 ? "World" : "Group",
                      " writable directory ", path, "\n");
    }
    if (!Permits(who_, std::nullopt, *found, kExecute)) {
      co_return ErrnoStatus(Errno::kEACCES, path);
    }
    here_ = path;
    co_return absl::OkStatus();
  }

  Environment& env_;
  const Identity& who_;
  std::string& warnings_;
  std::deque<std::string> pending_;
  std::string here_;  // empty: the working directory
  int links_ = 0;
};

absl::Status CheckFile(const Identity& who, const FileStat& file, const MapAccess& access,
                       bool symbolic_link) {
  if (symbolic_link && !access.allow_links) {
    return absl::FailedPreconditionError("Symbolic links not allowed");
  }
  if (file.type != FileType::kRegular) return absl::FailedPreconditionError("Regular files only");
  if (access.write && (file.mode & 0111) != 0) {
    return absl::FailedPreconditionError("Executable files not allowed");
  }
  if (file.links != 1 && !access.allow_links) {
    return absl::FailedPreconditionError("Hard links not allowed");
  }
  if (!Permits(who, access.trusted, file, access.write ? kRead | kWrite : kRead))
    return ErrnoStatus(Errno::kEACCES, "map");
  return absl::OkStatus();
}

// Whether a file may be made in `directory`.
Task<absl::Status> CheckCreation(Environment& env, const Identity& who,
                                 std::optional<UserId> trusted, std::string directory) {
  CO_ASSIGN_OR_RETURN(const FileStat found, co_await env.files().Stat(directory));
  co_return Permits(who, trusted, found, kWrite | kExecute) ? absl::OkStatus()
                                                            : ErrnoStatus(Errno::kEACCES, "map");
}

}  // namespace

std::string MapFileName(absl::string_view map) {
  return absl::EndsWith(map, ".db") ? std::string(map) : absl::StrCat(map, ".db");
}

Task<absl::StatusOr<std::optional<FileStat>>> CheckMapPath(Environment& env, std::string path,
                                                           MapAccess access,
                                                           std::string& warnings) {
  const size_t slash = path.rfind('/');
  const std::string directory = slash == std::string::npos ? "."
                                : slash == 0               ? "/"
                                                           : path.substr(0, slash);
  const Identity who = env.process().credentials().effective();
  DirectoryWalk walk(env, who, directory, warnings);
  CO_RETURN_IF_ERROR(co_await walk.Run());
  absl::StatusOr<FileStat> found = co_await env.files().LinkStat(path);
  const bool symbolic_link = found.ok() && found->type == FileType::kSymlink;
  if (symbolic_link && access.allow_links) {
    found = co_await env.files().Stat(path);
    // As the exclusive creation that would follow.
    if (ErrnoOf(found.status()) == Errno::kENOENT && access.create)
      co_return ErrnoStatus(Errno::kEEXIST, "map");
  }
  if (ErrnoOf(found.status()) == Errno::kENOENT && access.create) {
    CO_RETURN_IF_ERROR(co_await CheckCreation(env, who, access.trusted, directory));
    co_return std::nullopt;
  }
  CO_RETURN_IF_ERROR(found.status());
  CO_RETURN_IF_ERROR(CheckFile(who, *found, access, symbolic_link));
  co_return *found;
}

std::string MapErrorText(const absl::Status& status) {
  const Errno error = ErrnoOf(status);
  return std::string(error == Errno::kOk ? status.message() : ErrnoText(error));
}

}  // namespace stagepost
