#include "mta/bin/host_modes.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "mta/base/errno.h"
#include "mta/base/sysexits.h"
#include "mta/deliver/host_status.h"
#include "mta/deliver/host_status_files.h"
#include "mta/env/stream.h"

namespace stagepost {

Task<void> CheckHostStatusDirectory(Run& run) {
  const std::string directory = HostStatusDirectory(run.options());
  if (directory.empty()) co_return;
  const absl::StatusOr<FileStat> stat = co_await run.env.files().Stat(directory);
  Errno error = ErrnoOf(stat.status());
  if (stat.ok() && stat->type != FileType::kDirectory) error = Errno::kENOTDIR;
  if (error == Errno::kOk) co_return;
  co_await run.reporter.Remark(absl::StrCat("Warning: Cannot use HostStatusDirectory = ",
                                            run.options().Text(OptionId::kHostStatusDirectory),
                                            ": ", ErrnoText(error)));
}

Task<int> PrintHostStatus(Run& run) {
  const std::string directory = HostStatusDirectory(run.options());
  if (directory.empty()) co_return kExitOk;
  ByteSink& output = run.env.process().standard_output();
  const absl::Time now = run.env.clock().WallNow();
  bool headed = false;
  for (const std::string& path : co_await HostStatusFiles(run.env, directory)) {
    const std::string full = absl::StrCat(directory, "/", path);
    const absl::StatusOr<HostStatusFile> file = co_await ReadHostStatusFile(run.env, full);
    if (!file.ok()) continue;
    if (!file->record.ok()) {
      co_await run.reporter.SystemError(
          absl::StrCat(full, ": could not read status file: ", file->record.status().message()));
      continue;
    }
    const std::string line =
        HostStatusLine(HostOfRecordPath(path), *file, now, run.settings.verbose);
    const std::string text = absl::StrCat(headed ? "" : kHostStatusHeading, line);
    headed = true;
    if (!(co_await WriteAll(output, text)).ok()) break;
  }
  co_return kExitOk;
}

Task<int> PurgeHostStatus(Run& run) {
  const std::string directory = HostStatusDirectory(run.options());
  if (directory.empty()) co_return kExitOk;
  const absl::Time oldest =
      run.env.clock().WallNow() - run.options().timeout(TimeoutId::kHostStatus);
  for (const std::string& path : co_await HostStatusFiles(run.env, directory)) {
    const std::string full = absl::StrCat(directory, "/", path);
    const absl::StatusOr<FileStat> stat = co_await run.env.files().LinkStat(full);
    if (!stat.ok() || stat->modified >= oldest) continue;
    (void)co_await run.env.files().Unlink(full);
  }
  co_return kExitOk;
}

}  // namespace stagepost
