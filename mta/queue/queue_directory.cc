#include "mta/queue/queue_directory.h"

#include "mta/base/errno.h"
#include "mta/base/status_macros.h"
#include "mta/queue/queue_file.h"

namespace stagepost {

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

Task<absl::StatusOr<size_t>> ReadFully(File& file, absl::Span<char> buffer) {
  size_t read = 0;
  while (read < buffer.size()) {
    CO_ASSIGN_OR_RETURN(const size_t more, co_await file.Read(read, buffer.subspan(read)));
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

Task<absl::StatusOr<std::unique_ptr<File>>> WriteTemporaryFile(Environment& env,
                                                               const Envelope& envelope) {
  CO_ASSIGN_OR_RETURN(const std::string text, FormatQueueFile(envelope));
  const std::string name = TemporaryFileName(envelope.id);
  const OpenOptions options = {
      .write = true, .create = true, .exclusive = true, .no_follow = true, .mode = 0600};
  absl::StatusOr<std::unique_ptr<File>> opened = co_await env.files().Open(name, options);
  if (ErrnoOf(opened.status()) == Errno::kEEXIST) {
    env.probes().Reached("queue: tf file of a crashed process");
    CO_RETURN_IF_ERROR(co_await UnlinkIfPresent(env.files(), name));
    opened = co_await env.files().Open(name, options);
  }
  CO_RETURN_IF_ERROR(opened.status());
  std::unique_ptr<File> file = *std::move(opened);
  CO_RETURN_IF_ERROR(co_await file->Lock(LockKind::kFlock, LockMode::kExclusive, LockWait::kNo));
  CO_RETURN_IF_ERROR(co_await WriteAllAt(*file, 0, text));
  CO_RETURN_IF_ERROR(co_await file->Sync());
  co_return std::move(file);
}

}  // namespace stagepost
