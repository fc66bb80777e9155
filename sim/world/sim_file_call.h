// How one call of the simulated file system runs: when, with which fault, and how it is reported.
// Only for sim_file_system.cc and sim_directory_reader.h.
#ifndef STAGEPOST_SIM_WORLD_SIM_FILE_CALL_H_
#define STAGEPOST_SIM_WORLD_SIM_FILE_CALL_H_

#include <memory>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "mta/async/executor.h"
#include "mta/async/operation.h"
#include "mta/async/timer_queue.h"
#include "mta/base/errno.h"
#include "mta/env/identity.h"
#include "sim/choice/choices.h"
#include "sim/world/disk.h"
#include "sim/world/sim_file_caller.h"

namespace stagepost {

// Under whose identity, in which process. Shared by a SimFileSystem and what it opened.
struct SimFileContext {
  explicit SimFileContext(FileCaller& file_caller)
      : caller(&file_caller), draws(file_caller.choices().StreamOf("disk/call")) {}

  FileCaller* caller;
  std::shared_ptr<const Identity> identity;  // null: the caller's own
  bool permitted = true;                     // to be who it is
  Choices::Stream draws;

  Disk& disk() const { return caller->disk(); }
  // Whether the process may have one more descriptor; a call that needs one looks there first.
  bool HasRoom() const {
    const DescriptorTable* const table = caller->descriptors();
    return table == nullptr || table->HasRoomFor(1);
  }
  const Identity& effective() const { return identity ? *identity : caller->identity(); }
  DiskCaller who() const {
    return DiskCaller{effective(),
                      caller->umask(),
                      caller->working_directory(),
                      caller->process_key(),
                      caller->wall_now(),
                      caller->identity().user == kRootUser,
                      caller->max_file_bytes()};
  }
};

// One call on its way to the disk.
struct SimFileTurn {
  FileCallRecord record;
  OpenFile* syncing = nullptr;  // of Sync
  absl::Duration delay = absl::ZeroDuration();
  bool stalls = false;  // the whole process waits, and not only the call
  Errno fault = Errno::kOk;
  bool shorten = false;  // a read, write or batch of a directory does only a part
};

// Draws what happens to the call described by `turn.record`.
void PlanTurn(const SimFileContext& context, SimFileTurn& turn);
// Reports the call and gives its status.
absl::Status EndTurn(const SimFileContext& context, const SimFileTurn& turn);
// Of a read or write that has been told to do only a part of `bytes`: how much.
size_t Shorten(const SimFileContext& context, const SimFileTurn& turn, size_t bytes);
// What every call of a dead process gives.
absl::Status DeadProcess();
// A sync was cancelled: whether it takes effect nevertheless.
bool CancelledSyncHappens(const SimFileContext& context);

inline bool IsSync(FileCall call) {
  return call == FileCall::kSync || call == FileCall::kSyncDirectory;
}

// The time that a process stands still in a call.
class ProcessStall {
 public:
  ProcessStall() = default;
  ProcessStall(const ProcessStall&) = delete;
  ProcessStall& operator=(const ProcessStall&) = delete;
  // A process that dies forgets its stall by itself.
  ~ProcessStall() = default;

  bool active() const { return executor_ != nullptr; }
  void Begin(Executor& executor) {
    executor_ = &executor;
    executor.loop().Stall(executor);
  }
  // After the call has its result: what has come to be due meanwhile comes too late for it.
  void End() {
    if (!active()) return;
    Executor& executor = *std::exchange(executor_, nullptr);
    executor.loop().GoOn(executor);
  }

 private:
  Executor* executor_ = nullptr;
};

// What a call's body gives, and what its Operation does.
template <class R>
struct SimFileResult;
template <>
struct SimFileResult<Errno> {
  using Type = absl::Status;
  static Errno Error(Errno result) { return result; }
  static absl::Status Value(Errno) { return absl::OkStatus(); }
};
template <class V>
struct SimFileResult<DiskResult<V>> {
  using Type = absl::StatusOr<V>;
  static Errno Error(const DiskResult<V>& result) { return result.error; }
  static absl::StatusOr<V> Value(DiskResult<V> result) { return std::move(result.value); }
};

// `body(turn)` does the call on the disk and gives an Errno or a DiskResult.
template <class Body>
using SimFileBodyResult = std::invoke_result_t<Body&, SimFileTurn&>;

template <class Body>
typename SimFileResult<SimFileBodyResult<Body>>::Type RunTurn(const SimFileContext& context,
                                                              SimFileTurn& turn, Body& body) {
  using R = SimFileBodyResult<Body>;
  if (context.caller->inert()) return DeadProcess();
  if (turn.fault != Errno::kOk) {
    if (turn.syncing != nullptr) context.disk().SyncFailed(*turn.syncing);
    turn.record.result = turn.fault;
    return EndTurn(context, turn);
  }
  R result = body(turn);
  turn.record.result = SimFileResult<R>::Error(result);
  absl::Status status = EndTurn(context, turn);
  if (!status.ok()) return status;
  return SimFileResult<R>::Value(std::move(result));
}

// A call that happens after a while.
template <class Body>
class DelayedFileCall final
    : public PendingOperation<typename SimFileResult<SimFileBodyResult<Body>>::Type>,
      private Timer {
 public:
  using Result = typename SimFileResult<SimFileBodyResult<Body>>::Type;
  DelayedFileCall(const SimFileContext& context, const SimFileTurn& turn, Body body)
      : context_(context), turn_(turn), body_(std::move(body)) {}

 private:
  void Start() override {
    Loop& loop = context_.caller->loop();
    if (turn_.stalls) stall_.Begin(this->context().executor());
    loop.timers().Arm(*this, loop.now() + turn_.delay);
  }
  void OnTimer() override {
    this->Finish(RunTurn(context_, turn_, body_));
    stall_.End();
  }
  void OnStop() override {
    Disarm();
    if (IsSync(turn_.record.call) && !context_.caller->inert() && CancelledSyncHappens(context_)) {
      (void)RunTurn(context_, turn_, body_);
    }
    this->Finish(Result(absl::CancelledError("cancelled")));
  }

  const SimFileContext& context_;
  SimFileTurn turn_;
  Body body_;
  ProcessStall stall_;
};

// `context` and what `body` refers to stay valid until the call has completed.
template <class Body>
Operation<typename SimFileResult<SimFileBodyResult<Body>>::Type> Perform(
    const SimFileContext& context, const FileCallRecord& record, Body body,
    OpenFile* syncing = nullptr) {
  if (context.caller->inert()) return {DeadProcess()};
  SimFileTurn turn{.record = record, .syncing = syncing};
  PlanTurn(context, turn);
  if (turn.delay == absl::ZeroDuration()) return {RunTurn(context, turn, body)};
  return Operation<typename SimFileResult<SimFileBodyResult<Body>>::Type>(
      new DelayedFileCall<Body>(context, turn, std::move(body)));
}

}  // namespace stagepost

#endif  // STAGEPOST_SIM_WORLD_SIM_FILE_CALL_H_
