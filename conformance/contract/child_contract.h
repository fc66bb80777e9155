// Contract cases that change the process they run in: on Linux each runs in a process of its own.
#ifndef STAGEPOST_CONFORMANCE_CONTRACT_CHILD_CONTRACT_H_
#define STAGEPOST_CONFORMANCE_CONTRACT_CHILD_CONTRACT_H_

#include <sys/wait.h>
#include <unistd.h>

#include "absl/strings/string_view.h"
#include "conformance/contract/contract_host.h"

namespace stagepost {

// Runs `run`, which gives an exit code, in a fork if the case runs on Linux; its exit code. A
// failed expectation in the fork is an exit code of 99; what it was, the fork has printed.
template <class F>
int RunInChild(const ContractWorld& world, F run) {
  if (absl::string_view(world.name) != "Linux") return run();
  const pid_t child = ::fork();
  if (child == 0) {
    const int code = run();
    ::_exit(testing::Test::HasFailure() ? 99 : code);
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

class ChildContractTest : public ContractTest {
 protected:
  int Run(Program program) {
    const auto host = GetParam().make();
    return RunInChild(GetParam(), [&] { return host->Run(program); });
  }
};

}  // namespace stagepost

#endif  // STAGEPOST_CONFORMANCE_CONTRACT_CHILD_CONTRACT_H_
