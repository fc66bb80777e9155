#include "mta/queue/queue.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "mta/async/deadline.h"
#include "mta/base/errno.h"
#include "mta/base/status_macros.h"
#include "mta/queue/mail_queue_listing.h"
#include "mta/queue/queue_directory.h"
#include "mta/queue/queue_gather.h"
#include "mta/queue/queue_id.h"

namespace stagepost {
namespace {

class DirectoryQueue final : public Queue {
 public:
  DirectoryQueue(Environment& env, QueueLayout layout, std::vector<QueuePlace> places)
      : env_(env),
        state_{env, std::move(layout), std::move(places),
               QueueIdSource(env.process().pid(),
                             static_cast<uint32_t>(env.random().Uniform(kQueueIdsPerSecond))),
               SpareFiles(env)} {}

  const QueueLayout& layout() const override { return state_.layout; }
  std::vector<std::string> ChangeLayout(QueueLayout wanted) override {
    return stagepost::ChangeLayout(std::move(wanted), state_.layout);
  }

  std::string NewId() override { return state_.ids.Next(env_.clock().WallNow()); }

  Task<absl::StatusOr<std::unique_ptr<IncomingMessage>>> Create(std::string id,
                                                                std::string group) override {
    if (env_.probes().Buggify("queue: a new file takes long")) {
      CO_RETURN_IF_ERROR(co_await Sleep(absl::Seconds(10)));
    }
    const QueueGroupLayout* found = layout().FindGroup(group);
    const size_t index = found == nullptr ? 0 : static_cast<size_t>(found - layout().groups.data());
    co_return co_await CreateIncomingMessage(state_, ChoosePlace(state_, index), std::move(id));
  }

  Task<absl::StatusOr<std::unique_ptr<QueuedMessage>>> Lock(std::string id,
                                                            QueueFileKind kind) override {
    if (!IsQueueId(id)) co_return absl::NotFoundError("no queue id");
    for (const QueuePlace& place : state_.places) {
      absl::StatusOr<std::unique_ptr<QueuedMessage>> message =
          co_await LockQueuedMessage(state_, place, id, kind);
      if (!absl::IsNotFound(message.status())) co_return std::move(message);
    }
    co_return absl::NotFoundError(absl::StrCat("no message ", id));
  }

  Task<absl::StatusOr<std::vector<std::string>>> List(QueueSelection selection,
                                                      GatherFor purpose) override {
    std::vector<std::string> ids;
    for (size_t group = 0; group < layout().groups.size(); ++group) {
      const QueueGroupLayout& wanted = layout().groups[group];
      const bool is_named = absl::EqualsIgnoreCase(selection.group, wanted.name);
      if (!selection.group.empty() && !is_named) continue;
      if (purpose == GatherFor::kRun && wanted.runners == 0 && !is_named) continue;
      CO_ASSIGN_OR_RETURN(std::vector<QueueCandidate> found,
                          co_await ListGroup(group, selection, purpose));
      if (purpose == GatherFor::kRun) KeepForRun(wanted, selection, found);
      for (const QueueCandidate& candidate : found) ids.push_back(candidate.id.str());
    }
    co_return std::move(ids);
  }

  Task<absl::Status> Print(QueueSelection selection, bool verbose) override {
    co_return co_await PrintMailQueue(state_, std::move(selection), verbose);
  }

  void BeginReceiving() override { state_.spares.BeginReceiving(); }
  Task<void> EndReceiving() override {
    co_await Shield(kQueueCleanupGrace, state_.spares.EndReceiving());
  }

  Task<absl::Status> RemoveOrphans() override {
    // A body may lie in another directory than its control file.
    std::vector<CompactQueueId> in_use;
    for (const QueuePlace& place : state_.places) {
      CO_RETURN_IF_ERROR(co_await AddIdsInUse(place, in_use));
    }
    std::sort(in_use.begin(), in_use.end());
    absl::Status first_error;
    for (const QueuePlace& place : state_.places) {
      first_error.Update(co_await RemoveOrphans("df", place.data, in_use));
      first_error.Update(co_await RemoveOrphans("tf", place.control, in_use));
      first_error.Update(co_await RemoveOrphans("xf", place.transcript, in_use));
      first_error.Update(co_await RemoveLeftSpares(place.control));
      if (place.data != place.control) first_error.Update(co_await RemoveLeftSpares(place.data));
      if (absl::IsCancelled(first_error)) break;
    }
    co_return first_error;
  }

  Task<absl::StatusOr<bool>> HasRoom(std::string id, std::string peer,
                                     int64_t message_bytes) override {
    if (layout().min_free_blocks <= 0) co_return true;
    uint64_t most = 0;
    std::string where;
    const MonotonicTime now = env_.clock().MonotonicNow();
    if (ample_space_.asked.has_value() && now - *ample_space_.asked < kSpaceGlance &&
        HasRoom(ample_space_.space, message_bytes, kAmpleBytes)) {
      co_return true;
    }
    for (const QueuePlace& place : state_.places) {
      if (place.group != 0) continue;
      CO_ASSIGN_OR_RETURN(const FreeSpace space,
                          co_await env_.files().GetFreeSpace(QueuePlace::DirectoryOf(place.data)));
      if (HasRoom(space, message_bytes, 0)) {
        ample_space_ = {now, space};
        co_return true;
      }
      if (where.empty() || space.free_blocks > most) where = place.shown;
      most = std::max(most, space.free_blocks);
    }
    env_.log().Write(Severity::kAlert,
                     absl::StrCat(id, ": low on space (", peer.empty() ? "SMTP-DAEMON" : peer,
                                  " needs ", message_bytes, " bytes + ", layout().min_free_blocks,
                                  " blocks in ", where, "), max avail: ", most));
    co_return false;
  }

 private:
  // What a file system had, and when.
  struct Space {
    std::optional<MonotonicTime> asked;
    FreeSpace space;
  };
  // Nobody fills up so much in so short a time: until then the file system need not be asked again.
  static constexpr absl::Duration kSpaceGlance = absl::Milliseconds(50);
  static constexpr uint64_t kAmpleBytes = uint64_t{1} << 30;

  // Whether a message has room, MinFreeBlocks beside it, and `margin_bytes` more.
  bool HasRoom(const FreeSpace& space, int64_t message_bytes, uint64_t margin_bytes) const {
    const uint64_t block = std::max<uint64_t>(space.block_bytes, 1);
    const uint64_t bytes = static_cast<uint64_t>(std::max<int64_t>(message_bytes, 0));
    return space.free_blocks >
           static_cast<uint64_t>(layout().min_free_blocks) + (bytes + margin_bytes) / block;
  }

  Task<absl::StatusOr<std::vector<QueueCandidate>>> ListGroup(size_t group,
                                                              const QueueSelection& selection,
                                                              GatherFor purpose) {
    std::vector<QueueCandidate> all;
    for (const QueuePlace& place : state_.places) {
      if (place.group != group) continue;
      CO_ASSIGN_OR_RETURN(const std::vector<CompactQueueId> names,
                          co_await ListIds(state_, place, selection));
      CO_ASSIGN_OR_RETURN(std::vector<QueueCandidate> found,
                          co_await ReadCandidates(state_, place, selection, names, purpose));
      const size_t limit = static_cast<size_t>(std::max<int64_t>(layout().max_run_size, 0));
      if (purpose == GatherFor::kRun && limit > 0 && found.size() > limit) {
        env_.log().Write(Severity::kWarning,
                         absl::StrCat("WorkList for ", place.shown, " maxed out at ", limit));
        found.resize(limit);
      }
      std::move(found.begin(), found.end(), std::back_inserter(all));
    }
    SortCandidates(state_, all);
    co_return std::move(all);
  }

  // Takes out what is not to be tried now.
  void KeepForRun(const QueueGroupLayout& group, const QueueSelection& selection,
                  std::vector<QueueCandidate>& candidates) {
    const double load = env_.host().load_average();
    const auto waits = [&](const QueueCandidate& candidate) {
      return (candidate.too_young && !selection.is_narrow()) ||
             IsOnlyQueued(layout(), load, candidate.priority);
    };
    candidates.erase(std::remove_if(candidates.begin(), candidates.end(), waits), candidates.end());
    const size_t jobs = static_cast<size_t>(group.max_jobs);
    if (jobs > 0 && candidates.size() > jobs) candidates.resize(jobs);
  }

  static bool IsControlPrefix(absl::string_view prefix) {
    return prefix == "qf" || prefix == "hf" || prefix == "Qf";
  }

  // Adds the ids of the control files of a place.
  Task<absl::Status> AddIdsInUse(const QueuePlace& place, std::vector<CompactQueueId>& ids) {
    co_return co_await ReadQueueFileNames(env_.files(), QueuePlace::DirectoryOf(place.control),
                                          [&ids](absl::string_view kind, const CompactQueueId& id) {
                                            if (IsControlPrefix(kind)) ids.push_back(id);
                                          });
  }

  Task<absl::Status> RemoveOrphans(absl::string_view kind, const std::string& prefix,
                                   const std::vector<CompactQueueId>& in_use) {
    std::vector<CompactQueueId> orphans;
    CO_RETURN_IF_ERROR(co_await ReadQueueFileNames(
        env_.files(), QueuePlace::DirectoryOf(prefix),
        [&](absl::string_view found, const CompactQueueId& id) {
          if (found != kind || std::binary_search(in_use.begin(), in_use.end(), id)) return;
          orphans.push_back(id);
        }));
    std::sort(orphans.begin(), orphans.end());
    absl::Status first_error;
    for (const CompactQueueId& orphan : orphans) {
      const std::string id = orphan.str();
      const absl::Status status = co_await RemoveIfOrphan(absl::StrCat(prefix, kind, id), id);
      if (!absl::IsNotFound(status)) first_error.Update(status);
      if (absl::IsCancelled(status)) co_return status;
    }
    co_return first_error;
  }

  // A file that seems to be left behind, locked; null: a process that lives works with it, such as
  // one that is still receiving the message. Age alone proves nothing when the clock was set.
  Task<absl::StatusOr<std::unique_ptr<File>>> LockLeftFile(std::string name) {
    const OpenOptions options = {.read = true, .no_follow = true, .non_blocking = true};
    CO_ASSIGN_OR_RETURN(std::unique_ptr<File> file, co_await env_.files().Open(name, options));
    const absl::Status locked =
        co_await file->Lock(LockKind::kFlock, LockMode::kExclusive, LockWait::kNo);
    if (ErrnoOf(locked) == Errno::kEAGAIN) co_return nullptr;
    CO_RETURN_IF_ERROR(locked);
    co_return std::move(file);
  }

  Task<absl::Status> RemoveLeftSpares(const std::string& prefix) {
    CO_ASSIGN_OR_RETURN(const std::unique_ptr<DirectoryReader> reader,
                        co_await env_.files().OpenDirectory(QueuePlace::DirectoryOf(prefix)));
    std::set<std::string> names;
    while (true) {
      CO_ASSIGN_OR_RETURN(const absl::Span<const DirectoryName> entries, co_await reader->Next());
      if (entries.empty()) break;
      for (const DirectoryName& entry : entries) {
        if (absl::StartsWith(entry.name, kSparePrefix)) names.emplace(entry.name);
      }
    }
    absl::Status first_error;
    for (const std::string& name : names) {
      const absl::Status status = co_await RemoveIfUnlocked(absl::StrCat(prefix, name));
      if (!absl::IsNotFound(status)) first_error.Update(status);
      if (absl::IsCancelled(status)) co_return status;
    }
    co_return first_error;
  }

  Task<absl::Status> RemoveIfUnlocked(std::string name) {
    CO_ASSIGN_OR_RETURN(const std::unique_ptr<File> file, co_await LockLeftFile(name));
    if (file == nullptr) co_return absl::OkStatus();
    env_.probes().Reached("queue: spare file of a crashed process removed");
    co_return co_await env_.files().Unlink(name);
  }

  // Whether some control file has that id by now.
  Task<absl::StatusOr<bool>> HasControlFile(const std::string& id) {
    for (const QueuePlace& place : state_.places) {
      for (const QueueFileKind kind :
           {QueueFileKind::kWaiting, QueueFileKind::kQuarantined, QueueFileKind::kLost}) {
        const absl::StatusOr<FileStat> message =
            co_await env_.files().LinkStat(place.ControlFile(kind, id));
        if (message.ok()) co_return true;
        if (!absl::IsNotFound(message.status())) co_return message.status();
      }
    }
    co_return false;
  }

  Task<absl::Status> RemoveIfOrphan(std::string name, const std::string& id) {
    CO_ASSIGN_OR_RETURN(const FileStat stat, co_await env_.files().LinkStat(name));
    if (stat.type != FileType::kRegular) co_return absl::OkStatus();
    if (env_.clock().WallNow() - stat.modified < kOrphanAge) co_return absl::OkStatus();
    CO_ASSIGN_OR_RETURN(const std::unique_ptr<File> file, co_await LockLeftFile(name));
    if (file == nullptr) co_return absl::OkStatus();
    CO_ASSIGN_OR_RETURN(const bool is_in_use, co_await HasControlFile(id));
    if (is_in_use) co_return absl::OkStatus();
    env_.probes().Reached("queue: orphan removed");
    co_return co_await env_.files().Unlink(name);
  }

  Environment& env_;
  QueueState state_;
  Space ample_space_;  // of the directory that was the last to have room
};

}  // namespace

Task<absl::StatusOr<std::unique_ptr<Queue>>> OpenQueue(Environment& env, QueueLayout layout) {
  CO_ASSIGN_OR_RETURN(std::vector<QueuePlace> places, co_await FindQueuePlaces(env, layout));
  co_return std::make_unique<DirectoryQueue>(env, std::move(layout), std::move(places));
}

}  // namespace stagepost
