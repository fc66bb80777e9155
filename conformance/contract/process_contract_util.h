// What the cases of programs and processes share. A case runs in a process of its own, and starts
// the contract's tool, which is `directory`/tool.
#ifndef STAGEPOST_CONFORMANCE_CONTRACT_PROCESS_CONTRACT_UTIL_H_
#define STAGEPOST_CONFORMANCE_CONTRACT_PROCESS_CONTRACT_UTIL_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "conformance/contract/child_contract.h"
#include "mta/async/deadline.h"
#include "mta/async/scope.h"
#include "mta/base/status_macros.h"
#include "mta/env/env_test_util.h"
#include "mta/env/environment.h"

namespace stagepost {

class ToolContractTest : public ContractTest {
 protected:
  int Run(Program program) {
    const auto host = GetParam().make();
    host->InstallTool("tool");
    return RunInChild(GetParam(), [&] { return host->Run(program); });
  }
};

inline const Identity kSomebody = {UserId{12345}, GroupId{23456}, {}};
inline const Identity kMember = {UserId{12345}, GroupId{23456}, {GroupId{34567}, GroupId{45678}}};

inline std::string ToolPath(const std::string& directory) {
  return absl::StrCat(directory, "/tool");
}

// The tool with these arguments behind [0], all of its streams piped.
inline ProgramRequest ToolRequest(const std::string& directory, Arguments arguments) {
  arguments.insert(arguments.begin(), "tool");
  return {.path = ToolPath(directory),
          .arguments = std::move(arguments),
          .pipe_input = true,
          .pipe_output = true,
          .pipe_error = true};
}

struct Finished {
  ExitStatus status;
  std::string output;
  std::string error;
};

// Runs `request` to its end, without input.
inline Task<absl::StatusOr<Finished>> RunToEnd(Environment& env, ProgramRequest request) {
  CO_ASSIGN_OR_RETURN(std::unique_ptr<Child> child, co_await env.programs().Start(request));
  child->TakeInput().reset();
  Finished finished;
  if (std::unique_ptr<ByteSource> output = child->TakeOutput(); output != nullptr) {
    CO_ASSIGN_OR_RETURN(finished.output, co_await ReadAll(*output));
  }
  if (std::unique_ptr<ByteSource> error = child->TakeError(); error != nullptr) {
    CO_ASSIGN_OR_RETURN(finished.error, co_await ReadAll(*error));
  }
  CO_ASSIGN_OR_RETURN(finished.status, co_await child->Wait());
  co_return finished;
}

inline Task<absl::Status> TryStart(Environment& env, ProgramRequest request) {
  co_return (co_await env.programs().Start(request)).status();
}

inline MonotonicTime In(Environment& env, absl::Duration wait) {
  return env.clock().MonotonicNow() + wait;
}

// Reads until `text` has come.
inline Task<absl::Status> Expect(ByteSource& source, std::string text) {
  std::string got;
  while (got.size() < text.size()) {
    std::string buffer(text.size() - got.size(), '\0');
    CO_ASSIGN_OR_RETURN(const size_t n, co_await source.Read(absl::MakeSpan(buffer)));
    if (n == 0) break;
    got.append(buffer, 0, n);
  }
  if (got != text) co_return absl::DataLossError(absl::StrCat("got ", got));
  co_return absl::OkStatus();
}

// Whether nobody holds a lock on the file, now or within some seconds.
inline Task<absl::Status> WaitForLock(Environment& env, std::string path) {
  CO_ASSIGN_OR_RETURN(std::unique_ptr<File> file, co_await env.files().Open(path, kCreate));
  co_return co_await WithDeadline(
      In(env, absl::Seconds(5)),
      file->Lock(LockKind::kFlock, LockMode::kExclusive, LockWait::kYes));
}

}  // namespace stagepost

#endif  // STAGEPOST_CONFORMANCE_CONTRACT_PROCESS_CONTRACT_UTIL_H_
