#include "conformance/contract/contract_tool.h"

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "mta/async/deadline.h"
#include "mta/base/errno.h"
#include "mta/base/status_macros.h"

namespace stagepost {
namespace {

constexpr int kUsage = 64;

Task<int> Print(Environment& env, std::string text) {
  const absl::Status written = co_await WriteAll(env.process().standard_output(), text);
  co_return static_cast<int>(ErrnoOf(written));
}

Task<int> SleepForEver() {
  while (true) (void)co_await Sleep(absl::Hours(1));
}

int NumberIn(const Arguments& arguments) {
  int number = 0;
  return arguments.size() > 2 && absl::SimpleAtoi(arguments[2], &number) ? number : 0;
}

Task<int> Exit(Environment&, Arguments arguments) { co_return NumberIn(arguments); }

Task<int> ShowArguments(Environment& env, Arguments arguments) {
  std::string text;
  for (const std::string& argument : arguments) absl::StrAppend(&text, "<", argument, ">");
  co_return co_await Print(env, text);
}

Task<int> ShowVariables(Environment& env, Arguments arguments) {
  std::string text;
  for (size_t i = 2; i < arguments.size(); ++i) {
    absl::StrAppend(&text, env.process().EnvironmentVariable(arguments[i]).value_or("(none)"),
                    "\n");
  }
  co_return co_await Print(env, text);
}

Task<int> ShowIdentity(Environment& env, Arguments) {
  const Credentials& own = env.process().credentials();
  std::string text =
      absl::StrFormat("%d %d %d; %d %d %d;", own.real_user, own.effective_user, own.saved_user,
                      own.real_group, own.effective_group, own.saved_group);
  for (const GroupId group : own.supplementary) absl::StrAppendFormat(&text, " %d", group);
  co_return co_await Print(env, text);
}

Task<int> ShowDirectory(Environment& env, Arguments) {
  co_return co_await Print(env, env.process().working_directory());
}

Task<int> ShowUmask(Environment& env, Arguments) {
  co_return co_await Print(env, absl::StrFormat("%o", env.process().SetUmask(0)));
}

Task<int> ShowPid(Environment& env, Arguments) {
  co_return co_await Print(env, absl::StrFormat("%d", env.process().pid()));
}

Task<int> Retitle(Environment& env, Arguments arguments) {
  env.process().SetTitle(std::string(5000, 't'));
  env.process().SetTitle("");
  co_return co_await ShowArguments(env, std::move(arguments));
}

Task<int> Cat(Environment& env, Arguments) {
  std::vector<char> buffer(10'000);
  while (true) {
    const auto got = co_await env.process().standard_input().Read(absl::MakeSpan(buffer));
    if (!got.ok()) co_return static_cast<int>(ErrnoOf(got.status()));
    if (*got == 0) co_return 0;
    const int error = co_await Print(env, std::string(buffer.data(), *got));
    if (error != 0) co_return error;
  }
}

Task<int> Write(Environment& env, Arguments arguments) {
  co_return co_await Print(env, std::string(static_cast<size_t>(NumberIn(arguments)), 'w'));
}

// How many bytes the input has until its end.
Task<size_t> CountInput(Environment& env) {
  size_t count = 0;
  std::vector<char> buffer(1000);
  while (true) {
    const auto got = co_await env.process().standard_input().Read(absl::MakeSpan(buffer));
    if (!got.ok() || *got == 0) co_return count;
    count += *got;
  }
}

Task<int> ReadAndError(Environment& env, Arguments) {
  const size_t count = co_await CountInput(env);
  const absl::Status told = co_await WriteAll(env.process().standard_error(), absl::StrCat(count));
  co_return static_cast<int>(ErrnoOf(told));
}

Task<int> Both(Environment& env, Arguments) {
  const absl::Status told = co_await WriteAll(env.process().standard_error(), "err");
  const int error = co_await Print(env, "out");
  co_return error + static_cast<int>(ErrnoOf(told));
}

Task<int> SleepCommand(Environment&, Arguments) { co_return co_await SleepForEver(); }

Task<int> Hold(Environment& env, Arguments arguments) {
  const OpenOptions options = {.read = true, .write = true, .create = true};
  const auto file = co_await env.files().Open(arguments[2], options);
  if (!file.ok()) co_return static_cast<int>(ErrnoOf(file.status()));
  const absl::Status locked =
      co_await (*file)->Lock(LockKind::kFlock, LockMode::kExclusive, LockWait::kYes);
  if (!locked.ok()) co_return static_cast<int>(ErrnoOf(locked));
  (void)co_await Print(env, "held");
  co_return co_await SleepForEver();
}

Task<int> Parent(Environment& env, Arguments arguments) {
  const ProgramRequest request = {
      .path = arguments[2], .arguments = {"hold", "hold", arguments[3]}, .pipe_output = true};
  const auto child = co_await env.programs().Start(request);
  if (!child.ok()) co_return static_cast<int>(ErrnoOf(child.status()));
  const std::unique_ptr<ByteSource> output = (*child)->TakeOutput();
  std::vector<char> buffer(10);
  (void)co_await output->Read(absl::MakeSpan(buffer));
  (void)co_await Print(env, "held");
  co_return co_await SleepForEver();
}

Task<int> Signals(Environment& env, Arguments) {
  // From now on signals are kept for us.
  (void)co_await WithDeadline(env.clock().MonotonicNow(), env.process().NextSignal());
  (void)co_await Print(env, "ready\n");
  (void)co_await CountInput(env);
  while (true) {
    const auto signal = co_await env.process().NextSignal();
    if (!signal.ok()) co_return kUsage;
    (void)co_await Print(env, absl::StrCat(static_cast<int>(*signal), "\n"));
    if (*signal == Signal::kTerminate) co_return 0;
  }
}

Task<int> Grow(Environment& env, Arguments arguments) {
  size_t size = 0;
  if (!absl::SimpleAtoi(arguments[3], &size)) co_return kUsage;
  const OpenOptions options = {.write = true, .create = true};
  const auto file = co_await env.files().Open(arguments[2], options);
  if (!file.ok()) co_return static_cast<int>(ErrnoOf(file.status()));
  const std::string text(size, 'g');
  size_t done = 0;
  Errno error = Errno::kOk;
  while (done < size && error == Errno::kOk) {
    const auto wrote = co_await (*file)->Write(done, absl::string_view(text).substr(done));
    error = ErrnoOf(wrote.status());
    done += wrote.value_or(0);
  }
  co_return co_await Print(env, absl::StrCat(done, " ", ErrnoName(error)));
}

Task<int> Stretch(Environment& env, Arguments arguments) {
  uint64_t size = 0;
  if (!absl::SimpleAtoi(arguments[3], &size)) co_return kUsage;
  const auto file = co_await env.files().Open(arguments[2], {.write = true});
  if (!file.ok()) co_return static_cast<int>(ErrnoOf(file.status()));
  co_return static_cast<int>(ErrnoOf(co_await (*file)->Truncate(size)));
}

// Opens `path` until that fails, with this.
Task<Errno> OpenAll(Environment& env, std::string path, std::vector<std::unique_ptr<File>>& files) {
  while (files.size() < 10'000) {
    auto file = co_await env.files().Open(path, {.read = true});
    if (!file.ok()) co_return ErrnoOf(file.status());
    files.push_back(*std::move(file));
  }
  co_return Errno::kOk;
}

Task<int> OpenMany(Environment& env, Arguments arguments) {
  std::vector<std::unique_ptr<File>> files;
  const Errno error = co_await OpenAll(env, arguments[2], files);
  const size_t opened = files.size();
  if (!files.empty()) files.pop_back();
  const auto again = co_await env.files().Open(arguments[2], {.read = true});
  co_return co_await Print(
      env, absl::StrCat(opened, " ", ErrnoName(error), " ", ErrnoName(ErrnoOf(again.status()))));
}

Task<int> Exhaust(Environment& env, Arguments arguments) {
  const SocketAddress here = {*IpAddress::Parse("127.0.0.1"), 0};
  const auto listener = env.network().Listen({.address = here});
  if (!listener.ok()) co_return kUsage;
  const auto connection = co_await env.network().Connect((*listener)->local(), std::nullopt);
  std::vector<std::unique_ptr<File>> files;
  (void)co_await OpenAll(env, arguments[2], files);
  std::string text;
  const auto tell = [&](absl::string_view what, const absl::Status& status) {
    absl::StrAppend(&text, what, " ", ErrnoName(ErrnoOf(status)), "\n");
  };
  FileSystem& fs = env.files();
  tell("open", (co_await fs.Open("/none", {.read = true})).status());
  tell("list", (co_await fs.ListDirectory("/")).status());
  tell("sync", co_await fs.SyncDirectory("/none"));
  tell("stat", (co_await fs.Stat("/none")).status());
  tell("mkdir", co_await fs.MakeDirectory("/", 0755));
  tell("listen", env.network().Listen({.address = here}).status());
  tell("connect", (co_await env.network().Connect((*listener)->local(), std::nullopt)).status());
  tell("accept", (co_await (*listener)->Accept()).status());
  const ProgramRequest request = {.path = arguments[2], .arguments = {"tool", "exit"}};
  tell("start", (co_await env.programs().Start(request)).status());
  files.pop_back();
  tell("accept", (co_await (*listener)->Accept()).status());
  co_return co_await Print(env, text);
}

Task<int> Burn(Environment&, Arguments) {
  volatile uint64_t count = 0;
  while (true) {
    for (int i = 0; i < 10'000; ++i) count = count + 1;
    (void)co_await Sleep(absl::ZeroDuration());
  }
}

Task<int> StartLoose(Environment& env, Arguments arguments) {
  ProgramRequest request = {.path = arguments[2],
                            .arguments = Arguments(arguments.begin() + 2, arguments.end()),
                            .pipe_output = true};
  request.limits.file_bytes = 1 << 30;
  request.limits.open_files = 1 << 20;
  const auto child = co_await env.programs().Start(request);
  if (!child.ok()) co_return static_cast<int>(ErrnoOf(child.status()));
  const std::unique_ptr<ByteSource> output = (*child)->TakeOutput();
  std::vector<char> buffer(1000);
  const auto got = co_await output->Read(absl::MakeSpan(buffer));
  (void)co_await (*child)->Wait();
  co_return co_await Print(env, std::string(buffer.data(), got.value_or(0)));
}

Task<int> Daemonise(Environment& env, Arguments arguments) {
  (void)co_await Print(env, "before");
  if (!env.process().Daemonise().ok()) co_return kUsage;
  (void)co_await Sleep(absl::Milliseconds(50));
  const OpenOptions options = {.write = true, .create = true};
  const auto file = co_await env.files().Open(arguments[2], options);
  if (!file.ok()) co_return kUsage;
  const size_t input = co_await CountInput(env);
  const auto written = co_await (*file)->Write(0, input == 0 ? "done" : "input left");
  co_return written.ok() ? 3 : 4;
}

Task<int> DaemoniseTwice(Environment& env, Arguments) {
  if (!env.process().Daemonise().ok()) co_return 1;
  co_return absl::IsFailedPrecondition(env.process().Daemonise()) ? 0 : 2;
}

}  // namespace

Task<int> ContractTool(Environment& env, Arguments arguments) {
  static const auto& commands = *new std::map<std::string, Program>{
      {"exit", &Exit},
      {"arguments", &ShowArguments},
      {"variable", &ShowVariables},
      {"identity", &ShowIdentity},
      {"directory", &ShowDirectory},
      {"umask", &ShowUmask},
      {"pid", &ShowPid},
      {"title", &Retitle},
      {"cat", &Cat},
      {"write", &Write},
      {"read-and-error", &ReadAndError},
      {"both", &Both},
      {"sleep", &SleepCommand},
      {"hold", &Hold},
      {"parent", &Parent},
      {"signals", &Signals},
      {"grow", &Grow},
      {"stretch", &Stretch},
      {"open-many", &OpenMany},
      {"exhaust", &Exhaust},
      {"burn", &Burn},
      {"start", &StartLoose},
      {"daemonise", &Daemonise},
      {"daemonise-twice", &DaemoniseTwice},
  };
  const auto command = arguments.size() < 2 ? commands.end() : commands.find(arguments[1]);
  if (command == commands.end()) co_return kUsage;
  const Program program = command->second;
  co_return co_await program(env, std::move(arguments));
}

}  // namespace stagepost
