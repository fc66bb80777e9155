#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "mta/base/errno.h"
#include "mta/base/status_macros.h"
#include "mta/queue/queue_directory.h"

namespace stagepost {
namespace {

absl::Status CannotOpen(const std::string& path, const absl::Status& why) {
  if (ErrnoOf(why) == Errno::kOk) return why;
  return ErrnoStatus(ErrnoOf(why), absl::StrCat("can not opendir(", path, ")"));
}

// Relative to the base: "" for the base itself, "q1/" for one below.
std::string RelativePrefix(const QueueLayout& layout, absl::string_view path) {
  if (absl::StrCat(path, "/") == layout.base || path == layout.base) return "";
  absl::ConsumePrefix(&path, layout.base);
  return absl::StrCat(path, "/");
}

Task<absl::StatusOr<bool>> IsDirectory(Environment& env, std::string path) {
  const absl::StatusOr<FileStat> stat = co_await env.files().Stat(path);
  if (ErrnoOf(stat.status()) == Errno::kENOENT) co_return false;
  CO_RETURN_IF_ERROR(stat.status());
  co_return stat->type == FileType::kDirectory;
}

Task<absl::StatusOr<QueuePlace>> MakePlace(Environment& env, const QueueLayout& layout,
                                           size_t group, std::string path) {
  QueuePlace place;
  place.group = group;
  place.shown = path;
  const std::string prefix = RelativePrefix(layout, path);
  if (!prefix.empty()) {
    const absl::StatusOr<FileStat> stat =
        co_await env.files().Stat(QueuePlace::DirectoryOf(prefix));
    if (!stat.ok()) co_return CannotOpen(path, stat.status());
    if (stat->type != FileType::kDirectory) {
      co_return ErrnoStatus(Errno::kENOTDIR, absl::StrCat("can not opendir(", path, ")"));
    }
  }
  place.control = place.data = place.transcript = prefix;
  for (const auto& [name, field] : {std::pair("qf", &place.control), std::pair("df", &place.data),
                                    std::pair("xf", &place.transcript)}) {
    CO_ASSIGN_OR_RETURN(const bool there, co_await IsDirectory(env, absl::StrCat(prefix, name)));
    if (there) *field = absl::StrCat(prefix, name, "/");
  }
  if (place.data != prefix) absl::StrAppend(&place.shown, "/df");
  co_return std::move(place);
}

// Directories whose path begins with `beginning`, sorted.
Task<absl::StatusOr<std::vector<std::string>>> Expand(Environment& env, std::string beginning) {
  const size_t slash = beginning.rfind('/');
  const std::string parent = beginning.substr(0, slash + 1);
  const std::string name = beginning.substr(slash + 1);
  const absl::StatusOr<std::vector<DirectoryEntry>> entries =
      co_await env.files().ListDirectory(parent.empty() ? "." : parent);
  if (!entries.ok()) co_return CannotOpen(beginning, entries.status());
  std::vector<std::string> paths;
  for (const DirectoryEntry& entry : *entries) {
    if (!absl::StartsWith(entry.name, name) || absl::StartsWith(entry.name, ".")) continue;
    if (entry.type != FileType::kDirectory && entry.type != FileType::kSymlink) continue;
    const std::string path = parent + entry.name;
    CO_ASSIGN_OR_RETURN(const bool directory, co_await IsDirectory(env, path));
    if (directory) paths.push_back(path);
  }
  if (paths.empty()) co_return CannotOpen(beginning, ErrnoStatus(Errno::kENOENT, beginning));
  std::sort(paths.begin(), paths.end());
  co_return std::move(paths);
}

// The queue of a submission program has to be writable by its group, and by nobody else.
Task<absl::Status> CheckPermissions(Environment& env, const QueueLayout& layout) {
  CO_ASSIGN_OR_RETURN(const FileStat stat, co_await env.files().Stat("."));
  if ((stat.mode & 0002) != 0) {
    env.log().Write(Severity::kError,
                    absl::StrFormat("dangerous permissions=%o on queue directory %s",
                                    stat.mode | 040000, layout.base));
  }
  co_return absl::OkStatus();
}

Task<absl::Status> AddPlaces(Environment& env, const QueueLayout& layout, size_t group,
                             std::vector<QueuePlace>& places) {
  const QueueGroupLayout& wanted = layout.groups[group];
  std::vector<std::string> paths = {wanted.path};
  if (wanted.wildcard) {
    CO_ASSIGN_OR_RETURN(paths, co_await Expand(env, wanted.path));
  }
  for (const std::string& path : paths) {
    CO_ASSIGN_OR_RETURN(QueuePlace place, co_await MakePlace(env, layout, group, path));
    places.push_back(std::move(place));
  }
  co_return absl::OkStatus();
}

}  // namespace

Task<absl::StatusOr<std::vector<QueuePlace>>> FindQueuePlaces(Environment& env,
                                                              const QueueLayout& layout) {
  const absl::Status entered = co_await env.process().ChangeDirectory(layout.base);
  if (ErrnoOf(entered) != Errno::kOk) {
    co_return ErrnoStatus(ErrnoOf(entered), absl::StrCat("can not chdir(", layout.base, ")"));
  }
  CO_RETURN_IF_ERROR(entered);
  if (layout.submission) CO_RETURN_IF_ERROR(co_await CheckPermissions(env, layout));
  std::vector<QueuePlace> places;
  absl::Status failed;
  std::string messages;
  for (size_t group = 0; group < layout.groups.size(); ++group) {
    const absl::Status status = co_await AddPlaces(env, layout, group, places);
    if (status.ok()) continue;
    if (ErrnoOf(status) == Errno::kOk) co_return status;
    failed = status;
    absl::StrAppend(&messages, messages.empty() ? "" : "\n", status.message());
  }
  if (failed.ok()) co_return std::move(places);
  const std::string ending = absl::StrCat(": ", ErrnoText(ErrnoOf(failed)));
  co_return ErrnoStatus(ErrnoOf(failed), absl::StripSuffix(messages, ending));
}

}  // namespace stagepost
