#include "mta/bin/console.h"

#include <algorithm>

namespace stagepost {

Task<bool> Console::Flush() {
  if (out_.empty()) co_return true;
  const absl::Status status = co_await WriteAll(process_.standard_output(), out_);
  out_.clear();
  co_return status.ok();
}

Task<bool> Console::ReadLine(std::string& line, size_t limit) {
  if (out_.size() > kMaxPendingOutput && !co_await Flush()) co_return false;
  while (true) {
    const size_t end = input_.find('\n', position_);
    const size_t available = (end == std::string::npos ? input_.size() : end) - position_;
    if (end != std::string::npos || available >= limit || (ended_ && available > 0)) {
      const size_t taken = std::min(available, limit);
      line.assign(input_, position_, taken);
      position_ += taken;
      if (taken == available && end != std::string::npos) ++position_;
      co_return true;
    }
    if (ended_ || !co_await Flush()) co_return false;
    input_.erase(0, position_);
    position_ = 0;
    const size_t kept = input_.size();
    input_.resize(kept + kInputBytes);
    const absl::StatusOr<size_t> got =
        co_await process_.standard_input().Read(absl::MakeSpan(&input_[kept], kInputBytes));
    input_.resize(kept + (got.ok() ? *got : 0));
    if (!got.ok() || *got == 0) ended_ = true;
  }
}

}  // namespace stagepost
