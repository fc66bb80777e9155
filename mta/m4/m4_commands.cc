#include "mta/m4/m4_commands.h"

#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "mta/async/scope.h"
#include "mta/base/errno.h"
#include "mta/base/status_macros.h"

namespace stagepost {
namespace {

constexpr size_t kRandomLetters = 6;
constexpr int kAttempts = 100;
constexpr size_t kMaxOutputBytes = 64 << 20;
constexpr absl::string_view kLetters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

// What a command is told of the caller's variables; see ProgramRequest.
constexpr absl::string_view kVariables[] = {"HOME",    "LANG",   "LC_ALL", "LC_TIME",
                                            "LOGNAME", "PATH",   "PWD",    "SHELL",
                                            "TERM",    "TMPDIR", "TZ",     "USER"};

Task<absl::Status> ReadAll(ByteSource* source, std::string* text) {
  std::vector<char> buffer(64 * 1024);
  while (true) {
    CO_ASSIGN_OR_RETURN(const size_t read, co_await source->Read(absl::MakeSpan(buffer)));
    if (read == 0) co_return absl::OkStatus();
    if (text->size() + read > kMaxOutputBytes) {
      co_return absl::ResourceExhaustedError("it writes too much");
    }
    text->append(buffer.data(), read);
  }
}

// Both at once, so that a command which fills one pipe is not waited for at the other.
Task<absl::Status> ReadBoth(TaskScope& scope, ByteSource* output, std::string* output_text,
                            ByteSource* errors, std::string* error_text) {
  CO_RETURN_IF_ERROR(scope.Spawn(&ReadAll, output, output_text));
  CO_RETURN_IF_ERROR(scope.Spawn(&ReadAll, errors, error_text));
  co_return absl::OkStatus();
}

}  // namespace

Task<absl::StatusOr<std::string>> M4Commands::MakeTemporary(std::string pattern) {
  size_t stem = pattern.size();
  while (stem > 0 && pattern[stem - 1] == 'X') --stem;
  if (pattern.size() < stem + kRandomLetters) pattern.resize(stem + kRandomLetters, 'X');
  absl::Status status;
  for (int i = 0; i < kAttempts; ++i) {
    for (size_t k = pattern.size() - kRandomLetters; k < pattern.size(); ++k) {
      pattern[k] = kLetters[env_.random().Uniform(kLetters.size())];
    }
    OpenOptions options;
    options.write = options.create = options.exclusive = true;
    const auto file = co_await env_.files().Open(pattern, options);
    status = file.status();
    if (file.ok()) {
      temporaries_.insert(pattern);
      co_return pattern;
    }
    if (ErrnoOf(status) != Errno::kEEXIST) break;
  }
  co_return status;
}

Task<absl::StatusOr<M4Commands::Result>> M4Commands::Run(std::string command) {
  if (allowed_) co_return co_await RunShell(std::move(command));
  if (command.empty()) co_return Result();
  const std::optional<absl::Status> done = co_await WithoutShell(std::move(command));
  if (!done.has_value()) co_return absl::PermissionDeniedError("refused");
  if (!done->ok()) co_return *done;
  co_return Result();
}

Task<absl::StatusOr<M4Commands::Result>> M4Commands::RunShell(std::string command) {
  ProgramRequest request;
  request.path = "/bin/sh";
  request.arguments = {"sh", "-c", std::move(command)};
  request.working_directory = env_.process().working_directory();
  request.pipe_output = request.pipe_error = true;
  for (const absl::string_view name : kVariables) {
    if (auto value = env_.process().EnvironmentVariable(name)) {
      request.environment.emplace(std::string(name), *std::move(value));
    }
  }
  CO_ASSIGN_OR_RETURN(const std::unique_ptr<Child> child, co_await env_.programs().Start(request));
  const std::unique_ptr<ByteSource> output = child->TakeOutput();
  const std::unique_ptr<ByteSource> errors = child->TakeError();
  Result result;
  CO_RETURN_IF_ERROR(co_await WithScope("command", TaskScope::Policy::kFirstError, 2, &ReadBoth,
                                        output.get(), &result.output, errors.get(),
                                        &result.errors));
  CO_ASSIGN_OR_RETURN(const ExitStatus status, co_await child->Wait());
  result.status =
      status.killed_by.has_value() ? static_cast<int>(*status.killed_by) << 8 : status.code;
  co_return result;
}

Task<std::optional<absl::Status>> M4Commands::WithoutShell(std::string command) {
  absl::string_view rest = command;
  if (absl::ConsumePrefix(&rest, "rm -f ")) {
    const std::string path(rest);
    if (temporaries_.erase(path) == 0) co_return std::nullopt;
    co_return co_await env_.files().Unlink(path);
  }
  if (!absl::ConsumePrefix(&rest, "sh ")) co_return std::nullopt;
  const size_t arrow = rest.find(" > ");
  if (arrow == absl::string_view::npos) co_return std::nullopt;
  const std::string path(rest.substr(arrow + 3));
  const std::vector<std::string> words = absl::StrSplit(rest.substr(0, arrow), ' ');
  if (temporaries_.count(path) == 0 || words.size() != 2 ||
      words[0] != absl::StrCat(words[1], "sh/makeinfo.sh")) {
    co_return std::nullopt;
  }
  co_return co_await WriteBuildInformation(words[1], path);
}

// The name of the working directory that a shell would say: $PWD if it is the one.
Task<std::string> M4Commands::LogicalDirectory() {
  const std::string physical = env_.process().working_directory();
  const std::string logical = env_.process().EnvironmentVariable("PWD").value_or("");
  if (!absl::StartsWith(logical, "/")) co_return physical;
  const auto here = co_await env_.files().Stat(".");
  const auto there = co_await env_.files().Stat(logical);
  const bool same =
      here.ok() && there.ok() && here->inode == there->inode && here->device == there->device;
  co_return same ? logical : physical;
}

Task<absl::Status> M4Commands::WriteBuildInformation(std::string tree, std::string path) {
  const auto user = env_.accounts().FindUser(env_.process().credentials().effective_user);
  const std::string name = user.ok() ? user->name : "";
  const std::string host = env_.host().name();
  const std::string date =
      absl::FormatTime("%a %b %e %H:%M:%S %Z %Y", env_.clock().WallNow(), env_.host().time_zone());
  const std::string directory = co_await LogicalDirectory();
  const std::string text = absl::StrCat(
      "##### built by ", name, "@", host, " on ", date, "\n##### in ", directory, "\n##### using ",
      tree, " as configuration include directory\ndefine(`__HOST__', ", host, ")dnl\n");
  OpenOptions options;
  options.write = options.truncate = true;
  CO_ASSIGN_OR_RETURN(const std::unique_ptr<File> file, co_await env_.files().Open(path, options));
  size_t written = 0;
  while (written < text.size()) {
    CO_ASSIGN_OR_RETURN(const size_t more,
                        co_await file->Write(written, absl::string_view(text).substr(written)));
    written += more;
  }
  co_return absl::OkStatus();
}

}  // namespace stagepost
