// One process's tasks: where they start, and where they die.
//
//   Executor executor(loop);
//   executor.Start([&](int status) { … }, &SendmailMain, std::ref(environment), arguments);
//
// Live there is one Executor on the Loop, in simulation one per simulated process. Kill() is process
// death as a kernel does it: the tasks do not unwind, their frames are destroyed where they stand. The
// owner has made the Environment inert before, so destructors have no effect on the world.
#ifndef STAGEPOST_MTA_ASYNC_EXECUTOR_H_
#define STAGEPOST_MTA_ASYNC_EXECUTOR_H_

#include <utility>

#include "mta/async/context.h"
#include "mta/async/loop.h"
#include "mta/async/task_group.h"

namespace stagepost {

class Executor final : private TaskGroup {
 public:
  // `loop` outlives the executor. `owner` is whatever the driver of the loop wants to find again from
  // Loop::current(); it is not used here.
  explicit Executor(Loop& loop, void* owner = nullptr)
      : loop_(loop), owner_(owner), root_(loop, *this) {}
  // CHECKs that every task has finished, or been killed.
  ~Executor();

  Loop& loop() const { return loop_; }
  void* owner() const { return owner_; }
  TaskContext& root() { return root_; }

  // Starts f(args...), which returns Task<T>; when it has finished, done(T) is called in the executor.
  // Arguments are kept by value; pass std::ref for objects that outlive the executor's tasks.
  template <class Done, class F, class... Args>
  void Start(Done done, F f, Args... args) {
    Adopt(RunRoot(*this, std::move(done), std::move(f), std::move(args)...), root_);
  }

  using TaskGroup::live;

  // Destroys all tasks where they stand. REQUIRES: none of them is running.
  void Kill();
  bool dead() const { return dead_; }

 private:
  template <class Done, class F, class... Args>
  static Spawned RunRoot(TaskGroup&, Done done, F f, Args... args) {
    done(co_await f(std::move(args)...));
  }
  void OnAllDone() override {}

  Loop& loop_;
  void* owner_;
  TaskContext root_;
  bool dead_ = false;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_ASYNC_EXECUTOR_H_
