// One process's tasks: where they start, and where they die.
//
//   Executor executor(loop);
//   executor.Start([&](int status) { … }, &SendmailMain, std::ref(environment), arguments);
//
// Live there is one Executor on the Loop, in simulation one per simulated process.
//
// Kill() is process death as a kernel does it: the tasks do not unwind, their frames are destroyed
// where they stand. The owner has made the Environment inert before, so destructors have no effect
// on the world. The youngest task dies first, so a task never survives what it was given when it
// was spawned, wherever the declarations stand; within a task, callees die before their callers.
// Nothing of the process is resumed any more; destructors of this folder leave their checks out.
#ifndef STAGEPOST_MTA_ASYNC_EXECUTOR_H_
#define STAGEPOST_MTA_ASYNC_EXECUTOR_H_

#include <utility>

#include "mta/async/context.h"
#include "mta/async/loop.h"
#include "mta/async/task_group.h"
#include "mta/base/check.h"
#include "mta/base/intrusive_list.h"

namespace stagepost {

class Executor final : private TaskGroup {
 public:
  // `loop` outlives the executor. `owner` is whatever the driver of the loop wants to find again
  // from Loop::current(); it is not used here.
  explicit Executor(Loop& loop, void* owner = nullptr)
      : loop_(loop), owner_(owner), root_(loop, *this) {}
  // CHECKs that every task has finished, or been killed.
  ~Executor();

  Loop& loop() const { return loop_; }
  void* owner() const { return owner_; }
  // The context above all others of the process; a stop request here asks the whole process to end.
  TaskContext& root() { return root_; }

  // Starts f(args...), which returns Task<T>; when it has finished, done(T) is called in the
  // executor. Arguments are kept by value; pass std::ref for objects that outlive the executor's
  // tasks. REQUIRES: not dead().
  template <class Done, class F, class... Args>
  void Start(Done done, F f, Args... args) {
    CHECK(!dead_);
    Adopt(RunRoot(*this, std::move(done), std::move(f), std::move(args)...), root_);
  }

  // Started tasks that have not finished. While any child in a scope runs, so does its parent: 0
  // means that the process has no task at all.
  using TaskGroup::live;

  // Destroys all tasks where they stand. May be called from a task of another executor. REQUIRES:
  // none of its own is running.
  void Kill();
  bool dead() const { return dead_; }

 private:
  friend class TaskGroup;
  template <class Done, class F, class... Args>
  static Spawned RunRoot(TaskGroup&, Done done, F f, Args... args) {
    done(co_await f(std::move(args)...));
  }
  void OnAllDone() override {}

  Loop& loop_;
  void* owner_;
  TaskContext root_;
  List<Spawned::promise_type> tasks_;  // of all groups, oldest first
  bool dead_ = false;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_ASYNC_EXECUTOR_H_
