// TaskScope: the only way to run tasks beside the caller.
//
//   TaskScope scope(co_await CurrentContext(), "sessions", TaskScope::Policy::kSupervise, limit);
//   CO_RETURN_IF_ERROR(scope.Spawn(&RunSession, std::ref(server), std::move(connection)));
//   …
//   CO_RETURN_IF_ERROR(co_await scope.Join());
//
// The scope owns its children; Join() is mandatory, and the destructor CHECKs that it happened, except
// in a process that has died, where it destroys them. Declare the scope after everything that its
// children refer to. Children inherit cancellation and deadline from the context the scope was made in.
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

  // Starts f(args...), which returns Task<absl::Status>, through the ready queue. Arguments are kept
  // by value; use std::ref for objects that outlive the scope.
  // kResourceExhausted: max_children run already. kFailedPrecondition: Close() was called.
  template <class F, class... Args>
  absl::Status Spawn(F f, Args... args) {
    if (absl::Status admitted = Admit(); !admitted.ok()) return admitted;
    Adopt(RunChild(*this, *this, std::move(f), std::move(args)...), context_);
    return absl::OkStatus();
  }

  // No new children from now on.
  void Close() { closed_ = true; }
  // Closes, and asks every child to stop.
  void RequestStop();

  using TaskGroup::live;
  absl::string_view name() const { return name_; }

  // Waits until no child runs, however long that takes: a stop request reaches the children, and the
  // wait ends when they have answered it. May be called again after more children were spawned.
  class JoinOperation : private Leaf {
   public:
    explicit JoinOperation(TaskScope& scope) : scope_(scope) {}
    void Bind(TaskContext& context) { context_ = &context; }
    bool await_ready() const { return scope_.live() == 0; }
    void await_suspend(std::coroutine_handle<> caller);
    absl::Status await_resume() { return scope_.first_error_; }

   private:
    friend class TaskScope;
    void OnStop() override {}
    TaskScope& scope_;
    TaskContext* context_ = nullptr;
  };
  [[nodiscard]] JoinOperation Join() { return JoinOperation(*this); }

 private:
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
  absl::Status first_error_;
  JoinOperation* joiner_ = nullptr;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_ASYNC_SCOPE_H_
