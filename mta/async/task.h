// Task<T>: a coroutine that is called like a function and awaited where it is called.
//
//   Task<absl::StatusOr<std::string>> ReadLine(Connection& connection);
//   …
//   CO_ASSIGN_OR_RETURN(std::string line, co_await ReadLine(connection));
//
// A Task is lazy (nothing runs before the await), single-use and immovable: it is awaited in the
// expression that makes it, so the caller's frame outlives every argument, temporaries included,
// and the call tree is a tree. To run something beside the caller, hand the *function* and its
// arguments to a TaskScope (scope.h). Errors are values; an exception that leaves a coroutine is a
// crash.
#ifndef STAGEPOST_MTA_ASYNC_TASK_H_
#define STAGEPOST_MTA_ASYNC_TASK_H_

#include <coroutine>
#include <cstddef>
#include <optional>
#include <type_traits>
#include <utility>

#include "mta/async/context.h"
#include "mta/async/frame_pool.h"
#include "mta/async/loop.h"
#include "mta/base/check.h"

namespace stagepost {

// What can be awaited: it is told the context it is awaited in before await_ready(). Anything else
// would suspend where no stop request reaches it.
template <class A>
concept ContextAware = requires(A& awaitable, TaskContext& context) { awaitable.Bind(context); };

class PromiseBase {
 public:
  // The frame comes from the pool; sizes are the compiler's.
  static void* operator new(size_t size) { return AllocateFrame(size); }
  static void operator delete(void* frame, size_t size) { FreeFrame(frame, size); }

  std::suspend_always initial_suspend() noexcept { return {}; }
  [[noreturn]] void unhandled_exception() noexcept {
    CheckFailed(__FILE__, __LINE__, "exception", "left a coroutine");
  }

  template <class A>
  A&& await_transform(A&& awaitable) {
    static_assert(ContextAware<A>, "await a Task, an Operation or a leaf of mta/async");
    static_assert(!std::is_lvalue_reference_v<A>, "make it in the await expression");
    awaitable.Bind(*context_);
    return std::forward<A>(awaitable);
  }

  TaskContext& context() const { return *context_; }
  void set_context(TaskContext& context) { context_ = &context; }
  void set_continuation(std::coroutine_handle<> handle) { continuation_ = handle; }

  // Returns to the caller: by symmetric transfer while there is fuel, else by the ready queue.
  struct Final {
    bool await_ready() noexcept { return false; }
    template <class P>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<P> handle) noexcept {
      PromiseBase& promise = handle.promise();
      Loop& loop = promise.context_->loop();
      if (loop.BurnFuel()) return promise.continuation_;
      loop.Schedule(promise.continuation_, promise.context_->executor());
      return std::noop_coroutine();
    }
    void await_resume() noexcept {}
  };
  Final final_suspend() noexcept { return {}; }

 private:
  TaskContext* context_ = nullptr;
  std::coroutine_handle<> continuation_;
};

template <class T>
class [[nodiscard, clang::coro_return_type, clang::coro_lifetimebound]] Task;

template <class T>
class TaskPromise final : public PromiseBase {
 public:
  Task<T> get_return_object();
  template <class U = T>
  void return_value(U&& value) {
    value_.emplace(std::forward<U>(value));
  }
  T TakeValue() { return *std::move(value_); }

 private:
  std::optional<T> value_;
};

template <>
class TaskPromise<void> final : public PromiseBase {
 public:
  Task<void> get_return_object();
  void return_void() {}
  void TakeValue() {}
};

template <class T>
class Task {
 public:
  using promise_type = TaskPromise<T>;
  using Handle = std::coroutine_handle<promise_type>;
  using Result = T;

  explicit Task(Handle handle) : handle_(handle) {}
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;
  ~Task() { handle_.destroy(); }

  // Runs in `context` instead of the caller's. Used by WithDeadline, Shield and TaskScope.
  void BindTo(TaskContext& context) { handle_.promise().set_context(context); }

  void Bind(TaskContext& context) { BindTo(context); }
  bool await_ready() const noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> caller) noexcept {
    handle_.promise().set_continuation(caller);
    return handle_;
  }
  T await_resume() { return handle_.promise().TakeValue(); }

 private:
  Handle handle_;
};

template <class T>
[[clang::coro_wrapper]] Task<T> TaskPromise<T>::get_return_object() {
  return Task<T>(Task<T>::Handle::from_promise(*this));
}
[[clang::coro_wrapper]] inline Task<void> TaskPromise<void>::get_return_object() {
  return Task<void>(Task<void>::Handle::from_promise(*this));
}

// co_await CurrentContext() gives the context of the calling coroutine, without suspending.
class CurrentContext {
 public:
  void Bind(TaskContext& context) { context_ = &context; }
  bool await_ready() const noexcept { return true; }
  void await_suspend(std::coroutine_handle<>) noexcept {}
  TaskContext& await_resume() const noexcept { return *context_; }

 private:
  TaskContext* context_ = nullptr;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_ASYNC_TASK_H_
