// What an Executor and a TaskScope have in common: tasks that run beside each other.
//
// Not for use elsewhere; see scope.h.
#ifndef STAGEPOST_MTA_ASYNC_TASK_GROUP_H_
#define STAGEPOST_MTA_ASYNC_TASK_GROUP_H_

#include <coroutine>
#include <cstddef>

#include "mta/async/context.h"
#include "mta/async/task.h"
#include "mta/base/intrusive_list.h"

namespace stagepost {

class TaskGroup;

// The coroutine around a spawned task: holds the arguments, hands the result to its group. Its
// frame belongs to the executor while it runs, and is destroyed by the loop once it has finished.
class Spawned {
 public:
  class promise_type : public PromiseBase, public ListNode<promise_type> {
   public:
    template <class... A>
    explicit promise_type(TaskGroup& group, A&&...) : group_(group) {}
    Spawned get_return_object() {
      return Spawned(std::coroutine_handle<promise_type>::from_promise(*this));
    }
    void return_void() { Finish(); }
    std::suspend_always final_suspend() noexcept { return {}; }

    // Takes the task from its group and destroys it where it stands. For process death only.
    void Destroy();

   private:
    void Finish();
    TaskGroup& group_;
  };

  explicit Spawned(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
  std::coroutine_handle<promise_type> handle() const { return handle_; }

 private:
  std::coroutine_handle<promise_type> handle_;
};

class TaskGroup {
 public:
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  // Tasks of this group that have not finished.
  size_t live() const { return live_; }

 protected:
  TaskGroup() = default;
  ~TaskGroup() = default;

  // Makes the task of `spawned` ready in `context`, and known to its executor.
  void Adopt(Spawned spawned, TaskContext& context);

 private:
  friend class Spawned::promise_type;
  // The last task has finished.
  virtual void OnAllDone() = 0;

  size_t live_ = 0;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_ASYNC_TASK_GROUP_H_
