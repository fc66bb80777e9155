#include "mta/queue/queue.h"

#include <algorithm>
#include <limits>
#include <set>
#include <tuple>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "mta/async/deadline.h"
#include "mta/base/errno.h"
#include "mta/base/status_macros.h"
#include "mta/queue/queue_directory.h"
#include "mta/queue/queue_file.h"
#include "mta/queue/queue_id.h"

namespace stagepost {
namespace {

struct Candidate {
  QueueOrder order;
  std::string id;
};

// Reads as much of qf<id> as its place in the order needs; kNotFound: it is gone.
Task<absl::StatusOr<QueueOrder>> ReadOrder(Environment& env, absl::string_view id) {
  const OpenOptions options = {.read = true, .no_follow = true, .non_blocking = true};
  CO_ASSIGN_OR_RETURN(std::unique_ptr<File> file,
                      co_await env.files().Open(ControlFileName(id), options));
  char buffer[kQueueOrderBytes];
  CO_ASSIGN_OR_RETURN(const size_t read, co_await ReadFully(*file, absl::MakeSpan(buffer)));
  const std::optional<QueueOrder> order = FindQueueOrder(absl::string_view(buffer, read));
  if (!order.has_value()) co_return absl::DataLossError("no priority");
  co_return *order;
}

// Ids of the files of one kind in the directory, sorted.
std::set<std::string> IdsOf(const std::vector<DirectoryEntry>& entries, absl::string_view kind) {
  std::set<std::string> ids;
  for (const DirectoryEntry& entry : entries) {
    const absl::string_view name = entry.name;
    if (absl::StartsWith(name, kind) && IsQueueId(name.substr(kind.size()))) {
      ids.emplace(name.substr(kind.size()));
    }
  }
  return ids;
}

class DirectoryQueue final : public Queue {
 public:
  explicit DirectoryQueue(Environment& env)
      : env_(env),
        ids_(env.process().pid(), static_cast<uint32_t>(env.random().Uniform(kQueueIdsPerSecond))) {
  }

  std::string NewId() override { return ids_.Next(env_.clock().WallNow()); }

  Task<absl::StatusOr<std::unique_ptr<IncomingMessage>>> Create(std::string id) override {
    if (env_.probes().Buggify("queue: a new file takes long")) {
      CO_RETURN_IF_ERROR(co_await Sleep(absl::Seconds(10)));
    }
    co_return co_await CreateIncomingMessage(env_, std::move(id));
  }

  Task<absl::StatusOr<std::unique_ptr<QueuedMessage>>> Lock(std::string id) override {
    if (!IsQueueId(id)) co_return absl::NotFoundError("no queue id");
    co_return co_await LockQueuedMessage(env_, std::move(id));
  }

  Task<absl::StatusOr<std::vector<std::string>>> List() override {
    CO_ASSIGN_OR_RETURN(const std::vector<DirectoryEntry> entries,
                        co_await env_.files().ListDirectory("."));
    constexpr int64_t kLast = std::numeric_limits<int64_t>::max();
    std::vector<Candidate> candidates;
    for (const std::string& id : IdsOf(entries, "qf")) {
      const absl::StatusOr<QueueOrder> order = co_await ReadOrder(env_, id);
      if (absl::IsNotFound(order.status())) continue;
      if (absl::IsCancelled(order.status())) co_return order.status();
      candidates.push_back({order.ok() ? *order : QueueOrder{kLast, kLast}, id});
    }
    std::sort(candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) {
      return std::tie(a.order.priority, a.order.created, a.id) <
             std::tie(b.order.priority, b.order.created, b.id);
    });
    std::vector<std::string> ids;
    for (Candidate& candidate : candidates) ids.push_back(std::move(candidate.id));
    co_return std::move(ids);
  }

  Task<absl::Status> RemoveOrphans() override {
    CO_ASSIGN_OR_RETURN(const std::vector<DirectoryEntry> entries,
                        co_await env_.files().ListDirectory("."));
    const std::set<std::string> messages = IdsOf(entries, "qf");
    absl::Status first_error;
    for (const absl::string_view kind : {"df", "tf"}) {
      for (const std::string& id : IdsOf(entries, kind)) {
        if (messages.count(id) != 0) continue;
        const absl::Status status = co_await RemoveIfOrphan(absl::StrCat(kind, id), id);
        if (!absl::IsNotFound(status)) first_error.Update(status);
        if (absl::IsCancelled(status)) co_return status;
      }
    }
    co_return first_error;
  }

 private:
  Task<absl::Status> RemoveIfOrphan(std::string name, absl::string_view id) {
    CO_ASSIGN_OR_RETURN(const FileStat stat, co_await env_.files().LinkStat(name));
    if (stat.type != FileType::kRegular) co_return absl::OkStatus();
    if (env_.clock().WallNow() - stat.modified < kOrphanAge) co_return absl::OkStatus();
    const OpenOptions options = {.read = true, .no_follow = true, .non_blocking = true};
    CO_ASSIGN_OR_RETURN(std::unique_ptr<File> file, co_await env_.files().Open(name, options));
    // Whoever is still receiving the message holds this lock; age alone proves nothing when the
    // clock was set.
    const absl::Status locked =
        co_await file->Lock(LockKind::kFlock, LockMode::kExclusive, LockWait::kNo);
    if (ErrnoOf(locked) == Errno::kEAGAIN) co_return absl::OkStatus();
    CO_RETURN_IF_ERROR(locked);
    const absl::StatusOr<FileStat> message = co_await env_.files().LinkStat(ControlFileName(id));
    if (message.ok()) co_return absl::OkStatus();
    if (!absl::IsNotFound(message.status())) co_return message.status();
    env_.probes().Reached("queue: orphan removed");
    co_return co_await env_.files().Unlink(name);
  }

  Environment& env_;
  QueueIdSource ids_;
};

}  // namespace

Task<absl::StatusOr<std::unique_ptr<Queue>>> OpenQueue(Environment& env, std::string directory) {
  const absl::Status entered = co_await env.process().ChangeDirectory(directory);
  if (ErrnoOf(entered) != Errno::kOk) {
    if (!absl::EndsWith(directory, "/")) directory.push_back('/');
    co_return ErrnoStatus(ErrnoOf(entered), absl::StrCat("can not chdir(", directory, ")"));
  }
  CO_RETURN_IF_ERROR(entered);
  co_return std::make_unique<DirectoryQueue>(env);
}

}  // namespace stagepost
