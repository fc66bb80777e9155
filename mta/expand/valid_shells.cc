#include "mta/expand/valid_shells.h"

#include <algorithm>
#include <array>
#include <memory>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "mta/base/errno.h"
#include "mta/base/passing_error.h"
#include "mta/base/status_macros.h"

namespace stagepost {
namespace {

constexpr char kShellsFile[] = "/etc/shells";
constexpr char kAnyShell[] = "/SENDMAIL/ANY/SHELL/";
constexpr size_t kMaxShellsBytes = 64 * 1024;

// nullopt: there is no such file, or it may not be read.
Task<absl::StatusOr<std::optional<std::string>>> ReadShells(Environment& env) {
  absl::StatusOr<std::unique_ptr<File>> file =
      co_await env.files().Open(kShellsFile, {.read = true, .non_blocking = true});
  if (IsPassingError(file.status())) co_return file.status();
  if (!file.ok()) co_return std::nullopt;
  std::string text;
  std::array<char, 1024> buffer;
  while (text.size() < kMaxShellsBytes) {
    CO_ASSIGN_OR_RETURN(const size_t read,
                        co_await (*file)->Read(text.size(), absl::MakeSpan(buffer)));
    if (read == 0) break;
    text.append(buffer.data(), read);
  }
  co_return text;
}

}  // namespace

std::vector<absl::string_view> ParseShells(absl::string_view text) {
  std::vector<absl::string_view> shells;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    line = line.substr(0, line.find('#'));
    const size_t begin = line.find('/');
    if (begin == absl::string_view::npos) continue;
    line.remove_prefix(begin);
    const auto* const end = std::find_if(line.begin(), line.end(), absl::ascii_isspace);
    shells.push_back(line.substr(0, static_cast<size_t>(end - line.begin())));
  }
  return shells;
}

Task<absl::StatusOr<bool>> IsValidShell(Environment& env, std::string shell) {
  if (shell.empty()) co_return true;
  CO_ASSIGN_OR_RETURN(const std::optional<std::string> text, co_await ReadShells(env));
  if (!text.has_value()) co_return shell == "/bin/sh" || shell == "/bin/csh";
  for (const absl::string_view valid : ParseShells(*text)) {
    if (valid == shell || valid == kAnyShell) co_return true;
  }
  co_return false;
}

}  // namespace stagepost
