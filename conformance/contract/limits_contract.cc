// What a started program may use at most.
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "conformance/contract/process_contract_util.h"

namespace stagepost {
namespace {

class LimitsContract : public ToolContractTest {};

// UBSan looks whether memory can be read through a pipe, so a program built with it does not
// survive that it has no descriptor left.
#if defined(__has_feature)
#if __has_feature(undefined_behavior_sanitizer)
#define STAGEPOST_NEEDS_DESCRIPTORS 1
#endif
#endif

#define CO_RUN(name, request) \
  CO_REQUIRE_ASSIGN(const Finished name, co_await RunToEnd(env, request))

Task<absl::StatusOr<uint64_t>> SizeOf(Environment& env, std::string path) {
  CO_ASSIGN_OR_RETURN(const FileStat stat, co_await env.files().Stat(path));
  co_return stat.size;
}

CONTRACT_TEST(LimitsContract, FileBytes_EFBIG) {
  const std::string file = directory + "/file";
  ProgramRequest request = ToolRequest(directory, {"grow", file, "5000"});
  request.limits.file_bytes = 3000;
  CO_RUN(finished, request);
  EXPECT_TRUE(finished.status.ok());
  EXPECT_EQ(finished.output, "3000 EFBIG");
  CO_REQUIRE_ASSIGN(const uint64_t size, co_await SizeOf(env, file));
  EXPECT_EQ(size, 3000u);
  request.arguments[3] = "3000";
  CO_RUN(exactly, request);
  EXPECT_EQ(exactly.output, "3000 E?");
  co_return 0;
}

CONTRACT_TEST(LimitsContract, FileBytes_OfALongerFile) {
  const std::string file = directory + "/file";
  EXPECT_OK(co_await WriteFile(env.files(), file, std::string(5000, 'x')));
  ProgramRequest request = ToolRequest(directory, {"grow", file, "5000"});
  request.limits.file_bytes = 3000;
  CO_RUN(over, request);
  EXPECT_EQ(over.output, "3000 EFBIG") << "even what has its place already";
  request.arguments = {"tool", "stretch", file, "4000"};
  CO_RUN(shorter, request);
  EXPECT_EQ(shorter.status.code, 0);
  request.arguments[3] = "4001";
  CO_RUN(longer, request);
  EXPECT_EQ(longer.status.code, static_cast<int>(Errno::kEFBIG));
  CO_REQUIRE_ASSIGN(const uint64_t size, co_await SizeOf(env, file));
  EXPECT_EQ(size, 4000u);
  co_return 0;
}

CONTRACT_TEST(LimitsContract, FileBytes_Truncate_EFBIG) {
  const std::string file = directory + "/file";
  EXPECT_OK(co_await WriteFile(env.files(), file, ""));
  ProgramRequest request = ToolRequest(directory, {"stretch", file, "3001"});
  request.limits.file_bytes = 3000;
  CO_RUN(longer, request);
  EXPECT_EQ(longer.status.code, static_cast<int>(Errno::kEFBIG));
  EXPECT_FALSE(longer.status.killed_by.has_value());
  request.arguments[3] = "3000";
  CO_RUN(exactly, request);
  EXPECT_EQ(exactly.status.code, 0);
  co_return 0;
}

CONTRACT_TEST(LimitsContract, FileBytes_OnlyOfFiles) {
  ProgramRequest request = ToolRequest(directory, {"grow", "/dev/null", "5000"});
  request.limits.file_bytes = 0;
  CO_RUN(device, request);
  EXPECT_EQ(device.output, "5000 E?");
  request = ToolRequest(directory, {"write", "5000"});
  request.limits.file_bytes = 0;
  CO_RUN(pipe, request);
  EXPECT_EQ(pipe.output.size(), 5000u);
  request = ToolRequest(directory, {"grow", directory + "/empty", "1"});
  request.limits.file_bytes = 0;
  CO_RUN(file, request);
  EXPECT_EQ(file.output, "0 EFBIG");
  co_return 0;
}

CONTRACT_TEST(LimitsContract, FileBytes_NotOfTheCaller) {
  ProgramRequest request = ToolRequest(directory, {"exit", "7"});
  request.limits = {.open_files = 30, .file_bytes = 10, .core_bytes = 0};
  CO_RUN(finished, request);
  EXPECT_EQ(finished.status.code, 7);
  EXPECT_OK(co_await WriteFile(env.files(), directory + "/file", std::string(5000, 'x')));
  co_return 0;
}

#ifndef STAGEPOST_NEEDS_DESCRIPTORS

// A program of ours has some open by itself.
CONTRACT_TEST(LimitsContract, OpenFiles_EMFILE) {
  ProgramRequest request = ToolRequest(directory, {"open-many", ToolPath(directory)});
  request.limits.open_files = 40;
  CO_RUN(finished, request);
  const std::vector<std::string> words = absl::StrSplit(finished.output, ' ');
  EXPECT_EQ(words.size(), 3u) << finished.output;
  if (words.size() != 3) co_return 1;
  int opened = 0;
  EXPECT_TRUE(absl::SimpleAtoi(words[0], &opened));
  EXPECT_EQ(opened, 32);
  EXPECT_EQ(words[1], "EMFILE");
  EXPECT_EQ(words[2], "E?");
  co_return 0;
}

CONTRACT_TEST(LimitsContract, OpenFiles_EveryCall) {
  ProgramRequest request = ToolRequest(directory, {"exhaust", ToolPath(directory)});
  request.limits.open_files = 25;
  CO_RUN(finished, request);
  EXPECT_EQ(finished.output,
            "open EMFILE\n"
            "list EMFILE\n"
            "sync EMFILE\n"
            "stat ENOENT\n"
            "mkdir EEXIST\n"
            "listen EMFILE\n"
            "connect EMFILE\n"
            "accept EMFILE\n"
            "start EMFILE\n"
            "accept E?\n");
  co_return 0;
}

CONTRACT_TEST(LimitsContract, OpenFiles_AreInheritedAndCannotBeLoosened) {
  const std::string tool = ToolPath(directory);
  ProgramRequest request = ToolRequest(directory, {"start", tool, "open-many", tool});
  request.limits.open_files = 30;
  CO_RUN(opened, request);
  EXPECT_EQ(opened.output, "22 EMFILE E?");
  co_return 0;
}

#endif  // STAGEPOST_NEEDS_DESCRIPTORS

CONTRACT_TEST(LimitsContract, CpuTime_SIGXCPU) {
  ProgramRequest request = ToolRequest(directory, {"burn"});
  request.limits.cpu_time = absl::Milliseconds(1);  // a second
  CO_RUN(finished, request);
  EXPECT_EQ(finished.status.killed_by, Signal::kCpuLimit);
  request.arguments = {"tool", "exit", "7"};
  CO_RUN(in_time, request);
  EXPECT_EQ(in_time.status.code, 7);
  co_return 0;
}

// Waiting takes no processor time.
CONTRACT_TEST(LimitsContract, CpuTime_NotOfThoseWhoWait) {
  ProgramRequest request = ToolRequest(directory, {"sleep"});
  request.limits.cpu_time = absl::Seconds(1);
  CO_REQUIRE_ASSIGN(const std::unique_ptr<Child> child, co_await env.programs().Start(request));
  const absl::Status early =
      (co_await WithDeadline(In(env, absl::Milliseconds(1500)), child->Wait())).status();
  EXPECT_TRUE(absl::IsDeadlineExceeded(early)) << early;
  co_return 0;
}

CONTRACT_TEST(LimitsContract, CpuTime_EINVAL) {
  ProgramRequest request = ToolRequest(directory, {"exit", "0"});
  request.limits.cpu_time = absl::ZeroDuration();
  EXPECT_ERRNO(co_await TryStart(env, request), EINVAL);
  request.limits.cpu_time = -absl::Seconds(1);
  EXPECT_ERRNO(co_await TryStart(env, request), EINVAL);
  co_return 0;
}

CONTRACT_TEST(LimitsContract, FileBytes_AreInheritedAndCannotBeLoosened) {
  const std::string tool = ToolPath(directory);
  ProgramRequest request =
      ToolRequest(directory, {"start", tool, "grow", directory + "/file", "5000"});
  request.limits.file_bytes = 3000;
  CO_RUN(grown, request);
  EXPECT_EQ(grown.output, "3000 EFBIG");
  co_return 0;
}

CONTRACT_TEST(LimitsContract, HoldForUsers) {
  EXPECT_OK(co_await env.files().ChangeMode(directory, 0777));
  ProgramRequest request = ToolRequest(directory, {"grow", directory + "/file", "5000"});
  request.identity = kSomebody;
  request.limits.file_bytes = 3000;
  CO_RUN(finished, request);
  EXPECT_EQ(finished.output, "3000 EFBIG");
  EXPECT_OK(env.process().BecomePermanently(kSomebody));
  request.identity = std::nullopt;
  request.limits.open_files = 1 << 20;  // more than we have
  CO_RUN(unprivileged, request);
  EXPECT_EQ(unprivileged.output, "3000 EFBIG");
  co_return 0;
}

INSTANTIATE_CONTRACT(LimitsContract);

}  // namespace
}  // namespace stagepost
