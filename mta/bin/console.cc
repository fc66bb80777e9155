#include "mta/bin/console.h"

#include <algorithm>

namespace stagepost {

Task<bool> Console::Flush() {
  if (out_.empty()) co_return true;
  const absl::Status status = co_await WriteAll(process_.standard_output(), out_);
  out_.clear();
  co_return status.ok();
}

bool Console::TakeLine(absl::string_view& line, size_t limit) {
  if (out_.size() > kMaxPendingOutput) return false;
  const absl::string_view rest = absl::string_view(input_).substr(position_);
  const size_t end = rest.find('\n');
  const size_t available = std::min(end, rest.size());
  const bool whole = end != absl::string_view::npos;
  if (!whole && available < limit && !(ended_ && available > 0)) return false;
  line = rest.substr(0, std::min(available, limit));
  position_ += line.size() + (whole && line.size() == available ? 1 : 0);
  return true;
}

Task<bool> Console::Wait() {
  const bool enough = out_.size() > kMaxPendingOutput;
  if (!co_await Flush()) co_return false;
  if (enough) co_return true;  // the input did not have to be waited for, perhaps
  if (ended_) co_return false;
  input_.erase(0, position_);
  position_ = 0;
  const size_t kept = input_.size();
  input_.resize(kept + kInputBytes);
  const absl::StatusOr<size_t> got =
      co_await process_.standard_input().Read(absl::MakeSpan(&input_[kept], kInputBytes));
  input_.resize(kept + (got.ok() ? *got : 0));
  if (!got.ok() || *got == 0) ended_ = true;
  co_return true;
}

}  // namespace stagepost
