#include "sim/peer/sh.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "sim/peer/sh_utilities.h"
#include "sim/world/sim_pipe.h"
#include "sim/world/world_test_util.h"

namespace stagepost {
namespace {

// Writes for as long as anybody reads.
Task<int> Yes(Environment& env, Arguments) {
  while ((co_await WriteAll(env.process().standard_output(), "y\n")).ok()) {
  }
  co_return 9;
}

Task<int> Sleeper(Environment& env, Arguments) {
  (void)co_await env.process().NextSignal();
  co_return 3;
}

class ShTest : public testing::TestWithParam<uint64_t> {
 protected:
  ShTest() : test(GetParam()) {
    Install("/bin/sh", &ShMain);
    for (const absl::string_view name : ShUtilityNames()) {
      Install(absl::StrCat("/bin/", name), &ShUtilityMain);
    }
    Install("/usr/bin/yes", &Yes);
    Install("/usr/sbin/sleeper", &Sleeper);
    EXPECT_TRUE(test.a.editor().MakeDirectories("/tmp", {kRootUser, kRootGroup, 01777}).ok());
    EXPECT_TRUE(test.a.accounts().AddGroup({"mail", GroupId{8}}, {}).ok());
    EXPECT_TRUE(test.a.accounts()
                    .AddUser({.name = "alice",
                              .id = UserId{1000},
                              .group = GroupId{8},
                              .full_name = "",
                              .home = "/",
                              .shell = "/bin/sh"})
                    .ok());
  }
  void Install(absl::string_view path, Program program) {
    test.a.InstallProgram(path, program);
    EXPECT_TRUE(test.a.editor().WriteFile(path, "", {.mode = 0755}).ok());
  }

  // "STATUS:STDOUT:STDERR"
  std::string Run(Arguments arguments, UserId user = kRootUser, absl::string_view input = "") {
    std::string output, error;
    std::optional<ExitStatus> exit;
    ProcessSpec spec;
    spec.path =
        absl::StrContains(arguments[0], '/') ? arguments[0] : absl::StrCat("/bin/", arguments[0]);
    spec.arguments = std::move(arguments);
    spec.environment = {{"HOME", "/home/x y"}, {"PATTERN", "*"}};
    const GroupId group{user == kRootUser ? 0u : 8u};
    spec.credentials = {user, user, user, group, group, group, {}};
    spec.input = MakeTextSource(input);
    spec.output = MakeCapturingSink(&output);
    spec.error = MakeCapturingSink(&error);
    const auto started =
        test.a.Execute(std::move(spec), [&](const ExitStatus& status) { exit = status; });
    if (!started.ok()) return absl::StrCat("not started: ", started.status().message());
    test.world.RunUntil([&] { return exit.has_value(); }, test.world.now() + absl::Hours(1));
    if (!exit.has_value()) return "has not ended";
    return absl::StrCat(exit->code, ":", output, ":", error);
  }
  std::string Sh(absl::string_view script, UserId user = kRootUser, absl::string_view input = "") {
    return Run({"sh", "-c", std::string(script)}, user, input);
  }
  FileMode Mode(absl::string_view path) { return test.a.editor().LinkStat(path)->mode; }
  std::string Content(absl::string_view path) {
    const auto content = test.a.editor().ReadFile(path);
    return content.ok() ? *content : "(none)";
  }
  TestWorld test;
};

TEST_P(ShTest, ListsAndVariables) {
  EXPECT_EQ(Sh("echo a; echo b"), "0:a\nb\n:");
  EXPECT_EQ(Sh("true && echo a || echo b"), "0:a\n:");
  EXPECT_EQ(Sh("false && echo a || echo b"), "0:b\n:");
  EXPECT_EQ(Sh("false; echo $?; exit 7; echo no"), "7:1\n:");
  EXPECT_EQ(Sh("echo $HOME; echo \"$HOME$NONE\" '$HOME'; echo $NONE x"),
            "0:/home/x y\n/home/x y $HOME\nx\n:");
  EXPECT_EQ(Run({"sh", "-c", "echo $0 $2 $#", "me", "one", "two"}), "0:me two 2\n:");
  EXPECT_EQ(Sh("printf '%s-%d\\n' a 1 b 2; printf '%%\\101'"), "0:a-1\nb-2\n%A:");
  EXPECT_EQ(Sh("echo -n 'a\\tb'"), "0:a\tb:");
}

TEST_P(ShTest, Redirections) {
  EXPECT_EQ(Sh("echo one > /tmp/f; echo two >>/tmp/f; cat < /tmp/f"), "0:one\ntwo\n:");
  EXPECT_EQ(Sh("cat /none > /tmp/e 2>&1; cat /none 2>>/tmp/e; cat /tmp/e"),
            "0:cat: /none: No such file or directory\ncat: /none: No such file or directory\n:");
  EXPECT_EQ(Sh("echo oops >&2"), "0::oops\n");
  EXPECT_EQ(Sh("> /tmp/empty && cat /tmp/empty"), "0::");
  EXPECT_EQ(Sh("echo a > /none/b; echo $?"), "0:2\n:sh: 1: /none/b: No such file or directory\n");
  EXPECT_EQ(Sh("echo x > /dev/null"), "0::");
  EXPECT_EQ(Sh("cat", kRootUser, "input"), "0:input:");
}

TEST_P(ShTest, Pipelines) {
  EXPECT_EQ(Sh("echo a | cat | cat"), "0:a\n:");
  EXPECT_EQ(Sh("echo a | /bin/cat | cat | /bin/cat"), "0:a\n:");
  EXPECT_EQ(Sh("/bin/echo a b | /bin/cat > /tmp/f; cat /tmp/f"), "0:a b\n:");
  EXPECT_EQ(Sh("false | true; echo $?; true | false; echo $?"), "0:0\n1\n:");
  EXPECT_EQ(Sh("cat /none 2>&1 | /bin/cat"), "0:cat: /none: No such file or directory\n:");
  EXPECT_EQ(Sh("/bin/cat /none | /bin/cat /none | cat /none"),
            "1::" + std::string("cat: /none: No such file or directory\n") +
                "cat: /none: No such file or directory\ncat: /none: No such file or directory\n");
  // Who writes to nobody hears of it.
  EXPECT_EQ(Sh("yes | true; echo $?"), "0:0\n:");
  EXPECT_EQ(Sh("exit 3 | cat; echo on"), "0:on\n:");
}

TEST_P(ShTest, Programs) {
  EXPECT_EQ(Sh("nothing; echo $?"), "0:127\n:sh: 1: nothing: not found\n");
  EXPECT_EQ(Sh("/bin/nothing"), "127::sh: 1: /bin/nothing: No such file or directory\n");
  EXPECT_EQ(Sh("> /tmp/f; /tmp/f"), "126::sh: 1: /tmp/f: Permission denied\n");
  EXPECT_EQ(Sh("chmod 755 /tmp/f; /tmp/f"), "126::sh: 1: /tmp/f: Exec format error\n");
  EXPECT_EQ(Sh("sh -c 'echo $HOME; exit 5'; echo $?"), "0:/home/x y\n5\n:");
  EXPECT_EQ(Sh("sh -c 'kill -9 $$'; echo $?"), "0:137\n:");
  EXPECT_EQ(Sh("sleep 90; echo awake"), "0:awake\n:");
  EXPECT_GE(test.elapsed(), absl::Seconds(90));
}

TEST_P(ShTest, Scripts) {
  ASSERT_TRUE(
      test.a.editor()
          .WriteFile("/tmp/s", "#!/bin/sh\n# hello\necho \"$0: $1\"\nexit 4\n", {.mode = 0755})
          .ok());
  EXPECT_EQ(Run({"sh", "/tmp/s", "a b"}), "4:/tmp/s: a b\n:");
  EXPECT_EQ(Run({"/tmp/s", "a b"}), "4:/tmp/s: a b\n:");
  EXPECT_EQ(Sh("/tmp/s x; echo $?"), "0:/tmp/s: x\n4\n:");
  EXPECT_EQ(Run({"sh", "/tmp/none"}), "127::sh: /tmp/none: No such file or directory\n");
  ASSERT_TRUE(test.a.editor().WriteFile("/tmp/s", "#!/none\n", {.mode = 0755}).ok());
  EXPECT_EQ(Run({"/tmp/s"}), "not started: exec /tmp/s: No such file or directory");
}

TEST_P(ShTest, SaysWhatItDoesNotHave) {
  EXPECT_EQ(Sh("echo a; if true; then echo b; fi"),
            "2::sh: 1: \"if\" (column 9) is not available in the simulated shell\n");
  EXPECT_EQ(Sh("echo $PATTERN"),
            "2::sh: 1: a pattern of file names in $PATTERN is not available in the simulated "
            "shell\n");
  EXPECT_EQ(Sh("cp -r a b"), "2::cp: -r is not available in the simulated shell\n");
  EXPECT_EQ(Sh("printf %5s a"),
            "2::printf: \"%5\" of \"a\" is not available in the simulated "
            "shell\n");
  EXPECT_EQ(Run({"sh"}),
            "2::sh: a script on standard input is not available in the simulated "
            "shell\n");
}

TEST_P(ShTest, ModesAndOwners) {
  EXPECT_EQ(Sh("> /tmp/f && chmod 4711 /tmp/f"), "0::");
  EXPECT_EQ(Mode("/tmp/f"), 04711u);
  EXPECT_EQ(Run({"chmod", "u-s,g+w,o=r", "/tmp/f"}), "0::");
  EXPECT_EQ(Mode("/tmp/f"), 0734u);
  EXPECT_EQ(Sh("chmod -x /tmp/f; chmod a+X /tmp; chmod 99 /tmp/f"),
            "2::chmod: \"99\" as a mode is not available in the simulated shell\n");
  EXPECT_EQ(Mode("/tmp/f"), 0624u);
  EXPECT_EQ(Sh("chown alice:mail /tmp/f && ln -s f /tmp/l && chown :5 /tmp/l"), "0::");
  EXPECT_EQ(test.a.editor().Stat("/tmp/f")->owner, UserId{1000});
  EXPECT_EQ(test.a.editor().Stat("/tmp/f")->group, GroupId{5});
  EXPECT_EQ(Sh("chown 0 /tmp/f; chmod 600 /bin/sh", UserId{1000}),
            "1::chown: /tmp/f: Operation not permitted\nchmod: /bin/sh: Operation not permitted\n");
  EXPECT_EQ(Sh("chown nobody /tmp/f"), "1::chown: nobody: no such owner\n");
}

TEST_P(ShTest, FilesAndDirectories) {
  EXPECT_EQ(Sh("mkdir -p /tmp/a/b/c && mkdir -p /tmp/a/b/c && mkdir -m 1777 /tmp/d"), "0::");
  EXPECT_EQ(Mode("/tmp/d"), 01777u);
  EXPECT_EQ(Sh("mkdir /tmp/a"), "1::mkdir: /tmp/a: File exists\n");
  EXPECT_EQ(Sh("mkdir /tmp/e && rmdir /tmp/e && rmdir /tmp/a"),
            "1::rmdir: /tmp/a: Directory not empty\n");
  EXPECT_EQ(Sh("echo x > /tmp/a/f; cp -p /tmp/a/f /tmp/a/b; ln /tmp/a/f /tmp/g; mv /tmp/g /tmp/d"),
            "0::");
  EXPECT_EQ(Content("/tmp/a/b/f"), "x\n");
  EXPECT_EQ(test.a.editor().Stat("/tmp/d/g")->links, 2u);
  EXPECT_EQ(Sh("rm /tmp/a; rm -f /tmp/none; rm /tmp/none; rm -r / /tmp/.."),
            "1::rm: /tmp/a: Is a directory\nrm: /tmp/none: No such file or directory\n"
            "rm: /: is never removed\nrm: /tmp/..: is never removed\n");
  EXPECT_EQ(Sh("rm -rf /tmp/a /tmp/d/g && cat /tmp/a/f"),
            "1::cat: /tmp/a/f: No such file or directory\n");
  EXPECT_EQ(Sh("echo 1 > /tmp/one; echo 2 > /tmp/two; cp /tmp/one /tmp/two /tmp/x"),
            "1::cp: /tmp/x: Not a directory\n");
  EXPECT_EQ(Sh("cp /tmp/one /tmp/one"), "1::cp: /tmp/one to /tmp/one: File exists\n");
}

TEST_P(ShTest, Kill) {
  const auto sleeper = [&] {
    ProcessSpec spec;
    spec.path = "/usr/sbin/sleeper";
    spec.arguments = {"sleeper"};
    SimProcess* process = *test.a.Execute(std::move(spec), nullptr);
    test.RunFor(absl::Seconds(1));
    return process->pid();
  };
  const uint32_t pid = sleeper();
  EXPECT_EQ(Sh(absl::StrCat("kill -HUP ", pid), UserId{1000}),
            absl::StrCat("1::kill: ", pid, ": Operation not permitted\n"));
  EXPECT_EQ(Sh(absl::StrCat("kill -HUP ", pid)), "0::");
  test.RunFor(absl::Seconds(1));
  EXPECT_EQ(test.a.FindProcess(pid), nullptr);
  EXPECT_EQ(Sh("kill 9999"), "1::kill: 9999: No such process\n");
  EXPECT_EQ(Sh("kill -1 -1"), "2::kill: process -1 is not available in the simulated shell\n");
}

INSTANTIATE_TEST_SUITE_P(Seeds, ShTest, testing::Range<uint64_t>(0, 10));

}  // namespace
}  // namespace stagepost
