// Both sides through the seam: a program does the steps with what its Environment gives it.
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "conformance/contract/file_sequence.h"
#include "mta/async/deadline.h"
#include "mta/base/check.h"
#include "mta/env/environment.h"
#include "mta/posix/environment.h"
#include "sim/choice/choices.h"
#include "sim/trace/trace.h"
#include "sim/world/world.h"

namespace stagepost::file_sequence {
namespace {

Outcome Only(const absl::Status& status) { return {static_cast<int>(ErrnoOf(status)), ""}; }

template <class T, class Text>
Outcome TextOr(const absl::StatusOr<T>& result, Text text) {
  return result.ok() ? Outcome{0, text(*result)} : Only(result.status());
}

class SeamSide {
 public:
  explicit SeamSide(Environment& env) : env_(env) {
    for (const Identity& identity : Identities()) as_.push_back(env.files().As(identity));
  }

  Task<Outcome> Do(const Step& step) {
    env_.process().SetUmask(step.umask);
    FileSystem& files = *as_[static_cast<size_t>(step.who)];
    const std::string& path = step.path;
    const std::string& path2 = step.path2;
    switch (step.call) {
      case Call::kOpen: {
        std::unique_ptr<File>& file = files_[static_cast<size_t>(step.handle)];
        file.reset();
        absl::StatusOr<std::unique_ptr<File>> opened = co_await files.Open(path, step.open);
        if (opened.ok()) file = *std::move(opened);
        co_return Only(opened.status());
      }
      case Call::kClose:
        files_[static_cast<size_t>(step.handle)].reset();
        co_return Outcome();
      case Call::kStat:
        co_return TextOr(co_await files.Stat(path), &StatText);
      case Call::kLstat:
        co_return TextOr(co_await files.LinkStat(path), &StatText);
      case Call::kMkdir:
        co_return Only(co_await files.MakeDirectory(path, step.mode));
      case Call::kRmdir:
        co_return Only(co_await files.RemoveDirectory(path));
      case Call::kUnlink:
        co_return Only(co_await files.Unlink(path));
      case Call::kRename:
        co_return Only(co_await files.Rename(path, path2));
      case Call::kRenameNew:
        co_return Only(co_await files.RenameNew(path, path2));
      case Call::kLink:
        co_return Only(co_await files.Link(path, path2));
      case Call::kSymlink:
        co_return Only(co_await files.Symlink(path, path2));
      case Call::kReadlink:
        co_return TextOr(co_await files.ReadLink(path), [](const std::string& to) { return to; });
      case Call::kChmod:
        co_return Only(co_await files.ChangeMode(path, step.mode));
      case Call::kLchown:
        co_return Only(co_await files.ChangeOwner(path, step.owner, step.group));
      case Call::kUtime:
        co_return Only(
            co_await files.SetTimes(path, absl::FromUnixSeconds(static_cast<int64_t>(step.number)),
                                    absl::FromUnixSeconds(7)));
      case Call::kList:
        co_return TextOr(co_await files.ListDirectory(path), &ListText);
      case Call::kSyncDirectory:
        co_return Only(co_await files.SyncDirectory(path));
      case Call::kFreeSpace:
        co_return Only(StatusOf(co_await files.GetFreeSpace(path)));
      default:
        co_return co_await DoOnFile(step);
    }
  }

 private:
  Task<Outcome> DoOnFile(const Step& step) {
    File* const file = files_[static_cast<size_t>(step.handle)].get();
    if (file == nullptr) co_return Outcome();
    const LockKind kind = step.call == Call::kFlock ? LockKind::kFlock : LockKind::kFcntl;
    switch (step.call) {
      case Call::kRead: {
        std::array<char, 64> buffer;
        const absl::StatusOr<size_t> count =
            co_await file->Read(step.number, absl::MakeSpan(buffer));
        co_return TextOr(count, [&](size_t n) { return std::string(buffer.data(), n); });
      }
      case Call::kWrite: {
        const std::string bytes = BytesOf(step);
        co_return TextOr(co_await file->Write(step.number, bytes),
                         [](size_t n) { return absl::StrCat(n); });
      }
      case Call::kFtruncate:
        co_return Only(co_await file->Truncate(step.number));
      case Call::kFstat:
        co_return TextOr(co_await file->Stat(), &StatText);
      case Call::kFchmod:
        co_return Only(co_await file->ChangeMode(step.mode));
      case Call::kFchown:
        co_return Only(co_await file->ChangeOwner(step.owner, step.group));
      case Call::kFlock:
      case Call::kFcntlLock:
        if (step.number == 0) co_return Only(co_await file->Unlock(kind));
        co_return Only(co_await file->Lock(kind, step.lock, LockWait::kNo));
      case Call::kSync:
        co_return Only(co_await file->Sync());
      default:
        co_return Outcome();
    }
  }

  Environment& env_;
  std::vector<std::unique_ptr<FileSystem>> as_;
  std::array<std::unique_ptr<File>, kHandles> files_;
};

// A Program takes no arguments of ours.
const std::vector<Step>* steps_to_do = nullptr;
std::vector<Outcome>* outcomes = nullptr;

Task<int> DoSteps(Environment& env, Arguments) {
  SeamSide side(env);
  for (const Step& step : *steps_to_do) {
    Outcome outcome = co_await side.Do(step);
    outcomes->push_back(std::move(outcome));
  }
  co_return 0;
}

}  // namespace

std::vector<Outcome> DoInSimulator(const std::vector<Step>& steps, const Protections& protections) {
  // Nothing unusual: no read or write is short.
  Choices mild = *Choices::FromLog("stagepost-choices 1 seed 0\n");
  TraceLog trace;
  World world(mild, trace, absl::FromUnixSeconds(1'795'000'000));
  SimHost& host = world.AddHost({.name = "sequence.example", .addresses = {}});
  host.disk().SetProtections(protections.symlinks != 0, protections.hardlinks != 0,
                             protections.regular, protections.fifos);
  const std::vector<std::string> there = *host.editor().ListDirectory("/");
  for (const std::string& name : there) {
    CHECK(host.editor().RemoveAll("/" + name).ok());
  }
  std::vector<Outcome> result;
  steps_to_do = &steps;
  outcomes = &result;
  bool ended = false;
  ProcessSpec spec;
  spec.path = "sequence";
  host.Spawn(std::move(spec), [&](const ExitStatus&) { ended = true; }).Start(&DoSteps);
  world.RunUntil([&] { return ended; }, MonotonicTime() + absl::Hours(1));
  return result;
}

std::vector<Outcome> DoOnLinux(const std::vector<Step>& steps) {
  // For what it does at its end.
  const std::unique_ptr<FileSide> cleaner = MakeLinuxSide();
  std::vector<Outcome> result;
  steps_to_do = &steps;
  outcomes = &result;
  PosixOptions options;
  options.arguments = {"sequence"};
  PosixEnvironment environment(std::move(options));
  CHECK(environment.Run(&DoSteps) == 0);
  return result;
}

}  // namespace stagepost::file_sequence
