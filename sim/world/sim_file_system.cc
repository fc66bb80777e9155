#include "sim/world/sim_file_system.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "sim/world/sim_directory_reader.h"
#include "sim/world/sim_file_call.h"

namespace stagepost {

// --- One call.

namespace {

// A draw of 0 .. kDraws-1 decides what happens to a call, from the usual to the rare.
constexpr uint64_t kDraws = 1024;
constexpr uint64_t kFirstShort = 956;    // a read or write does only a part
constexpr uint64_t kFirstSlow = 960;     // waits for a busy disk: 5 to 280 microseconds
constexpr uint64_t kFirstSlower = 1016;  // 0.5 to 4 milliseconds

absl::Duration DelayOf(FileCall call, uint64_t draw) {
  if (IsSync(call)) return absl::Microseconds(100 + 8 * draw);
  if (draw < kFirstSlow) return absl::ZeroDuration();
  if (draw < kFirstSlower) return absl::Microseconds(5 * (draw - kFirstSlow + 1));
  return absl::Microseconds(500 * (draw - kFirstSlower + 1));
}

}  // namespace

void PlanTurn(const SimFileContext& context, SimFileTurn& turn) {
  const uint64_t draw = context.caller->choices().Pick(context.draws, kDraws);
  turn.delay = DelayOf(turn.record.call, draw);
  turn.shorten = draw >= kFirstShort && draw < kFirstSlow;
  if (!context.permitted) turn.fault = Errno::kEPERM;
  if (FileFaults* const faults = context.caller->faults(); faults != nullptr) {
    const FileFault fault =
        faults->OnCall(turn.record.call, AbsolutePath(*context.caller, turn.record.path));
    turn.delay += fault.stall;
    // Live, a sync has a thread of its own; all other calls are made where the tasks run.
    turn.stalls = fault.stall > absl::ZeroDuration() && !IsSync(turn.record.call);
    if (fault.error != Errno::kOk) turn.fault = fault.error;
  }
}

absl::Status EndTurn(const SimFileContext& context, const SimFileTurn& turn) {
  context.caller->OnFileCall(turn.record);
  if (turn.record.result == Errno::kOk) return absl::OkStatus();
  return ErrnoStatus(turn.record.result,
                     absl::StrCat(FileCallName(turn.record.call), " ", turn.record.path));
}

size_t Shorten(const SimFileContext& context, const SimFileTurn& turn, size_t bytes) {
  if (!turn.shorten || bytes < 2) return bytes;
  return bytes - 1 - context.caller->choices().Pick("disk/short", bytes - 1);
}

absl::Status DeadProcess() { return ErrnoStatus(Errno::kEIO, "call of a dead process"); }

bool CancelledSyncHappens(const SimFileContext& context) {
  return context.caller->choices().Pick("disk/cancelled-sync", 2) == 0;
}

// --- Open files.

namespace {

class SimFile final : public File {
 public:
  SimFile(const SimFileContext& context, OpenFile& file, absl::string_view path)
      : context_(context), file_(file), path_(path), descriptor_(context.caller->descriptors()) {}
  ~SimFile() override {
    if (!context_.caller->inert()) context_.disk().Close(file_);
  }

  Operation<absl::StatusOr<size_t>> Read(uint64_t offset, absl::Span<char> buffer) override {
    return Perform(context_, Record(FileCall::kRead, offset),
                   [this, offset, buffer](SimFileTurn& turn) {
                     const size_t wanted = Shorten(context_, turn, buffer.size());
                     DiskResult<size_t> read = context_.disk().Read(
                         file_, offset, buffer.first(wanted), context_.caller->wall_now());
                     turn.record.bytes = absl::string_view(buffer.data(), read.value);
                     return read;
                   });
  }
  Operation<absl::StatusOr<size_t>> Write(uint64_t offset, absl::string_view bytes) override {
    return Perform(
        context_, Record(FileCall::kWrite, offset), [this, offset, bytes](SimFileTurn& turn) {
          size_t wanted = bytes.size();
          if (!Disk::IsAtomicWrite(file_, wanted)) wanted = Shorten(context_, turn, wanted);
          DiskResult<size_t> written =
              context_.disk().Write(context_.who(), file_, offset, bytes.substr(0, wanted));
          turn.record.bytes = bytes.substr(0, written.value);
          return written;
        });
  }
  Operation<absl::Status> Truncate(uint64_t size) override {
    return Perform(context_, Record(FileCall::kTruncate, size), [this, size](SimFileTurn&) {
      return context_.disk().Truncate(context_.who(), file_, size);
    });
  }
  Operation<absl::StatusOr<FileStat>> Stat() override {
    return Perform(context_, Record(FileCall::kFileStat), [this](SimFileTurn&) {
      return DiskResult<FileStat>{Errno::kOk, context_.disk().Stat(file_)};
    });
  }
  Operation<absl::Status> ChangeMode(FileMode mode) override {
    return Perform(context_, Record(FileCall::kFileChangeMode), [this, mode](SimFileTurn&) {
      return context_.disk().ChangeMode(context_.who(), file_, mode);
    });
  }
  Operation<absl::Status> ChangeOwner(std::optional<UserId> owner,
                                      std::optional<GroupId> group) override {
    return Perform(context_, Record(FileCall::kFileChangeOwner), [=, this](SimFileTurn&) {
      return context_.disk().ChangeOwner(context_.who(), file_, owner, group);
    });
  }
  Operation<absl::Status> Sync() override;
  Operation<absl::Status> Lock(LockKind kind, LockMode mode, LockWait wait) override;
  Operation<absl::Status> Unlock(LockKind kind) override {
    return Perform(context_, Record(FileCall::kUnlock),
                   [this, kind](SimFileTurn&) { return context_.disk().Unlock(file_, kind); });
  }

  OpenFile& open_file() { return file_; }

 private:
  class LockOperation;
  FileCallRecord Record(FileCall call, uint64_t offset = 0) const {
    return FileCallRecord{
        .call = call, .path = path_, .second_path = {}, .offset = offset, .bytes = {}};
  }

  const SimFileContext context_;
  OpenFile& file_;
  const std::string path_;
  const Descriptor descriptor_;
};

Operation<absl::Status> SimFile::Sync() {
  return Perform(
      context_, Record(FileCall::kSync),
      [this](SimFileTurn&) { return context_.disk().Sync(file_); }, &file_);
}

// A lock that may have to be waited for, first for a busy disk and then for its holder.
class SimFile::LockOperation final : public PendingOperation<absl::Status>,
                                     private Timer,
                                     private LockWaiter {
 public:
  LockOperation(const SimFileContext& context, const SimFileTurn& turn, OpenFile& file,
                LockKind kind, LockMode mode)
      : LockWaiter(file, kind, mode), context_(context), turn_(turn) {}

 private:
  void Start() override {
    if (turn_.delay == absl::ZeroDuration()) return Try();
    Loop& loop = context_.caller->loop();
    if (turn_.stalls) stall_.Begin(context().executor());
    loop.timers().Arm(*this, loop.now() + turn_.delay);
  }
  void OnTimer() override {
    Try();
    stall_.End();
  }
  void Try() {
    if (context_.caller->inert()) return Finish(DeadProcess());
    Errno error = turn_.fault;
    if (error == Errno::kOk) error = context_.disk().TryLock(file(), kind(), mode());
    if (error == Errno::kEAGAIN && turn_.fault == Errno::kOk) {
      context_.disk().WaitForLock(*this);
      return;
    }
    End(error);
  }
  void OnGranted() override { End(Errno::kOk); }
  void OnStop() override {
    Disarm();
    ListNode<LockWaiter>::Unlink();
    Finish(absl::CancelledError("cancelled"));
  }
  void End(Errno error) {
    turn_.record.result = error;
    Finish(EndTurn(context_, turn_));
  }

  const SimFileContext& context_;
  SimFileTurn turn_;
  ProcessStall stall_;
};

Operation<absl::Status> SimFile::Lock(LockKind kind, LockMode mode, LockWait wait) {
  if (wait == LockWait::kNo) {
    return Perform(context_, Record(FileCall::kLock), [this, kind, mode](SimFileTurn&) {
      return context_.disk().TryLock(file_, kind, mode);
    });
  }
  if (context_.caller->inert()) return {DeadProcess()};
  SimFileTurn turn{.record = Record(FileCall::kLock)};
  PlanTurn(context_, turn);
  if (turn.delay == absl::ZeroDuration() && turn.fault == Errno::kOk) {
    const Errno error = context_.disk().TryLock(file_, kind, mode);
    if (error != Errno::kEAGAIN) {
      turn.record.result = error;
      return {EndTurn(context_, turn)};
    }
  }
  return Operation<absl::Status>(new LockOperation(context_, turn, file_, kind, mode));
}

// open(2). One end of a FIFO may have to wait for the other; the call is on record by then.
class OpenOperation final : public PendingOperation<absl::StatusOr<std::unique_ptr<File>>>,
                            private Timer,
                            private FifoWaiter {
 public:
  using Result = absl::StatusOr<std::unique_ptr<File>>;
  OpenOperation(const SimFileContext& context, const SimFileTurn& turn, OpenOptions options)
      : context_(context), turn_(turn), options_(std::move(options)) {}

  // The call itself, on the disk.
  void Open() {
    const auto body = [this](SimFileTurn& turn) {
      DiskResult<std::unique_ptr<SimFile>> result;
      if (!context_.HasRoom()) {
        result.error = Errno::kEMFILE;
        return result;
      }
      const DiskResult<OpenFile*> opened =
          context_.disk().Open(context_.who(), turn.record.path, options_);
      result.error = opened.error;
      if (opened.ok()) {
        result.value = std::make_unique<SimFile>(context_, *opened.value, turn.record.path);
      }
      return result;
    };
    opened_ = true;
    result_ = RunTurn(context_, turn_, body);
  }
  // Whether Open() was not all, yet.
  bool MustWait() const { return result_.ok() && (*result_)->open_file().waits_for_partner(); }
  Result TakeResult() {
    if (!result_.ok()) return result_.status();
    return std::unique_ptr<File>(*std::move(result_));
  }

 private:
  void Start() override {
    if (opened_) return WaitForPartner();
    Loop& loop = context_.caller->loop();
    if (turn_.stalls) stall_.Begin(context().executor());
    loop.timers().Arm(*this, loop.now() + turn_.delay);
  }
  void OnTimer() override {
    Open();
    WaitForPartner();
    stall_.End();
  }
  void WaitForPartner() {
    if (!MustWait()) return Finish(TakeResult());
    end = &(*result_)->open_file();
    context_.disk().WaitForPartner(*this);
  }
  void OnPartner() override { Finish(TakeResult()); }
  void OnStop() override {
    Disarm();
    ListNode<FifoWaiter>::Unlink();
    result_ = absl::CancelledError("cancelled");
    Finish(Result(result_.status()));
  }

  const SimFileContext& context_;
  SimFileTurn turn_;
  const OpenOptions options_;
  bool opened_ = false;
  ProcessStall stall_;
  absl::StatusOr<std::unique_ptr<SimFile>> result_ = absl::UnknownError("not opened yet");
};

FileCallRecord PathRecord(FileCall call, absl::string_view path,
                          absl::string_view second_path = {}) {
  return FileCallRecord{.call = call, .path = path, .second_path = second_path, .bytes = {}};
}

}  // namespace

// --- Paths.

SimFileSystem::SimFileSystem(FileCaller& caller)
    : context_(std::make_unique<SimFileContext>(caller)) {}
SimFileSystem::SimFileSystem(std::unique_ptr<SimFileContext> context)
    : context_(std::move(context)) {}
SimFileSystem::~SimFileSystem() = default;

std::unique_ptr<FileSystem> SimFileSystem::As(const Identity& identity) {
  auto context = std::make_unique<SimFileContext>(*context_);
  const Identity& own = context_->effective();
  context->permitted = context_->permitted && (own.user == kRootUser || own == identity);
  context->identity = std::make_shared<const Identity>(identity);
  return std::unique_ptr<FileSystem>(new SimFileSystem(std::move(context)));
}

Operation<absl::StatusOr<std::unique_ptr<File>>> SimFileSystem::Open(absl::string_view path,
                                                                     const OpenOptions& options) {
  using Result = OpenOperation::Result;
  if (context_->caller->inert()) return Result(DeadProcess());
  SimFileTurn turn{.record = PathRecord(FileCall::kOpen, path)};
  PlanTurn(*context_, turn);
  auto operation = std::make_unique<OpenOperation>(*context_, turn, options);
  if (turn.delay == absl::ZeroDuration()) {
    operation->Open();
    if (!operation->MustWait()) return operation->TakeResult();
  }
  return Operation<Result>(operation.release());
}

Operation<absl::StatusOr<OpenFile*>> SimFileSystem::OpenWorkingDirectory(absl::string_view path) {
  return Perform(*context_, PathRecord(FileCall::kChangeDirectory, path),
                 [this, path](SimFileTurn&) {
                   return context_->disk().OpenWorkingDirectory(context_->who(), path);
                 });
}

Operation<absl::StatusOr<FileStat>> SimFileSystem::Stat(absl::string_view path) {
  return Perform(*context_, PathRecord(FileCall::kStat, path), [this, path](SimFileTurn&) {
    return context_->disk().Stat(context_->who(), path);
  });
}

Operation<absl::StatusOr<FileStat>> SimFileSystem::LinkStat(absl::string_view path) {
  return Perform(*context_, PathRecord(FileCall::kLinkStat, path), [this, path](SimFileTurn&) {
    return context_->disk().LinkStat(context_->who(), path);
  });
}

Operation<absl::Status> SimFileSystem::MakeDirectory(absl::string_view path, FileMode mode) {
  return Perform(*context_, PathRecord(FileCall::kMakeDirectory, path),
                 [this, path, mode](SimFileTurn&) {
                   return context_->disk().MakeDirectory(context_->who(), path, mode);
                 });
}

Operation<absl::Status> SimFileSystem::RemoveDirectory(absl::string_view path) {
  return Perform(*context_, PathRecord(FileCall::kRemoveDirectory, path),
                 [this, path](SimFileTurn&) {
                   return context_->disk().RemoveDirectory(context_->who(), path);
                 });
}

Operation<absl::Status> SimFileSystem::Unlink(absl::string_view path) {
  return Perform(*context_, PathRecord(FileCall::kUnlink, path), [this, path](SimFileTurn&) {
    return context_->disk().Unlink(context_->who(), path);
  });
}

Operation<absl::Status> SimFileSystem::Rename(absl::string_view from, absl::string_view to) {
  return Perform(*context_, PathRecord(FileCall::kRename, from, to),
                 [this, from, to](SimFileTurn&) {
                   return context_->disk().Rename(context_->who(), from, to);
                 });
}

Operation<absl::Status> SimFileSystem::RenameNew(absl::string_view from, absl::string_view to) {
  return Perform(*context_, PathRecord(FileCall::kRename, from, to),
                 [this, from, to](SimFileTurn&) {
                   return context_->disk().RenameNew(context_->who(), from, to);
                 });
}

Operation<absl::Status> SimFileSystem::Link(absl::string_view from, absl::string_view to) {
  return Perform(*context_, PathRecord(FileCall::kLink, from, to), [this, from, to](SimFileTurn&) {
    return context_->disk().Link(context_->who(), from, to);
  });
}

Operation<absl::Status> SimFileSystem::Symlink(absl::string_view target, absl::string_view path) {
  return Perform(*context_, PathRecord(FileCall::kSymlink, path, target),
                 [this, target, path](SimFileTurn&) {
                   return context_->disk().Symlink(context_->who(), target, path);
                 });
}

Operation<absl::StatusOr<std::string>> SimFileSystem::ReadLink(absl::string_view path) {
  return Perform(*context_, PathRecord(FileCall::kReadLink, path), [this, path](SimFileTurn&) {
    return context_->disk().ReadLink(context_->who(), path);
  });
}

Operation<absl::Status> SimFileSystem::ChangeMode(absl::string_view path, FileMode mode) {
  return Perform(*context_, PathRecord(FileCall::kChangeMode, path),
                 [this, path, mode](SimFileTurn&) {
                   return context_->disk().ChangeMode(context_->who(), path, mode);
                 });
}

Operation<absl::Status> SimFileSystem::ChangeOwner(absl::string_view path,
                                                   std::optional<UserId> owner,
                                                   std::optional<GroupId> group) {
  return Perform(*context_, PathRecord(FileCall::kChangeOwner, path), [=, this](SimFileTurn&) {
    return context_->disk().ChangeOwner(context_->who(), path, owner, group);
  });
}

Operation<absl::Status> SimFileSystem::SetTimes(absl::string_view path, absl::Time accessed,
                                                absl::Time modified) {
  return Perform(*context_, PathRecord(FileCall::kSetTimes, path), [=, this](SimFileTurn&) {
    return context_->disk().SetTimes(context_->who(), path, accessed, modified);
  });
}

Operation<absl::StatusOr<std::unique_ptr<DirectoryReader>>> SimFileSystem::OpenDirectory(
    absl::string_view path) {
  const auto body = [this, path](SimFileTurn&) {
    DiskResult<std::unique_ptr<DirectoryReader>> result;
    result.error = Errno::kEMFILE;
    if (!context_->HasRoom()) return result;
    const OpenOptions options = {.read = true, .directory = true};
    const DiskResult<OpenFile*> opened = context_->disk().Open(context_->who(), path, options);
    result.error = opened.error;
    if (!opened.ok()) return result;
    result.value = std::make_unique<SimDirectoryReader>(*context_, *opened.value, path);
    return result;
  };
  return Perform(*context_, PathRecord(FileCall::kOpenDirectory, path), body);
}

Operation<absl::StatusOr<std::vector<DirectoryEntry>>> SimFileSystem::ListDirectory(
    absl::string_view path) {
  return Perform(*context_, PathRecord(FileCall::kListDirectory, path), [this, path](SimFileTurn&) {
    using Result = DiskResult<std::vector<DirectoryEntry>>;
    if (!context_->HasRoom()) return Result{.error = Errno::kEMFILE, .value = {}};
    return context_->disk().ListDirectory(context_->who(), path);
  });
}

Operation<absl::Status> SimFileSystem::SyncDirectory(absl::string_view path) {
  return Perform(*context_, PathRecord(FileCall::kSyncDirectory, path), [this, path](SimFileTurn&) {
    if (!context_->HasRoom()) return Errno::kEMFILE;
    return context_->disk().SyncDirectory(context_->who(), path);
  });
}

Operation<absl::StatusOr<FreeSpace>> SimFileSystem::GetFreeSpace(absl::string_view path) {
  return Perform(*context_, PathRecord(FileCall::kGetFreeSpace, path), [this, path](SimFileTurn&) {
    return context_->disk().GetFreeSpace(context_->who(), path);
  });
}

}  // namespace stagepost
