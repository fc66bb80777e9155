#include "mta/async/scope.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "mta/base/check.h"

namespace stagepost {

TaskScope::~TaskScope() {
  if (!unjoined_ || context_.loop().dying() == &context_.executor()) return;
  CHECK(!unjoined_) << "scope " << name_ << " was not joined; " << live() << " children run";
}

absl::Status TaskScope::Admit() const {
  if (context_.stop_requested()) {
    return absl::CancelledError(absl::StrCat("scope ", name_, " stops"));
  }
  if (closed_ || drained_ || context_.executor().dead()) {
    return absl::FailedPreconditionError(absl::StrCat("scope ", name_, " is closed"));
  }
  if (live() >= max_children_) {
    return absl::ResourceExhaustedError(
        absl::StrCat("scope ", name_, " has ", live(), " children already"));
  }
  return absl::OkStatus();
}

void TaskScope::OnChildResult(absl::Status status) {
  if (status.ok() || policy_ == Policy::kSupervise || !first_error_.ok()) return;
  first_error_ = std::move(status);
  RequestStop();
}

void TaskScope::OnAllDone() {
  if (joiner_ == nullptr) return;
  drained_ = true;
  std::exchange(joiner_, nullptr)->Resume();
}

void TaskScope::JoinOperation::await_suspend(std::coroutine_handle<> caller) {
  CHECK(scope_.joiner_ == nullptr) << "scope " << scope_.name_ << " is joined twice";
  scope_.joiner_ = this;
  if (context_->stop_requested()) {
    SuspendUnstoppable(caller, *context_);
    scope_.RequestStop();
  } else {
    Suspend(caller, *context_);
  }
}

}  // namespace stagepost
