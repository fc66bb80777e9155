#include "mta/deliver/host_status.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "mta/base/errno.h"
#include "mta/base/sysexits.h"
#include "mta/deliver/host_status_files.h"

namespace stagepost {
namespace {

constexpr FileMode kDirectoryMode = 0755;
constexpr FileMode kFileMode = 0600;

// Whether what was learnt `then` still counts. A time that has not come yet is a clock put back.
bool StillCounts(const Options& options, absl::Time then, absl::Time now) {
  return absl::AbsDuration(now - then) < options.timeout(TimeoutId::kHostStatus);
}

HostRecord RecordOf(const std::optional<DeliveryResult>& failure, std::string reply,
                    absl::Time now) {
  HostRecord record;
  record.used = now;
  record.dsn = "2.0.0";
  record.reply = std::move(reply);
  if (failure.has_value()) {
    record.error = failure->error;
    record.exit_code = failure->exit_code == 0 ? kExitTemporaryFailure : failure->exit_code;
    record.dsn = failure->dsn;
    record.no_name_server = failure->dsn == "4.4.3";
  }
  return record;
}

}  // namespace

std::string HostStatusDirectory(const Options& options) {
  const std::string& directory = options.Text(OptionId::kHostStatusDirectory);
  if (directory.empty() || directory[0] == '/') return directory;
  const absl::string_view queue = options.Text(OptionId::kQueueDirectory);
  // "/var/spool/mqueue/q*": groups of directories lie side by side.
  const bool wildcard = absl::EndsWith(queue, "*");
  const absl::string_view base =
      wildcard ? queue.substr(0, queue.rfind('/')) : absl::StripSuffix(queue, "/");
  return absl::StrCat(base, "/", directory);
}

Task<std::optional<DeliveryResult>> HostStatus::FailureOf(Site& site, std::string host) {
  const std::optional<HostRecord> record = co_await Find(site.configuration().options, host);
  if (!record.has_value() || !record->failed()) co_return std::nullopt;
  co_return ResultOfRecord(*record, host);
}

Task<std::optional<HostRecord>> HostStatus::Find(const Options& options, absl::string_view host) {
  const absl::Time now = env_.clock().WallNow();
  const auto known = failures_.find(absl::AsciiStrToLower(host));
  if (known != failures_.end()) {
    if (StillCounts(options, known->second.used, now)) co_return known->second;
    failures_.erase(known);
  }
  const std::string directory = HostStatusDirectory(options);
  const std::optional<std::string> path = HostRecordPath(host);
  if (directory.empty() || !path.has_value()) co_return std::nullopt;
  std::optional<HostRecord> record = co_await Read(absl::StrCat(directory, "/", *path));
  if (record.has_value() && !StillCounts(options, record->used, now)) record.reset();
  co_return record;
}

Task<std::optional<HostRecord>> HostStatus::Read(std::string path) {
  absl::StatusOr<HostStatusFile> file = co_await ReadHostStatusFile(env_, path);
  if (!file.ok()) co_return std::nullopt;
  if (!file->record.ok()) {
    env_.log().Write(Severity::kCritical,
                     absl::StrCat(path, ": ", file->record.status().message()));
    co_return std::nullopt;
  }
  co_return *std::move(file->record);
}

Task<void> HostStatus::Note(Site& site, std::string host, std::optional<DeliveryResult> failure,
                            std::string reply) {
  const HostRecord record = RecordOf(failure, std::move(reply), env_.clock().WallNow());
  const std::string key = absl::AsciiStrToLower(host);
  if (!record.failed()) {
    failures_.erase(key);
  } else if (in_memory_) {
    Remember(key, record);
  }
  std::string directory = HostStatusDirectory(site.configuration().options);
  std::optional<std::string> path = HostRecordPath(host);
  if (directory.empty() || !path.has_value()) co_return;
  co_await Write(std::move(directory), *std::move(path), record);
}

void HostStatus::Remember(const std::string& host, HostRecord record) {
  by_time_.emplace_back(record.used, host);
  failures_[host] = std::move(record);
  while (by_time_.size() > kMaxKnownHosts) {
    const auto& [time, oldest] = by_time_.front();
    const auto found = failures_.find(oldest);
    if (found != failures_.end() && found->second.used == time) failures_.erase(found);
    by_time_.pop_front();
  }
}

// Makes the directories that lead to it, too, but not the one that the option names.
Task<std::shared_ptr<File>> HostStatus::OpenForWriting(std::string directory, std::string path) {
  const OpenOptions options = {.read = true,
                               .write = true,
                               .create = true,
                               .no_follow = true,
                               .non_blocking = true,
                               .mode = kFileMode};
  const std::string full = absl::StrCat(directory, "/", path);
  absl::StatusOr<std::unique_ptr<File>> file = co_await env_.files().Open(full, options);
  if (!file.ok() && ErrnoOf(file.status()) == Errno::kENOENT) {
    for (size_t slash = path.find('/'); slash != path.npos; slash = path.find('/', slash + 1)) {
      (void)co_await env_.files().MakeDirectory(absl::StrCat(directory, "/", path.substr(0, slash)),
                                                kDirectoryMode);
    }
    file = co_await env_.files().Open(full, options);
  }
  if (!file.ok()) co_return nullptr;
  const absl::StatusOr<FileStat> stat = co_await (*file)->Stat();
  if (!stat.ok() || stat->type != FileType::kRegular || stat->links != 1) co_return nullptr;
  co_return *std::move(file);
}

Task<void> HostStatus::Write(std::string directory, std::string path, const HostRecord& record) {
  const std::string text = WriteHostRecord(record);
  const auto held = held_->find(HostOfRecordPath(path));
  std::shared_ptr<File> file = held == held_->end() ? nullptr : held->second;
  if (file == nullptr) {
    file = co_await OpenForWriting(std::move(directory), std::move(path));
    if (file == nullptr) co_return;
    // Whoever has it locked will write what he knows, and later.
    const absl::Status locked =
        co_await file->Lock(LockKind::kFlock, LockMode::kExclusive, LockWait::kNo);
    if (!locked.ok()) co_return;
  }
  if (!(co_await file->Truncate(0)).ok()) co_return;
  size_t done = 0;
  while (done < text.size()) {
    const absl::StatusOr<size_t> wrote =
        co_await file->Write(done, absl::string_view(text).substr(done));
    if (!wrote.ok() || *wrote == 0) co_return;
    done += *wrote;
  }
}

Task<std::unique_ptr<HostStatus::Hold>> HostStatus::HoldHost(Site& site, std::string host) {
  const Options& options = site.configuration().options;
  const std::string directory = HostStatusDirectory(options);
  const std::optional<std::string> path = HostRecordPath(host);
  const bool single = options.Flag(OptionId::kSingleThreadDelivery);
  if (!single || directory.empty() || !path.has_value()) {
    co_return std::make_unique<Hold>(held_, "");
  }
  std::string key = HostOfRecordPath(*path);
  if (!held_->emplace(key, nullptr).second) co_return nullptr;
  auto hold = std::make_unique<Hold>(held_, key);
  std::shared_ptr<File> file = co_await OpenForWriting(directory, *path);
  if (file == nullptr) co_return std::move(hold);
  const absl::Status locked =
      co_await file->Lock(LockKind::kFlock, LockMode::kExclusive, LockWait::kNo);
  if (!locked.ok()) co_return nullptr;
  (*held_)[key] = std::move(file);
  co_return std::move(hold);
}

}  // namespace stagepost
