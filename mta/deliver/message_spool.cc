#include "mta/deliver/message_spool.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "mta/base/errno.h"
#include "mta/base/status_macros.h"

namespace stagepost {
namespace {

constexpr int kNameAttempts = 10;

}  // namespace

Task<absl::Status> MessageSpool::Append(absl::string_view text) {
  layout_.Take(text);
  while (!text.empty()) {
    const size_t taken = std::min(text.size(), kSpoolMemory - memory_.size());
    memory_.append(text.data(), taken);
    text.remove_prefix(taken);
    if (memory_.size() == kSpoolMemory) CO_RETURN_IF_ERROR(co_await FlushToFile());
  }
  co_return absl::OkStatus();
}

Task<absl::Status> MessageSpool::FlushToFile() {
  if (file_ == nullptr) CO_RETURN_IF_ERROR(co_await OpenFile());
  absl::string_view rest = memory_;
  while (!rest.empty()) {
    CO_ASSIGN_OR_RETURN(const size_t written, co_await file_->Write(in_file_, rest));
    if (written == 0) co_return ErrnoStatus(Errno::kEIO, "write of temporary file");
    in_file_ += written;
    rest.remove_prefix(written);
  }
  memory_.clear();
  co_return absl::OkStatus();
}

Task<absl::Status> MessageSpool::OpenFile() {
  env_.probes().Reached("mail.local: message in a temporary file");
  const OpenOptions options = {.read = true,
                               .write = true,
                               .create = true,
                               .exclusive = true,
                               .no_follow = true,
                               .mode = 0600};
  for (int attempt = 1;; ++attempt) {
    const std::string name =
        absl::StrCat("/tmp/local.", absl::Hex(env_.random().Uniform(uint64_t{1} << 48)));
    absl::StatusOr<std::unique_ptr<File>> file = co_await env_.files().Open(name, options);
    if (ErrnoOf(file.status()) == Errno::kEEXIST && attempt < kNameAttempts) continue;
    CO_RETURN_IF_ERROR(file.status());
    file_ = *std::move(file);
    co_return co_await env_.files().Unlink(name);
  }
}

Task<absl::StatusOr<size_t>> MessageSpool::Read(uint64_t offset, absl::Span<char> buffer) {
  if (offset < in_file_) {
    CO_ASSIGN_OR_RETURN(const size_t read,
                        co_await file_->Read(offset, buffer.first(std::min<uint64_t>(
                                                         buffer.size(), in_file_ - offset))));
    if (read == 0) co_return ErrnoStatus(Errno::kEIO, "temporary file was truncated");
    co_return read;
  }
  const absl::string_view rest =
      absl::string_view(memory_).substr(std::min<uint64_t>(offset - in_file_, memory_.size()));
  const size_t taken = std::min(rest.size(), buffer.size());
  std::memcpy(buffer.data(), rest.data(), taken);
  co_return taken;
}

}  // namespace stagepost
