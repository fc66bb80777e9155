// Pipes between a program and its child, and the child's life.
#include "sim/world/sim_pipe.h"

#include <array>
#include <memory>
#include <string>

#include "gtest/gtest.h"
#include "mta/async/deadline.h"
#include "mta/async/scope.h"
#include "mta/base/status_macros.h"
#include "mta/env/programs.h"
#include "sim/world/world_test_util.h"

namespace stagepost {
namespace {

Task<absl::Status> ReadAll(ByteSource& source, std::string& into) {
  while (true) {
    std::array<char, 700> buffer;
    CO_ASSIGN_OR_RETURN(const size_t n, co_await source.Read(absl::MakeSpan(buffer)));
    if (n == 0) co_return absl::OkStatus();
    into.append(buffer.data(), n);
  }
}

// cat(1).
Task<int> Cat(Environment& env, Arguments) {
  while (true) {
    std::array<char, 5000> buffer;
    const auto n = co_await env.process().standard_input().Read(absl::MakeSpan(buffer));
    if (!n.ok()) co_return 1;
    if (*n == 0) co_return 0;
    const absl::Status written =
        co_await WriteAll(env.process().standard_output(), absl::string_view(buffer.data(), *n));
    if (!written.ok()) co_return ErrnoOf(written) == Errno::kEPIPE ? 2 : 3;
  }
}

// Writes for ever; its exit code says why it ended.
Task<int> Yes(Environment& env, Arguments) {
  while (true) {
    const absl::Status written = co_await WriteAll(env.process().standard_output(), "yes\n");
    if (!written.ok()) co_return ErrnoOf(written) == Errno::kEPIPE ? 2 : 3;
  }
}

Task<int> SleepForEver(Environment&, Arguments) {
  while (true) (void)co_await Sleep(absl::Hours(1));
}

Task<int> Gone(Environment& env, Arguments arguments) {
  (void)co_await WriteAll(env.process().standard_error(), "gone\n");
  co_return static_cast<int>(arguments.size());
}

class SimPipeTest : public testing::Test {
 protected:
  SimPipeTest() {
    Install("/bin/cat", &Cat);
    Install("/bin/yes", &Yes);
    Install("/bin/sleep", &SleepForEver);
    Install("/bin/gone", &Gone);
  }
  void Install(absl::string_view path, Program program) {
    ASSERT_TRUE(test.a.editor().WriteFile(path, "", {.mode = 0755}).ok());
    test.a.InstallProgram(path, program);
  }
  // The exit code of f(environment, args...).
  template <class F, class... Args>
  int CodeOf(F f, Args... args) {
    const TestProgram& program = test.Run(test.a, std::move(f), std::move(args)...);
    EXPECT_TRUE(test.RunToEnd(program));
    return program.exit.has_value() ? program.exit->code : -1;
  }
  // The paths of what runs.
  std::string Running() {
    std::string all;
    for (const uint32_t pid : test.a.ProcessIds()) {
      absl::StrAppend(&all, test.a.FindProcess(pid)->path(), " ");
    }
    return all;
  }

  TestWorld test;
};

ProgramRequest Request(std::string path, Arguments arguments = {}) {
  ProgramRequest request;
  request.path = path;
  request.arguments = std::move(arguments);
  request.pipe_input = request.pipe_output = request.pipe_error = true;
  return request;
}

Task<absl::Status> WriteAndClose(std::unique_ptr<ByteSink> sink, const std::string& text) {
  co_return co_await WriteAll(*sink, text);
}

Task<absl::Status> FeedAndRead(TaskScope& scope, Child& child, const std::string& text,
                               std::string& output) {
  CO_RETURN_IF_ERROR(scope.Spawn(&WriteAndClose, child.TakeInput(), std::cref(text)));
  const std::unique_ptr<ByteSource> source = child.TakeOutput();
  co_return co_await ReadAll(*source, output);
}

Task<int> ThroughCat(Environment& env, size_t size) {
  std::string text(size, 'x');
  for (size_t i = 0; i < size; i += 7) text[i] = static_cast<char>('a' + i % 26);
  auto child = co_await env.programs().Start(Request("/bin/cat"));
  if (!child.ok()) co_return 100;
  std::string output;
  const absl::Status status =
      co_await WithScope("cat", TaskScope::Policy::kFirstError, 2, &FeedAndRead, std::ref(**child),
                         std::cref(text), std::ref(output));
  if (!status.ok()) co_return 101;
  if (output != text) co_return 102;
  const auto exit = co_await (*child)->Wait();
  co_return exit.ok() ? exit->code : 103;
}

TEST_F(SimPipeTest, ThroughAChildAndBack) {
  for (const size_t size : {size_t{0}, size_t{1}, size_t{65536}, size_t{1'000'000}}) {
    EXPECT_EQ(CodeOf(&ThroughCat, size), 0) << size;
  }
  EXPECT_EQ(Running(), "");
}

// Does not read from a child that writes: it stands still. Then closes the pipe.
Task<int> NeverReads(Environment& env, TestWorld& test, size_t& steps) {
  auto child = co_await env.programs().Start(Request("/bin/yes"));
  if (!child.ok()) co_return 100;
  std::unique_ptr<ByteSource> output = (*child)->TakeOutput();
  (void)co_await Sleep(absl::Minutes(1));
  const uint64_t events = test.trace.size();
  (void)co_await Sleep(absl::Minutes(1));
  steps = test.trace.size() - events;
  output.reset();
  const auto exit = co_await (*child)->Wait();
  co_return exit.ok() ? exit->code : 103;
}

TEST_F(SimPipeTest, BackPressureThenBrokenPipe) {
  size_t steps = 99;
  EXPECT_EQ(CodeOf(&NeverReads, std::ref(test), std::ref(steps)), 2);
  EXPECT_EQ(steps, 0u);
}

Task<int> ReadsErrorOfGone(Environment& env, std::string& text) {
  auto child = co_await env.programs().Start(Request("/bin/gone", {"a", "b", "c"}));
  if (!child.ok()) co_return 100;
  const std::unique_ptr<ByteSource> source = (*child)->TakeError();
  if (!(co_await ReadAll(*source, text)).ok()) co_return 101;
  const auto exit = co_await (*child)->Wait();
  if (!exit.ok() || exit->killed_by.has_value()) co_return 102;
  // Again, after the end.
  const auto again = co_await (*child)->Wait();
  co_return again.ok() && again->code == exit->code ? exit->code : 103;
}

TEST_F(SimPipeTest, WhatAChildWroteOutlivesIt) {
  std::string text;
  EXPECT_EQ(CodeOf(&ReadsErrorOfGone, std::ref(text)), 3);
  EXPECT_EQ(text, "gone\n");
}

Task<int> KillsChild(Environment& env) {
  auto child = co_await env.programs().Start(Request("/bin/sleep"));
  if (!child.ok()) co_return 100;
  const std::unique_ptr<ByteSource> output = (*child)->TakeOutput();
  (*child)->Kill(Signal::kTerminate);
  std::string text;
  if (!(co_await ReadAll(*output, text)).ok()) co_return 101;
  const auto exit = co_await (*child)->Wait();
  co_return exit.ok() && exit->killed_by == Signal::kTerminate && !exit->ok() ? 0 : 102;
}

TEST_F(SimPipeTest, AKilledChildClosesItsPipes) { EXPECT_EQ(CodeOf(&KillsChild), 0); }

Task<int> DropsChild(Environment& env) {
  {
    auto child = co_await env.programs().Start(Request("/bin/sleep"));
    if (!child.ok()) co_return 100;
    (void)co_await Sleep(absl::Seconds(1));
  }
  (void)co_await Sleep(absl::Seconds(1));
  co_return 0;
}

TEST_F(SimPipeTest, ADroppedChildIsKilled) {
  const TestProgram& program = test.Run(test.a, &DropsChild);
  test.RunFor(absl::Milliseconds(500));
  EXPECT_EQ(Running(), "test /bin/sleep ");
  test.RunFor(absl::Milliseconds(1000));
  EXPECT_EQ(Running(), "test ");
  ASSERT_TRUE(test.RunToEnd(program));
}

Task<int> WaitsForChild(Environment& env) {
  auto child = co_await env.programs().Start(Request("/bin/sleep"));
  if (!child.ok()) co_return 100;
  (void)co_await (*child)->Wait();
  co_return 0;
}

TEST_F(SimPipeTest, AChildDiesWithItsParent) {
  const TestProgram& program = test.Run(test.a, &WaitsForChild);
  test.RunFor(absl::Seconds(1));
  EXPECT_EQ(Running(), "test /bin/sleep ");
  test.Kill(test.a, program);
  test.RunFor(absl::Seconds(1));
  EXPECT_EQ(Running(), "");
}

Task<int> StartCode(Environment& env, ProgramRequest request) {
  auto child = co_await env.programs().Start(request);
  co_return child.ok() ? 0 : static_cast<int>(ErrnoOf(child.status()));
}

TEST_F(SimPipeTest, WhatCannotBeStarted) {
  const auto code = [&](ProgramRequest request, Credentials who = {}) {
    const TestProgram& program = test.RunAs(std::move(who), test.a, &StartCode, std::move(request));
    EXPECT_TRUE(test.RunToEnd(program));
    return static_cast<Errno>(program.exit->code);
  };
  DiskEditor editor = test.a.editor();
  ASSERT_TRUE(editor.WriteFile("/bin/text", "x", {.mode = 0644}).ok());
  ASSERT_TRUE(editor.WriteFile("/bin/data", "x", {.mode = 0755}).ok());
  ASSERT_TRUE(editor.MakeDirectories("/secret", {.mode = 0700}).ok());
  EXPECT_EQ(code(Request("/bin/none")), Errno::kENOENT);
  EXPECT_EQ(code(Request("/bin/text")), Errno::kEACCES);
  EXPECT_EQ(code(Request("/bin")), Errno::kEACCES);
  EXPECT_EQ(code(Request("/bin/data")), Errno::kENOEXEC);
  ProgramRequest elsewhere = Request("/bin/cat");
  elsewhere.working_directory = "/nowhere";
  EXPECT_EQ(code(elsewhere), Errno::kENOENT);
  elsewhere.working_directory = "/secret";
  EXPECT_EQ(code(elsewhere), Errno::kOk);
  Credentials user;
  user.real_user = user.effective_user = user.saved_user = UserId{1000};
  user.real_group = user.effective_group = user.saved_group = GroupId{1000};
  EXPECT_EQ(code(elsewhere, user), Errno::kEACCES);
  ProgramRequest root = Request("/bin/cat");
  root.identity = Identity{};
  EXPECT_EQ(code(root, user), Errno::kEPERM);
  EXPECT_EQ(code(root), Errno::kOk);
}

// Its ids as text.
Task<int> Id(Environment& env, Arguments) {
  const Credentials& c = env.process().credentials();
  const std::string text = absl::StrCat(
      static_cast<uint32_t>(c.real_user), " ", static_cast<uint32_t>(c.effective_user), " ",
      static_cast<uint32_t>(c.saved_user), " ", static_cast<uint32_t>(c.real_group), " ",
      static_cast<uint32_t>(c.effective_group), " ", static_cast<uint32_t>(c.saved_group));
  (void)co_await WriteAll(env.process().standard_output(), text);
  co_return 0;
}

Task<int> OutputOf(Environment& env, ProgramRequest request, std::string& text) {
  auto child = co_await env.programs().Start(request);
  if (!child.ok()) co_return 100;
  const std::unique_ptr<ByteSource> output = (*child)->TakeOutput();
  if (!(co_await ReadAll(*output, text)).ok()) co_return 101;
  (void)co_await (*child)->Wait();
  co_return 0;
}

TEST_F(SimPipeTest, IdsOfAChild) {
  const auto id = [&](FileMode mode, std::optional<Identity> identity, Credentials who) {
    Install("/bin/id", &Id);
    EXPECT_TRUE(test.a.editor().WriteFile("/bin/id", "", {UserId{25}, GroupId{26}, mode}).ok());
    ProgramRequest request = Request("/bin/id");
    request.identity = std::move(identity);
    std::string text;
    const TestProgram& program =
        test.RunAs(std::move(who), test.a, &OutputOf, std::move(request), std::ref(text));
    EXPECT_TRUE(test.RunToEnd(program));
    return text;
  };
  EXPECT_EQ(id(0755, std::nullopt, {}), "0 0 0 0 0 0");
  EXPECT_EQ(id(0755, Identity{UserId{7}, GroupId{8}, {}}, {}), "7 7 7 8 8 8");
  EXPECT_EQ(id(04755, Identity{UserId{7}, GroupId{8}, {}}, {}), "7 25 25 8 8 8");
  EXPECT_EQ(id(02755, Identity{UserId{7}, GroupId{8}, {}}, {}), "7 7 7 8 26 26");
  EXPECT_EQ(id(02745, Identity{UserId{7}, GroupId{8}, {}}, {}), "7 7 7 8 8 8");
  // A child gets what its parent is in effect, not what it was.
  Credentials set_id;
  set_id.real_user = UserId{1000};
  set_id.effective_user = set_id.saved_user = UserId{5};
  EXPECT_EQ(id(0755, std::nullopt, set_id), "5 5 5 0 0 0");
}

TEST(SimStreams, StandIns) {
  std::string captured;
  TestWorld test;
  const auto run = [](Environment&, std::string& captured) -> Task<int> {
    std::array<char, 3> buffer;
    const auto null = MakeNullSource();
    if (*co_await null->Read(absl::MakeSpan(buffer)) != 0) co_return 1;
    const auto text = MakeTextSource("hello");
    if (*co_await text->Read(absl::MakeSpan(buffer)) != 3) co_return 2;
    if (*co_await text->Read(absl::MakeSpan(buffer)) != 2) co_return 3;
    if (buffer != std::array<char, 3>{'l', 'o', 'l'}) co_return 4;
    if (*co_await text->Read(absl::MakeSpan(buffer)) != 0) co_return 5;
    const auto sink = MakeCapturingSink(&captured);
    (void)co_await WriteAll(*sink, "one ");
    (void)co_await WriteAll(*sink, "two");
    if (*co_await MakeNullSink()->Write("x") != 1) co_return 6;
    co_return 0;
  };
  const TestProgram& program = test.Run(test.a, run, std::ref(captured));
  ASSERT_TRUE(test.RunToEnd(program));
  EXPECT_EQ(program.exit->code, 0);
  EXPECT_EQ(captured, "one two");
}

}  // namespace
}  // namespace stagepost
