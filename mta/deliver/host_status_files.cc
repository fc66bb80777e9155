#include "mta/deliver/host_status_files.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace stagepost {
namespace {

constexpr size_t kMaxDepth = 64;
constexpr size_t kShort = 25, kLong = 78;
constexpr FileMode kWritableByOthers = 022;

// "00:00:31", "1+03:46:40".
std::string Age(absl::Duration age) {
  const int64_t seconds = std::max<int64_t>(0, absl::ToInt64Seconds(age));
  const std::string days = seconds < 86'400 ? "" : absl::StrCat(seconds / 86'400, "+");
  return absl::StrFormat("%s%02d:%02d:%02d", days, seconds / 3600 % 24, seconds / 60 % 60,
                         seconds % 60);
}

}  // namespace

Task<std::vector<std::string>> HostStatusFiles(Environment& env, std::string directory) {
  struct Place {
    std::string path;  // below `directory`; empty, or with a slash at its end
    size_t depth = 0;
  };
  std::vector<std::string> files;
  std::vector<Place> places = {{}};
  while (!places.empty() && files.size() < kMaxHostStatusFiles) {
    const Place place = std::move(places.back());
    places.pop_back();
    const auto entries =
        co_await env.files().ListDirectory(absl::StrCat(directory, "/", place.path));
    if (!entries.ok()) continue;
    for (const DirectoryEntry& entry : *entries) {
      if (absl::StartsWith(entry.name, ".")) continue;
      std::string path = absl::StrCat(place.path, entry.name);
      if (entry.type == FileType::kRegular) {
        files.push_back(std::move(path));
      } else if (entry.type == FileType::kDirectory && place.depth < kMaxDepth) {
        places.push_back({absl::StrCat(path, "/"), place.depth + 1});
      }
    }
  }
  std::sort(files.begin(), files.end());
  co_return files;
}

Task<absl::StatusOr<HostStatusFile>> ReadHostStatusFile(Environment& env, std::string path) {
  absl::StatusOr<std::unique_ptr<File>> file =
      co_await env.files().Open(path, {.read = true, .no_follow = true, .non_blocking = true});
  if (!file.ok()) co_return file.status();
  const absl::StatusOr<FileStat> stat = co_await (*file)->Stat();
  if (!stat.ok()) co_return stat.status();
  if (stat->type != FileType::kRegular) co_return absl::NotFoundError("not a file");
  HostStatusFile found = {.record = HostRecord(), .modified = stat->modified};
  const absl::Status lock =
      co_await (*file)->Lock(LockKind::kFlock, LockMode::kShared, LockWait::kNo);
  found.locked = !lock.ok();
  if ((stat->mode & kWritableByOthers) != 0) {
    found.record = absl::FailedPreconditionError("Group or world writable file");
    co_return found;
  }
  std::string text(kMaxHostRecordBytes + 1, '\0');
  size_t size = 0;
  while (size < text.size()) {
    const absl::StatusOr<size_t> read =
        co_await (*file)->Read(size, absl::MakeSpan(&text[size], text.size() - size));
    if (!read.ok()) co_return read.status();
    if (*read == 0) break;
    size += *read;
  }
  text.resize(size);
  found.record = ParseHostRecord(text);
  co_return found;
}

std::string HostStatusLine(absl::string_view host, const HostStatusFile& file, absl::Time now,
                           bool verbose) {
  if (!file.record.ok()) return "";
  const std::string result = DescribeRecord(*file.record);
  return absl::StrFormat("%c%-39s %12s %s\n", file.locked ? '*' : ' ', OneLine(host),
                         Age(now - file.record->used), result.substr(0, verbose ? kLong : kShort));
}

}  // namespace stagepost
