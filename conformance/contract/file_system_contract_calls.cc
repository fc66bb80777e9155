// Every call of the file system, each for four callers: does it work, and with which error not?
//
// A row of the table is a call and its results for root, the owner, a member of the group and
// anybody else. Each result is a case by itself, on each side: Linux_Unlink_Sticky_Member. The tree
// that the calls are about is in file_system_contract_util.h.
#include <cstdio>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/str_cat.h"
#include "conformance/contract/file_system_contract_rows.h"
#include "conformance/contract/file_system_contract_util.h"
#include "gtest/gtest.h"

namespace stagepost {
namespace {

struct Case {
  Row row;
  Who who;
  const char* setting = nullptr;
  int level = 0;
};

std::vector<Case> AllCases() {
  std::vector<Case> cases;
  const auto add = [&](const Row& row, const char* setting, int level) {
    for (int i = 0; i < kCallers; ++i) {
      cases.push_back({row, static_cast<Who>(i), setting, level});
    }
  };
  for (const Row& row : RowsOfNames()) add(row, nullptr, 0);
  for (const Row& row : RowsOfFiles()) add(row, nullptr, 0);
  for (const ProtectedRow& row : RowsOfProtection()) add(row.row, row.setting, row.level);
  return cases;
}

// A Program takes no arguments of ours.
const Case* running = nullptr;

Task<int> RunCase(Environment& env, Arguments arguments) {
  const std::string at = arguments[1];
  const absl::Status made = co_await MakeTree(env.files(), at);
  EXPECT_TRUE(made.ok()) << made;
  if (running->setting != nullptr) {
    EXPECT_OK(co_await env.files().Symlink("alices", at + "/tmp/link"));
    EXPECT_OK(co_await env.files().ChangeOwner(at + "/tmp/link", kOwnerId, kSame));
    EXPECT_OK(co_await env.files().Symlink("alices", at + "/tmp/rootlink"));
  }
  std::unique_ptr<FileSystem> files = env.files().As(IdentityOf(running->who));
  const absl::Status status = co_await running->row.act(*files, at);
  const Errno expected = running->row.results[static_cast<int>(running->who)];
  EXPECT_EQ(ErrnoName(ErrnoOf(status)), ErrnoName(expected)) << status;
  EXPECT_EQ(status.ok(), expected == Errno::kOk) << status;
  co_return 0;
}

// The cases of one world. On Linux those are left out whose setting in /proc/sys/fs is not in force
// here: it is the machine's, and not ours to change. Debian 12 has them all in force.
std::vector<std::tuple<ContractWorld, Case>> CasesOf(const ContractWorld& world, bool is_linux) {
  std::vector<std::tuple<ContractWorld, Case>> cases;
  std::set<std::string> left_out;
  for (const Case& row : AllCases()) {
    if (is_linux && row.setting != nullptr && !MachineProtects(row.setting, row.level)) {
      left_out.insert(row.setting);
    } else {
      cases.emplace_back(world, row);
    }
  }
  for (const std::string& setting : left_out) {
    std::printf("note: /proc/sys/fs/%s is not in force; compared in the simulator only\n",
                setting.c_str());
  }
  return cases;
}

std::vector<std::tuple<ContractWorld, Case>> CasesOfBoth() {
  auto cases = CasesOf({"Simulated", &MakeSimulatedHost}, /*is_linux=*/false);
  const auto on_linux = CasesOf({"Linux", &MakeLinuxHost}, /*is_linux=*/true);
  cases.insert(cases.end(), on_linux.begin(), on_linux.end());
  return cases;
}

class FileSystemCalls : public testing::TestWithParam<std::tuple<ContractWorld, Case>> {};

TEST_P(FileSystemCalls, GiveWhatLinuxGives) {
  const auto& [world, row] = GetParam();
  running = &row;
  EXPECT_EQ(world.make()->Run(&RunCase), 0);
}

INSTANTIATE_TEST_SUITE_P(Both, FileSystemCalls, testing::ValuesIn(CasesOfBoth()),
                         [](const auto& info) {
                           return absl::StrCat(std::get<0>(info.param).name, "_",
                                               std::get<1>(info.param).row.name, "_",
                                               WhoName(std::get<1>(info.param).who));
                         });

}  // namespace
}  // namespace stagepost
