#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

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

// One message as it is written: this one, or a part of it in another queue group.
struct Writing {
  const QueuePlace* place;
  std::string id;
  QueueFileKind kind = QueueFileKind::kWaiting;
  TemporaryFile temporary;        // until it is the control file
  bool may_exist = false;         // a control file may exist
  std::unique_ptr<File> control;  // locked
  // Of a part: what it was written from, and its df file.
  Envelope envelope;
  std::unique_ptr<File> data;
};

class NewMessage final : public IncomingMessage {
 public:
  NewMessage(QueueState& state, const QueuePlace& place, std::string id, SpareFile data)
      : state_(state), data_(std::move(data.file)), data_id_(data.id), old_bytes_(data.size) {
    self_.place = &place;
    self_.id = std::move(id);
  }

  const std::string& id() const override { return self_.id; }

  Task<absl::Status> AppendBody(absl::string_view bytes) override {
    while (!bytes.empty() && failure_.ok()) {
      const size_t taken = std::min(bytes.size(), kBodyBuffer - buffer_.size());
      absl::StrAppend(&buffer_, bytes.substr(0, taken));
      bytes.remove_prefix(taken);
      if (buffer_.size() == kBodyBuffer) co_await Flush();
    }
    co_return failure_;
  }

  Task<absl::Status> AddPart(Envelope& envelope, std::string group) override {
    CHECK(step_ == Step::kReceiving);
    absl::Status status = co_await Shield(kCommitGrace, MakePart(envelope, std::move(group)));
    if (!status.ok()) co_await Clear();
    co_return status;
  }

  Task<absl::Status> Commit(Envelope& envelope) override {
    CHECK(step_ == Step::kReceiving);
    absl::Status status = co_await Shield(kCommitGrace, MakeDurable(envelope));
    if (!status.ok()) {
      co_await Clear();
      co_return status;
    }
    step_ = Step::kCommitted;
    co_return absl::OkStatus();
  }

  std::vector<std::unique_ptr<QueuedMessage>> HandOver(Envelope envelope) override {
    CHECK(step_ == Step::kCommitted && data_ != nullptr);
    std::vector<std::unique_ptr<QueuedMessage>> messages;
    messages.push_back(Locked(self_, std::move(envelope), std::move(data_), true));
    for (Writing& part : parts_) {
      messages.push_back(Locked(part, std::move(part.envelope), std::move(part.data), false));
    }
    return messages;
  }

  Task<absl::Status> Abandon() override {
    CHECK(step_ != Step::kCommitted);
    co_return co_await Shield(kQueueCleanupGrace, RemoveFiles());
  }

 private:
  enum class Step { kReceiving, kCommitted, kRemoved };

  // The first error says what went wrong; what cannot be removed is found as an orphan.
  Task<void> Clear() { (void)co_await Shield(kQueueCleanupGrace, RemoveFiles()); }

  // Failures stay: what follows a hole in the body must not be accepted.
  Task<void> Flush() {
    absl::Status status = co_await WriteAllAt(*data_, written_, buffer_);
    if (status.ok()) {
      written_ += buffer_.size();
      buffer_.clear();
    }
    failure_.Update(status);
  }

  Task<absl::Status> FinishBody() {
    if (failure_.ok() && !buffer_.empty()) co_await Flush();
    if (failure_.ok() && std::exchange(old_bytes_, 0) > written_) {
      failure_.Update(co_await data_->Truncate(written_));
    }
    co_return failure_;
  }

  // What a qf file does not hold goes: whoever delivers finds what it would have read.
  std::unique_ptr<QueuedMessage> Locked(Writing& writing, Envelope envelope,
                                        std::unique_ptr<File> data, bool data_is_writable) {
    envelope.message_class = 0;
    envelope.message_bytes.reset();
    for (Recipient& recipient : envelope.recipients) recipient.user.clear();
    return MakeLockedMessage(state_, *writing.place, *writing.place, writing.kind,
                             std::move(envelope), std::move(writing.control), std::move(data),
                             data_is_writable);
  }

  // What is to be synced beside the first control file. A failed sync is not tried again: the
  // kernel may have dropped the pages and call them clean.
  File* UnsyncedBody() {
    const bool wanted = state_.layout.syncs() && !std::exchange(body_synced_, true);
    return wanted ? data_.get() : nullptr;
  }

  void FillIn(const DataFileId& data, const std::string& id, Envelope& envelope) {
    envelope.id = id;
    envelope.created = absl::FromUnixSeconds(absl::ToUnixSeconds(state_.env.clock().WallNow()));
    envelope.last_attempt = absl::InfinitePast();
    envelope.attempts = 0;
    envelope.data_directory.clear();
    envelope.data_file = data;
    envelope.body_bytes = static_cast<int64_t>(written_);
    const int64_t bytes = envelope.message_bytes.value_or(SizeOfParts(envelope));
    const size_t recipients = std::max(envelope.recipients.size(), envelope.undivided_recipients);
    envelope.priority = InitialPriority(state_.layout, bytes, envelope.message_class, recipients);
  }

  Task<absl::Status> WriteControlFile(const Envelope& envelope, Writing& writing) {
    writing.kind =
        envelope.quarantine.empty() ? QueueFileKind::kWaiting : QueueFileKind::kQuarantined;
    CO_RETURN_IF_ERROR(co_await WriteTemporaryFile(state_, *writing.place, envelope, UnsyncedBody(),
                                                   writing.temporary, kMaxNewQueueFileBytes));
    const QueuePlace& place = *writing.place;
    if (place.data != place.control) CO_RETURN_IF_ERROR(co_await Sync(place.data));
    writing.may_exist = true;
    const absl::Status renamed = co_await MoveNew(state_.files(), writing.temporary.name,
                                                  place.ControlFile(writing.kind, writing.id));
    if (ErrnoOf(renamed) == Errno::kEEXIST) {
      // Made by somebody with our process id in this very second, by a clock that was turned back.
      state_.env.probes().Reached("queue: qf file without its df file");
      writing.may_exist = false;
    }
    CO_RETURN_IF_ERROR(renamed);
    writing.temporary.name.clear();
    writing.control = std::move(writing.temporary.file);
    if (state_.env.probes().Buggify("queue: a long wait before the sync that commits")) {
      CO_RETURN_IF_ERROR(co_await Sleep(absl::Seconds(2)));
    }
    co_return co_await Sync(place.control);
  }

  Task<absl::Status> MakePart(Envelope& envelope, std::string group) {
    CO_RETURN_IF_ERROR(co_await FinishBody());
    const QueueGroupLayout* found = state_.layout.FindGroup(group);
    const size_t index =
        found == nullptr ? 0 : static_cast<size_t>(found - state_.layout.groups.data());
    Writing& part = parts_.emplace_back();
    part.place = &ChoosePlace(state_, index);
    part.id = state_.ids.Next(state_.env.clock().WallNow());
    absl::Status shared =
        co_await ShareDataFile(state_, *self_.place, self_.id, *part.place, part.id);
    // What is there belongs to somebody else.
    if (ErrnoOf(shared) == Errno::kEEXIST) parts_.pop_back();
    CO_RETURN_IF_ERROR(shared);
    const OpenOptions options = {.read = true, .no_follow = true, .non_blocking = true};
    CO_ASSIGN_OR_RETURN(part.data,
                        co_await state_.files().Open(part.place->DataFile(part.id), options));
    CO_ASSIGN_OR_RETURN(const FileStat stat, co_await part.data->Stat());
    FillIn({stat.device, stat.inode}, part.id, envelope);
    part.envelope = envelope;
    co_return co_await WriteControlFile(envelope, part);
  }

  Task<absl::Status> MakeDurable(Envelope& envelope) {
    CO_RETURN_IF_ERROR(co_await FinishBody());
    FillIn(data_id_, self_.id, envelope);
    co_return co_await WriteControlFile(envelope, self_);
  }

  Task<absl::Status> Sync(absl::string_view prefix) {
    if (!state_.layout.syncs()) co_return absl::OkStatus();
    co_return co_await SyncPrefix(state_, prefix);
  }

  // The control file first: while it is there, the message exists.
  Task<absl::Status> RemoveFilesOf(Writing& writing) {
    const QueuePlace& place = *writing.place;
    if (writing.may_exist) {
      state_.env.probes().Reached("queue: commit failed after the rename");
      CO_RETURN_IF_ERROR(
          co_await UnlinkIfPresent(state_.files(), place.ControlFile(writing.kind, writing.id)));
      // Best effort: should a crash bring the control file back, the message comes twice.
      (void)co_await SyncPrefix(state_, place.control);
    }
    absl::Status status;
    if (!writing.temporary.name.empty()) {
      status.Update(co_await UnlinkIfPresent(state_.files(), writing.temporary.name));
    }
    status.Update(co_await UnlinkIfPresent(state_.files(), place.DataFile(writing.id)));
    writing.temporary.file.reset();
    writing.control.reset();
    writing.data.reset();
    co_return status;
  }

  Task<absl::Status> RemoveFiles() {
    absl::Status status;
    for (Writing& part : parts_) status.Update(co_await RemoveFilesOf(part));
    status.Update(co_await RemoveFilesOf(self_));
    if (status.ok()) step_ = Step::kRemoved;
    failure_.Update(absl::FailedPreconditionError("the message was abandoned"));
    data_.reset();
    co_return status;
  }

  QueueState& state_;
  Writing self_;
  std::vector<Writing> parts_;
  std::unique_ptr<File> data_;  // df, locked against RemoveOrphans() until the commit
  const DataFileId data_id_;
  std::string buffer_;  // body bytes behind written_
  uint64_t written_ = 0;
  uint64_t old_bytes_;        // what the file had when it was a spare one
  bool body_synced_ = false;  // or that has failed
  absl::Status failure_;      // the first error of a write
  Step step_ = Step::kReceiving;
};

// Whether some control file has that id.
Task<absl::StatusOr<bool>> IsInUse(QueueState& state, const QueuePlace& place, std::string id) {
  for (const QueueFileKind kind : {QueueFileKind::kWaiting, QueueFileKind::kQuarantined}) {
    const absl::StatusOr<FileStat> control =
        co_await state.files().LinkStat(place.ControlFile(kind, id));
    if (control.ok()) co_return true;
    if (ErrnoOf(control.status()) != Errno::kENOENT) co_return control.status();
  }
  co_return false;
}

// A spare file as the data file `name`; null: there is none that can be.
Task<absl::StatusOr<SpareFile>> ReuseAsDataFile(QueueState& state, const QueuePlace& place,
                                                std::string name) {
  std::optional<SpareFile> spare = co_await state.spares.Take(place.data, SpareKind::kData);
  if (!spare.has_value()) co_return SpareFile();
  absl::Status renamed = co_await state.files().RenameNew(spare->name, name);
  if (renamed.ok()) co_return *std::move(spare);
  (void)co_await UnlinkIfPresent(state.files(), spare->name);
  if (ErrnoOf(renamed) == Errno::kEEXIST) co_return renamed;
  co_return SpareFile();  // file systems without this call
}

// A data file, locked, and perhaps with something in it.
Task<absl::StatusOr<SpareFile>> MakeDataFile(QueueState& state, const QueuePlace& place,
                                             std::string name) {
  CO_ASSIGN_OR_RETURN(SpareFile data, co_await ReuseAsDataFile(state, place, name));
  if (data.file != nullptr) co_return std::move(data);
  CO_ASSIGN_OR_RETURN(data.file, co_await MakeQueueFile(state, name));
  absl::Status status =
      co_await data.file->Lock(LockKind::kFlock, LockMode::kExclusive, LockWait::kNo);
  if (status.ok()) {
    const absl::StatusOr<FileStat> stat = co_await data.file->Stat();
    if (stat.ok()) data.id = {stat->device, stat->inode};
    status = stat.status();
  }
  if (status.ok()) co_return std::move(data);
  (void)co_await Shield(kQueueCleanupGrace, state.files().Unlink(name));
  co_return status;
}

}  // namespace

Task<absl::StatusOr<std::unique_ptr<IncomingMessage>>> CreateIncomingMessage(
    QueueState& state, const QueuePlace& place, std::string id) {
  const std::string name = place.DataFile(id);
  CO_ASSIGN_OR_RETURN(SpareFile data, co_await MakeDataFile(state, place, name));
  // A control file that has lost its df file must not get this one: a queue run would deliver what
  // we write to its recipients.
  const absl::StatusOr<bool> used = co_await IsInUse(state, place, id);
  absl::Status status = used.status();
  if (used.ok() && *used) {
    state.env.probes().Reached("queue: qf file without its df file");
    status = absl::AlreadyExistsError(absl::StrCat("queue id ", id, " is in use"));
  }
  if (!status.ok()) {
    (void)co_await Shield(kQueueCleanupGrace, state.files().Unlink(name));
    co_return status;
  }
  co_return std::make_unique<NewMessage>(state, place, std::move(id), std::move(data));
}

}  // namespace stagepost
