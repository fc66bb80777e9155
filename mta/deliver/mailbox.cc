#include "mta/deliver/mailbox.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "mta/async/deadline.h"
#include "mta/base/errno.h"
#include "mta/base/status_macros.h"
#include "mta/deliver/dot_lock.h"

namespace stagepost {
namespace {

// Bytes written at a time.
constexpr size_t kWriteBlock = 64 * 1024;

// Undoing a failed append, and letting go of locks, after a stop request.
constexpr absl::Duration kUndoGrace = absl::Seconds(10);

MailboxResult Refuse(int code, absl::string_view dsn, absl::string_view text) {
  return {.code = code, .dsn = std::string(dsn), .text = std::string(text)};
}

// Text of the system call's error, or of any other.
absl::string_view Why(const absl::Status& status) {
  return ErrnoOf(status) == Errno::kOk ? status.message() : ErrnoText(ErrnoOf(status));
}

// A sender as the From line has it: nothing in it may end the line.
std::string ShownSender(absl::string_view sender) {
  std::string shown(sender.empty() ? "MAILER-DAEMON" : sender);
  const auto is_control = [](char c) { return absl::ascii_iscntrl(c) && c != '\t'; };
  std::replace_if(shown.begin(), shown.end(), is_control, '?');
  return shown;
}

std::string MailboxPath(const User& user, const MailboxOptions& options) {
  if (options.home_file.empty()) return absl::StrCat(kMailDirectory, "/", user.name);
  return absl::StrCat(user.home, "/", options.home_file);
}

}  // namespace

std::shared_ptr<File> OpenMailboxes::Find(const std::string& path, const FileStat& stat) const {
  const auto known = mailboxes_.find(path);
  if (known == mailboxes_.end()) return nullptr;
  const FileStat& then = known->second.stat;
  const bool same = then.inode == stat.inode && then.device == stat.device &&
                    then.mode == stat.mode && then.owner == stat.owner && then.group == stat.group;
  return same ? known->second.file : nullptr;
}

void OpenMailboxes::Keep(const std::string& path, const FileStat& stat,
                         std::shared_ptr<FileSystem> files, std::shared_ptr<File> file) {
  if (mailboxes_.size() >= kMost) mailboxes_.clear();
  mailboxes_[path] = {stat, std::move(files), std::move(file)};
}

namespace {

class Appender {
 public:
  Appender(Environment& env, std::shared_ptr<FileSystem> files, const User& user,
           absl::Span<const MailboxMessage> messages, MailboxOptions options,
           OpenMailboxes& mailboxes)
      : env_(env),
        users_files_(std::move(files)),
        files_(users_files_ != nullptr ? *users_files_ : env.files()),
        user_(user),
        messages_(messages),
        options_(std::move(options)),
        mailboxes_(mailboxes),
        path_(MailboxPath(user, options_)) {}

  Task<MailboxResult> Run() {
    MailboxResult result = co_await Locked(&Appender::AppendLocked);
    // Unlocked: others may write behind it meanwhile, and wait for the disk together with us.
    if (result.ok()) result = co_await MakeDurable();
    if (!result.ok()) env_.log().Write(Severity::kError, result.text);
    co_return result;
  }

 private:
  // Does a piece of work with the dot lock held.
  Task<MailboxResult> Locked(Task<MailboxResult> (Appender::*work)()) {
    DotLock lock(env_, files_, path_);
    if (const absl::Status locked = co_await lock.Acquire(); !locked.ok()) {
      LogFailure(locked);
      co_return Refuse(451, "4.3.0",
                       absl::StrCat("lockmailbox ", user_.name, " failed; error code 75 "));
    }
    MailboxResult result = co_await (this->*work)();
    if (const absl::Status released = co_await Shield(kUndoGrace, lock.Release()); !released.ok()) {
      LogFailure(released);  // it becomes stale
    }
    co_return result;
  }

  Task<MailboxResult> AppendLocked() {
    MailboxResult refusal;
    const absl::Status opened = co_await Open(refusal);
    if (!refusal.ok()) co_return refusal;
    if (!opened.ok()) co_return Failure("Append", opened);
    co_return co_await WithFileLocked(&Appender::Write);
  }

  Task<MailboxResult> WithFileLocked(Task<MailboxResult> (Appender::*work)()) {
    if (const absl::Status locked = co_await LockFile(); !locked.ok()) {
      co_return Failure("Lock", locked);
    }
    MailboxResult result = co_await (this->*work)();
    if (const absl::Status unlocked = co_await file_->Unlock(LockKind::kFcntl); !unlocked.ok()) {
      LogFailure(unlocked);
    }
    co_return result;
  }

  Task<MailboxResult> Write() {
    const absl::StatusOr<FileStat> stat = co_await file_->Stat();
    if (!stat.ok()) co_return Failure("Append", stat.status());
    old_size_ = stat->size;
    const absl::Status appended = co_await AppendAt(old_size_);
    if (appended.ok()) co_return Done();
    const absl::Status undone = co_await Shield(kUndoGrace, Undo());
    NoteUndone(undone);
    co_return LastingFailure(appended, undone.ok());
  }

  Task<MailboxResult> MakeDurable() {
    absl::Status synced = co_await file_->Sync();
    if (synced.ok()) synced = co_await SyncEntry();
    if (synced.ok()) co_return Done();
    const MailboxResult undone = co_await Shield(kUndoGrace, Locked(&Appender::TakeBack));
    if (!undone.ok()) NoteUndone(absl::UnavailableError(undone.text));
    co_return LastingFailure(synced, undone.ok());
  }

  // What could not be taken back must not be tried again at once.
  MailboxResult LastingFailure(const absl::Status& status, bool undone) {
    MailboxResult failure = Failure("Write", status);
    if (!undone) failure.no_room = false;
    return failure;
  }

  Task<MailboxResult> TakeBack() { co_return co_await WithFileLocked(&Appender::Remove); }

  // What stands in front of somebody else's message has to stay; its sender will give it again.
  Task<MailboxResult> Remove() {
    const absl::StatusOr<FileStat> stat = co_await file_->Stat();
    if (!stat.ok()) co_return Failure("Append", stat.status());
    if (stat->size != offset_) {
      env_.probes().Reached("mail.local: failed append stands in front of another message");
      co_return Refuse(450, "4.2.0", absl::StrCat(path_, ": written by another meanwhile"));
    }
    const absl::Status undone = co_await Undo();
    if (!undone.ok()) co_return Failure("Write", undone);
    co_return Done();
  }

  MailboxResult Done() const {
    return {.code = 250, .dsn = "2.1.5", .text = absl::StrCat(user_.name, " Ok")};
  }

  void NoteUndone(const absl::Status& undone) {
    if (undone.ok()) return;
    env_.probes().Reached("mail.local: failed append could not be undone");
    LogFailure(undone);
  }

  MailboxResult Failure(absl::string_view what, const absl::Status& status) {
    const std::string text = absl::StrCat(what, " ", path_, ": ", Why(status));
    const bool over_quota = ErrnoOf(status) == Errno::kEDQUOT;
    const bool permanent = over_quota && options_.over_quota_is_permanent;
    MailboxResult refusal = Refuse(permanent ? 552 : 450, permanent ? "5.2.2" : "4.2.0", text);
    refusal.no_room =
        over_quota || ErrnoOf(status) == Errno::kENOSPC || ErrnoOf(status) == Errno::kEFBIG;
    return refusal;
  }

  void LogFailure(const absl::Status& status) {
    env_.log().Write(Severity::kError, absl::StrCat(path_, ": ", status.message()));
  }

  // What makes a file unfit to be this user's mailbox; OK (250) if nothing does.
  MailboxResult CheckFile(const FileStat& stat) {
    const auto refuse = [&](absl::string_view why) {
      return Refuse(550, "5.2.0", absl::StrCat(path_, ": ", why));
    };
    if (stat.links != 1) return refuse("too many links");
    if (stat.type != FileType::kRegular) return refuse("irregular file");
    if (stat.owner != user_.id) {
      return refuse(absl::StrCat("wrong ownership (", static_cast<uint32_t>(stat.owner), ")"));
    }
    return {};
  }

  Task<absl::Status> Open(MailboxResult& refusal) {
    absl::StatusOr<FileStat> stat = co_await files_.LinkStat(path_);
    if (ErrnoOf(stat.status()) == Errno::kENOENT) {
      CO_ASSIGN_OR_RETURN(file_, co_await files_.Open(path_, {.read = true,
                                                              .write = true,
                                                              .create = true,
                                                              .exclusive = true,
                                                              .no_follow = true,
                                                              .mode = 0600}));
      co_return absl::OkStatus();
    }
    CO_RETURN_IF_ERROR(stat.status());
    refusal = CheckFile(*stat);
    if (!refusal.ok()) co_return absl::OkStatus();
    file_ = mailboxes_.Find(path_, *stat);
    kept_ = file_ != nullptr;
    if (kept_) co_return absl::OkStatus();
    CO_ASSIGN_OR_RETURN(
        file_, co_await files_.Open(
                   path_, {.read = true, .write = true, .no_follow = true, .non_blocking = true}));
    CO_ASSIGN_OR_RETURN(const FileStat opened, co_await file_->Stat());
    refusal = CheckFile(opened);
    if (refusal.ok() && (opened.inode != stat->inode || opened.device != stat->device)) {
      env_.probes().Reached("mail.local: mailbox was exchanged");
      refusal = Refuse(451, "4.2.0", absl::StrCat(path_, ": file changed while it was opened"));
    }
    co_return absl::OkStatus();
  }

  Task<absl::Status> LockFile() {
    LockPatience patience(env_.clock());
    while (true) {
      const absl::Status status =
          co_await file_->Lock(LockKind::kFcntl, LockMode::kExclusive, LockWait::kNo);
      if (ErrnoOf(status) != Errno::kEAGAIN || !patience.left()) co_return status;
      CO_RETURN_IF_ERROR(co_await patience.Wait());
    }
  }

  Task<absl::Status> AppendAt(uint64_t old_size) {
    offset_ = old_size;
    CO_ASSIGN_OR_RETURN(buffer_, co_await MissingLineEnds(old_size));
    buffer_.reserve(std::min(Bytes(), 2 * kWriteBlock));
    for (const MailboxMessage& message : messages_) CO_RETURN_IF_ERROR(co_await Append(message));
    co_return co_await Flush();
  }

  // About as much as will be written.
  size_t Bytes() const {
    constexpr size_t kAddedLines = 256;
    size_t bytes = 0;
    for (const MailboxMessage& message : messages_) {
      bytes += message.message->layout().body_end() + kAddedLines;
    }
    return bytes;
  }

  Task<absl::Status> Append(const MailboxMessage& message) {
    const MboxLayout& layout = message.message->layout();
    const absl::Time now = env_.clock().WallNow();
    CO_RETURN_IF_ERROR(co_await Put(
        absl::StrCat("From ", ShownSender(message.sender), " ",
                     absl::FormatTime("%a %b %e %H:%M:%S %Y", now, env_.host().time_zone()), "\n",
                     layout.begins_with_from() ? ">" : "")));
    for (const auto& [begin, end] : layout.header()) {
      CO_RETURN_IF_ERROR(co_await PutPiece(*message.message, begin, end));
    }
    CO_RETURN_IF_ERROR(co_await Put(absl::StrCat(layout.header_unfinished() ? "\n" : "",
                                                 "Content-Length: ", layout.body_bytes(), "\n\n")));
    CO_RETURN_IF_ERROR(co_await PutPiece(*message.message, layout.body_begin(), layout.body_end()));
    co_return co_await Put(layout.body_unfinished() ? "\n\n" : "\n");
  }

  // The mailbox's entry is part of the message's safety. Whoever made it may have been killed, or
  // have failed, before it was synced, and nothing shows that; so every process syncs it once.
  Task<absl::Status> SyncEntry() {
    if (kept_) co_return absl::OkStatus();
    CO_RETURN_IF_ERROR(co_await SyncDirectory());
    CO_ASSIGN_OR_RETURN(const FileStat stat, co_await file_->Stat());
    mailboxes_.Keep(path_, stat, users_files_, file_);
    co_return absl::OkStatus();
  }

  Task<absl::Status> SyncDirectory() {
    if (!options_.home_file.empty()) {
      co_return co_await files_.SyncDirectory(path_.substr(0, path_.rfind('/')));
    }
    // The directory is the system's, so that is done under our own identity.
    co_return co_await env_.files().SyncDirectory(kMailDirectory);
  }

  // What the mailbox lacks at its end before a From line can begin a message there.
  Task<absl::StatusOr<std::string>> MissingLineEnds(uint64_t size) {
    char tail[2] = {'\n', '\n'};
    const uint64_t length = std::min<uint64_t>(size, 2);
    size_t read = 0;
    while (read < length) {
      CO_ASSIGN_OR_RETURN(
          const size_t more,
          co_await file_->Read(size - length + read,
                               absl::MakeSpan(tail + 2 - length + read, length - read)));
      if (more == 0) co_return ErrnoStatus(Errno::kEIO, "mailbox shrank while it was locked");
      read += more;
    }
    if (tail[1] != '\n') {
      env_.probes().Reached("mail.local: mailbox ended inside a line");
      co_return std::string("\n\n");
    }
    co_return tail[0] == '\n' ? std::string() : std::string("\n");
  }

  // Appends to what will be written.
  Task<absl::Status> Put(absl::string_view text) {
    absl::StrAppend(&buffer_, text);
    if (buffer_.size() >= kWriteBlock) CO_RETURN_IF_ERROR(co_await Flush());
    co_return absl::OkStatus();
  }

  Task<absl::Status> PutPiece(MessageSpool& message, uint64_t begin, uint64_t end) {
    while (begin < end) {
      const size_t before = buffer_.size();
      buffer_.resize(before + std::min<uint64_t>(end - begin, kWriteBlock));
      CO_ASSIGN_OR_RETURN(const size_t read,
                          co_await message.Read(begin, absl::MakeSpan(buffer_).subspan(before)));
      if (read == 0) co_return absl::InternalError("message is shorter than it was");
      buffer_.resize(before + read);
      begin += read;
      if (buffer_.size() >= kWriteBlock) CO_RETURN_IF_ERROR(co_await Flush());
    }
    co_return absl::OkStatus();
  }

  Task<absl::Status> Flush() {
    absl::string_view rest = buffer_;
    while (!rest.empty()) {
      CO_ASSIGN_OR_RETURN(const size_t written, co_await file_->Write(offset_, rest));
      if (written == 0) co_return ErrnoStatus(Errno::kEIO, "write made no progress");
      offset_ += written;
      rest.remove_prefix(written);
    }
    buffer_.clear();
    co_return absl::OkStatus();
  }

  // Synced as well: what a failed append wrote must not come back after a crash.
  Task<absl::Status> Undo() {
    CO_RETURN_IF_ERROR(co_await file_->Truncate(old_size_));
    co_return co_await file_->Sync();
  }

  Environment& env_;
  const std::shared_ptr<FileSystem> users_files_;  // null: whose identity we have already
  FileSystem& files_;                              // the user's identity
  const User& user_;
  const absl::Span<const MailboxMessage> messages_;
  const MailboxOptions options_;
  OpenMailboxes& mailboxes_;
  const std::string path_;  // of the mailbox
  std::shared_ptr<File> file_;
  bool kept_ = false;  // it was open already, and its entry is durable
  uint64_t old_size_ = 0;
  uint64_t offset_ = 0;  // where buffer_ goes; the end of what is written
  std::string buffer_;
};

}  // namespace

Task<MailboxResult> AppendToMailbox(Environment& env, const User& user,
                                    absl::Span<const MailboxMessage> messages,
                                    MailboxOptions options, OpenMailboxes& mailboxes) {
  const absl::StatusOr<Identity> identity = env.accounts().IdentityOf(user);
  if (!identity.ok()) co_return Refuse(451, "4.3.0", "User database failure; retry later");
  // Whoever is that user already needs no privilege to act as one.
  const bool already = env.process().credentials().effective_user == user.id;
  std::shared_ptr<FileSystem> files = already ? nullptr : env.files().As(*identity);
  Appender appender(env, std::move(files), user, messages, std::move(options), mailboxes);
  co_return co_await appender.Run();
}

}  // namespace stagepost
