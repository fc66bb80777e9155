// One suite, two worlds: the contract of the Environment, checked in the simulator and on Linux.
//
// A case is a program that gets its Environment and the path of a fresh directory, as root:
//
//   CONTRACT_TEST(FileSystem, Unlink_ENOENT) {
//     EXPECT_ERRNO(co_await env.files().Unlink(absl::StrCat(directory, "/none")), ENOENT);
//     co_return 0;
//   }
//   INSTANTIATE_CONTRACT(FileSystem);   // once per suite: runs each case as Simulated and as Linux
//
// What is left open by POSIX or by the seam must not be tested here; what differs on purpose is
// listed in docs/simulator.md.
#ifndef STAGEPOST_CONFORMANCE_CONTRACT_CONTRACT_HOST_H_
#define STAGEPOST_CONFORMANCE_CONTRACT_CONTRACT_HOST_H_

#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "mta/env/environment.h"
#include "sim/world/dns_zones.h"

namespace stagepost {

// A machine to run cases on. One for each case.
class ContractHost {
 public:
  virtual ~ContractHost() = default;
  // Runs `program` to its end, as root, with arguments {"contract", directory}; its exit code.
  virtual int Run(Program program) = 0;
  // Runs both at the same time, as two processes. 0 if both give 0.
  virtual int RunBoth(Program first, Program second) = 0;
  // Makes ContractTool (contract_tool.h) the program file `name` in the directory: root's, 0755.
  virtual void InstallTool(const std::string& name) = 0;
  // Adds to the accounts that programs find, which are then of this host only. REQUIRES: new names;
  // `members` of a simulated host exist.
  virtual void AddUser(const User& user) = 0;
  virtual void AddGroup(const Group& group, const std::vector<std::string>& members) = 0;
  // Makes a FIFO in the directory, for root.
  virtual void MakeFifo(const std::string& name, FileMode mode) = 0;
  // What name servers answer to those who run from now on. Silence is a time-out after a third of a
  // second of real time.
  virtual void ServeDns(DnsZones zones) = 0;
};

// A host of the simulator.
std::unique_ptr<ContractHost> MakeSimulatedHost();
// This machine; needs root. `directory` is on a tmpfs where one can be had.
std::unique_ptr<ContractHost> MakeLinuxHost();

struct ContractWorld {
  const char* name;
  std::unique_ptr<ContractHost> (*make)();
};

class ContractTest : public testing::TestWithParam<ContractWorld> {
 protected:
  int Run(Program program) { return GetParam().make()->Run(program); }
};

inline std::string ContractWorldName(const testing::TestParamInfo<ContractWorld>& info) {
  return info.param.name;
}

#define CONTRACT_TEST(Suite, Name)                                                    \
  static Task<int> Suite##Name##Case(Environment& env, const std::string& directory); \
  static Task<int> Suite##Name##Program(Environment& env, Arguments arguments) {      \
    co_return co_await Suite##Name##Case(env, arguments[1]);                          \
  }                                                                                   \
  TEST_P(Suite, Name) { EXPECT_EQ(Run(&Suite##Name##Program), 0); }                   \
  static Task<int> Suite##Name##Case([[maybe_unused]] Environment& env,               \
                                     [[maybe_unused]] const std::string& directory)

#define INSTANTIATE_CONTRACT(Suite)                                                        \
  INSTANTIATE_TEST_SUITE_P(Both, Suite,                                                    \
                           testing::Values(ContractWorld{"Simulated", &MakeSimulatedHost}, \
                                           ContractWorld{"Linux", &MakeLinuxHost}),        \
                           ContractWorldName)

}  // namespace stagepost

#endif  // STAGEPOST_CONFORMANCE_CONTRACT_CONTRACT_HOST_H_
