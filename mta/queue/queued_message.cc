#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "mta/async/deadline.h"
#include "mta/base/check.h"
#include "mta/base/errno.h"
#include "mta/base/status_macros.h"
#include "mta/queue/queue_directory.h"
#include "mta/queue/queue_file.h"
#include "mta/queue/queue_report.h"

namespace stagepost {
namespace {

// Which files of a message are open for writing: those that may serve another one when it is done.
struct Writable {
  bool control = false;
  bool data = false;
};

class LockedMessage final : public QueuedMessage {
 public:
  LockedMessage(QueueState& state, const QueuePlace& place, const QueuePlace& data_place,
                QueueFileKind kind, Envelope envelope, std::unique_ptr<File> control,
                std::unique_ptr<File> data, Writable writable)
      : state_(state),
        place_(place),
        data_place_(&data_place),
        kind_(kind),
        envelope_(std::move(envelope)),
        control_(std::move(control)),
        data_(std::move(data)),
        writable_(writable),
        body_synced_(state.layout.syncs()) {}

  Envelope& envelope() override { return envelope_; }
  const std::string& group() const override { return state_.layout.groups[place_.group].name; }
  const std::string& directory() const override { return place_.shown; }

  Task<absl::StatusOr<size_t>> ReadBody(uint64_t offset, absl::Span<char> buffer) override {
    co_return co_await data_->Read(offset, buffer);
  }

  Task<absl::Status> Update() override { co_return co_await RewriteAs(kind_); }

  Task<absl::Status> Quarantine(std::string reason) override {
    CHECK(!reason.empty());
    Log(absl::StrCat("quarantine=", reason));
    co_return co_await ChangeReason(std::move(reason), QueueFileKind::kQuarantined);
  }

  Task<absl::Status> Release() override {
    Log("unquarantine");
    co_return co_await ChangeReason(std::string(), QueueFileKind::kWaiting);
  }

  Task<absl::StatusOr<std::unique_ptr<QueuedMessage>>> Split(Envelope part) override {
    part.id = state_.ids.Next(state_.env.clock().WallNow());
    const std::string id = part.id;
    TemporaryFile temporary;
    absl::StatusOr<std::unique_ptr<QueuedMessage>> made =
        co_await Shield(kCommitGrace, MakePart(std::move(part), temporary));
    if (!made.ok() && ErrnoOf(made.status()) != Errno::kEEXIST) {
      (void)co_await Shield(kQueueCleanupGrace, RemovePart(id, temporary.name));
    }
    co_return std::move(made);
  }

  Task<absl::Status> Lose(std::string reason) override {
    ReportLoss(state_.env, envelope_.id, place_.ControlFile(kind_, envelope_.id), reason);
    co_return co_await Shield(kCommitGrace, SetAside());
  }

  // The file says that it is quarantined; its name shall, too.
  Task<absl::Status> TakeQuarantinedName() {
    co_return co_await RewriteAs(QueueFileKind::kQuarantined);
  }

  Task<absl::Status> Remove() override { co_return co_await Shield(kCommitGrace, RemoveFiles()); }

 private:
  void Log(absl::string_view text) {
    state_.env.log().Write(Severity::kInfo, absl::StrCat(envelope_.id, ": ", text));
  }

  Task<absl::Status> ChangeReason(std::string reason, QueueFileKind kind) {
    std::swap(envelope_.quarantine, reason);
    absl::Status status = co_await RewriteAs(kind);
    if (!status.ok()) envelope_.quarantine = std::move(reason);
    co_return status;
  }

  Task<absl::Status> RewriteAs(QueueFileKind kind) {
    TemporaryFile temporary;
    absl::Status status = co_await Shield(kCommitGrace, Rewrite(kind, temporary));
    if (!status.ok() && !temporary.name.empty()) {
      (void)co_await Shield(kQueueCleanupGrace, UnlinkIfPresent(state_.files(), temporary.name));
    }
    co_return status;
  }

  // A change of kind replaces the file under its old name first, so that what it says is never
  // older than its name, and the new name never overwrites anything.
  Task<absl::Status> Rewrite(QueueFileKind kind, TemporaryFile& temporary) {
    // With SuperSafe=interactive what was accepted is flushed when it has to wait.
    File* const body = std::exchange(body_synced_, true) ? nullptr : data_.get();
    CO_RETURN_IF_ERROR(co_await WriteTemporaryFile(state_, place_, envelope_, body, temporary));
    if (body != nullptr && data_place_->data != place_.control) {
      CO_RETURN_IF_ERROR(co_await SyncPrefix(state_, data_place_->data));
    }
    const std::string old_name = place_.ControlFile(kind_, envelope_.id);
    CO_RETURN_IF_ERROR(co_await state_.files().Rename(temporary.name, old_name));
    temporary.name.clear();
    // Closing the old file lets whoever waits for its lock find out that it is no longer qf.
    control_ = std::move(temporary.file);
    writable_.control = true;
    if (kind != kind_) {
      CO_RETURN_IF_ERROR(
          co_await state_.files().Rename(old_name, place_.ControlFile(kind, envelope_.id)));
      kind_ = kind;
    }
    co_return co_await SyncPrefix(state_, place_.control);
  }

  Task<absl::StatusOr<std::unique_ptr<QueuedMessage>>> MakePart(Envelope part,
                                                                TemporaryFile& temporary) {
    CO_RETURN_IF_ERROR(co_await ShareDataFile(state_, *data_place_, envelope_.id, place_, part.id));
    const OpenOptions options = {.read = true, .no_follow = true, .non_blocking = true};
    CO_ASSIGN_OR_RETURN(std::unique_ptr<File> data,
                        co_await state_.files().Open(place_.DataFile(part.id), options));
    CO_ASSIGN_OR_RETURN(const FileStat stat, co_await data->Stat());
    part.data_file = {stat.device, stat.inode};
    part.data_directory.clear();
    CO_RETURN_IF_ERROR(co_await WriteTemporaryFile(state_, place_, part, nullptr, temporary));
    if (place_.data != place_.control) CO_RETURN_IF_ERROR(co_await SyncPrefix(state_, place_.data));
    CO_RETURN_IF_ERROR(
        co_await state_.files().Rename(temporary.name, place_.ControlFile(kind_, part.id)));
    temporary.name.clear();
    CO_RETURN_IF_ERROR(co_await SyncPrefix(state_, place_.control));
    co_return std::make_unique<LockedMessage>(state_, place_, place_, kind_, std::move(part),
                                              std::move(temporary.file), std::move(data),
                                              Writable{true, false});
  }

  Task<absl::Status> RemovePart(std::string id, std::string temporary) {
    CO_RETURN_IF_ERROR(co_await UnlinkIfPresent(state_.files(), place_.ControlFile(kind_, id)));
    CO_RETURN_IF_ERROR(co_await SyncPrefix(state_, place_.control));
    absl::Status status;
    if (!temporary.empty()) status = co_await UnlinkIfPresent(state_.files(), temporary);
    status.Update(co_await UnlinkIfPresent(state_.files(), place_.DataFile(id)));
    co_return status;
  }

  Task<absl::Status> SetAside() {
    CO_RETURN_IF_ERROR(
        co_await state_.files().Rename(place_.ControlFile(kind_, envelope_.id),
                                       place_.ControlFile(QueueFileKind::kLost, envelope_.id)));
    kind_ = QueueFileKind::kLost;
    co_return co_await SyncPrefix(state_, place_.control);
  }

  // The df file goes only when the qf file can no longer come back in a crash: a qf file without
  // its body would be a message that nobody can deliver.
  Task<absl::Status> RemoveFiles() {
    std::unique_ptr<File> none;
    CO_RETURN_IF_ERROR(co_await Retire(state_, place_.control, SpareKind::kControl,
                                       place_.ControlFile(kind_, envelope_.id),
                                       writable_.control ? control_ : none));
    CO_RETURN_IF_ERROR(co_await SyncPrefix(state_, place_.control));
    co_return co_await Retire(state_, data_place_->data, SpareKind::kData,
                              data_place_->DataFile(envelope_.id), writable_.data ? data_ : none);
  }

  QueueState& state_;
  const QueuePlace& place_;
  const QueuePlace* const data_place_;  // where the df file is
  QueueFileKind kind_;
  Envelope envelope_;
  std::unique_ptr<File> control_;  // qf, hf or Qf, locked
  std::unique_ptr<File> data_;     // df
  Writable writable_;
  bool body_synced_;
};

constexpr absl::string_view kBogusFile = "bogus file uid/gid in mqueue";

// Whether a control file is one that we, or sendmail as root, have made. A submission program's
// queue belongs to a group: its users' files are theirs, and the group may write them.
bool IsTrustworthy(QueueState& state, const FileStat& stat) {
  if (stat.type != FileType::kRegular || stat.links != 1) return false;
  const Credentials& self = state.env.process().credentials();
  if (state.layout.submission) {
    return (stat.mode & 0002) == 0 &&
           (stat.group == self.effective_group || stat.owner == self.effective_user ||
            stat.owner == kRootUser);
  }
  if ((stat.mode & 0022) != 0) return false;
  return stat.owner == self.effective_user || stat.owner == kRootUser ||
         stat.owner == state.layout.trusted_user;
}

Task<absl::StatusOr<std::string>> ReadWholeFile(File& file) {
  CO_ASSIGN_OR_RETURN(const FileStat stat, co_await file.Stat());
  if (stat.size > kMaxQueueFileBytes) co_return QueueFileError("file too large", "too large");
  std::string text(stat.size, '\0');
  CO_ASSIGN_OR_RETURN(const size_t read, co_await ReadFullyAt(file, 0, absl::MakeSpan(text)));
  text.resize(read);
  co_return std::move(text);
}

// Opens and locks a control file, and sees that it still has its name afterwards.
Task<absl::StatusOr<std::unique_ptr<File>>> LockControlFile(QueueState& state, std::string name,
                                                            std::string id) {
  const OpenOptions options = {.read = true, .no_follow = true, .non_blocking = true};
  CO_ASSIGN_OR_RETURN(std::unique_ptr<File> file, co_await state.files().Open(name, options));
  const absl::Status locked =
      co_await file->Lock(LockKind::kFlock, LockMode::kExclusive, LockWait::kNo);
  if (ErrnoOf(locked) == Errno::kEAGAIN) {
    co_return absl::AbortedError(absl::StrCat(id, " is locked"));
  }
  CO_RETURN_IF_ERROR(locked);
  CO_ASSIGN_OR_RETURN(const FileStat ours, co_await file->Stat());
  CO_ASSIGN_OR_RETURN(const FileStat named, co_await state.files().LinkStat(name));
  if (ours.inode != named.inode || ours.device != named.device) {
    state.env.probes().Reached("queue: locked a qf file that had been replaced");
    co_return absl::AbortedError(absl::StrCat(id, " was rewritten by another"));
  }
  co_return std::move(file);
}

// Where the df file is that a d line speaks of; null: in no directory of this queue.
const QueuePlace* DataPlace(QueueState& state, const QueuePlace& place, const Envelope& envelope) {
  if (envelope.data_directory.empty()) return &place;
  for (const QueuePlace& known : state.places) {
    if (envelope.data_directory == known.shown ||
        absl::StrCat(envelope.data_directory, "/df") == known.shown) {
      return &known;
    }
  }
  return nullptr;
}

struct Opened {
  Envelope envelope;
  const QueuePlace* data_place = nullptr;
  std::unique_ptr<File> data;
};

Task<absl::StatusOr<Opened>> ReadMessage(QueueState& state, const QueuePlace& place, File& control,
                                         const std::string& name, const std::string& id) {
  CO_ASSIGN_OR_RETURN(const FileStat control_stat, co_await control.Stat());
  if (!IsTrustworthy(state, control_stat)) {
    state.env.log().Write(
        Severity::kAlert,
        absl::StrFormat("%s: bogus queue file, uid=%d, gid=%d, mode=%o", id,
                        static_cast<uint32_t>(control_stat.owner),
                        static_cast<uint32_t>(control_stat.group), control_stat.mode | 0100000));
    co_return QueueFileError("", kBogusFile);
  }
  CO_ASSIGN_OR_RETURN(const std::string text, co_await ReadWholeFile(control));
  Opened opened;
  CO_ASSIGN_OR_RETURN(opened.envelope, ParseQueueFile(QueuePlace::InMessages(name), text));
  opened.data_place = DataPlace(state, place, opened.envelope);
  if (opened.data_place == nullptr) co_return QueueFileError("", "bogus queue file directory");
  const OpenOptions options = {.read = true, .no_follow = true, .non_blocking = true};
  const std::string data_name = opened.data_place->DataFile(id);
  absl::StatusOr<std::unique_ptr<File>> data = co_await state.files().Open(data_name, options);
  if (ErrnoOf(data.status()) == Errno::kENOENT) {
    state.env.probes().Reached("queue: set aside a qf file that has no df file");
    co_return QueueFileError(absl::StrCat("readqf: cannot open ", QueuePlace::InMessages(data_name),
                                          ": ", ErrnoText(Errno::kENOENT)),
                             "no data file");
  }
  CO_RETURN_IF_ERROR(data.status());
  CO_ASSIGN_OR_RETURN(const FileStat stat, co_await (*data)->Stat());
  if (stat.type != FileType::kRegular) co_return QueueFileError("", kBogusFile);
  opened.data = *std::move(data);
  opened.envelope.id = id;
  opened.envelope.body_bytes = static_cast<int64_t>(stat.size);
  co_return std::move(opened);
}

// What cannot be used is kept under sendmail's name for such queue files, where no queue run trips
// over it again. A qf file without its df file was never accepted: the sync of the directory that
// makes a message durable covers both names, and Remove() takes qf first; it is what a crash
// between the rename and that sync may leave, or somebody's hand. REQUIRES: the file is locked by
// us.
Task<absl::Status> ReportAndSetAside(QueueState& state, const QueuePlace& place,
                                     const std::string& name, const std::string& id,
                                     absl::Status error) {
  const std::string reason = LosingReason(error);
  if (!error.message().empty()) ReportSystemError(state.env, id, error.message());
  if (reason.empty()) co_return error;
  ReportLoss(state.env, id, name, reason);
  const std::string aside = place.ControlFile(QueueFileKind::kLost, id);
  if (name != aside) {
    CO_RETURN_IF_ERROR(co_await state.files().Rename(name, aside));
    CO_RETURN_IF_ERROR(co_await SyncPrefix(state, place.control));
  }
  co_return absl::DataLossError(absl::StrCat(error.message(), error.message().empty() ? "" : "; ",
                                             name, " is now ", aside, ": ", reason));
}

}  // namespace

std::unique_ptr<QueuedMessage> MakeLockedMessage(QueueState& state, const QueuePlace& place,
                                                 const QueuePlace& data_place, QueueFileKind kind,
                                                 Envelope envelope, std::unique_ptr<File> control,
                                                 std::unique_ptr<File> data,
                                                 bool data_is_writable) {
  return std::make_unique<LockedMessage>(state, place, data_place, kind, std::move(envelope),
                                         std::move(control), std::move(data),
                                         Writable{true, data_is_writable});
}

Task<absl::StatusOr<std::unique_ptr<QueuedMessage>>> LockQueuedMessage(QueueState& state,
                                                                       const QueuePlace& place,
                                                                       std::string id,
                                                                       QueueFileKind kind) {
  const std::string name = place.ControlFile(kind, id);
  CO_ASSIGN_OR_RETURN(std::unique_ptr<File> control, co_await LockControlFile(state, name, id));
  absl::StatusOr<Opened> opened = co_await ReadMessage(state, place, *control, name, id);
  if (absl::IsDataLoss(opened.status())) {
    co_return co_await ReportAndSetAside(state, place, name, id, opened.status());
  }
  CO_RETURN_IF_ERROR(opened.status());
  // A qf file that says so has been quarantined by hand, or by a crash between its two renames.
  auto message = std::make_unique<LockedMessage>(state, place, *opened->data_place, kind,
                                                 std::move(opened->envelope), std::move(control),
                                                 std::move(opened->data), Writable());
  if (kind != QueueFileKind::kWaiting || message->envelope().quarantine.empty()) {
    co_return std::move(message);
  }
  CO_RETURN_IF_ERROR(co_await message->TakeQuarantinedName());
  co_return absl::AbortedError(absl::StrCat(id, " is quarantined"));
}

}  // namespace stagepost
