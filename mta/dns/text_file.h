// A small text file that is read again when it has changed; a change of the last kFileGlance may
// pass unseen.
#ifndef STAGEPOST_MTA_DNS_TEXT_FILE_H_
#define STAGEPOST_MTA_DNS_TEXT_FILE_H_

#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mta/async/task.h"
#include "mta/env/environment.h"
#include "mta/env/file_system.h"
#include "mta/env/same_file.h"

namespace stagepost {

// For one process; several coroutines may ask at once.
class TextFile {
 public:
  // What is longer is cut.
  static constexpr size_t kMaxBytes = 16 << 20;

  TextFile(Environment& env, std::string path) : env_(env), path_(std::move(path)) {}

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
  Environment& env_;
  const std::string path_;
  bool read_ = false;
  FileLook look_;
  std::optional<FileStat> stat_;
  std::optional<std::string> text_;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_DNS_TEXT_FILE_H_
