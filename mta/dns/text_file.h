// A small text file that is read again when it has changed.
#ifndef STAGEPOST_MTA_DNS_TEXT_FILE_H_
#define STAGEPOST_MTA_DNS_TEXT_FILE_H_

#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mta/async/task.h"
#include "mta/env/file_system.h"

namespace stagepost {

// For one process; several coroutines may ask at once.
class TextFile {
 public:
  // What is longer is cut.
  static constexpr size_t kMaxBytes = 16 << 20;

  TextFile(FileSystem& files, std::string path) : files_(files), path_(std::move(path)) {}

  // Looks whether the file is still what was read, and reads it otherwise. Whether text() has
  // changed; true the first time. What cannot be read for the moment, since there are no more
  // descriptors or the like, stays as it was.
  Task<bool> Refresh();

  // nullopt: there is no such file, or it cannot be read.
  std::optional<absl::string_view> text() const {
    if (!text_.has_value()) return std::nullopt;
    return *text_;
  }

 private:
  FileSystem& files_;
  const std::string path_;
  bool read_ = false;
  std::optional<FileStat> stat_;
  std::optional<std::string> text_;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_DNS_TEXT_FILE_H_
