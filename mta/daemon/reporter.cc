#include "mta/daemon/reporter.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace stagepost {

std::string RealUserName(Environment& env) {
  const UserId id = env.process().credentials().real_user;
  const absl::StatusOr<User> user = env.accounts().FindUser(id);
  return user.ok() ? user->name : absl::StrCat(static_cast<uint32_t>(id));
}

Task<void> Print(ByteSink& stream, std::string text) {
  if (!text.empty()) (void)co_await WriteAll(stream, text);
}

void Reporter::LogSystemError(absl::string_view text) {
  env_.log().Write(Severity::kCritical,
                   absl::StrCat("NOQUEUE: SYSERR(", RealUserName(env_), "): ", text));
}

Task<void> Reporter::SystemError(std::string text, absl::string_view code) {
  LogSystemError(text);
  co_await Remark(speaks_smtp_ ? absl::StrCat(code, " ", text) : std::move(text));
}

Task<void> Reporter::UserError(std::string text) {
  co_await Remark(speaks_smtp_ ? absl::StrCat("550 ", text) : std::move(text));
}

Task<void> Reporter::Remark(std::string text) {
  const absl::string_view end = speaks_smtp_ ? "\r\n" : "\n";
  co_await Print(env_.process().standard_output(), absl::StrCat(text, end));
}

}  // namespace stagepost
