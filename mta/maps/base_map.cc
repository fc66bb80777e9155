#include "mta/maps/base_map.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "mta/base/passing_error.h"
#include "mta/base/quotes.h"

namespace stagepost {

BaseMap::BaseMap(MapContext& context, absl::string_view name, absl::string_view map_class,
                 MapFlags flags)
    : context_(context), name_(name), class_(map_class), flags_(std::move(flags)) {}

Task<absl::Status> BaseMap::OpenClass(std::string&) { co_return absl::OkStatus(); }

Task<bool> BaseMap::Open(std::string& message) {
  if (state_ != State::kClosed) co_return state_ != State::kGone;
  const absl::Status status = co_await OpenClass(message);
  // Somebody else may have opened it meanwhile.
  if (state_ != State::kClosed) co_return state_ != State::kGone;
  if (absl::IsCancelled(status)) co_return true;
  if (status.ok()) {
    state_ = State::kOpen;
    co_return true;
  }
  const bool passing = absl::IsDeadlineExceeded(status) || IsPassingError(status);
  if (flags_.optional && !passing) {
    state_ = State::kGone;
    co_return false;
  }
  if (!passing) state_ = State::kBroken;
  if (!status.message().empty()) {
    LogError(status.message());
    absl::StrAppend(&message, message.empty() ? "" : "\n", status.message());
  }
  co_return true;
}

Task<MapAnswer> BaseMap::Ask(absl::string_view key, absl::Span<const absl::string_view> arguments) {
  if (state_ != State::kOpen) co_return MapAnswer{.status = kExitTemporaryFailure};
  if (key.size() > kMaxMapKeyBytes) co_return MapAnswer{.status = kExitNoHost};
  co_return co_await AskClass(key, arguments);
}

Task<MapAnswer> BaseMap::Lookup(absl::string_view key,
                                absl::Span<const absl::string_view> arguments) {
  std::string message;
  if (!co_await Open(message)) co_return MapAnswer{.message = std::move(message)};
  const std::string stripped = flags_.keep_quotes ? std::string(key) : StripQuotes(key);
  if (context_.deferred && flags_.skip_deferred)
    co_return MapAnswer{.status = kExitTemporaryFailure};
  MapAnswer answer = co_await Ask(stripped, arguments);
  if (!message.empty()) {
    answer.message = absl::StrCat(message, answer.message.empty() ? "" : "\n", answer.message);
  }
  if (answer.status == kExitTemporaryFailure) {
    if (flags_.temporary_is_missing) answer.status = kExitNoHost;
    if (flags_.temporary_append.has_value()) {
      answer.value = absl::StrCat(stripped, *flags_.temporary_append);
    }
  }
  co_return answer;
}

std::optional<MapAnswer> BaseMap::AnswerNow(absl::string_view key,
                                            absl::Span<const absl::string_view> arguments) {
  const auto is_quote = [](char c) { return c == '"' || c == '\\'; };
  const bool quoted = !flags_.keep_quotes && std::any_of(key.begin(), key.end(), is_quote);
  const bool skipped = context_.deferred && flags_.skip_deferred;
  if (state_ != State::kOpen || quoted || skipped || key.size() > kMaxMapKeyBytes) {
    return std::nullopt;
  }
  return AnswerClassNow(key, arguments);
}

std::optional<MapAnswer> BaseMap::AnswerClassNow(absl::string_view,
                                                 absl::Span<const absl::string_view>) {
  return std::nullopt;
}

MapAnswer BaseMap::Found(absl::string_view value, absl::string_view key,
                         absl::Span<const absl::string_view> arguments) const {
  if (flags_.match_only) return {.value = AppendToValue(key, flags_)};
  return {.value = FillInValue(value, key, arguments, flags_)};
}

std::string BaseMap::Folded(absl::string_view key) const {
  return flags_.keep_case ? std::string(key) : absl::AsciiStrToLower(key);
}

MapAnswer BaseMap::Failed(int status, std::string message) const {
  LogError(message);
  return {.status = status, .message = std::move(message)};
}

void BaseMap::LogError(absl::string_view message) const {
  context_.env.log().Write(
      Severity::kCritical,
      absl::StrCat(context_.queue_id.empty() ? "NOQUEUE" : absl::string_view(context_.queue_id),
                   ": SYSERR(root): ", message));
}

}  // namespace stagepost
