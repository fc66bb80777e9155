// Starting programs: what they get, what they give back, and why they do not start.
#include <vector>

#include "conformance/contract/process_contract_util.h"

namespace stagepost {
namespace {

class ProgramsContract : public ToolContractTest {};

#define CO_RUN(name, request) \
  CO_REQUIRE_ASSIGN(const Finished name, co_await RunToEnd(env, request))
#define CO_START(name, request) \
  CO_REQUIRE_ASSIGN(std::unique_ptr<Child> name, co_await env.programs().Start(request))

CONTRACT_TEST(ProgramsContract, Start_ExitCodes) {
  for (const int code : {0, 1, 75, 127, 255}) {
    CO_RUN(finished, ToolRequest(directory, {"exit", absl::StrCat(code)}));
    EXPECT_EQ(finished.status.code, code);
    EXPECT_FALSE(finished.status.killed_by.has_value());
    EXPECT_EQ(finished.status.ok(), code == 0);
  }
  co_return 0;
}

CONTRACT_TEST(ProgramsContract, Start_ExitCodesHaveEightBits) {
  CO_RUN(wrapped, ToolRequest(directory, {"exit", "256"}));
  EXPECT_EQ(wrapped.status.code, 0);
  CO_RUN(negative, ToolRequest(directory, {"exit", "-1"}));
  EXPECT_EQ(negative.status.code, 255);
  co_return 0;
}

CONTRACT_TEST(ProgramsContract, Start_ArgumentsAsGiven) {
  ProgramRequest request = ToolRequest(directory, {"arguments", "", " a b ", "\"'\n\\", "-x"});
  request.arguments[0] = "called by another name";
  CO_RUN(finished, request);
  EXPECT_EQ(finished.output, "<called by another name><arguments><>< a b ><\"'\n\\><-x>");
  co_return 0;
}

CONTRACT_TEST(ProgramsContract, Start_TitleChangesNoArgument) {
  CO_RUN(finished, ToolRequest(directory, {"title", "argument"}));
  EXPECT_EQ(finished.output, "<tool><title><argument>");
  co_return 0;
}

CONTRACT_TEST(ProgramsContract, Start_ExactlyThisEnvironment) {
  ProgramRequest request =
      ToolRequest(directory, {"variable", "NAME", "EMPTY", "PATH", "HOME", "TZ", "EQUALS"});
  request.environment = {{"NAME", "a value"}, {"EMPTY", ""}, {"EQUALS", "a=b"}};
  CO_RUN(finished, request);
  EXPECT_EQ(finished.output, "a value\n\n(none)\n(none)\n(none)\na=b\n");
  co_return 0;
}

CONTRACT_TEST(ProgramsContract, Start_WorkingDirectory) {
  CO_RUN(root, ToolRequest(directory, {"directory"}));
  EXPECT_EQ(root.output, "/");
  ProgramRequest request = ToolRequest(directory, {"directory"});
  request.working_directory = directory;
  CO_RUN(here, request);
  EXPECT_EQ(here.output, directory);
  EXPECT_OK(co_await env.files().Symlink(directory, directory + "/link"));
  request.working_directory = directory + "/link";
  CO_RUN(through, request);
  EXPECT_EQ(through.output, directory);
  co_return 0;
}

CONTRACT_TEST(ProgramsContract, Start_PidIsItsOwn) {
  CO_START(child, ToolRequest(directory, {"pid"}));
  const std::unique_ptr<ByteSource> output = child->TakeOutput();
  CO_REQUIRE_ASSIGN(const std::string pid, co_await ReadAll(*output));
  EXPECT_EQ(pid, absl::StrCat(static_cast<int>(child->pid())));
  EXPECT_NE(child->pid(), env.process().pid());
  co_return 0;
}

CONTRACT_TEST(ProgramsContract, Start_IdentityOfTheCaller) {
  CO_RUN(root, ToolRequest(directory, {"identity"}));
  EXPECT_EQ(root.output.substr(0, 12), "0 0 0; 0 0 0");
  EXPECT_OK(env.process().BecomePermanently(kMember));
  CO_RUN(member, ToolRequest(directory, {"identity"}));
  EXPECT_EQ(member.output, "12345 12345 12345; 23456 23456 23456; 34567 45678");
  co_return 0;
}

CONTRACT_TEST(ProgramsContract, Start_IdentityAsked) {
  ProgramRequest request = ToolRequest(directory, {"identity"});
  request.identity = kMember;
  CO_RUN(member, request);
  EXPECT_EQ(member.output, "12345 12345 12345; 23456 23456 23456; 34567 45678");
  request.identity = kSomebody;
  CO_RUN(somebody, request);
  EXPECT_EQ(somebody.output, "12345 12345 12345; 23456 23456 23456;");
  co_return 0;
}

CONTRACT_TEST(ProgramsContract, Start_Identity_EPERM) {
  EXPECT_OK(env.process().BecomePermanently(kSomebody));
  ProgramRequest request = ToolRequest(directory, {"identity"});
  request.identity = Identity();
  EXPECT_ERRNO(co_await TryStart(env, request), EPERM);
  request.identity = kMember;
  EXPECT_ERRNO(co_await TryStart(env, request), EPERM);
  request.identity = kSomebody;
  CO_RUN(same, request);
  EXPECT_TRUE(same.status.ok());
  co_return 0;
}

CONTRACT_TEST(ProgramsContract, Start_SetUid) {
  EXPECT_OK(co_await env.files().ChangeOwner(ToolPath(directory), UserId{777}, GroupId{888}));
  EXPECT_OK(co_await env.files().ChangeMode(ToolPath(directory), 04755));
  ProgramRequest request = ToolRequest(directory, {"identity"});
  request.identity = kSomebody;
  CO_RUN(finished, request);
  EXPECT_EQ(finished.output, "12345 777 777; 23456 23456 23456;");
  co_return 0;
}

CONTRACT_TEST(ProgramsContract, Start_SetUidRoot) {
  EXPECT_OK(co_await env.files().ChangeMode(ToolPath(directory), 04755));
  EXPECT_OK(env.process().BecomePermanently(kSomebody));
  CO_RUN(finished, ToolRequest(directory, {"identity"}));
  EXPECT_EQ(finished.output, "12345 0 0; 23456 23456 23456;");
  co_return 0;
}

CONTRACT_TEST(ProgramsContract, Start_SetGid) {
  EXPECT_OK(co_await env.files().ChangeOwner(ToolPath(directory), UserId{777}, GroupId{888}));
  EXPECT_OK(co_await env.files().ChangeMode(ToolPath(directory), 02755));
  ProgramRequest request = ToolRequest(directory, {"identity"});
  request.identity = kMember;
  CO_RUN(finished, request);
  EXPECT_EQ(finished.output, "12345 12345 12345; 23456 888 888; 34567 45678");
  co_return 0;
}

CONTRACT_TEST(ProgramsContract, Start_SetGidWithoutGroupExecute) {
  EXPECT_OK(co_await env.files().ChangeOwner(ToolPath(directory), UserId{777}, GroupId{888}));
  EXPECT_OK(co_await env.files().ChangeMode(ToolPath(directory), 02745));
  ProgramRequest request = ToolRequest(directory, {"identity"});
  request.identity = kSomebody;
  CO_RUN(finished, request);
  EXPECT_EQ(finished.output, "12345 12345 12345; 23456 23456 23456;");
  co_return 0;
}

CONTRACT_TEST(ProgramsContract, Start_InheritsTheUmask) {
  env.process().SetUmask(027);
  CO_RUN(finished, ToolRequest(directory, {"umask"}));
  EXPECT_EQ(finished.output, "27");
  co_return 0;
}

CONTRACT_TEST(ProgramsContract, Start_ENOENT) {
  ProgramRequest request = ToolRequest(directory, {"exit", "0"});
  request.path = "/none/at/all";
  absl::Status status = co_await TryStart(env, request);
  EXPECT_ERRNO(status, ENOENT);
  EXPECT_EQ(status.message(), "exec /none/at/all: No such file or directory");
  request = ToolRequest(directory, {"exit", "0"});
  request.working_directory = "/none";
  status = co_await TryStart(env, request);
  EXPECT_ERRNO(status, ENOENT);
  EXPECT_EQ(status.message(),
            absl::StrCat("chdir /none for ", ToolPath(directory), ": No such file or directory"));
  co_return 0;
}

CONTRACT_TEST(ProgramsContract, Start_ENOTDIR) {
  ProgramRequest request = ToolRequest(directory, {"exit", "0"});
  request.path = ToolPath(directory) + "/tool";
  EXPECT_ERRNO(co_await TryStart(env, request), ENOTDIR);
  request = ToolRequest(directory, {"exit", "0"});
  request.working_directory = ToolPath(directory);
  EXPECT_ERRNO(co_await TryStart(env, request), ENOTDIR);
  co_return 0;
}

CONTRACT_TEST(ProgramsContract, Start_EACCES_NotExecutable) {
  EXPECT_OK(co_await env.files().ChangeMode(ToolPath(directory), 0644));
  EXPECT_ERRNO(co_await TryStart(env, ToolRequest(directory, {"exit", "0"})), EACCES);
  ProgramRequest request = ToolRequest(directory, {"exit", "0"});
  request.path = directory;
  EXPECT_ERRNO(co_await TryStart(env, request), EACCES);
  co_return 0;
}

CONTRACT_TEST(ProgramsContract, Start_EACCES_NotForThem) {
  EXPECT_OK(co_await env.files().ChangeMode(ToolPath(directory), 0754));
  ProgramRequest request = ToolRequest(directory, {"exit", "0"});
  request.identity = kSomebody;
  EXPECT_ERRNO(co_await TryStart(env, request), EACCES);
  EXPECT_OK(co_await env.files().ChangeMode(ToolPath(directory), 0711));
  CO_RUN(unreadable, request);
  EXPECT_TRUE(unreadable.status.ok());
  co_return 0;
}

CONTRACT_TEST(ProgramsContract, Start_EACCES_OnTheWay) {
  EXPECT_OK(co_await env.files().MakeDirectory(directory + "/private", 0700));
  ProgramRequest request = ToolRequest(directory, {"exit", "0"});
  request.identity = kSomebody;
  request.working_directory = directory + "/private";
  EXPECT_ERRNO(co_await TryStart(env, request), EACCES);
  request.working_directory = "/";
  EXPECT_OK(co_await env.files().Rename(ToolPath(directory), directory + "/private/tool"));
  request.path = directory + "/private/tool";
  EXPECT_ERRNO(co_await TryStart(env, request), EACCES);
  co_return 0;
}

CONTRACT_TEST(ProgramsContract, Start_ENOEXEC) {
  ProgramRequest request = ToolRequest(directory, {"exit", "0"});
  request.path = directory + "/text";
  EXPECT_OK(co_await WriteFile(env.files(), request.path, "this is no program"));
  EXPECT_OK(co_await env.files().ChangeMode(request.path, 0755));
  EXPECT_ERRNO(co_await TryStart(env, request), ENOEXEC);
  request.path = directory + "/empty";
  EXPECT_OK(co_await TryOpen(env.files(), request.path, kCreate));
  EXPECT_OK(co_await env.files().ChangeMode(request.path, 0755));
  EXPECT_ERRNO(co_await TryStart(env, request), ENOEXEC);
  co_return 0;
}

CONTRACT_TEST(ProgramsContract, Start_ELOOP) {
  EXPECT_OK(co_await env.files().Symlink("loop", directory + "/loop"));
  ProgramRequest request = ToolRequest(directory, {"exit", "0"});
  request.path = directory + "/loop";
  EXPECT_ERRNO(co_await TryStart(env, request), ELOOP);
  co_return 0;
}

CONTRACT_TEST(ProgramsContract, Start_ThroughLinks) {
  EXPECT_OK(co_await env.files().Symlink("tool", directory + "/symbolic"));
  EXPECT_OK(co_await env.files().Link(ToolPath(directory), directory + "/hard"));
  ProgramRequest request = ToolRequest(directory, {"exit", "7"});
  for (const char* name : {"/symbolic", "/hard"}) {
    request.path = directory + name;
    CO_RUN(finished, request);
    EXPECT_EQ(finished.status.code, 7);
  }
  co_return 0;
}

CONTRACT_TEST(ProgramsContract, Start_EINVAL_NulByte) {
  const std::string nul("a\0b", 3);
  EXPECT_ERRNO(co_await TryStart(env, ToolRequest(directory, {"exit", nul})), EINVAL);
  ProgramRequest request = ToolRequest(directory, {"exit", "0"});
  request.environment = {{"NAME", nul}};
  EXPECT_ERRNO(co_await TryStart(env, request), EINVAL);
  co_return 0;
}

CONTRACT_TEST(ProgramsContract, Streams_NotAskedFor) {
  ProgramRequest request = ToolRequest(directory, {"both"});
  request.pipe_input = request.pipe_output = request.pipe_error = false;
  CO_START(child, request);
  EXPECT_EQ(child->TakeInput(), nullptr);
  EXPECT_EQ(child->TakeOutput(), nullptr);
  EXPECT_EQ(child->TakeError(), nullptr);
  CO_REQUIRE_ASSIGN(const ExitStatus status, co_await child->Wait());
  EXPECT_EQ(status.code, 0);  // to /dev/null everything can be written
  co_return 0;
}

CONTRACT_TEST(ProgramsContract, Streams_InputNotAskedForIsEmpty) {
  ProgramRequest request = ToolRequest(directory, {"read-and-error"});
  request.pipe_input = request.pipe_output = false;
  CO_START(child, request);
  const std::unique_ptr<ByteSource> error = child->TakeError();
  CO_REQUIRE_ASSIGN(const std::string count, co_await ReadAll(*error));
  EXPECT_EQ(count, "0");
  co_return 0;
}

CONTRACT_TEST(ProgramsContract, Streams_OutputAndErrorApart) {
  CO_RUN(finished, ToolRequest(directory, {"both"}));
  EXPECT_EQ(finished.output, "out");
  EXPECT_EQ(finished.error, "err");
  co_return 0;
}

CONTRACT_TEST(ProgramsContract, Streams_TakenOnce) {
  CO_START(child, ToolRequest(directory, {"exit", "0"}));
  EXPECT_NE(child->TakeOutput(), nullptr);
  EXPECT_EQ(child->TakeOutput(), nullptr);
  co_return 0;
}

Task<absl::Status> FeedAndClose(std::unique_ptr<ByteSink> sink, std::string text) {
  co_return co_await WriteAll(*sink, text);
}

CONTRACT_TEST(ProgramsContract, Pipes_CarryMuchBothWays) {
  const std::string text(1'000'000, 'c');
  CO_START(child, ToolRequest(directory, {"cat"}));
  const std::unique_ptr<ByteSource> output = child->TakeOutput();
  TaskScope scope(co_await CurrentContext(), "feed", TaskScope::Policy::kFirstError, 1);
  EXPECT_OK(scope.Spawn(&FeedAndClose, child->TakeInput(), text));
  CO_REQUIRE_ASSIGN(const std::string got, co_await ReadAll(*output));
  EXPECT_TRUE(got == text) << got.size();
  EXPECT_OK(co_await scope.Join());
  CO_REQUIRE_ASSIGN(const ExitStatus status, co_await child->Wait());
  EXPECT_TRUE(status.ok());
  co_return 0;
}

CONTRACT_TEST(ProgramsContract, Pipes_WriterWaitsForTheReader) {
  CO_START(child, ToolRequest(directory, {"write", "200000"}));
  const absl::Status early =
      (co_await WithDeadline(In(env, absl::Milliseconds(200)), child->Wait())).status();
  EXPECT_TRUE(absl::IsDeadlineExceeded(early)) << early;
  const std::unique_ptr<ByteSource> output = child->TakeOutput();
  CO_REQUIRE_ASSIGN(const std::string got, co_await ReadAll(*output));
  EXPECT_EQ(got.size(), 200000u);
  CO_REQUIRE_ASSIGN(const ExitStatus status, co_await child->Wait());
  EXPECT_TRUE(status.ok());
  co_return 0;
}

CONTRACT_TEST(ProgramsContract, Pipes_Hold64KiB) {
  CO_START(child, ToolRequest(directory, {"sleep"}));
  const std::unique_ptr<ByteSink> input = child->TakeInput();
  const std::string text(100'000, 'f');
  CO_REQUIRE_ASSIGN(const size_t wrote, co_await input->Write(text));
  EXPECT_EQ(wrote, 65536u);
  const absl::Status full =
      (co_await WithDeadline(In(env, absl::Milliseconds(20)), input->Write(text))).status();
  EXPECT_TRUE(absl::IsDeadlineExceeded(full)) << full;
  co_return 0;
}

CONTRACT_TEST(ProgramsContract, Pipes_WhatWasWrittenOutlivesTheWriter) {
  CO_START(child, ToolRequest(directory, {"write", "5000"}));
  CO_REQUIRE_ASSIGN(const ExitStatus status, co_await child->Wait());
  EXPECT_TRUE(status.ok());
  const std::unique_ptr<ByteSource> output = child->TakeOutput();
  child.reset();
  CO_REQUIRE_ASSIGN(const std::string got, co_await ReadAll(*output));
  EXPECT_EQ(got.size(), 5000u);
  co_return 0;
}

CONTRACT_TEST(ProgramsContract, Pipes_ToAnEndedProgram_EPIPE) {
  CO_START(child, ToolRequest(directory, {"exit", "0"}));
  const std::unique_ptr<ByteSink> input = child->TakeInput();
  EXPECT_TRUE((co_await child->Wait()).ok());
  const absl::Status status = co_await WriteAll(*input, "anybody?");
  EXPECT_ERRNO(status, EPIPE);
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  co_return 0;
}

// The program is told by the error, not by SIGPIPE.
CONTRACT_TEST(ProgramsContract, Pipes_ToNobody_EPIPE) {
  CO_START(child, ToolRequest(directory, {"write", "200000"}));
  child->TakeOutput().reset();
  CO_REQUIRE_ASSIGN(const ExitStatus status, co_await child->Wait());
  EXPECT_FALSE(status.killed_by.has_value());
  EXPECT_EQ(status.code, static_cast<int>(Errno::kEPIPE));
  co_return 0;
}

INSTANTIATE_CONTRACT(ProgramsContract);

}  // namespace
}  // namespace stagepost
