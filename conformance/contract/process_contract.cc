// The process itself, and how others end it: signals, identity, directory, umask, background.
#include <vector>

#include "conformance/contract/process_contract_util.h"

namespace stagepost {
namespace {

class ProcessContract : public ToolContractTest {};

#define CO_START(name, request) \
  CO_REQUIRE_ASSIGN(std::unique_ptr<Child> name, co_await env.programs().Start(request))
#define CO_WAIT(name, child) CO_REQUIRE_ASSIGN(const ExitStatus name, co_await (child)->Wait())

constexpr absl::Duration kSettle = absl::Milliseconds(30);

CONTRACT_TEST(ProcessContract, Kill_DefaultActions) {
  for (const Signal signal :
       {Signal::kHangup, Signal::kInterrupt, Signal::kTerminate, Signal::kKill}) {
    CO_START(child, ToolRequest(directory, {"hold", directory + "/lock"}));
    const std::unique_ptr<ByteSource> output = child->TakeOutput();
    EXPECT_OK(co_await Expect(*output, "held"));
    child->Kill(signal);
    CO_WAIT(status, child);
    CO_REQUIRE(status.killed_by.has_value());
    EXPECT_EQ(*status.killed_by, signal);
    EXPECT_FALSE(status.ok());
  }
  co_return 0;
}

// A program of ours keeps these until it asks, and never dies of a broken pipe.
CONTRACT_TEST(ProcessContract, Kill_WhatDoesNotEndAProgram) {
  CO_START(child, ToolRequest(directory, {"hold", directory + "/lock"}));
  const std::unique_ptr<ByteSource> output = child->TakeOutput();
  EXPECT_OK(co_await Expect(*output, "held"));
  for (const Signal signal :
       {Signal::kUser1, Signal::kUser2, Signal::kAlarm, Signal::kPipe, Signal::kChild}) {
    child->Kill(signal);
  }
  const absl::Status status =
      (co_await WithDeadline(In(env, absl::Milliseconds(100)), child->Wait())).status();
  EXPECT_TRUE(absl::IsDeadlineExceeded(status)) << status;
  co_return 0;
}

CONTRACT_TEST(ProcessContract, Kill_AfterTheEnd) {
  CO_START(child, ToolRequest(directory, {"exit", "3"}));
  CO_WAIT(first, child);
  EXPECT_EQ(first.code, 3);
  child->Kill(Signal::kKill);
  CO_WAIT(second, child);
  EXPECT_EQ(second.code, 3);
  EXPECT_FALSE(second.killed_by.has_value());
  co_return 0;
}

CONTRACT_TEST(ProcessContract, Kill_OfAnEndThatNobodyHasSeen) {
  CO_START(child, ToolRequest(directory, {"exit", "3"}));
  EXPECT_OK(co_await Sleep(absl::Milliseconds(300)));
  child->Kill(Signal::kKill);
  CO_WAIT(status, child);
  EXPECT_EQ(status.code, 3);
  co_return 0;
}

CONTRACT_TEST(ProcessContract, Wait_CancelledLeavesItRunning) {
  CO_START(child, ToolRequest(directory, {"cat"}));
  std::unique_ptr<ByteSink> input = child->TakeInput();
  const absl::Status early = (co_await WithDeadline(In(env, kSettle), child->Wait())).status();
  EXPECT_TRUE(absl::IsDeadlineExceeded(early)) << early;
  const std::unique_ptr<ByteSource> output = child->TakeOutput();
  EXPECT_OK(co_await WriteAll(*input, "alive"));
  EXPECT_OK(co_await Expect(*output, "alive"));
  input.reset();
  CO_WAIT(status, child);
  EXPECT_TRUE(status.ok());
  co_return 0;
}

CONTRACT_TEST(ProcessContract, Child_DestroyedIsKilled) {
  const std::string lock = directory + "/lock";
  CO_START(child, ToolRequest(directory, {"hold", lock}));
  const std::unique_ptr<ByteSource> output = child->TakeOutput();
  EXPECT_OK(co_await Expect(*output, "held"));
  child.reset();
  EXPECT_OK(co_await WaitForLock(env, lock));
  CO_REQUIRE_ASSIGN(const std::string rest, co_await ReadAll(*output));
  EXPECT_EQ(rest, "");
  co_return 0;
}

CONTRACT_TEST(ProcessContract, Child_DiesWithItsParent) {
  const std::string lock = directory + "/lock";
  CO_START(parent, ToolRequest(directory, {"parent", ToolPath(directory), lock}));
  const std::unique_ptr<ByteSource> output = parent->TakeOutput();
  EXPECT_OK(co_await Expect(*output, "held"));
  parent->Kill(Signal::kKill);
  CO_WAIT(status, parent);
  EXPECT_EQ(status.killed_by, Signal::kKill);
  EXPECT_OK(co_await WaitForLock(env, lock));
  co_return 0;
}

Task<absl::StatusOr<std::string>> SignalsSeen(Environment& env, std::string directory,
                                              std::vector<Signal> signals) {
  CO_ASSIGN_OR_RETURN(std::unique_ptr<Child> child,
                      co_await env.programs().Start(ToolRequest(directory, {"signals"})));
  const std::unique_ptr<ByteSource> output = child->TakeOutput();
  std::unique_ptr<ByteSink> input = child->TakeInput();
  CO_RETURN_IF_ERROR(co_await Expect(*output, "ready\n"));
  for (const Signal signal : signals) {
    child->Kill(signal);
    CO_RETURN_IF_ERROR(co_await Sleep(kSettle));
  }
  input.reset();
  co_return co_await ReadAll(*output);
}

CONTRACT_TEST(ProcessContract, NextSignal_InOrderOfArrival) {
  CO_REQUIRE_ASSIGN(const std::string seen,
                    co_await SignalsSeen(env, directory,
                                         {Signal::kUser2, Signal::kHangup, Signal::kAlarm,
                                          Signal::kInterrupt, Signal::kUser1, Signal::kTerminate}));
  EXPECT_EQ(seen, "12\n1\n14\n2\n10\n15\n");
  co_return 0;
}

CONTRACT_TEST(ProcessContract, NextSignal_OneOfEachKindIsKept) {
  CO_REQUIRE_ASSIGN(const std::string seen,
                    co_await SignalsSeen(env, directory,
                                         {Signal::kHangup, Signal::kUser1, Signal::kHangup,
                                          Signal::kUser1, Signal::kHangup, Signal::kTerminate}));
  EXPECT_EQ(seen, "1\n10\n15\n");
  co_return 0;
}

CONTRACT_TEST(ProcessContract, NextSignal_WhileWaiting) {
  CO_START(child, ToolRequest(directory, {"signals"}));
  const std::unique_ptr<ByteSource> output = child->TakeOutput();
  EXPECT_OK(co_await Expect(*output, "ready\n"));
  child->TakeInput().reset();
  for (int again = 0; again < 3; ++again) {
    child->Kill(Signal::kHangup);
    EXPECT_OK(co_await Expect(*output, "1\n"));
  }
  child->Kill(Signal::kTerminate);
  EXPECT_OK(co_await Expect(*output, "15\n"));
  CO_WAIT(status, child);
  EXPECT_TRUE(status.ok());
  co_return 0;
}

CONTRACT_TEST(ProcessContract, NextSignal_KillIsNotAsked) {
  CO_START(child, ToolRequest(directory, {"signals"}));
  const std::unique_ptr<ByteSource> output = child->TakeOutput();
  EXPECT_OK(co_await Expect(*output, "ready\n"));
  child->Kill(Signal::kKill);
  CO_WAIT(status, child);
  EXPECT_EQ(status.killed_by, Signal::kKill);
  co_return 0;
}

CONTRACT_TEST(ProcessContract, NextSignal_Deadline) {
  const absl::Status none =
      (co_await WithDeadline(In(env, kSettle), env.process().NextSignal())).status();
  EXPECT_TRUE(absl::IsDeadlineExceeded(none)) << none;
  co_return 0;
}

CONTRACT_TEST(ProcessContract, BecomePermanently_AllIds) {
  EXPECT_OK(env.process().BecomePermanently(kMember));
  const Credentials& own = env.process().credentials();
  EXPECT_EQ(own.real_user, kMember.user);
  EXPECT_EQ(own.effective_user, kMember.user);
  EXPECT_EQ(own.saved_user, kMember.user);
  EXPECT_EQ(own.real_group, kMember.group);
  EXPECT_EQ(own.effective_group, kMember.group);
  EXPECT_EQ(own.saved_group, kMember.group);
  EXPECT_EQ(own.supplementary, kMember.supplementary);
  co_return 0;
}

CONTRACT_TEST(ProcessContract, BecomePermanently_ThereIsNoWayBack_EPERM) {
  EXPECT_OK(env.process().BecomePermanently(kMember));
  EXPECT_ERRNO(env.process().BecomePermanently(Identity()), EPERM);
  EXPECT_ERRNO(env.process().BecomePermanently(kSomebody), EPERM);
  EXPECT_OK(env.process().BecomePermanently(kMember));
  EXPECT_EQ(env.process().credentials().effective(), kMember);
  co_return 0;
}

CONTRACT_TEST(ProcessContract, BecomePermanently_FilesFollow) {
  EXPECT_OK(co_await WriteFile(env.files(), directory + "/private", "secret"));
  EXPECT_OK(co_await env.files().ChangeMode(directory + "/private", 0600));
  EXPECT_OK(env.process().BecomePermanently(kSomebody));
  EXPECT_ERRNO(co_await TryOpen(env.files(), directory + "/private", kReadOnly), EACCES);
  EXPECT_ERRNO(co_await env.files().MakeDirectory(directory + "/new", 0755), EACCES);
  EXPECT_ERRNO(co_await env.files().As(Identity())->MakeDirectory(directory + "/new", 0755), EPERM);
  co_return 0;
}

CONTRACT_TEST(ProcessContract, SetUmask_GivesTheOldOneAndActs) {
  EXPECT_EQ(env.process().SetUmask(077), 022u);
  EXPECT_EQ(env.process().SetUmask(07777), 077u);
  EXPECT_EQ(env.process().SetUmask(027), 0777u);
  EXPECT_OK(co_await env.files().MakeDirectory(directory + "/made", 0777));
  CO_REQUIRE_ASSIGN(const FileStat made, co_await env.files().Stat(directory + "/made"));
  EXPECT_EQ(made.mode, 0750u);
  co_return 0;
}

CONTRACT_TEST(ProcessContract, ChangeDirectory_RelativePathsFollow) {
  EXPECT_OK(co_await env.files().MakeDirectory(directory + "/sub", 0755));
  EXPECT_OK(co_await env.process().ChangeDirectory(directory));
  EXPECT_EQ(env.process().working_directory(), directory);
  EXPECT_OK(co_await env.process().ChangeDirectory("sub"));
  EXPECT_EQ(env.process().working_directory(), directory + "/sub");
  EXPECT_OK(co_await WriteFile(env.files(), "file", "text"));
  CO_REQUIRE_ASSIGN(const FileStat file, co_await env.files().Stat(directory + "/sub/file"));
  EXPECT_EQ(file.size, 4u);
  EXPECT_OK(co_await env.process().ChangeDirectory(".."));
  EXPECT_EQ(env.process().working_directory(), directory);
  co_return 0;
}

CONTRACT_TEST(ProcessContract, ChangeDirectory_FollowsARename) {
  EXPECT_OK(co_await env.files().MakeDirectory(directory + "/old", 0755));
  EXPECT_OK(co_await env.process().ChangeDirectory(directory + "/old"));
  EXPECT_OK(co_await env.files().Rename(directory + "/old", directory + "/new"));
  EXPECT_EQ(env.process().working_directory(), directory + "/new");
  co_return 0;
}

CONTRACT_TEST(ProcessContract, ChangeDirectory_Errors) {
  EXPECT_OK(co_await WriteFile(env.files(), directory + "/file", "text"));
  EXPECT_OK(co_await env.files().Symlink("loop", directory + "/loop"));
  EXPECT_OK(co_await env.files().MakeDirectory(directory + "/private", 0700));
  Process& process = env.process();
  EXPECT_ERRNO(co_await process.ChangeDirectory(directory + "/none"), ENOENT);
  EXPECT_ERRNO(co_await process.ChangeDirectory(""), ENOENT);
  EXPECT_ERRNO(co_await process.ChangeDirectory(directory + "/file"), ENOTDIR);
  EXPECT_ERRNO(co_await process.ChangeDirectory(directory + "/loop"), ELOOP);
  EXPECT_ERRNO(co_await process.ChangeDirectory(directory + "/" + std::string(256, 'n')),
               ENAMETOOLONG);
  EXPECT_OK(process.BecomePermanently(kSomebody));
  EXPECT_ERRNO(co_await process.ChangeDirectory(directory + "/private"), EACCES);
  co_return 0;
}

CONTRACT_TEST(ProcessContract, Daemonise_EndsForWhoStartedIt) {
  const std::string done = directory + "/done";
  CO_START(child, ToolRequest(directory, {"daemonise", done}));
  const std::unique_ptr<ByteSink> input = child->TakeInput();
  const std::unique_ptr<ByteSource> output = child->TakeOutput();
  CO_REQUIRE_ASSIGN(const std::string before, co_await ReadAll(*output));
  EXPECT_EQ(before, "before");
  CO_WAIT(status, child);
  EXPECT_TRUE(status.ok());
  child.reset();  // does not reach it any more
  for (int tries = 0; tries < 200; ++tries) {
    const auto stat = co_await env.files().Stat(done);
    if (stat.ok() && stat->size > 0) co_return stat->size == 4 ? 0 : 1;
    EXPECT_OK(co_await Sleep(absl::Milliseconds(20)));
  }
  co_return 1;
}

CONTRACT_TEST(ProcessContract, Daemonise_Twice) {
  CO_START(child, ToolRequest(directory, {"daemonise-twice"}));
  CO_WAIT(status, child);
  EXPECT_TRUE(status.ok());
  co_return 0;
}

INSTANTIATE_CONTRACT(ProcessContract);

}  // namespace
}  // namespace stagepost
