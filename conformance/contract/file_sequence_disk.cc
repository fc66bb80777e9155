// A side of the comparison: the simulator's Disk.
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "conformance/contract/file_sequence.h"
#include "sim/world/disk.h"

namespace stagepost::file_sequence {
namespace {

class DiskSide final : public FileSide {
 public:
  explicit DiskSide(const DiskOptions& options) : disk_(absl::UnixEpoch(), options) {
    const Identity root;
    const DiskCaller caller{root, 0, nullptr, 1, absl::UnixEpoch()};
    disk_.Unlink(caller, "/dev/null");
    disk_.RemoveDirectory(caller, "/dev");
  }

  Outcome Do(const Step& step) override {
    static const std::vector<Identity> identities = Identities();
    const DiskCaller caller{identities[static_cast<size_t>(step.who)], step.umask, directory_, 1,
                            absl::UnixEpoch()};
    OpenFile*& file = files_[step.handle];
    switch (step.call) {
      case Call::kOpen: {
        if (file != nullptr) disk_.Close(*file);
        const DiskResult<OpenFile*> opened = disk_.Open(caller, step.path, step.open);
        file = opened.value;
        return Only(opened.error);
      }
      case Call::kClose:
        if (file != nullptr) disk_.Close(*file);
        file = nullptr;
        return {};
      case Call::kStat:
        return StatOf(disk_.Stat(caller, step.path));
      case Call::kLstat:
        return StatOf(disk_.LinkStat(caller, step.path));
      case Call::kMkdir:
        return Only(disk_.MakeDirectory(caller, step.path, step.mode));
      case Call::kRmdir:
        return Only(disk_.RemoveDirectory(caller, step.path));
      case Call::kUnlink:
        return Only(disk_.Unlink(caller, step.path));
      case Call::kRename:
        return Only(disk_.Rename(caller, step.path, step.path2));
      case Call::kRenameNew:
        return Only(disk_.RenameNew(caller, step.path, step.path2));
      case Call::kLink:
        return Only(disk_.Link(caller, step.path, step.path2));
      case Call::kSymlink:
        return Only(disk_.Symlink(caller, step.path, step.path2));
      case Call::kReadlink: {
        const DiskResult<std::string> read = disk_.ReadLink(caller, step.path);
        return {static_cast<int>(read.error), read.value};
      }
      case Call::kChmod:
        return Only(disk_.ChangeMode(caller, step.path, step.mode));
      case Call::kLchown:
        return Only(disk_.ChangeOwner(caller, step.path, step.owner, step.group));
      case Call::kUtime:
        return Only(disk_.SetTimes(caller, step.path,
                                   absl::FromUnixSeconds(static_cast<int64_t>(step.number)),
                                   absl::FromUnixSeconds(7)));
      case Call::kList:
        return List(disk_.ListDirectory(caller, step.path));
      case Call::kMkfifo:
        return Only(disk_.MakeFifo(caller, step.path, step.mode));
      case Call::kSyncDirectory:
        return Only(disk_.SyncDirectory(caller, step.path));
      case Call::kFreeSpace:
        return Only(disk_.GetFreeSpace(caller, step.path).error);
      case Call::kChdir: {
        const DiskResult<OpenFile*> opened = disk_.OpenWorkingDirectory(caller, step.path);
        if (!opened.ok()) return Only(opened.error);
        if (directory_ != nullptr) disk_.Close(*directory_);
        directory_ = opened.value;
        return {};
      }
      default:
        return file == nullptr ? Outcome{} : DoOnFile(caller, step, *file);
    }
  }

 private:
  static Outcome Only(Errno error) { return {static_cast<int>(error), ""}; }
  Outcome StatOf(const DiskResult<FileStat>& result) {
    if (!result.ok()) return Only(result.error);
    return {0, StatText(result.value)};
  }
  static Outcome List(const DiskResult<std::vector<DirectoryEntry>>& result) {
    return {static_cast<int>(result.error), ListText(result.value)};
  }
  Outcome DoOnFile(const DiskCaller& caller, const Step& step, OpenFile& file) {
    switch (step.call) {
      case Call::kRead: {
        char buffer[64];
        const DiskResult<size_t> read =
            disk_.Read(file, step.number, absl::MakeSpan(buffer), absl::UnixEpoch());
        return {static_cast<int>(read.error), std::string(buffer, read.value)};
      }
      case Call::kWrite: {
        const DiskResult<size_t> wrote = disk_.Write(caller, file, step.number, BytesOf(step));
        return {static_cast<int>(wrote.error), absl::StrCat(wrote.value)};
      }
      case Call::kFtruncate:
        return Only(disk_.Truncate(caller, file, step.number));
      case Call::kFstat:
        return StatOf({Errno::kOk, disk_.Stat(file)});
      case Call::kFchmod:
        return Only(disk_.ChangeMode(caller, file, step.mode));
      case Call::kFchown:
        return Only(disk_.ChangeOwner(caller, file, step.owner, step.group));
      case Call::kFlock:
        if (step.number == 0) return Only(disk_.Unlock(file, LockKind::kFlock));
        return Only(disk_.TryLock(file, LockKind::kFlock, step.lock));
      case Call::kFcntlLock:
        if (step.number == 0) return Only(disk_.Unlock(file, LockKind::kFcntl));
        return Only(disk_.TryLock(file, LockKind::kFcntl, step.lock));
      case Call::kSync:
        return Only(disk_.Sync(file));
      default:
        return {};
    }
  }

  Disk disk_;
  OpenFile* files_[kHandles] = {};
  OpenFile* directory_ = nullptr;
};

}  // namespace

std::unique_ptr<FileSide> MakeDiskSide(const Protections& protections) {
  DiskOptions options;
  options.protected_symlinks = protections.symlinks != 0;
  options.protected_hardlinks = protections.hardlinks != 0;
  options.protected_regular = protections.regular;
  options.protected_fifos = protections.fifos;
  return std::make_unique<DiskSide>(options);
}

}  // namespace stagepost::file_sequence
