#include "sim/peer/sh_programs.h"

#include <array>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "mta/async/scope.h"
#include "mta/base/errno.h"
#include "mta/base/status_macros.h"
#include "sim/peer/sh.h"
#include "sim/world/sim_environment.h"

namespace stagepost {
namespace {

constexpr int kCannotRun = 126, kNotFound = 127;

// What execvp(3) would run; empty if there is nothing of that name.
Task<std::string> FindProgram(FileSystem& files, std::string name) {
  if (absl::StrContains(name, '/')) co_return name;
  for (const absl::string_view directory : absl::StrSplit(kShPath, ':')) {
    const std::string path = absl::StrCat(directory, "/", name);
    const auto stat = co_await files.Stat(path);
    if (stat.ok() && stat->type == FileType::kRegular) co_return path;
  }
  co_return std::string();
}

Task<absl::Status> PumpIn(std::shared_ptr<ShInput> from, std::unique_ptr<ByteSink> to) {
  std::array<char, 4096> buffer;
  while (true) {
    CO_ASSIGN_OR_RETURN(const size_t got, co_await from->Read(absl::MakeSpan(buffer)));
    if (got == 0) co_return absl::OkStatus();
    CO_RETURN_IF_ERROR(co_await WriteAll(*to, absl::string_view(buffer.data(), got)));
  }
}

// Ends when the reader is gone, too: the writer then sees a broken pipe.
Task<absl::Status> PumpOut(std::unique_ptr<ByteSource> from, std::shared_ptr<ShOutput> to) {
  std::array<char, 4096> buffer;
  while (true) {
    CO_ASSIGN_OR_RETURN(const size_t got, co_await from->Read(absl::MakeSpan(buffer)));
    if (got == 0) co_return absl::OkStatus();
    CO_RETURN_IF_ERROR(co_await to->Write(absl::string_view(buffer.data(), got)));
  }
}

// Copies between a program and its streams until it has ended and all that it wrote is passed on.
Task<int> Accompany(const ShStreams& streams, Child& child) {
  TaskScope outputs(co_await CurrentContext(), "sh outputs", TaskScope::Policy::kSupervise, 2);
  TaskScope input(co_await CurrentContext(), "sh input", TaskScope::Policy::kSupervise, 1);
  (void)outputs.Spawn(&PumpOut, child.TakeOutput(), streams.output);
  (void)outputs.Spawn(&PumpOut, child.TakeError(), streams.error);
  (void)input.Spawn(&PumpIn, streams.input, child.TakeInput());
  const absl::StatusOr<ExitStatus> ended = co_await child.Wait();
  input.RequestStop();
  (void)co_await input.Join();
  (void)co_await outputs.Join();
  if (!ended.ok()) co_return kCannotRun;
  co_return ended->killed_by.has_value() ? 128 + static_cast<int>(*ended->killed_by) : ended->code;
}

}  // namespace

Task<int> RunShProgram(Environment& env, const ShStreams& streams, const Arguments& arguments,
                       const std::string& where) {
  ProgramRequest request;
  request.path = co_await FindProgram(env.files(), arguments[0]);
  if (request.path.empty()) {
    (void)co_await streams.error->Write(absl::StrCat(where, arguments[0], ": not found\n"));
    co_return kNotFound;
  }
  request.arguments = arguments;
  // The seam tells single variables only.
  request.environment = static_cast<SimEnvironment&>(env).simulated_process().spec().environment;
  request.working_directory = env.process().working_directory();
  if (!absl::StartsWith(request.path, "/")) {
    request.path = absl::StrCat(request.working_directory, "/", request.path);
  }
  request.pipe_input = request.pipe_output = request.pipe_error = true;
  auto child = co_await env.programs().Start(request);
  if (!child.ok()) {
    const Errno error = ErrnoOf(child.status());
    (void)co_await streams.error->Write(
        absl::StrCat(where, arguments[0], ": ",
                     error == Errno::kENOTDIR ? "not found" : ErrnoText(error), "\n"));
    co_return error == Errno::kENOENT || error == Errno::kENOTDIR ? kNotFound : kCannotRun;
  }
  co_return co_await Accompany(streams, **child);
}

}  // namespace stagepost
