#include "mta/deliver/file_mailer.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "mta/async/deadline.h"
#include "mta/base/errno.h"
#include "mta/base/status_macros.h"
#include "mta/base/sysexits.h"
#include "mta/cf/default_user.h"
#include "mta/deliver/mailer_program.h"
#include "mta/deliver/outgoing_mail.h"
#include "mta/message/line_ends.h"

namespace stagepost {
namespace {

constexpr size_t kBlock = 32 * 1024;
constexpr FileMode kExecuteOrSetId = 07111 & ~01000;
// Undoing a failed append after a stop request.
constexpr absl::Duration kUndoGrace = absl::Seconds(10);
// Another one may be writing; attempts, each a second longer after the one before than the last.
constexpr int kLockAttempts = 8;

// Whether the same call may work later.
bool MayPass(const absl::Status& status) {
  switch (ErrnoOf(status)) {
    case Errno::kOk:
    case Errno::kEINTR:
    case Errno::kEIO:
    case Errno::kEAGAIN:
    case Errno::kENOMEM:
    case Errno::kENFILE:
    case Errno::kEMFILE:
    case Errno::kENOSPC:
    case Errno::kEDQUOT:
    case Errno::kENOLCK:
      return true;
    default:
      return false;
  }
}

class FileRun {
 public:
  FileRun(MailerRun& run, FileSystem& files, std::string path)
      : run_(run),
        env_(run.site.env()),
        options_(run.site.configuration().options),
        files_(files),
        path_(std::move(path)) {}

  Task<DeliveryResult> Run() {
    absl::StatusOr<std::unique_ptr<MessageText>> text =
        co_await TextForMailer(run_, true, std::nullopt);
    if (!text.ok()) co_return ResultOfExitCode(kExitDataError, "", "");
    if (const absl::Status opened = co_await Open(); !opened.ok()) co_return CannotOpen(opened);
    if (const absl::Status locked = co_await Lock(); !locked.ok()) {
      co_return Deferred("4.2.0", absl::StrCat("cannot lock ", path_));
    }
    const absl::StatusOr<FileStat> stat = co_await file_->Stat();
    if (!stat.ok()) co_return CannotOpen(stat.status());
    const absl::Status appended = co_await Append(**text, stat->size);
    if (appended.ok()) co_return Sent("2.0.0");
    const absl::Status undone = co_await Shield(kUndoGrace, Undo(stat->size));
    if (!undone.ok()) Log(absl::StrCat("cannot truncate ", path_, ": ", undone.message()));
    Log(absl::StrCat(path_, ": ", appended.message()));
    co_return ResultOfExitCode(kExitIoError, "", "");
  }

 private:
  void Log(absl::string_view text) {
    env_.log().Write(Severity::kError, absl::StrCat(run_.message.envelope().id, ": ", text));
  }

  DeliveryResult CannotOpen(const absl::Status& status) {
    if (absl::IsCancelled(status)) return Deferred("4.0.0", "shutting down");
    // What is no error of a call is something that we refuse.
    const bool ours = ErrnoOf(status) == Errno::kOk;
    Log(absl::StrCat(path_, ": ", status.message()));
    if (!ours && MayPass(status)) return ResultOfExitCode(kExitIoError, "", "");
    return ResultOfExitCode(kExitCannotCreate, "", "");
  }

  // OK, or why mail does not go into such a file.
  absl::Status Check(const FileStat& stat) {
    if (stat.type != FileType::kRegular) return absl::PermissionDeniedError("not a regular file");
    if ((stat.mode & kExecuteOrSetId) != 0) {
      return absl::PermissionDeniedError("executable or set-id file");
    }
    if (stat.links != 1 && !options_.Has(BlameFlag::kFileDeliveryToHardLink)) {
      return absl::PermissionDeniedError("has other names (hard links)");
    }
    return absl::OkStatus();
  }

  Task<absl::Status> Open() {
    const bool follow = options_.Has(BlameFlag::kFileDeliveryToSymLink) &&
                        options_.Text(OptionId::kSafeFileEnvironment).empty();
    absl::StatusOr<FileStat> stat = absl::UnknownError("");
    if (follow) {
      stat = co_await files_.Stat(path_);
    } else {
      stat = co_await files_.LinkStat(path_);
    }
    OpenOptions open = {.read = true, .write = true, .no_follow = !follow, .non_blocking = true};
    if (ErrnoOf(stat.status()) == Errno::kENOENT) {
      open.create = open.exclusive = true;
      open.mode = static_cast<FileMode>(options_.Number(OptionId::kTempFileMode));
      created_ = true;
      CO_ASSIGN_OR_RETURN(file_, co_await files_.Open(path_, open));
      co_return absl::OkStatus();
    }
    CO_RETURN_IF_ERROR(stat.status());
    CO_RETURN_IF_ERROR(Check(*stat));
    absl::StatusOr<std::unique_ptr<File>> file = co_await files_.Open(path_, open);
    if (ErrnoOf(file.status()) == Errno::kEACCES) {
      // It may be written, though not read.
      open.read = false;
      readable_ = false;
      file = co_await files_.Open(path_, open);
    }
    CO_RETURN_IF_ERROR(file.status());
    file_ = *std::move(file);
    CO_ASSIGN_OR_RETURN(const FileStat opened, co_await file_->Stat());
    CO_RETURN_IF_ERROR(Check(opened));
    if (opened.inode != stat->inode || opened.device != stat->device) {
      env_.probes().Reached("deliver: a file was exchanged");
      co_return absl::PermissionDeniedError("file changed while it was opened");
    }
    co_return absl::OkStatus();
  }

  Task<absl::Status> Lock() {
    for (int attempt = 1;; ++attempt) {
      const absl::Status status =
          co_await file_->Lock(LockKind::kFlock, LockMode::kExclusive, LockWait::kNo);
      if (ErrnoOf(status) != Errno::kEAGAIN || attempt == kLockAttempts) co_return status;
      CO_RETURN_IF_ERROR(co_await Sleep(absl::Seconds(attempt)));
    }
  }

  Task<absl::Status> Append(MessageText& text, uint64_t size) {
    offset_ = size;
    if (size > 0 && readable_) {
      // The From line must begin a line, whoever wrote the file before.
      char last = '\n';
      CO_ASSIGN_OR_RETURN(const size_t read,
                          co_await file_->Read(size - 1, absl::MakeSpan(&last, 1)));
      if (read == 1 && last != '\n') CO_RETURN_IF_ERROR(co_await Write("\n"));
    }
    const std::string end_of_line = ExpandText(run_.site, run_.macros, run_.mailer.end_of_line);
    std::string block(kBlock, '\0'), wire;
    bool line_start = true;
    while (true) {
      CO_ASSIGN_OR_RETURN(const size_t read, co_await text.Read(absl::MakeSpan(block)));
      if (read == 0) break;
      wire.clear();
      AppendLines(absl::string_view(block).substr(0, read), end_of_line, run_.mailer.Has('X'),
                  line_start, wire);
      CO_RETURN_IF_ERROR(co_await Write(wire));
    }
    const std::string end = absl::StrCat(line_start ? "" : end_of_line, end_of_line);
    CO_RETURN_IF_ERROR(co_await Write(end));
    CO_RETURN_IF_ERROR(co_await file_->Sync());
    if (!created_) co_return absl::OkStatus();
    const absl::string_view path = path_;
    const absl::string_view directory = path.substr(0, std::max<size_t>(path.rfind('/'), 1));
    co_return co_await files_.SyncDirectory(directory);
  }

  Task<absl::Status> Write(absl::string_view bytes) {
    while (!bytes.empty()) {
      CO_ASSIGN_OR_RETURN(const size_t written, co_await file_->Write(offset_, bytes));
      if (written == 0) co_return ErrnoStatus(Errno::kEIO, "write made no progress");
      offset_ += written;
      bytes.remove_prefix(written);
    }
    co_return absl::OkStatus();
  }

  // Synced as well: what a failed append wrote must not come back after a crash.
  Task<absl::Status> Undo(uint64_t size) {
    CO_RETURN_IF_ERROR(co_await file_->Truncate(size));
    co_return co_await file_->Sync();
  }

  MailerRun& run_;
  Environment& env_;
  const Options& options_;
  FileSystem& files_;
  const std::string path_;
  std::unique_ptr<File> file_;
  bool created_ = false, readable_ = true;
  uint64_t offset_ = 0;
};

// The path below SafeFileEnvironment. sendmail changes its root directory; here every part of the
// path below that directory must be what it looks like. kPermissionDenied: it is not.
Task<absl::StatusOr<std::string>> BelowSafeEnvironment(FileSystem& files, std::string directory,
                                                       std::string path) {
  directory = std::string(absl::StripSuffix(directory, "/"));
  absl::string_view rest = path;
  if (absl::StartsWith(rest, directory + "/")) rest.remove_prefix(directory.size());
  std::string real = directory;
  for (const absl::string_view part : absl::StrSplit(rest, '/', absl::SkipEmpty())) {
    if (part == "." || part == "..") co_return absl::PermissionDeniedError("dots in its path");
    absl::StrAppend(&real, "/", part);
    const absl::StatusOr<FileStat> stat = co_await files.LinkStat(real);
    if (stat.ok() && stat->type == FileType::kSymlink) {
      co_return absl::PermissionDeniedError("symbolic link in its path");
    }
  }
  co_return real;
}

}  // namespace

Task<MailerReport> RunFileMailer(MailerRun run) {
  Environment& env = run.site.env();
  const absl::StatusOr<Arguments> arguments = MailerArguments(run);
  if (!arguments.ok() || arguments->size() != 2 || !absl::StartsWith((*arguments)[1], "/")) {
    co_return ReportForAll(run, ResultOfExitCode(kExitConfiguration, "", ""));
  }
  std::string path = (*arguments)[1];
  if (path == "/dev/null") co_return ReportForAll(run, Sent("2.0.0"));
  std::optional<Identity> identity = MailerIdentity(run);
  // Flag S or not: no file is written as root.
  if (!identity.has_value() && env.process().credentials().effective_user == kRootUser) {
    identity = DefaultUser(run.site.configuration().options, env.accounts());
  }
  std::unique_ptr<FileSystem> other;
  if (identity.has_value()) other = env.files().As(*identity);
  FileSystem& files = other != nullptr ? *other : env.files();
  const std::string safe = run.site.configuration().options.Text(OptionId::kSafeFileEnvironment);
  if (!safe.empty()) {
    absl::StatusOr<std::string> below = co_await BelowSafeEnvironment(files, safe, path);
    if (!below.ok()) co_return ReportForAll(run, ResultOfExitCode(kExitCannotCreate, "", ""));
    path = *std::move(below);
  }
  FileRun file(run, files, std::move(path));
  const DeliveryResult result = co_await file.Run();
  co_return ReportForAll(run, result);
}

}  // namespace stagepost
