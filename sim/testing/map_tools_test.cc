// makemap, editmap and praliases on a simulated host: what is left when they are cut off.
#include <functional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gtest/gtest.h"
#include "mta/bin/editmap.h"
#include "mta/bin/makemap.h"
#include "mta/bin/praliases.h"
#include "sim/testing/test_host.h"
#include "sim/world/disk_crash_states.h"

namespace stagepost {
namespace {

constexpr absl::string_view kMap = "/etc/mail/m.db";
constexpr absl::string_view kNew = "/etc/mail/m.db.new";

void Furnish(TestHost& host, absl::string_view configuration = "") {
  ASSERT_TRUE(host.disk().MakeDirectories("/etc/mail").ok());
  ASSERT_TRUE(host.disk().WriteFile("/etc/mail/sendmail.cf", configuration).ok());
}

// Runs a tool by its command line. The exit code; -1 if it did not end.
int Call(TestHost& host, Program program, absl::string_view command, absl::string_view input = "") {
  host.start.arguments = absl::StrSplit(command, ' ');
  host.start.input = std::string(input);
  return host.Run(program, host.start.arguments);
}

int Makemap(TestHost& host, absl::string_view arguments, absl::string_view input = "") {
  return Call(host, &MakemapMain, absl::StrCat("makemap ", arguments), input);
}

// What is in the map; "(CODE) ERRORS" if it cannot be read.
std::string Contents(TestHost& host) {
  const int code = Makemap(host, "-u implicit /etc/mail/m");
  return code == 0 ? host.output : absl::StrCat("(", code, ") ", host.error_output);
}

TEST(MapTools, MakeChangeAndPrint) {
  TestHost host;
  Furnish(host, "O TrustedUser=alice\nO AliasFile=hash:/etc/mail/m\n");
  EXPECT_EQ(Makemap(host, "-N hash /etc/mail/m", "Root: x\nbob y\n@ @\n"), 0);
  EXPECT_EQ(host.error_output, "");
  EXPECT_EQ(host.disk().Stat(kMap)->owner, UserId{2001});
  EXPECT_EQ(host.disk().Stat(kMap)->mode, 0640u);
  EXPECT_EQ(Call(host, &EditmapMain, "editmap -N -u hash /etc/mail/m BOB z"), 0);
  EXPECT_EQ(Call(host, &EditmapMain, "editmap -N -x hash /etc/mail/m root:"), 0);
  EXPECT_EQ(Call(host, &EditmapMain, "editmap -N -q hash /etc/mail/m bob"), 0);
  EXPECT_EQ(host.output, "z\n");
  EXPECT_EQ(Call(host, &EditmapMain, "editmap -N -q hash /etc/mail/m root:"), 69);
  EXPECT_EQ(host.error_output, "editmap: couldn't find key root: in map /etc/mail/m\n");
  EXPECT_EQ(Call(host, &PraliasesMain, "praliases bob @ root"), 0);
  EXPECT_EQ(host.output, "bob:z\n@:@\nroot: No such key\n");
  EXPECT_EQ(host.error_output, "");
  EXPECT_EQ(host.disk().Stat(kMap)->owner, UserId{2001});
  EXPECT_EQ(host.Read(kNew), "(none)");
}

TEST(MapTools, EqualInputGivesEqualBytes) {
  std::string first;
  for (uint64_t seed = 1; seed < 4; ++seed) {
    TestHost host(seed);
    Furnish(host);
    ASSERT_EQ(Makemap(host, "hash /etc/mail/m", "a 1\nb 2\nc 3\n"), 0);
    if (seed == 1) first = host.Read(kMap);
    EXPECT_TRUE(host.Read(kMap) == first) << seed;
  }
  EXPECT_EQ(first.size(), 3u * 4096);
}

// A change of a map, to be interrupted.
struct Change {
  const char* name;
  absl::string_view before;  // entries of the map that is there; empty: there is none
  Program program;
  absl::string_view command, input;
};

constexpr Change kChanges[] = {
    {"first", "", &MakemapMain, "makemap hash /etc/mail/m", "a 1\n"},
    {"replace", "a 1\nb 2\n", &MakemapMain, "makemap hash /etc/mail/m", "a 3\nc 4\n"},
    {"append", "a 1\n", &MakemapMain, "makemap -o hash /etc/mail/m", "c 4\n"},
    {"update", "a 1\n", &EditmapMain, "editmap -u hash /etc/mail/m b 2", ""},
    {"remove", "a 1\nb 2\n", &EditmapMain, "editmap -x hash /etc/mail/m a", ""},
    {"first update", "", &EditmapMain, "editmap -u btree /etc/mail/m b 2", ""},
};

void Prepare(TestHost& host, const Change& change) {
  Furnish(host);
  if (!change.before.empty()) ASSERT_EQ(Makemap(host, "hash /etc/mail/m", change.before), 0);
  host.ResetCalls();
}

// The map's bytes before and after the change. Before: "(none)" if there is none.
struct Outcomes {
  std::string before, after;
};

Outcomes Rehearse(const Change& change) {
  TestHost host;
  Prepare(host, change);
  Outcomes outcomes{host.Read(kMap), ""};
  EXPECT_EQ(Call(host, change.program, change.command, change.input), 0) << change.name;
  EXPECT_EQ(host.error_output, "") << change.name;
  outcomes.after = host.Read(kMap);
  EXPECT_TRUE(outcomes.before != outcomes.after) << change.name;
  return outcomes;
}

// The line of the map in what TreeText() says of the directory; "" if there is none.
std::string MapLine(absl::string_view tree) {
  for (const absl::string_view line : absl::StrSplit(tree, '\n')) {
    if (absl::StartsWith(line, "m.db ")) return std::string(line);
  }
  return "";
}

// Whether a call changes what is in a file or under a name, or makes it last.
bool IsLasting(FileCall call) {
  switch (call) {
    case FileCall::kWrite:
    case FileCall::kTruncate:
    case FileCall::kSync:
    case FileCall::kUnlink:
    case FileCall::kRename:
    case FileCall::kLink:
    case FileCall::kSymlink:
    case FileCall::kSyncDirectory:
      return true;
    default:
      return false;
  }
}

// Before every file call: whatever a crash would leave of the disk then, there is one map.
TEST(MapTools, EveryStateOfTheDiskHasTheOldMapOrTheNew) {
  for (const Change& change : kChanges) {
    TestHost host;
    Prepare(host, change);
    const Disk& disk = host.host().disk();
    const std::string before = MapLine(TreeText(disk, "/etc/mail"));
    std::vector<std::string> seen;
    std::vector<FileCall> lasting;
    int looked = 0;
    host.fault = [&](FileCall call, absl::string_view) {
      if (IsLasting(call)) lasting.push_back(call);
      const CrashStates crash = AllCrashStates(disk, "/etc/mail", {.tear_bytes = 4096});
      EXPECT_TRUE(crash.complete) << change.name << " " << looked;
      for (const std::string& state : crash.states) seen.push_back(MapLine(state));
      ++looked;
      return Errno::kOk;
    };
    ASSERT_EQ(Call(host, change.program, change.command, change.input), 0) << change.name;
    host.fault = nullptr;
    const std::string after = MapLine(TreeText(disk, "/etc/mail"));
    EXPECT_TRUE(after != before) << change.name;
    EXPECT_GT(looked, 15) << change.name;
    // All that can make a difference is among the calls, in the order that makes it safe.
    EXPECT_EQ(lasting, std::vector<FileCall>({FileCall::kWrite, FileCall::kSync, FileCall::kRename,
                                              FileCall::kSyncDirectory}))
        << change.name;
    bool old_one = false, new_one = false;
    for (const std::string& map : seen) {
      EXPECT_TRUE(map == before || map == after) << change.name << ": " << map.substr(0, 100);
      old_one |= map == before;
      new_one |= map == after;
    }
    EXPECT_TRUE(old_one && new_one) << change.name;
    // And when it has ended, the new one for good.
    for (const std::string& state : AllCrashStates(disk, "/etc/mail", {}).states) {
      EXPECT_TRUE(MapLine(state) == after) << change.name;
    }
  }
}

// Cut off at every file call: by a crash; or killed, which is that no later call does anything.
TEST(MapTools, WhateverIsLeftBehindTheNextOneGoesOn) {
  for (const Change& change : kChanges) {
    const Outcomes outcomes = Rehearse(change);
    for (const bool crash : {true, false}) {
      bool ended = false;
      int left_behind = 0;
      for (int n = 0; !ended; ++n) {
        TestHost host;
        Prepare(host, change);
        host.fail_at = n;
        host.fail_with = crash ? Errno::kOk : Errno::kEIO;
        host.fail_on = !crash;
        const int code = Call(host, change.program, change.command, change.input);
        ended = host.calls() <= n;
        if (ended) EXPECT_EQ(code, 0) << change.name;
        if (crash) {
          if (ended) host.host().Crash();
          host.host().Boot();
        }
        host.fail_at = -1;
        const std::string map = host.Read(kMap);
        EXPECT_TRUE(map == outcomes.before || map == outcomes.after) << change.name << " " << n;
        left_behind += host.Read(kNew) != "(none)" ? 1 : 0;
        ASSERT_EQ(Makemap(host, "hash /etc/mail/m", "z 26\n"), 0) << change.name << " " << n;
        EXPECT_EQ(Contents(host), "z\t26\n");
        EXPECT_EQ(host.Read(kNew), "(none)");
      }
      // A crash may take the unfinished file with it.
      if (!crash) EXPECT_GT(left_behind, 0) << change.name;
    }
  }
}

TEST(MapTools, OneFailingCallKeepsTheOldMapOrMakesTheNewOne) {
  for (const Change& change : kChanges) {
    const Outcomes outcomes = Rehearse(change);
    int failed = 0;
    for (int n = 0;; ++n) {
      TestHost host;
      Prepare(host, change);
      host.fail_at = n;
      host.fail_with = Errno::kENOSPC;
      const int code = Call(host, change.program, change.command, change.input);
      const bool reached = host.calls() > n;
      host.fail_at = -1;
      const std::string map = host.Read(kMap);
      if (code == 0) {
        EXPECT_TRUE(map == outcomes.after) << change.name << " " << n;
      } else {
        ++failed;
        EXPECT_TRUE(map == outcomes.before || map == outcomes.after) << change.name << " " << n;
        EXPECT_TRUE(absl::StrContains(host.error_output, "No space left")) << host.error_output;
      }
      EXPECT_EQ(host.Read(kNew), "(none)") << change.name << " " << n;
      if (!reached) break;
    }
    EXPECT_GE(failed, 10) << change.name;
  }
}

TEST(MapTools, TheOldMapKeepsItsModeAndOwners) {
  TestHost host;
  Furnish(host);
  ASSERT_EQ(Makemap(host, "hash /etc/mail/m", "a 1\n"), 0);
  ASSERT_TRUE(host.disk().ChangeOwner(kMap, UserId{2001}, kRootGroup).ok());
  ASSERT_TRUE(host.disk().ChangeMode(kMap, 0664).ok());
  ASSERT_EQ(Makemap(host, "hash /etc/mail/m", "a 2\n"), 0) << host.error_output;
  const FileStat stat = *host.disk().Stat(kMap);
  EXPECT_EQ(stat.owner, UserId{2001});
  EXPECT_EQ(stat.group, kRootGroup);
  EXPECT_EQ(stat.mode, 0664u);
}

TEST(MapTools, AUserWhoCannotKeepTheOwnerIsRefused) {
  TestHost host;
  Furnish(host);
  ASSERT_TRUE(host.disk().MakeDirectories("/maps", {.mode = 0777}).ok());
  ASSERT_EQ(Makemap(host, "hash /maps/m", "a 1\n"), 0);
  ASSERT_TRUE(host.disk().ChangeMode("/maps/m.db", 0666).ok());
  const std::string before = host.Read("/maps/m.db");
  host.start.identity = {UserId{2001}, GroupId{2001}, {}};
  EXPECT_EQ(Makemap(host, "hash /maps/m", "a 2\n"), 74);
  EXPECT_TRUE(absl::EndsWith(host.error_output, "makemap: /maps/m: Operation not permitted\n"));
  EXPECT_EQ(host.Read("/maps/m.db"), before);
  EXPECT_EQ(host.Read("/maps/m.db.new"), "(none)");
}

}  // namespace
}  // namespace stagepost
