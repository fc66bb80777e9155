// The program m4 on a simulated host: files, temporary files, commands, and failing disks.
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gtest/gtest.h"
#include "mta/m4/m4_main.h"
#include "sim/peer/sh.h"
#include "sim/testing/test_host.h"

namespace stagepost {
namespace {

// In the way of sendmail's library: it finds out where it is, and who builds what.
constexpr absl::string_view kLibrary =
    "divert(-1)\n"
    "define(`DIR', substr(__file__, 0, eval(len(__file__) - 8)))\n"
    "define(`TEMPORARY', maketemp(/tmp/cfXXXXXX))\n"
    "syscmd(sh DIR`'sh/makeinfo.sh DIR > TEMPORARY)\n"
    "divert(0)include(TEMPORARY)dnl\n"
    "syscmd(rm -f TEMPORARY)dnl\n"
    "define(`FEATURE', `include(DIR`'feature/$1.m4)')dnl\n";
constexpr absl::string_view kTree = "/usr/share/sendmail-cf/";

int RunM4(TestHost& host, absl::string_view command) {
  host.start.arguments = absl::StrSplit(command, ' ');
  return host.Run(&M4Main, host.start.arguments);
}

void Furnish(TestHost& host, absl::string_view site) {
  for (const absl::string_view folder : {"m4", "feature"}) {
    ASSERT_TRUE(host.disk().MakeDirectories(absl::StrCat(kTree, folder)).ok());
  }
  ASSERT_TRUE(host.disk().WriteFile(absl::StrCat(kTree, "m4/cf.m4"), kLibrary).ok());
  ASSERT_TRUE(host.disk().WriteFile(absl::StrCat(kTree, "feature/bcc.m4"), "bcc of $1\n").ok());
  ASSERT_TRUE(host.disk().WriteFile("/tmp/site.mc", site).ok());
}

// Names in /tmp besides site.mc.
bool LeavesTemporaryFiles(TestHost& host) {
  host.start.arguments = {"m4"};
  bool found = false;
  const auto look = [](Environment& env, bool* found) -> Task<int> {
    const auto entries = co_await env.files().ListDirectory("/tmp");
    if (!entries.ok()) co_return 1;
    *found = entries->size() > 1;
    co_return 0;
  };
  EXPECT_EQ(host.Run(+look, &found), 0);
  return found;
}

// The library is found at its place, and no shell is needed to say who builds what.
TEST(M4Program, CompilesASiteFile) {
  TestHost host;
  Furnish(host, "include(`/usr/share/sendmail/cf/m4/cf.m4')dnl\nFEATURE(`bcc')at __HOST__\n");
  EXPECT_EQ(RunM4(host, "m4 /tmp/site.mc"), 0);
  EXPECT_EQ(host.error_output, "");
  const std::string name = host.host().name();
  EXPECT_TRUE(absl::StartsWith(host.output, absl::StrCat("##### built by root@", name, " on ")));
  EXPECT_TRUE(absl::EndsWith(
      host.output, absl::StrCat("##### using /usr/share/sendmail-cf/ as configuration include "
                                "directory\nbcc of $1\nat ",
                                name, "\n")))
      << host.output;
  EXPECT_FALSE(LeavesTemporaryFiles(host));
}

TEST(M4Program, RunsCommandsOnlyWhenAllowed) {
  TestHost host;
  Furnish(host, "esyscmd(`echo hello')sysval\n");
  EXPECT_EQ(RunM4(host, "m4 /tmp/site.mc"), 1);
  EXPECT_EQ(host.output, "");
  EXPECT_EQ(host.error_output,
            "m4:/tmp/site.mc:1: ERROR: esyscmd refused\n"
            "stagepost m4: /tmp/site.mc:1:1: without --allow-commands no command is run: echo "
            "hello\n");
  host.host().InstallProgram("/bin/sh", &ShMain);
  ASSERT_TRUE(host.disk().MakeDirectories("/bin").ok());
  ASSERT_TRUE(host.disk().WriteFile("/bin/sh", "", {.mode = 0755}).ok());
  EXPECT_EQ(RunM4(host, "m4 --allow-commands /tmp/site.mc"), 0);
  EXPECT_EQ(host.output, "hello\n0\n");
}

// Whichever call fails, the result is whole, or the exit code says that it is not.
TEST(M4Program, SaysWhenACallFails) {
  TestHost host;
  Furnish(host, "include(`/usr/share/sendmail-cf/m4/cf.m4')dnl\nFEATURE(`bcc')\n");
  host.ResetCalls();
  ASSERT_EQ(RunM4(host, "m4 /tmp/site.mc"), 0);
  const int calls = host.calls();
  ASSERT_GT(calls, 8);
  int failed = 0;
  for (int i = 0; i < calls; ++i) {
    for (const Errno error : {Errno::kEIO, Errno::kENOSPC}) {
      host.ResetCalls();
      host.fail_at = i;
      host.fail_with = error;
      const int code = RunM4(host, "m4 /tmp/site.mc");
      host.fail_at = -1;
      const bool whole = absl::StartsWith(host.output, "##### built by root@") &&
                         absl::EndsWith(host.output, "bcc of $1\n\n");
      EXPECT_TRUE(code == 0 ? whole : code == 1 || code == 74) << i << " " << host.output;
      EXPECT_EQ(code == 0, host.error_output.empty()) << host.error_output;
      failed += code != 0 ? 1 : 0;
    }
  }
  EXPECT_GT(failed, calls);
}

}  // namespace
}  // namespace stagepost
