// newaliases on a simulated host: what it says, what it leaves behind, and who reads that.
#include <gtest/gtest.h>

#include "mta/bin/praliases.h"
#include "sim/testing/expand_test_util.h"

namespace stagepost {
namespace {

struct Case {
  std::string text;
  std::string said;  // without "/etc/mail/aliases: line " and the statistics
  std::string statistics;
  int exit_code = 0;
};

constexpr char kFile[] = "/etc/mail/aliases";

void Check(ExpandHost& host, const std::vector<Case>& cases) {
  for (const Case& each : cases) {
    std::string expected;
    if (!each.said.empty()) expected = absl::StrCat(kFile, ": line ", each.said, "\n");
    absl::StrAppend(&expected, kFile, ": ", each.statistics, " bytes total\n");
    EXPECT_EQ(host.Aliases(each.text), expected) << each.text;
    EXPECT_EQ(host.exit_code, each.exit_code) << each.text;
  }
}

TEST(NewaliasesTest, Reports) {
  ExpandHost host;
  const std::string nothing = "0 aliases, longest 0 bytes, 0";
  Check(host, {{"good: alice\n", "", "1 aliases, longest 5 bytes, 9"},
               {"good: alice\ngood: bob\n", "2: good... Warning: duplicate alias name good",
                "2 aliases, longest 5 bytes, 16"},
               {"UPPER: alice\nupper: bob\n", "2: upper... Warning: duplicate alias name upper",
                "2 aliases, longest 5 bytes, 18"},
               {"noright:\n", "1: noright:... missing value for alias", nothing, 70},
               {"nocolon alice\n", "1: missing colon", nothing, 70},
               {" leading: alice\n", "1: Non-continuation line starts with space", nothing, 70},
               {"good: alice\n  , bob\n\tcarol\n", "", "1 aliases, longest 18 bytes, 22"},
               {"a@outside.example: alice\n",
                "1: a@outside.example... cannot alias non-local names", nothing, 70},
               {"a@mx1.corp.example: alice\n", "", "1 aliases, longest 5 bytes, 6"},
               {"|prog: x\n", "1: |prog... cannot alias non-local names", nothing, 70},
               {"\"quoted name\": alice\n", "", "1 aliases, longest 5 bytes, 18"},
               {": alice\n", "1: : alice... illegal alias name", nothing, 70},
               {"x: \"unbalanced\n", "", "1 aliases, longest 11 bytes, 12"},
               {"x: alice \\\n bob\n", "", "1 aliases, longest 10 bytes, 11"},
               {"x: alice # comment\n", "", "1 aliases, longest 15 bytes, 16"},
               {"#only comment\n\n", "", nothing},
               {"x: alice\r\n", "", "1 aliases, longest 6 bytes, 7"}});
}

TEST(NewaliasesTest, ChecksMembersIfItShall) {
  ExpandHost host;
  host.Configure("O CheckAliases=True\n");
  Check(host, {{"x: \"unbalanced\n", "1: \"unbalanced... Unbalanced '\"'",
                "1 aliases, longest 11 bytes, 12"},
               {"x: <alice\n", "1: <alice... Unbalanced '<'", "1 aliases, longest 6 bytes, 7"},
               {"good: alice\ngood: bob\n", "2: bob... Warning: duplicate alias name good",
                "2 aliases, longest 5 bytes, 16"},
               {"x: nosuch, y@nx.example\n", "", "1 aliases, longest 20 bytes, 21"}});
}

TEST(NewaliasesTest, LogsAndStores) {
  ExpandHost host;
  host.Configure("");
  host.Aliases("Good: alice\nnoright:\n");
  EXPECT_EQ(
      host.host().Log(),
      "alias database /etc/mail/aliases rebuilt by root\n"
      "NOQUEUE: SYSERR(root): /etc/mail/aliases: line 2: noright:... missing value for alias\n"
      "/etc/mail/aliases: 1 aliases, longest 5 bytes, 9 bytes total\n");
  host.host().start.arguments = {"praliases", "-f", kFile};
  EXPECT_EQ(host.host().Run(&PraliasesMain, host.host().start.arguments), 0);
  EXPECT_EQ(host.host().output, "@:@\ngood:alice\n") << host.host().error_output;
  host.Configure("O AliasFile=btree:/etc/mail/b\nO AliasFile=hash:-A /etc/mail/c\n");
  host.Write("/etc/mail/b", "tree: alice\n");
  host.Write("/etc/mail/c", "dup: alice\ndup: bob\n");
  host.Newaliases();
  EXPECT_EQ(host.Verify("tree"), "alice... deliverable: mailer local, user alice\n");
  EXPECT_EQ(host.Verify({"dup"}, true),
            "dup... aliased to bob,alice\nalice... deliverable: mailer local, user alice\n"
            "bob... deliverable: mailer local, user bob\n");
}

TEST(NewaliasesTest, FilesThatCannotBeRead) {
  ExpandHost host;
  host.Configure("O AliasFile=/etc/mail/second\n");
  EXPECT_EQ(host.Newaliases(),
            "newaliases: cannot open /etc/mail/second: No such file or directory\n");
  EXPECT_EQ(host.exit_code, 0);
  struct {
    std::string flags;
    FileMode mode;
    std::string wrong;
  } const cases[] = {{"Safe", 0664, "Group writable file"},
                     {"Safe", 0646, "World writable file"},
                     {"GroupWritableAliasFile", 0664, ""},
                     {"GroupWritableAliasFile", 0666, "World writable file"},
                     {"WorldWritableAliasFile", 0646, ""},
                     {"Safe", 0600, ""}};
  for (const auto& each : cases) {
    host.Configure(
        absl::StrCat("O AliasFile=/etc/mail/second\nO DontBlameSendmail=", each.flags, "\n"));
    host.Write("/etc/mail/second", "x: bob\n", 0, each.mode);
    const std::string said = host.Newaliases();
    if (each.wrong.empty()) {
      EXPECT_EQ(said, "/etc/mail/second: 1 aliases, longest 3 bytes, 4 bytes total\n");
    } else {
      EXPECT_EQ(said, absl::StrCat("newaliases: cannot open /etc/mail/second: ", each.wrong, "\n"));
    }
    EXPECT_EQ(host.exit_code, 0);
  }
}

TEST(NewaliasesTest, TheOldDatabaseStaysUntilThereIsANewOne) {
  ExpandHost host;
  host.Aliases("team: alice\n");
  host.Write(kFile, "team: bob\n");
  const std::string cannot = "Cannot create database for alias file /etc/mail/aliases\n";
  const std::string warning = "WARNING: cannot open alias database /etc/mail/aliases\n";
  ASSERT_TRUE(host.disk().ChangeOwner("/etc/mail/aliases.db", UserId{2001}, GroupId{0}).ok());
  EXPECT_EQ(host.Newaliases(), warning + cannot);
  EXPECT_EQ(host.exit_code, 70);
  ASSERT_TRUE(host.disk().ChangeOwner("/etc/mail/aliases.db", UserId{0}, GroupId{0}).ok());
  // No room for it.
  host.host().fault = [](FileCall call, absl::string_view path) {
    const bool writes = call == FileCall::kWrite || call == FileCall::kSync;
    return writes && path.find("aliases.db") != path.npos ? Errno::kENOSPC : Errno::kOk;
  };
  EXPECT_NE(host.Newaliases().find("Cannot create database for alias file"), std::string::npos);
  EXPECT_NE(host.exit_code, 0);
  host.host().fault = nullptr;
  EXPECT_EQ(host.Verify("team"), "alice... deliverable: mailer local, user alice\n");
  host.Newaliases();
  EXPECT_EQ(host.Verify("team"), "bob... deliverable: mailer local, user bob\n");
  ASSERT_TRUE(host.disk().RemoveAll("/etc/mail/aliases.db").ok());
  ASSERT_TRUE(host.disk().MakeSymlink("/tmp/x", "/etc/mail/aliases.db").ok());
  EXPECT_EQ(host.Newaliases(), warning + cannot);
  ASSERT_TRUE(host.disk().RemoveAll("/etc/mail/aliases.db").ok());
  ASSERT_TRUE(host.disk().MakeDirectories("/etc/mail/aliases.db").ok());
  EXPECT_EQ(host.Newaliases(), warning + cannot);
}

TEST(NewaliasesTest, WithoutADatabaseTheTextCounts) {
  ExpandHost host;
  host.Configure("O AliasFile=/etc/mail/second\n");
  host.Write("/etc/mail/second", "team: alice\n");
  const std::string alice = "alice... deliverable: mailer local, user alice\n";
  EXPECT_EQ(host.Verify("team"), alice);
  EXPECT_EQ(host.Verify({"team"}, true),
            "team... WARNING: cannot open alias database /etc/mail/second; reading text version\n"
            "/etc/mail/second: 1 aliases, longest 5 bytes, 9 bytes total\n"
            "team... aliased to alice\n" +
                alice);
  // Mail waits for aliases that are not there.
  ASSERT_TRUE(host.disk().RemoveAll("/etc/mail/second").ok());
  EXPECT_EQ(host.Verify("team"), "team... deliverable: mailer local, user team\n");
  EXPECT_EQ(host.exit_code, 0);
}

TEST(NewaliasesTest, ClassesThatAreNotThere) {
  ExpandHost host;
  for (const char* name : {"dbm", "nis", "nisplus", "ldap", "nosuch"}) {
    host.Configure(absl::StrCat("O AliasFile=", name, ":/etc/mail/x\n"));
    const std::string said = host.Newaliases();
    EXPECT_NE(said.find(absl::StrCat("setalias: unknown alias class ", name, "\n")),
              std::string::npos)
        << said;
    EXPECT_EQ(host.exit_code, 70);
  }
  host.Configure("O AliasFile=dns:x\n");
  EXPECT_NE(host.Newaliases().find("setalias: map class dns can't handle aliases\n"),
            std::string::npos);
  host.Configure("O AliasFile=text:/etc/mail/x\n");
  EXPECT_EQ(host.Newaliases(), "");
  EXPECT_EQ(host.exit_code, 0);
}

}  // namespace
}  // namespace stagepost
