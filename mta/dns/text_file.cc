#include "mta/dns/text_file.h"

#include <memory>
#include <vector>

#include "mta/base/passing_error.h"
#include "mta/env/same_file.h"

namespace stagepost {
namespace {

Task<absl::StatusOr<std::string>> ReadAll(File& file) {
  std::string text;
  std::vector<char> buffer(16 * 1024);
  while (text.size() < TextFile::kMaxBytes) {
    const absl::StatusOr<size_t> read = co_await file.Read(text.size(), absl::MakeSpan(buffer));
    if (!read.ok()) co_return read.status();
    if (*read == 0) break;
    text.append(buffer.data(), *read);
  }
  co_return text;
}

}  // namespace

Task<bool> TextFile::Refresh() {
  const MonotonicTime began = env_.clock().MonotonicNow();
  if (look_.IsRecent(began)) co_return false;
  const absl::StatusOr<FileStat> now = co_await env_.files().Stat(path_);
  if (text_.has_value() && IsPassingError(now.status())) co_return false;
  if (read_ && now.ok() == stat_.has_value() && (!now.ok() || SameFile(*now, *stat_))) {
    look_.FoundSame(began);
    co_return false;
  }
  std::optional<std::string> text;
  std::optional<FileStat> stat;
  if (now.ok() && now->type == FileType::kRegular) {
    OpenOptions options;
    options.read = true;
    options.non_blocking = true;
    absl::StatusOr<std::unique_ptr<File>> file = co_await env_.files().Open(path_, options);
    if (text_.has_value() && IsPassingError(file.status())) co_return false;
    if (file.ok()) {
      const absl::StatusOr<FileStat> opened = co_await (*file)->Stat();
      absl::StatusOr<std::string> read = co_await ReadAll(**file);
      if (text_.has_value() && (IsPassingError(opened.status()) || IsPassingError(read.status()))) {
        co_return false;
      }
      if (opened.ok() && read.ok()) {
        stat = *opened;
        text = *std::move(read);
      }
    }
  }
  read_ = true;
  stat_ = stat;
  text_ = std::move(text);
  co_return true;
}

}  // namespace stagepost
