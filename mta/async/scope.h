// TaskScope: the only way to run tasks beside the caller.
//
//   Task<absl::Status> Serve(TaskScope& sessions, Listener& listener, Server& server) {
//     while (true) {
//       CO_ASSIGN_OR_RETURN(auto connection, co_await listener.Accept());
//       const absl::Status spawned =
//           sessions.Spawn(&RunSession, std::ref(server), std::move(connection));
//       if (absl::IsResourceExhausted(spawned)) continue;  // busy: the connection was closed
//       CO_RETURN_IF_ERROR(spawned);
//     }
//   }
//   …
//   co_return co_await WithScope("sessions", TaskScope::Policy::kSupervise, kMaxSessions, &Serve,
//                                std::ref(*listener), std::ref(server));
//
// Prefer WithScope(): it always joins. With a TaskScope of one's own, Join() is mandatory on every
// way out: the destructor CHECKs that nothing was spawned since the last Join(), even if it has
// finished, so that a forgotten path shows in the first test that takes it. CO_RETURN_IF_ERROR
// between Spawn() and Join() is such a path.
//
// Declare the scope after everything that its children refer to. Children inherit cancellation and
// deadline from the context the scope was made in.
#ifndef STAGEPOST_MTA_ASYNC_SCOPE_H_
#define STAGEPOST_MTA_ASYNC_SCOPE_H_

#include <coroutine>
#include <cstddef>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "mta/async/context.h"
#include "mta/async/executor.h"
#include "mta/async/task.h"
#include "mta/async/task_group.h"

namespace stagepost {

class TaskScope final : private TaskGroup {
 public:
  enum class Policy {
    kFirstError,  // the first child that fails stops its siblings; Join() returns its error
    kSupervise,   // each child's error is its own; Join() returns OK
  };

  // `name` is a literal. At most `max_children` run at a time.
  TaskScope(TaskContext& parent, absl::string_view name, Policy policy, size_t max_children)
      : context_(parent), name_(name), policy_(policy), max_children_(max_children) {}
  ~TaskScope();

  // Starts f(args...), which returns Task<absl::Status>, through the ready queue. Arguments are
  // kept by value; use std::ref for objects that outlive the scope. On error they are destroyed.
  // kResourceExhausted: max_children run already. kCancelled: the scope stops, by RequestStop() or
  // a first error. kFailedPrecondition: Close() was called, or Join() waits and the last child has
  // ended.
  template <class F, class... Args>
  absl::Status Spawn(F f, Args... args) {
    if (absl::Status admitted = Admit(); !admitted.ok()) return admitted;
    unjoined_ = true;
    Adopt(RunChild(*this, *this, std::move(f), std::move(args)...), context_);
    return absl::OkStatus();
  }

  // No new children from now on.
  void Close() { closed_ = true; }
  // No new children from now on, and asks those that run to stop.
  void RequestStop() { context_.RequestStop(); }

  using TaskGroup::live;
  absl::string_view name() const { return name_; }

  // Waits until no child runs. A stop request or a deadline in the context of the Join is passed on
  // as RequestStop(), and the wait goes on until the children have answered it: "deadline the rest"
  // is WithDeadline(t, scope.Join()). May be called again after more children were spawned.
  class [[nodiscard]] JoinOperation : private Leaf {
   public:
    explicit JoinOperation(TaskScope& scope) : scope_(scope) {}
    void Bind(TaskContext& context) { context_ = &context; }
    void BindTo(TaskContext& context) { context_ = &context; }
    bool await_ready() const { return scope_.live() == 0; }
    void await_suspend(std::coroutine_handle<> caller);
    absl::Status await_resume() {
      scope_.unjoined_ = scope_.drained_ = false;
      return scope_.first_error_;
    }

   private:
    friend class TaskScope;
    void OnStop() override { scope_.RequestStop(); }
    TaskScope& scope_;
    TaskContext* context_ = nullptr;
  };
  JoinOperation Join() { return JoinOperation(*this); }

 private:
  template <class F, class... Args>
  friend Task<absl::Status> WithScope(absl::string_view name, Policy policy, size_t max_children,
                                      F body, Args... args);

  // Awaits a task of the caller in the context of the children.
  class RunAwaiter {
   public:
    RunAwaiter(TaskScope& scope, Task<absl::Status>& task) : scope_(scope), task_(task) {}
    void Bind(TaskContext&) { task_.BindTo(scope_.context_); }
    bool await_ready() const noexcept { return false; }
    auto await_suspend(std::coroutine_handle<> caller) { return task_.await_suspend(caller); }
    absl::Status await_resume() { return task_.await_resume(); }

   private:
    TaskScope& scope_;
    Task<absl::Status>& task_;
  };
  RunAwaiter Run(Task<absl::Status>&& task [[clang::lifetimebound]]) {
    return RunAwaiter(*this, task);
  }

  template <class F, class... Args>
  static Spawned RunChild(TaskGroup&, TaskScope& scope, F f, Args... args) {
    scope.OnChildResult(co_await f(std::move(args)...));
  }
  absl::Status Admit() const;
  void OnChildResult(absl::Status status);
  void OnAllDone() override;

  TaskContext context_;
  absl::string_view name_;
  Policy policy_;
  size_t max_children_;
  bool closed_ = false;
  bool unjoined_ = false;  // something was spawned since the last Join()
  bool drained_ = false;   // Join() has been woken, but has not returned yet
  absl::Status first_error_;
  JoinOperation* joiner_ = nullptr;
};

// Awaits body(scope, args...), which returns Task<absl::Status>, and then all that it spawned. If
// the body fails, the children are asked to stop, and its error is returned; what stops the scope,
// such as a first error, stops the body too. Arguments are kept by value; use std::ref for objects
// that outlive the await.
template <class F, class... Args>
Task<absl::Status> WithScope(absl::string_view name, TaskScope::Policy policy, size_t max_children,
                             F body, Args... args) {
  TaskScope scope(co_await CurrentContext(), name, policy, max_children);
  absl::Status status = co_await scope.Run(body(scope, std::move(args)...));
  if (!status.ok()) scope.RequestStop();
  absl::Status joined = co_await scope.Join();
  // A body that was stopped because of a child's error is not the one to say why.
  const bool body_knows = joined.ok() || !(status.ok() || absl::IsCancelled(status));
  co_return body_knows ? std::move(status) : std::move(joined);
}

}  // namespace stagepost

#endif  // STAGEPOST_MTA_ASYNC_SCOPE_H_
