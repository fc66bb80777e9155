#include "mta/daemon/pid_file.h"

#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "mta/base/errno.h"
#include "mta/base/status_macros.h"

namespace stagepost {

Task<absl::Status> WritePidFile(Environment& env, std::string path, FileMode mode,
                                Arguments command_line) {
  OpenOptions options;
  options.write = options.create = options.truncate = true;
  options.no_follow = true;
  // Whoever has put a FIFO there must not stop the daemon.
  options.non_blocking = true;
  options.mode = mode;
  CO_ASSIGN_OR_RETURN(const std::unique_ptr<File> file, co_await env.files().Open(path, options));
  CO_ASSIGN_OR_RETURN(const FileStat stat, co_await file->Stat());
  if (stat.type != FileType::kRegular) co_return absl::FailedPreconditionError("no regular file");
  const std::string text = absl::StrCat(static_cast<int32_t>(env.process().pid()), "\n",
                                        absl::StrJoin(command_line, " "), "\n");
  for (size_t written = 0; written < text.size();) {
    CO_ASSIGN_OR_RETURN(const size_t some,
                        co_await file->Write(written, absl::string_view(text).substr(written)));
    written += some;
  }
  co_return absl::OkStatus();
}

}  // namespace stagepost
