// Expansion on a simulated host: what -bv says of aliases, :include: and .forward files.
#include <gtest/gtest.h>

#include <algorithm>

#include "mta/expand/user_file.h"
#include "sim/testing/expand_test_util.h"

namespace stagepost {
namespace {

std::string Local(absl::string_view address, absl::string_view user) {
  return absl::StrCat(address, "... deliverable: mailer local, user ", user, "\n");
}
std::string Program(absl::string_view address) {
  return absl::StrCat(address, "... deliverable: mailer prog, user ", address, "\n");
}
std::string ToFile(absl::string_view address) {
  return absl::StrCat(address, "... deliverable: mailer *file*, user ", address, "\n");
}
const std::string& Alice() {
  static const std::string& text = *new std::string(Local("alice", "alice"));
  return text;
}
const std::string& Bob() {
  static const std::string& text = *new std::string(Local("bob", "bob"));
  return text;
}
std::string Unknown(absl::string_view address) {
  return absl::StrCat(address, "... User unknown\n");
}

struct Case {
  std::string address;
  std::string expected;
  int exit_code = 0;
};

void Check(ExpandHost& host, const std::vector<Case>& cases) {
  for (const Case& each : cases) {
    EXPECT_EQ(host.Verify(each.address), each.expected) << each.address;
    EXPECT_EQ(host.exit_code, each.exit_code) << each.address;
  }
}

TEST(ExpandTest, Aliases) {
  ExpandHost host;
  host.Aliases(
      "team: alice, bob\na1: alice, alice\nx: \"alice\"\n"
      "y: alice (comment), Bob <bob>, <dave>\nw: alice bob\nq: \"|/bin/cat a, b\", \"/tmp/x y\"\n"
      "e5: no1, no2, alice\nbs1: \\alice\nbs2: alice, \\alice\nbs5: \\nosuch\nbs6: \\team\n"
      "f2: /tmp/x, /tmp/x, /tmp/X\nup: ALICE\nmixed: Team, TEAM\nempty2: alice,\n"
      "remote: x@outside.example, X@outside.example, x@OUTSIDE.example\nnull: /dev/null\n"
      "Mixed.Case: bob\nsp: alice , bob ,\tnosuch\t\npostmaster: bob\n");
  const std::string remote = "... deliverable: mailer esmtp, host outside.example, user ";
  Check(
      host,
      {{"team", Bob() + Alice()},
       {"TEAM", Bob() + Alice()},
       {"mixed.CASE", Bob()},
       {"PostMaster", Bob()},
       {"a1", Alice()},
       {"x", Local("\"alice\"", "\"alice\"")},
       {"y", Unknown("<dave>") + Local("Bob <bob>", "bob") + Local("alice (comment)", "alice"), 67},
       {"w", Unknown("alice bob"), 67},
       {"q", ToFile("\"/tmp/x y\"") + Program("\"|/bin/cat a, b\"")},
       {"e5", Unknown("no2") + Unknown("no1") + Alice(), 67},
       {"bs1", Local("\\alice", "\\alice")},
       {"bs2", Local("\\alice", "\\alice") + Alice()},
       {"bs5", Unknown("\\nosuch"), 67},
       {"bs6", Unknown("\\team"), 67},
       {"f2", ToFile("/tmp/X") + ToFile("/tmp/x")},
       {"up", Local("ALICE", "alice")},
       {"mixed", Bob() + Alice()},
       {"empty2", Alice()},
       {"null", ToFile("/dev/null")},
       {"sp", Unknown("nosuch\t") + Local("bob ", "bob") + Local("alice ", "alice"), 67},
       {"remote", "x@OUTSIDE.example" + remote + "x@OUTSIDE.example\nX@outside.example" + remote +
                      "X@outside.example\nx@outside.example" + remote + "x@outside.example\n"}});
}

TEST(ExpandTest, CommandLines) {
  ExpandHost host;
  host.Aliases("team: alice, bob\n");
  Check(host, {{"alice, bob", Bob() + Alice()},
               {"team, alice", Alice() + Bob()},
               {"alice,alice", Alice()},
               {"\\alice", Local("\\alice", "\\alice")},
               {"nosuch", Unknown("nosuch"), 67},
               {"|/bin/x", "|/bin/x... Cannot mail directly to programs\n", 64},
               {"/tmp/x", "/tmp/x... Cannot mail directly to files\n", 64},
               {":include:/etc/x", ":include:/etc/x... Cannot mail directly to :include:s\n", 64},
               {"", ""}});
  EXPECT_EQ(host.Verify({"alice", "alice", "team"}), Alice() + Bob());
  EXPECT_EQ(host.Verify({"alice", "bob", "nosuch"}), Unknown("nosuch") + Alice() + Bob());
  EXPECT_EQ(host.exit_code, 67);
  EXPECT_EQ(host.Verify({"team"}, true), "team... aliased to alice, bob\n" + Bob() + Alice());
  EXPECT_NE(host.host().Log().find("ID: nosuch... User unknown\n"), std::string::npos);
}

TEST(ExpandTest, LoopsEnd) {
  ExpandHost host;
  const std::string broken = "aliasing/forwarding loop broken";
  std::string deep;
  for (int i = 1; i <= 11; ++i) absl::StrAppend(&deep, "deep", i, ": deep", i + 1, "\n");
  host.Aliases(
      "loop1: loop2\nloop2: loop1\nselfref: selfref, alice\nself3: self3\n"
      "loopa: loopb, alice\nloopb: loopa\nbob: bob, alice\nviafile: :include:/etc/l\n" +
      deep + "deep12: alice\n");
  host.Write("/etc/l", ":include:/etc/l\nviafile\n");
  Check(host, {{"loop1", broken + "\n", 64},
               {"selfref", Unknown("selfref") + Unknown("selfref") + Alice(), 67},
               {"self3", Unknown("self3") + Unknown("self3"), 67},
               {"loopa", Alice()},
               {"bob", Bob() + Alice()},
               {"deep1", broken + " (11 aliases deep; 10 max)\n", 64},
               {"deep3", Alice()}});
  EXPECT_NE(host.Verify("viafile").find(broken), std::string::npos);
}

TEST(ExpandTest, Forwards) {
  ExpandHost host;
  host.Aliases("a2b: alice, bob\nloopx: alice\n");
  const auto forward = [&](absl::string_view text) {
    host.Write("/home/alice/.forward", text, 2001);
    return host.Verify("alice");
  };
  EXPECT_EQ(forward("\\alice, bob, bob@localhost\n"),
            Local("bob@localhost", "bob") + Local("\\alice", "\\alice"));
  EXPECT_EQ(forward("alice\n"), Alice());
  EXPECT_EQ(forward("alice@localhost"), Alice());
  EXPECT_EQ(forward("# nothing\n\n"), Alice());
  EXPECT_EQ(forward("bob #@# not alice\n"), Bob());
  EXPECT_EQ(forward("/home/alice/mbox\n\"|/bin/x a\"\r\n"),
            ToFile("/home/alice/mbox") + Program("\"|/bin/x a\""));
  EXPECT_EQ(forward("a2b\n"), Alice() + Bob());
  EXPECT_EQ(forward("loopx"), Alice());
  EXPECT_EQ(forward("nosuch\n"), "/home/alice/.forward: line 1: nosuch... User unknown\n");
  EXPECT_EQ(host.exit_code, 67);
  host.Write("/home/bob/.forward", "alice\n", 2002);
  EXPECT_EQ(forward("bob\n"), Alice() + Bob());
  EXPECT_EQ(host.Verify({"bob"}, true),
            "/home/bob/.forward: line 1: forwarding to alice\n"
            "/home/alice/.forward: line 1: forwarding to bob\n" +
                Bob() + Alice());
}

// What comes of a .forward or a list with a program and an address in it.
struct FileCase {
  std::string flags;
  uint32_t owner;
  FileMode mode;
  uint32_t directory_owner;
  FileMode directory_mode;
  // What is wrong, as log line or reply; "unsafe": only the address counts; empty: nothing.
  std::string wrong;
};

TEST(ExpandTest, ForwardsThatOthersMayHaveWritten) {
  const std::string flags_of_files = "GroupWritableForwardFile,WorldWritableForwardFile";
  const std::vector<FileCase> cases = {
      {"Safe", 2001, 0644, 2001, 0755, ""},
      {"Safe", 2001, 0664, 2001, 0755, "Group writable file"},
      {"Safe", 2001, 0646, 2001, 0755, "World writable file"},
      {"Safe", 2001, 0666, 2001, 0755, "Group writable file"},
      {"Safe", 2001, 0644, 2001, 0775, "Group writable directory"},
      {"Safe", 2001, 0644, 2001, 0777, "World writable directory"},
      {"Safe", 2001, 0644, 2001, 01777, "World writable directory"},
      {"Safe", 0, 0644, 2001, 0755, ""},
      {"Safe", 2002, 0644, 2001, 0755, "Permission denied"},
      {"Safe", 2001, 0644, 2002, 0755, ""},
      {"Safe", 2001, 0600, 0, 0711, ""},
      {"Safe", 2001, 0000, 2001, 0755, "Permission denied"},
      {"Safe", 2001, 0644, 0, 0700, "Permission denied"},
      {"GroupWritableForwardFile", 2001, 0664, 2001, 0755, "unsafe"},
      {"GroupWritableForwardFile", 2001, 0666, 2001, 0755, "World writable file"},
      {"GroupWritableForwardFile,GroupWritableForwardFileSafe", 2001, 0664, 2001, 0755, ""},
      {"WorldWritableForwardFile", 2001, 0646, 2001, 0755, "unsafe"},
      {flags_of_files, 2001, 0666, 2001, 0755, "unsafe"},
      {flags_of_files + ",GroupWritableForwardFileSafe", 2001, 0666, 2001, 0755, "unsafe"},
      {"ForwardFileInUnsafeDirPath", 2001, 0644, 2001, 0775, "unsafe"},
      {"ForwardFileInUnsafeDirPath", 2001, 0644, 2001, 01777, "unsafe"},
      {"ForwardFileInUnsafeDirPath,ForwardFileInUnsafeDirPathSafe", 2001, 0644, 2001, 0777, ""},
      {"ForwardFileInGroupWritableDirPath", 2001, 0644, 2001, 0775, ""},
      {"ForwardFileInGroupWritableDirPath", 2001, 0644, 2001, 0777, "World writable directory"},
      {"GroupWritableDirPathSafe", 2001, 0644, 2001, 0775, ""},
      {"TrustStickyBit", 2001, 0644, 2001, 01777, ""},
      {"TrustStickyBit", 2001, 0644, 2001, 0777, "World writable directory"}};
  for (const FileCase& each : cases) {
    ExpandHost host;
    host.Configure(absl::StrCat("O DontBlameSendmail=", each.flags, "\n"));
    host.Write("/home/alice/.forward", "|/bin/y\nbob\n", each.owner, each.mode);
    const DiskEditor::Ownership home = {.owner = UserId{each.directory_owner},
                                        .group = GroupId{each.directory_owner},
                                        .mode = each.directory_mode};
    ASSERT_TRUE(host.disk().MakeDirectories("/home/alice", home).ok());
    const std::string what =
        absl::StrCat(each.flags, " ", each.owner, " ", absl::Hex(each.mode), " ",
                     each.directory_owner, " ", absl::Hex(each.directory_mode));
    const std::string said = host.Verify("alice");
    if (each.wrong.empty()) {
      EXPECT_EQ(said, Program("|/bin/y") + Bob()) << what;
    } else if (each.wrong == "unsafe") {
      EXPECT_EQ(said,
                "/home/alice/.forward: line 1: |/bin/y... Address alice is unsafe for "
                "mailing to programs\n" +
                    Bob())
          << what;
    } else {
      EXPECT_EQ(said, Alice()) << what;
      EXPECT_EQ(host.host().Log(),
                absl::StrCat("ID: forward /home/alice/.forward: ", each.wrong, "\n"))
          << what;
    }
  }
}

TEST(ExpandTest, ListsThatOthersMayHaveWritten) {
  const std::vector<FileCase> cases = {
      {"Safe", 0, 0644, 0, 0755, ""},
      {"Safe", 2001, 0604, 0, 0755, ""},
      {"Safe", 0, 0664, 0, 0755, "Group writable file"},
      {"Safe", 0, 0646, 0, 0755, "World writable file"},
      {"Safe", 0, 0640, 0, 0755, "Permission denied"},
      {"Safe", 0, 0644, 0, 0775, "Group writable directory"},
      {"Safe", 0, 0644, 2001, 01777, "World writable directory"},
      {"Safe", 0, 0644, 0, 0700, "Permission denied"},
      {"GroupWritableIncludeFile", 0, 0664, 0, 0755, "unsafe"},
      {"GroupWritableIncludeFile,GroupWritableIncludeFileSafe", 0, 0664, 0, 0755, ""},
      {"WorldWritableIncludeFile", 0, 0646, 0, 0755, "unsafe"},
      {"IncludeFileInUnsafeDirPath", 0, 0644, 0, 0777, "unsafe"},
      {"IncludeFileInUnsafeDirPath", 0, 0664, 0, 0775, "Group writable file"},
      {"IncludeFileInUnsafeDirPath,IncludeFileInUnsafeDirPathSafe", 0, 0644, 0, 0777, ""},
      {"IncludeFileInGroupWritableDirPath", 0, 0644, 0, 0775, ""},
      {"GroupWritableDirPathSafe", 0, 0644, 0, 0775, ""},
      {"TrustStickyBit", 0, 0644, 0, 01777, ""}};
  for (const FileCase& each : cases) {
    ExpandHost host;
    host.Configure(absl::StrCat("O DontBlameSendmail=", each.flags, "\n"));
    host.Aliases("inc: :include:/var/lists/l\n");
    host.Write("/var/lists/l", "|/bin/y\nbob\n", each.owner, each.mode);
    const DiskEditor::Ownership directory = {.owner = UserId{each.directory_owner},
                                             .group = GroupId{each.directory_owner},
                                             .mode = each.directory_mode};
    ASSERT_TRUE(host.disk().MakeDirectories("/var/lists", directory).ok());
    const std::string said = host.Verify("inc");
    const std::string what =
        absl::StrCat(each.flags, " ", absl::Hex(each.mode), " ", absl::Hex(each.directory_mode));
    if (each.wrong.empty()) {
      EXPECT_EQ(said, Program("|/bin/y") + Bob()) << what;
    } else if (each.wrong == "unsafe") {
      EXPECT_EQ(said,
                "/var/lists/l: line 1: |/bin/y... Address :include:/var/lists/l is unsafe "
                "for mailing to programs\n" +
                    Bob())
          << what;
    } else {
      EXPECT_EQ(said, absl::StrCat(
                          ":include:/var/lists/l... Cannot open /var/lists/l: ", each.wrong, "\n"))
          << what;
      EXPECT_EQ(host.exit_code, 64);
    }
  }
}

TEST(ExpandTest, LinksAndThingsThatAreNoFiles) {
  ExpandHost host;
  const std::string path = "/home/alice/.forward";
  host.Write("/home/alice/t", "bob\n", 2001);
  host.Write("/home/bob/x", "bob\n", 2002);
  const auto log_of = [&] {
    const std::string before = host.host().Log();
    EXPECT_EQ(host.Verify("alice"), Alice());
    return host.host().Log().substr(before.size());
  };
  const auto refused = [](absl::string_view reason) {
    return absl::StrCat("ID: forward /home/alice/.forward: ", reason, "\n");
  };
  ASSERT_TRUE(host.disk().MakeSymlink("t", path).ok());
  EXPECT_EQ(host.Verify("alice"), Bob());
  host.Configure("O DontBlameSendmail=ForwardFileInUnsafeDirPath\n");
  ASSERT_TRUE(host.disk().ChangeMode("/home/alice", 0777).ok());
  EXPECT_EQ(log_of(), refused("Symbolic links not allowed"));
  ASSERT_TRUE(host.disk().RemoveAll(path).ok());
  ASSERT_TRUE(host.disk().MakeLink("/home/alice/t", path).ok());
  EXPECT_EQ(log_of(), refused("Hard links not allowed"));
  host.Configure("O DontBlameSendmail=ForwardFileInUnsafeDirPath,LinkedForwardFileInWritableDir\n");
  EXPECT_EQ(host.Verify("alice"), Bob());

  host.Configure("");
  ASSERT_TRUE(host.disk().ChangeMode("/home/alice", 0755).ok());
  ASSERT_TRUE(host.disk().RemoveAll(path).ok());
  ASSERT_TRUE(host.disk().MakeSymlink("/home/bob/x", path).ok());
  EXPECT_EQ(log_of(), refused("Permission denied"));
  ASSERT_TRUE(host.disk().RemoveAll(path).ok());
  ASSERT_TRUE(host.disk()
                  .MakeFifo(path, {.owner = UserId{2001}, .group = GroupId{2001}, .mode = 0644})
                  .ok());
  EXPECT_EQ(log_of(), refused("Regular files only"));
  ASSERT_TRUE(host.disk().RemoveAll(path).ok());
  ASSERT_TRUE(host.disk().MakeDirectories(path).ok());
  EXPECT_EQ(log_of(), refused("Regular files only"));
}

TEST(ExpandTest, ProgramsNeedAValidShell) {
  ExpandHost host;
  host.Aliases("unknown: :include:/var/lists/l\n");
  host.Write("/home/carol/.forward", "|/bin/x\n/home/carol/f\n", 2003);
  const auto refused = [](absl::string_view address, absl::string_view what, int line) {
    return absl::StrCat("/home/carol/.forward: line ", line, ": ", address,
                        "... User carol@mx1.corp.example doesn't have a valid shell for mailing "
                        "to ",
                        what, "\n");
  };
  const std::string both = refused("|/bin/x", "programs", 1) + refused("/home/carol/f", "files", 2);
  EXPECT_EQ(host.Verify("carol"), both);
  EXPECT_EQ(host.exit_code, 64);
  // The file is asked for only by who has a .forward.
  int reads = 0;
  host.host().fault = [&](FileCall call, absl::string_view path) {
    if (call != FileCall::kOpen || path != "/etc/shells") return Errno::kOk;
    ++reads;
    return Errno::kEIO;
  };
  EXPECT_EQ(host.Verify("alice"), Alice());
  EXPECT_EQ(reads, 0);
  host.Verify("carol");
  EXPECT_EQ(reads, 1);
  host.host().fault = nullptr;
  host.Write("/etc/shells", "/SENDMAIL/ANY/SHELL/\n");
  EXPECT_EQ(host.Verify("carol"), Program("|/bin/x") + ToFile("/home/carol/f"));
  ASSERT_TRUE(host.disk().RemoveAll("/etc/shells").ok());
  EXPECT_EQ(host.Verify("carol"), both);

  host.Write("/var/lists/l", "|/bin/x\nbob\n", 4711);
  EXPECT_EQ(host.Verify("unknown"),
            "/var/lists/l: line 1: |/bin/x... UID 4711 is an unknown user: cannot mail to "
            "programs\n" +
                Bob());
}

TEST(ExpandTest, MailWaitsForFilesThatCannotBeReadNow) {
  ExpandHost host;
  host.Aliases("inc: :include:/var/lists/l\n");
  host.Write("/var/lists/l", "bob\n");
  host.Write("/home/alice/.forward", "bob\n", 2001);
  host.host().fault = [](FileCall, absl::string_view path) {
    const bool is_it = path == "/var/lists/l" || path == "/home/alice/.forward";
    return is_it ? Errno::kEIO : Errno::kOk;
  };
  // Deferred ones are deliverable.
  EXPECT_EQ(host.Verify("alice"), Alice());
  EXPECT_EQ(host.Verify("inc"),
            "Cannot open /var/lists/l: Input/output error\n"
            ":include:/var/lists/l... deliverable: mailer *include*, user /var/lists/l\n");
  EXPECT_EQ(host.host().Log().substr(host.host().Log().find("ID: ")),
            "ID: forward /home/alice/.forward: transient error: Input/output error\n"
            "ID: include /var/lists/l: transient error: Input/output error\n"
            "ID: Cannot open /var/lists/l: Input/output error\n");
}

TEST(ExpandTest, HostileLists) {
  ExpandHost host;
  std::string chain;
  for (int i = 0; i < 100'000; ++i) absl::StrAppend(&chain, "c", i, ": c", i + 1, "\n");
  std::string many = "many: ";
  for (int i = 0; i < 50'000; ++i) absl::StrAppend(&many, "u", i, "@x.example,\n ");
  host.Aliases(absl::StrCat(chain, many, "alice\nlong: :include:/var/lists/long, alice\n",
                            "huge: :include:/var/lists/huge, alice\n"));
  EXPECT_EQ(host.Verify("c0"), "aliasing/forwarding loop broken (11 aliases deep; 10 max)\n");
  host.Configure("O MaxAliasRecursion=1000000\n");
  EXPECT_EQ(host.Verify("c0"), "aliasing/forwarding loop broken (1001 aliases deep; 1000 max)\n");
  EXPECT_EQ(host.Verify("c99900"), Unknown("c100000"));
  const std::string listed = host.Verify("many");
  EXPECT_EQ(std::count(listed.begin(), listed.end(), '\n'), 50'001);

  host.Write("/var/lists/long",
             std::string(1 << 20, 'x') + "\n" + std::string(1 << 16, '<') + ",bob\n");
  const std::string said = host.Verify("long");
  EXPECT_NE(said.find(Alice() + Bob()), std::string::npos) << said;
  EXPECT_LT(said.size(), 5'000u);
  host.Write("/var/lists/huge", std::string(kMaxIncludeBytes + 1, 'x'));
  EXPECT_EQ(host.Verify("huge"),
            ":include:/var/lists/huge... Cannot open /var/lists/huge: File too large\n" + Alice());
}

}  // namespace
}  // namespace stagepost
