#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "mta/async/deadline.h"
#include "mta/base/check.h"
#include "mta/base/errno.h"
#include "mta/base/status_macros.h"
#include "mta/queue/queue_directory.h"
#include "mta/queue/queue_file.h"

namespace stagepost {
namespace {

class LockedMessage final : public QueuedMessage {
 public:
  LockedMessage(Environment& env, Envelope envelope, std::unique_ptr<File> control,
                std::unique_ptr<File> data)
      : env_(env),
        envelope_(std::move(envelope)),
        control_(std::move(control)),
        data_(std::move(data)) {}

  Envelope& envelope() override { return envelope_; }

  Task<absl::StatusOr<size_t>> ReadBody(uint64_t offset, absl::Span<char> buffer) override {
    co_return co_await data_->Read(offset, buffer);
  }

  Task<absl::Status> Update() override {
    absl::Status status = co_await Shield(kCommitGrace, Rewrite());
    if (!status.ok()) {
      (void)co_await Shield(kQueueCleanupGrace,
                            UnlinkIfPresent(env_.files(), TemporaryFileName(envelope_.id)));
    }
    co_return status;
  }

  Task<absl::Status> Remove() override { co_return co_await Shield(kCommitGrace, RemoveFiles()); }

 private:
  Task<absl::Status> Rewrite() {
    CO_ASSIGN_OR_RETURN(std::unique_ptr<File> control,
                        co_await WriteTemporaryFile(env_, envelope_));
    CO_RETURN_IF_ERROR(co_await env_.files().Rename(TemporaryFileName(envelope_.id),
                                                    ControlFileName(envelope_.id)));
    // Closing the old file lets whoever waits for its lock find out that it is no longer qf.
    control_ = std::move(control);
    co_return co_await env_.files().SyncDirectory(".");
  }

  // The df file goes only when the qf file can no longer come back in a crash: a qf file without
  // its body would be a message that nobody can deliver.
  Task<absl::Status> RemoveFiles() {
    CO_RETURN_IF_ERROR(co_await UnlinkIfPresent(env_.files(), ControlFileName(envelope_.id)));
    CO_RETURN_IF_ERROR(co_await env_.files().SyncDirectory("."));
    co_return co_await UnlinkIfPresent(env_.files(), DataFileName(envelope_.id));
  }

  Environment& env_;
  Envelope envelope_;
  std::unique_ptr<File> control_;  // qf, locked
  std::unique_ptr<File> data_;     // df
};

absl::Status Unusable(absl::string_view name, absl::string_view what) {
  return absl::DataLossError(absl::StrCat(name, ": ", what));
}

// Whether a file of the queue is one that we, or sendmail as root, have made.
absl::Status CheckQueueFile(Environment& env, absl::string_view name, const FileStat& stat) {
  if (stat.type != FileType::kRegular) return Unusable(name, "not a regular file");
  const UserId self = env.process().credentials().effective_user;
  if (stat.owner != self && stat.owner != kRootUser) return Unusable(name, "wrong owner");
  if ((stat.mode & 022) != 0) return Unusable(name, "writable by group or others");
  return absl::OkStatus();
}

Task<absl::StatusOr<std::string>> ReadWholeFile(File& file, absl::string_view name,
                                                size_t max_bytes) {
  CO_ASSIGN_OR_RETURN(const FileStat stat, co_await file.Stat());
  if (stat.size > max_bytes) co_return Unusable(name, "file too large");
  std::string text(stat.size, '\0');
  CO_ASSIGN_OR_RETURN(const size_t read, co_await ReadFully(file, absl::MakeSpan(text)));
  text.resize(read);
  co_return std::move(text);
}

// Opens and locks qf<id>, and sees that it still is qf<id> afterwards.
Task<absl::StatusOr<std::unique_ptr<File>>> LockControlFile(Environment& env,
                                                            absl::string_view id) {
  const std::string name = ControlFileName(id);
  const OpenOptions options = {.read = true, .no_follow = true, .non_blocking = true};
  CO_ASSIGN_OR_RETURN(std::unique_ptr<File> file, co_await env.files().Open(name, options));
  const absl::Status locked =
      co_await file->Lock(LockKind::kFlock, LockMode::kExclusive, LockWait::kNo);
  if (ErrnoOf(locked) == Errno::kEAGAIN) {
    co_return absl::AbortedError(absl::StrCat(id, " is locked"));
  }
  CO_RETURN_IF_ERROR(locked);
  CO_ASSIGN_OR_RETURN(const FileStat ours, co_await file->Stat());
  CO_ASSIGN_OR_RETURN(const FileStat named, co_await env.files().LinkStat(name));
  if (ours.inode != named.inode || ours.device != named.device) {
    env.probes().Reached("queue: locked a qf file that had been replaced");
    co_return absl::AbortedError(absl::StrCat(id, " was rewritten by another"));
  }
  CO_RETURN_IF_ERROR(CheckQueueFile(env, name, ours));
  co_return std::move(file);
}

// A qf file without its df file was never accepted: the sync of the directory that makes a message
// durable covers both names, and Remove() takes qf first. It is what a crash between the rename and
// that sync may leave, or somebody's hand. It is kept under sendmail's name for queue files that
// cannot be used, where no queue run trips over it again. REQUIRES: the qf file is locked by us.
Task<absl::Status> SetAside(Environment& env, std::string id) {
  env.probes().Reached("queue: set aside a qf file that has no df file");
  CO_RETURN_IF_ERROR(co_await env.files().Rename(ControlFileName(id), LostFileName(id)));
  CO_RETURN_IF_ERROR(co_await env.files().SyncDirectory("."));
  co_return Unusable(DataFileName(id),
                     absl::StrCat("no such file; ", ControlFileName(id), " is now ",
                                  LostFileName(id)));
}

}  // namespace

Task<absl::StatusOr<std::unique_ptr<QueuedMessage>>> LockQueuedMessage(Environment& env,
                                                                       std::string id) {
  CO_ASSIGN_OR_RETURN(std::unique_ptr<File> control, co_await LockControlFile(env, id));
  const std::string control_name = ControlFileName(id), data_name = DataFileName(id);
  CO_ASSIGN_OR_RETURN(const std::string text,
                      co_await ReadWholeFile(*control, control_name, kMaxQueueFileBytes));
  CO_ASSIGN_OR_RETURN(Envelope envelope, ParseQueueFile(control_name, text));
  const OpenOptions options = {.read = true, .no_follow = true, .non_blocking = true};
  absl::StatusOr<std::unique_ptr<File>> data = co_await env.files().Open(data_name, options);
  if (ErrnoOf(data.status()) == Errno::kENOENT) co_return co_await SetAside(env, std::move(id));
  CO_RETURN_IF_ERROR(data.status());
  CO_ASSIGN_OR_RETURN(const FileStat stat, co_await (*data)->Stat());
  CO_RETURN_IF_ERROR(CheckQueueFile(env, data_name, stat));
  envelope.id = std::move(id);
  envelope.body_bytes = static_cast<int64_t>(stat.size);
  co_return std::make_unique<LockedMessage>(env, std::move(envelope), std::move(control),
                                            *std::move(data));
}

}  // namespace stagepost
