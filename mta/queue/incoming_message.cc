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

namespace stagepost {
namespace {

// Body bytes kept back so that a message trickling in by lines is not written by lines.
constexpr size_t kBodyBuffer = 32 * 1024;

// sendmail's RecipientFactor: what each recipient adds to the priority value of a message.
constexpr int64_t kRecipientFactor = 30'000;

// Bytes of the message as it would be sent with LF line ends, conditional fields left out.
int64_t MessageBytes(const Envelope& envelope) {
  int64_t bytes = envelope.body_bytes + 1;
  for (const HeaderField& field : envelope.header) {
    if (!field.mailer_flags.empty()) continue;
    bytes += static_cast<int64_t>(field.name.size() + 1 + field.value.size() + 1);
  }
  return bytes;
}

class NewMessage final : public IncomingMessage {
 public:
  NewMessage(Environment& env, std::string id, std::unique_ptr<File> data)
      : env_(env), id_(std::move(id)), data_(std::move(data)) {}

  const std::string& id() const override { return id_; }

  Task<absl::Status> AppendBody(absl::string_view bytes) override {
    while (!bytes.empty() && failure_.ok()) {
      const size_t taken = std::min(bytes.size(), kBodyBuffer - buffer_.size());
      absl::StrAppend(&buffer_, bytes.substr(0, taken));
      bytes.remove_prefix(taken);
      if (buffer_.size() == kBodyBuffer) co_await Flush();
    }
    co_return failure_;
  }

  Task<absl::Status> Commit(Envelope& envelope) override {
    CHECK(state_ == State::kReceiving);
    absl::Status status = co_await Shield(kCommitGrace, MakeDurable(envelope));
    // The first error says what went wrong; what cannot be removed is found as an orphan.
    if (!status.ok()) (void)co_await Shield(kQueueCleanupGrace, RemoveFiles());
    co_return status;
  }

  void HandOver() override {
    CHECK(state_ == State::kCommitted);
    control_.reset();
  }

  Task<absl::Status> Abandon() override {
    CHECK(state_ != State::kCommitted);
    co_return co_await Shield(kQueueCleanupGrace, RemoveFiles());
  }

 private:
  enum class State {
    kReceiving,
    kRenaming,  // qf may exist
    kCommitted,
    kRemoved,
  };

  // Failures stay: what follows a hole in the body must not be accepted.
  Task<void> Flush() {
    absl::Status status = co_await WriteAllAt(*data_, written_, buffer_);
    if (status.ok()) {
      written_ += buffer_.size();
      buffer_.clear();
    }
    failure_.Update(status);
  }

  Task<absl::Status> MakeDurable(Envelope& envelope) {
    if (failure_.ok() && !buffer_.empty()) co_await Flush();
    CO_RETURN_IF_ERROR(failure_);
    // A failed sync is not tried again: the kernel may have dropped the pages and call them clean.
    CO_RETURN_IF_ERROR(co_await data_->Sync());
    CO_ASSIGN_OR_RETURN(const FileStat stat, co_await data_->Stat());
    envelope.id = id_;
    envelope.created = absl::FromUnixSeconds(absl::ToUnixSeconds(env_.clock().WallNow()));
    envelope.last_attempt = absl::InfinitePast();
    envelope.attempts = 0;
    envelope.data_file = {stat.device, stat.inode};
    envelope.body_bytes = static_cast<int64_t>(written_);
    envelope.priority = MessageBytes(envelope) +
                        kRecipientFactor * static_cast<int64_t>(envelope.recipients.size());
    CO_ASSIGN_OR_RETURN(control_, co_await WriteTemporaryFile(env_, envelope));
    state_ = State::kRenaming;
    CO_RETURN_IF_ERROR(co_await env_.files().Rename(TemporaryFileName(id_), ControlFileName(id_)));
    if (env_.probes().Buggify("queue: a long wait before the sync that commits")) {
      CO_RETURN_IF_ERROR(co_await Sleep(absl::Seconds(2)));
    }
    CO_RETURN_IF_ERROR(co_await env_.files().SyncDirectory("."));
    state_ = State::kCommitted;
    data_.reset();
    co_return absl::OkStatus();
  }

  // qf first: while it is there, the message exists.
  Task<absl::Status> RemoveFiles() {
    if (state_ == State::kRenaming) {
      env_.probes().Reached("queue: commit failed after the rename");
      CO_RETURN_IF_ERROR(co_await UnlinkIfPresent(env_.files(), ControlFileName(id_)));
      // Best effort: should a crash bring the qf file back, the message comes twice.
      (void)co_await env_.files().SyncDirectory(".");
    }
    absl::Status status = co_await UnlinkIfPresent(env_.files(), TemporaryFileName(id_));
    status.Update(co_await UnlinkIfPresent(env_.files(), DataFileName(id_)));
    if (status.ok()) state_ = State::kRemoved;
    failure_.Update(absl::FailedPreconditionError("the message was abandoned"));
    control_.reset();
    data_.reset();
    co_return status;
  }

  Environment& env_;
  const std::string id_;
  std::unique_ptr<File> data_;     // df, locked against RemoveOrphans()
  std::unique_ptr<File> control_;  // qf, locked; set by Commit()
  std::string buffer_;             // body bytes behind written_
  uint64_t written_ = 0;
  absl::Status failure_;  // the first error of a write
  State state_ = State::kReceiving;
};

}  // namespace

Task<absl::StatusOr<std::unique_ptr<IncomingMessage>>> CreateIncomingMessage(Environment& env,
                                                                             std::string id) {
  const std::string name = DataFileName(id);
  const OpenOptions options = {
      .write = true, .create = true, .exclusive = true, .no_follow = true, .mode = 0600};
  CO_ASSIGN_OR_RETURN(std::unique_ptr<File> data, co_await env.files().Open(name, options));
  absl::Status status = co_await data->Lock(LockKind::kFlock, LockMode::kExclusive, LockWait::kNo);
  if (status.ok()) {
    // A qf file that has lost its df file must not get this one, nor be replaced by ours.
    const absl::StatusOr<FileStat> control = co_await env.files().LinkStat(ControlFileName(id));
    if (control.ok()) {
      env.probes().Reached("queue: qf file without its df file");
      status = absl::AlreadyExistsError(absl::StrCat("queue id ", id, " is in use"));
    } else if (ErrnoOf(control.status()) != Errno::kENOENT) {
      status = control.status();
    }
  }
  if (!status.ok()) {
    (void)co_await Shield(kQueueCleanupGrace, env.files().Unlink(name));
    co_return status;
  }
  co_return std::make_unique<NewMessage>(env, std::move(id), std::move(data));
}

}  // namespace stagepost
