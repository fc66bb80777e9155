#include "mta/queue/queue_directory.h"

#include <functional>
#include <utility>

#include "mta/async/scope.h"
#include "mta/base/errno.h"
#include "mta/base/status_macros.h"
#include "mta/queue/queue_file.h"

namespace stagepost {
namespace {

constexpr size_t kCopyBytes = 32 * 1024;

Task<absl::Status> SyncInScope(QueueState& state, File& file) {
  co_return co_await SyncFile(state, file);
}

Task<absl::Status> SyncPair(TaskScope& scope, QueueState& state, File& first, File& second) {
  CO_RETURN_IF_ERROR(scope.Spawn(&SyncInScope, std::ref(state), std::ref(first)));
  co_return co_await SyncFile(state, second);
}

Task<absl::Status> SyncBoth(QueueState& state, File& first, File& second) {
  co_return co_await WithScope("syncs", TaskScope::Policy::kFirstError, 1, &SyncPair,
                               std::ref(state), std::ref(first), std::ref(second));
}

Task<absl::Status> CopyDataFile(QueueState& state, std::string from, std::string to) {
  const OpenOptions options = {.read = true, .no_follow = true, .non_blocking = true};
  CO_ASSIGN_OR_RETURN(std::unique_ptr<File> source, co_await state.files().Open(from, options));
  CO_ASSIGN_OR_RETURN(std::unique_ptr<File> copy, co_await MakeQueueFile(state, std::move(to)));
  std::string buffer(kCopyBytes, '\0');
  uint64_t offset = 0;
  while (true) {
    CO_ASSIGN_OR_RETURN(const size_t read,
                        co_await ReadFullyAt(*source, offset, absl::MakeSpan(buffer)));
    if (read == 0) break;
    CO_RETURN_IF_ERROR(co_await WriteAllAt(*copy, offset, absl::string_view(buffer.data(), read)));
    offset += read;
  }
  co_return co_await SyncFile(state, *copy);
}

Task<absl::Status> MakeTemporaryFile(QueueState& state, const QueuePlace& place, std::string id,
                                     TemporaryFile& result) {
  result.name = place.TemporaryFile(id);
  absl::StatusOr<std::unique_ptr<File>> opened = co_await MakeQueueFile(state, result.name);
  if (ErrnoOf(opened.status()) == Errno::kEEXIST) {
    state.env.probes().Reached("queue: tf file of a crashed process");
    CO_RETURN_IF_ERROR(co_await UnlinkIfPresent(state.files(), result.name));
    opened = co_await MakeQueueFile(state, result.name);
  }
  CO_RETURN_IF_ERROR(opened.status());
  result.file = *std::move(opened);
  co_return co_await result.file->Lock(LockKind::kFlock, LockMode::kExclusive, LockWait::kNo);
}

}  // namespace

FileMode QueueState::file_mode() const {
  if (layout.file_mode.has_value()) return *layout.file_mode;
  return layout.submission ? 0660 : 0600;
}

Task<absl::Status> WriteAllAt(File& file, uint64_t offset, absl::string_view bytes) {
  while (!bytes.empty()) {
    CO_ASSIGN_OR_RETURN(const size_t written, co_await file.Write(offset, bytes));
    // POSIX allows it; going on would never end.
    if (written == 0) co_return ErrnoStatus(Errno::kEIO, "write made no progress");
    offset += written;
    bytes.remove_prefix(written);
  }
  co_return absl::OkStatus();
}

Task<absl::StatusOr<size_t>> ReadFullyAt(File& file, uint64_t offset, absl::Span<char> buffer) {
  size_t read = 0;
  while (read < buffer.size()) {
    CO_ASSIGN_OR_RETURN(const size_t more, co_await file.Read(offset + read, buffer.subspan(read)));
    if (more == 0) break;
    read += more;
  }
  co_return read;
}

Task<absl::Status> UnlinkIfPresent(FileSystem& files, std::string name) {
  absl::Status status = co_await files.Unlink(name);
  if (ErrnoOf(status) == Errno::kENOENT) co_return absl::OkStatus();
  co_return status;
}

Task<absl::Status> MoveNew(FileSystem& files, std::string from, std::string to) {
  absl::Status renamed = co_await files.RenameNew(from, to);
  if (ErrnoOf(renamed) != Errno::kEINVAL) co_return renamed;
  const absl::StatusOr<FileStat> there = co_await files.LinkStat(to);
  if (there.ok()) co_return ErrnoStatus(Errno::kEEXIST, to);
  if (ErrnoOf(there.status()) != Errno::kENOENT) co_return there.status();
  co_return co_await files.Rename(from, to);
}

Task<absl::StatusOr<std::unique_ptr<File>>> MakeQueueFile(QueueState& state, std::string name) {
  const FileMode mode = state.file_mode();
  const OpenOptions options = {.read = true,
                               .write = true,
                               .create = true,
                               .exclusive = true,
                               .no_follow = true,
                               .mode = mode};
  CO_ASSIGN_OR_RETURN(std::unique_ptr<File> file, co_await state.files().Open(name, options));
  // The group that shares a queue needs its bits whatever the umask is.
  if ((mode & 0066) != 0) CO_RETURN_IF_ERROR(co_await file->ChangeMode(mode));
  co_return std::move(file);
}

Task<absl::Status> SyncFile(QueueState& state, File& file) {
  if (state.layout.super_safe == SuperSafe::kFalse) co_return absl::OkStatus();
  co_return co_await file.Sync();
}

Task<absl::Status> SyncPrefix(QueueState& state, absl::string_view prefix) {
  if (state.layout.super_safe == SuperSafe::kFalse) co_return absl::OkStatus();
  const uint64_t mark = state.spares.Mark();
  absl::Status status = co_await state.files().SyncDirectory(QueuePlace::DirectoryOf(prefix));
  if (status.ok()) state.spares.Flushed(prefix, mark);
  co_return status;
}

Task<absl::Status> Retire(QueueState& state, std::string directory, SpareKind kind,
                          std::string name, std::unique_ptr<File>& file) {
  if (state.layout.syncs() && file != nullptr &&
      co_await state.spares.Keep(std::move(directory), kind, name, file)) {
    co_return absl::OkStatus();
  }
  co_return co_await UnlinkIfPresent(state.files(), std::move(name));
}

Task<absl::Status> WriteTemporaryFile(QueueState& state, const QueuePlace& place,
                                      const Envelope& envelope, File* body, TemporaryFile& result,
                                      size_t max_bytes) {
  CO_ASSIGN_OR_RETURN(const std::string text, FormatQueueFile(envelope, max_bytes));
  std::optional<SpareFile> spare = co_await state.spares.Take(place.control, SpareKind::kControl);
  if (spare.has_value()) {
    result.name = std::move(spare->name);
    result.file = std::move(spare->file);
  } else {
    CO_RETURN_IF_ERROR(co_await MakeTemporaryFile(state, place, envelope.id, result));
  }
  File& file = *result.file;
  CO_RETURN_IF_ERROR(co_await WriteAllAt(file, 0, text));
  if (spare.has_value() && spare->size > text.size()) {
    CO_RETURN_IF_ERROR(co_await file.Truncate(text.size()));
  }
  if (body != nullptr) co_return co_await SyncBoth(state, *body, file);
  co_return co_await SyncFile(state, file);
}

Task<absl::Status> ShareDataFile(QueueState& state, const QueuePlace& from,
                                 absl::string_view from_id, const QueuePlace& to,
                                 absl::string_view to_id) {
  const std::string old_name = from.DataFile(from_id), new_name = to.DataFile(to_id);
  const absl::Status linked = co_await state.files().Link(old_name, new_name);
  const Errno error = ErrnoOf(linked);
  if (error != Errno::kEXDEV && error != Errno::kEMLINK && error != Errno::kEPERM &&
      error != Errno::kEOPNOTSUPP) {
    co_return linked;
  }
  state.env.probes().Reached("queue: body copied for a part of a message");
  co_return co_await CopyDataFile(state, old_name, new_name);
}

const QueuePlace& ChoosePlace(QueueState& state, size_t group) {
  std::vector<const QueuePlace*> places;
  for (const QueuePlace& place : state.places) {
    if (place.group == group) places.push_back(&place);
  }
  if (places.size() == 1) return *places[0];
  return *places[state.env.random().Uniform(places.size())];
}

int64_t SizeOfParts(const Envelope& envelope) {
  int64_t bytes = envelope.body_bytes + 1;
  for (const HeaderField& field : envelope.header) {
    if (!field.mailer_flags.empty()) continue;
    bytes += static_cast<int64_t>(field.name.size() + 1 + field.value.size() + 1);
  }
  return bytes;
}

}  // namespace stagepost
