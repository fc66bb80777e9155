#include "sim/peer/procmail.h"

#include <array>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "mta/base/errno.h"

namespace stagepost {
namespace {

constexpr size_t kMaxMessageBytes = 64 << 20;
constexpr size_t kMaxRcBytes = 64 << 10;

struct Command {
  std::string user;
  std::string sender = "root";
};

// nullopt: the arguments are others.
std::optional<Command> ParseArguments(const Arguments& arguments) {
  Command command;
  for (size_t i = 1; i < arguments.size(); ++i) {
    if (arguments[i] == "-Y") continue;
    if (i + 1 == arguments.size()) return std::nullopt;
    const std::string& option = arguments[i];
    const std::string& value = arguments[++i];
    if (option == "-d" && command.user.empty()) {
      command.user = value;
    } else if (option == "-f") {
      command.sender = value;
    } else if (option != "-a") {
      return std::nullopt;
    }
  }
  if (command.user.empty()) return std::nullopt;
  return command;
}

Task<absl::StatusOr<std::string>> ReadInput(ByteSource& source) {
  std::string text;
  std::array<char, 8192> buffer;
  while (text.size() <= kMaxMessageBytes) {
    const auto got = co_await source.Read(absl::MakeSpan(buffer));
    if (!got.ok()) co_return got.status();
    if (*got == 0) co_return text;
    text.append(buffer.data(), *got);
  }
  co_return absl::ResourceExhaustedError("message too large");
}

// N of "EXITCODE=N" in the user's .procmailrc; nullopt: nothing is said.
Task<std::optional<int>> WantedExitCode(FileSystem& files, std::string path) {
  const auto file = co_await files.Open(path, {.read = true});
  if (!file.ok()) co_return std::nullopt;
  std::string text(kMaxRcBytes, '\0');
  const auto got = co_await (*file)->Read(0, absl::MakeSpan(text));
  text.resize(got.value_or(0));
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    int code = 0;
    if (absl::StartsWith(line, "EXITCODE=") && absl::SimpleAtoi(line.substr(9), &code)) {
      co_return code;
    }
  }
  co_return std::nullopt;
}

// The message as an mbox has it.
std::string AsMbox(absl::string_view message, absl::string_view sender, absl::Time now) {
  std::string text = absl::StrCat(
      "From ", sender, " ", absl::FormatTime("%a %b %e %H:%M:%S %Y", now, absl::UTCTimeZone()));
  for (const absl::string_view line : absl::StrSplit(message, '\n')) {
    absl::StrAppend(&text, "\n", absl::StartsWith(line, "From ") ? ">" : "", line);
  }
  return absl::StrCat(text, absl::EndsWith(text, "\n") ? "" : "\n", "\n");
}

Task<int> Append(FileSystem& files, std::string path, std::string text) {
  const auto file = co_await files.Open(
      path, {.write = true, .create = true, .append = true, .no_follow = true, .mode = 0600});
  if (!file.ok()) co_return 73;
  if (!(co_await (*file)->Lock(LockKind::kFcntl, LockMode::kExclusive, LockWait::kNo)).ok()) {
    co_return 75;
  }
  for (absl::string_view rest = text; !rest.empty();) {
    const auto written = co_await (*file)->Write(0, rest);
    if (!written.ok()) co_return 73;
    rest.remove_prefix(*written);
  }
  const bool kept =
      (co_await (*file)->Sync()).ok() && (co_await files.SyncDirectory("/var/mail")).ok();
  co_return kept ? 0 : 73;
}

}  // namespace

Task<int> ProcmailMain(Environment& env, Arguments arguments) {
  const std::optional<Command> command = ParseArguments(arguments);
  if (!command.has_value()) co_return 64;
  const auto user = env.accounts().FindUser(command->user);
  if (!user.ok()) co_return 67;
  const auto identity = env.accounts().IdentityOf(*user);
  if (!identity.ok()) co_return 75;
  absl::StatusOr<std::string> message = co_await ReadInput(env.process().standard_input());
  if (!message.ok()) co_return 75;
  const std::unique_ptr<FileSystem> files = env.files().As(*identity);
  const std::optional<int> code =
      co_await WantedExitCode(*files, absl::StrCat(user->home, "/.procmailrc"));
  if (code.has_value()) co_return *code;
  co_return co_await Append(*files, absl::StrCat("/var/mail/", command->user),
                            AsMbox(*message, command->sender, env.clock().WallNow()));
}

}  // namespace stagepost
