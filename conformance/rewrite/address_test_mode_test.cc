#include "mta/bin/address_test.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "mta/bin/makemap.h"
#include "mta/bin/sendmail.h"
#include "sim/testing/test_host.h"

namespace stagepost {
namespace {

constexpr absl::string_view kConfiguration = R"(V10/Berkeley
O DontProbeInterfaces=True
O OperatorChars=.:%@!^/[]+
CA one two.x ONE
Djself.example
D{foo}a $?x b $| c $. d $&j
Kar arith
Mlocal, P=/bin/true, F=lsDFMA5:/|@qS, S=10, R=20, T=DNS/RFC822/X-Unix, A=true $u
Mprog, P=/bin/sh, F=lsmDFMoqeu9, S=10, R=20, T=X-Unix/X-Unix/X-Unix, A=sh -c $u
Mdet, P=[IPC], F=mDFMuXhLcC, S=Foo/12, R=21/22, E=\r\n, L=990, M=1000000, r=20, m=7, U=bob:8, T=DNS/RFC822/SMTP, A=TCP $h 2525
SFoo
R$+ a	$: $1 $(ar + $@ 1 $@ 2 $)
SLoop
Rx	x
S0
R$- @ $+	$#smtp $@ $2 $: $1
R$+ $| $&{foo} $~A $={foo}	$@ $(null $1 $@ $2 $: x $) $[ $1 $: no $] $$z
S3
S10
S20
)";

// What -bt prints for `input`, without its two first lines.
std::string Answers(absl::string_view input, int* exit_code = nullptr) {
  TestHost host;
  EXPECT_TRUE(host.disk().WriteFile("/etc/mail/sendmail.cf", kConfiguration).ok());
  host.start.input = std::string(input);
  const int code = host.Run(&SendmailMain, Arguments{"sendmail", "-bt"});
  if (exit_code != nullptr) *exit_code = code;
  EXPECT_EQ(host.error_output, "");
  constexpr absl::string_view kBanner =
      "ADDRESS TEST MODE (ruleset 3 NOT automatically invoked)\nEnter <ruleset> <address>\n";
  EXPECT_TRUE(absl::StartsWith(host.output, kBanner)) << host.output;
  return host.output.substr(std::min(kBanner.size(), host.output.size()));
}

TEST(AddressTest, ShowsWhatGoesInAndOut) {
  EXPECT_EQ(Answers("0 bob@host.example, x\n"),
            "> 0                  input: bob @ host . example\n"
            "0                returns: $# smtp $@ host . example $: bob\n"
            "0                  input: x\n"
            "0                returns: x\n"
            "> ");
  EXPECT_EQ(Answers("Foo,0 b a\n"),
            "> Foo                input: b a\n"
            "Foo              returns: b 3\n"
            "0                  input: b 3\n"
            "0                returns: b 3\n"
            "> ");
  EXPECT_EQ(Answers("Loop x\n"),
            "> Loop               input: x\n"
            "Infinite loop in ruleset Loop, rule 1\n"
            "Loop             returns: x\n"
            "> ");
}

TEST(AddressTest, ComplainsInSendmailsWords) {
  EXPECT_EQ(Answers("0\nnosuch a\nFoo,nosuch,0 a@b\n, a\n300 a\n/foo\n/\n=X\n.\n.Xa\n$\n"),
            "> No address!\n"
            "> Undefined ruleset nosuch\n"
            "> Foo                input: a @ b\n"
            "Foo              returns: a @ b\n"
            "Undefined ruleset nosuch,0\n"
            "> invalid ruleset name: \",\"\nUndefined ruleset ,\n"
            "> bad ruleset 300 (100 max)\nUndefined ruleset 300\n"
            "> Unknown \"/\" command /foo\n"
            "> Usage: /[canon|map|mx|parse|try|tryflags]\n"
            "> Unknown \"=\" command =X\n"
            "> Usage: .[DC]macro value(s)\n"
            "> Unknown \".\" command .Xa\n"
            "> Name required for macro/class\n"
            "> ");
  EXPECT_EQ(Answers("0 <x@y\n"),
            "> <x@y... Unbalanced '<'\n"
            "0                  input: < x @ y >\n"
            "0                returns: < x @ y >\n"
            "> ");
}

TEST(AddressTest, ListsRulesMailersClassesAndMacros) {
  EXPECT_EQ(Answers("=S0\n"),
            "> R$- @ $+ \t\t$# smtp $@ $2 $: $1 \n"
            "R$+ $| $&{foo} $~A $={foo} \t\t$@ $( null $1 $@ $2 $: x $) $[ $1 $: no $] $z \n"
            "> ");
  const std::string mailers = Answers("=M\n");
  EXPECT_TRUE(absl::StrContains(
      mailers,
      "mailer 4 (det): P=[IPC] S=Foo/12 R=21/22 M=1000000 U=2002:8 F=CDFLMXchmu L=990 E=\\r\\n "
      "T=DNS/RFC822/SMTP r=20 A=TCP $h 2525\n"))
      << mailers;
  EXPECT_TRUE(
      absl::StrContains(mailers,
                        "mailer 2 (*include*): P=/dev/null S=0/0 R=0/0 M=0 U=-1:-1 F=su L=0 E=\\n "
                        "T=<undefined>/<undefined>/<undefined> r=100 A=INCLUDE $u\n"))
      << mailers;
  EXPECT_EQ(Answers("$=A\n.CAthree\n$=A\n${foo}\n.Dqtwo  words\n$q\n${nosuch}\n"),
            "> one\ntwo.x\n> > one\ntwo.x\nthree\n> a $?x b $| c $. d $&j\n> > two  words\n"
            "> Undefined\n> ");
  // What this host calls itself belongs to class w; macros say how rules are run.
  EXPECT_EQ(Answers(".Dj\n${opMode}\n${deliveryMode}\n$_\n0 \n0\n"),
            "> > t\n> i\n> root@localhost\n> > No address!\n> ");
  EXPECT_TRUE(absl::StrContains(Answers("$=w\n"), "self.example\n"));
  EXPECT_TRUE(absl::StrContains(mailers,
                                "mailer 0 (prog): P=/bin/sh S=10/10 R=20/20 M=0 U=-1:-1 "
                                "F=9DFMeloqsu"))
      << mailers;
}

TEST(AddressTest, ShowsWhatRulesDo) {
  EXPECT_EQ(Answers("-d21.12\nFoo b a\n-d21.4\nFoo b a\n-d21.1\nLoop x\n-d21.0\nFoo b a\n"),
            "> > Foo                input: b a\n"
            "-----trying rule: $+ a\n"
            "-----rule matches: $: $1 $( ar + $@ 1 $@ 2 $)\n"
            "rewritten as: b 3\n"
            "Foo              returns: b 3\n"
            "> > Foo                input: b a\n"
            "rewritten as: b 3\n"
            "Foo              returns: b 3\n"
            "> > Loop               input: x\n"
            "Infinite loop in ruleset Loop, rule 1\n"
            "workspace:  x\n"
            "Loop             returns: x\n"
            "> > Foo                input: b a\n"
            "Foo              returns: b 3\n"
            "> ");
}

TEST(AddressTest, LinesAreCutNotDropped) {
  const std::string answers = Answers(absl::StrCat("0 ", std::string(5000, 'a'), "\n"));
  EXPECT_EQ(answers, absl::StrCat("> Address \"", std::string(255, 'a'),
                                  "\" too long (255 bytes max)\n> No address!\n> No address!\n> "));
}

TEST(AddressTest, EndsAtQuitAndAtTheEnd) {
  int exit_code = -1;
  EXPECT_EQ(Answers("/quit\n0 a\n", &exit_code), "> ");
  EXPECT_EQ(exit_code, 0);
  EXPECT_EQ(Answers("# a comment\n\n0 a", &exit_code),
            "> > > 0                  input: a\n0                returns: a\n> ");
  EXPECT_EQ(exit_code, 0);
}

TEST(AddressTest, GoesOnWithABrokenConfiguration) {
  TestHost host;
  ASSERT_TRUE(host.disk().WriteFile("/etc/mail/sendmail.cf", "V10/Berkeley\nO Bogus=1\nS0\n").ok());
  host.start.input = "0 a\n";
  EXPECT_EQ(host.Run(&SendmailMain, Arguments{"sendmail", "-bt"}), 70);
  EXPECT_TRUE(absl::StartsWith(host.output,
                               "/etc/mail/sendmail.cf: line 2: readcf: unknown option name Bogus\n"
                               "No local mailer defined\n"))
      << host.output;
  EXPECT_TRUE(absl::EndsWith(host.output, "0                returns: a\n> ")) << host.output;
}

constexpr absl::string_view kSmallConfiguration = R"(V10/Berkeley
O DontProbeInterfaces=True
O OperatorChars=.:%@!^/[]+
Mlocal, P=/bin/true, F=lsDFMA, S=10, R=20, A=true $u
Mprog, P=/bin/sh, F=lsDFMeu, S=10, R=20, A=sh -c $u
S0
S3
S10
S20
)";

// Output and exit code of -bt with lines added to a small configuration.
struct Outcome {
  std::string output;
  int exit_code = -1;
};
Outcome With(TestHost& host, absl::string_view lines, absl::string_view input) {
  EXPECT_TRUE(
      host.disk().WriteFile("/etc/mail/t.cf", absl::StrCat(kSmallConfiguration, lines, "\n")).ok());
  host.start.input = std::string(input);
  Outcome outcome;
  outcome.exit_code = host.Run(&SendmailMain, Arguments{"sendmail", "-bt", "-C/etc/mail/t.cf"});
  constexpr absl::string_view kEnter = "Enter <ruleset> <address>\n";
  outcome.output = host.output;
  const size_t enter = outcome.output.find(kEnter.data(), 0, kEnter.size());
  if (enter != std::string::npos) outcome.output.erase(enter, kEnter.size());
  constexpr absl::string_view kBanner = "ADDRESS TEST MODE (ruleset 3 NOT automatically invoked)\n";
  const size_t banner = outcome.output.find(kBanner.data(), 0, kBanner.size());
  if (banner != std::string::npos) outcome.output.erase(banner, kBanner.size());
  return outcome;
}

TEST(AddressTest, ClassFilesThatCannotBeRead) {
  TestHost host;
  ASSERT_TRUE(host.disk().MakeFifo("/etc/mail/fifo", {.mode = 0644}).ok());
  ASSERT_TRUE(host.disk().MakeDirectories("/etc/mail/directory").ok());
  ASSERT_TRUE(host.disk().WriteFile("/etc/mail/secret", "a\n", {.mode = 0}).ok());
  const std::pair<const char*, const char*> kCases[] = {
      {"fifo", "Regular files only"},
      {"directory", "Regular files only"},
      {"secret", "Permission denied"},
      {"nosuch", "No such file or directory"},
  };
  for (const auto& [name, reason] : kCases) {
    const Outcome outcome = With(host, absl::StrCat("Fx/etc/mail/", name), "$=x\n");
    EXPECT_EQ(outcome.output,
              absl::StrCat("/etc/mail/t.cf: line 10: fileclass: cannot open '/etc/mail/", name,
                           "': ", reason, "\n> > "));
    EXPECT_EQ(outcome.exit_code, 71);
  }
}

TEST(AddressTest, MapsThatCannotBeUsed) {
  TestHost host;
  const std::pair<const char*, const char*> kCases[] = {
      {"Kfoo nosuchclass /etc/mail/x",
       "/etc/mail/t.cf: line 10: readcf: map foo: class nosuchclass not available\n"
       "> Map named \"foo\" not found\n> "},
      {"Kfoo",
       "/etc/mail/t.cf: line 10: readcf: config K line, map foo: no map class\n"
       "> Map named \"foo\" not found\n> "},
      {"Kfoo hash -o /etc/mail/nosuch", "> Map named \"foo\" not open\n> "},
      {"Kfoo hash /etc/mail/nosuch",
       "> hash map \"foo\": missing map file /etc/mail/nosuch.db: No such file or directory\n"
       "map_lookup: foo (a) no match (75)\n> "},
      {"Kfoo hash /etc/mail/text",
       "> Cannot open hash database /etc/mail/text.db: Invalid "
       "argument\nmap_lookup: foo (a) no match (75)\n> "},
      {"Kfoo hash /etc/mail/empty",
       "> Cannot open hash database /etc/mail/empty.db: Invalid "
       "argument\nmap_lookup: foo (a) no match (75)\n> "},
  };
  ASSERT_TRUE(host.disk().WriteFile("/etc/mail/text.db", "hello\n").ok());
  ASSERT_TRUE(host.disk().WriteFile("/etc/mail/empty.db", "").ok());
  for (const auto& [line, expected] : kCases) {
    EXPECT_EQ(With(host, line, "/map foo a\n").output, expected) << line;
  }
}

TEST(AddressTest, TruncatedMapFile) {
  TestHost host;
  With(host, "", "");
  host.start.input = "a b\nc d\n";
  ASSERT_EQ(host.Run(&MakemapMain, Arguments{"makemap", "-C/etc/mail/t.cf", "hash", "/etc/mail/m"}),
            0)
      << host.error_output << host.output;
  const std::string whole = host.Read("/etc/mail/m.db");
  ASSERT_GT(whole.size(), 4096u);
  EXPECT_EQ(With(host, "Km hash /etc/mail/m", "/map m a\n").output,
            "> map_lookup: m (a) returns b (0)\n> ");
  for (const size_t size : {size_t{1}, size_t{100}, whole.size() / 2 + 7, whole.size() - 1}) {
    ASSERT_TRUE(host.disk().WriteFile("/etc/mail/m.db", whole.substr(0, size)).ok());
    const Outcome outcome = With(host, "Km hash /etc/mail/m", "/map m a\n");
    EXPECT_TRUE(absl::StrContains(outcome.output,
                                  "Cannot open hash database /etc/mail/m.db: Invalid argument\n"
                                  "map_lookup: m (a) no match (75)\n"))
        << size << ": " << outcome.output;
    EXPECT_EQ(outcome.exit_code, 71);
  }
}

// libdb would read it.
TEST(AddressTest, NoDatabaseConfigurationFile) {
  TestHost host;
  With(host, "", "");
  host.start.input = "a b\n";
  ASSERT_EQ(host.Run(&MakemapMain, Arguments{"makemap", "-C/etc/mail/t.cf", "hash", "/etc/mail/m"}),
            0);
  ASSERT_TRUE(host.disk().WriteFile("/DB_CONFIG", "set_data_dir /nowhere\n").ok());
  ASSERT_TRUE(host.disk().WriteFile("/etc/mail/DB_CONFIG", "set_data_dir /nowhere\n").ok());
  EXPECT_EQ(With(host, "Km hash /etc/mail/m", "/map m a\n").output,
            "> map_lookup: m (a) returns b (0)\n> ");
  host.start.input = "c d\n";
  EXPECT_EQ(host.Run(&MakemapMain, Arguments{"makemap", "-C/etc/mail/t.cf", "hash", "/etc/mail/n"}),
            0);
}

TEST(AddressTest, LongAddressesAndLoopsAreBounded) {
  TestHost host;
  const Outcome loop = With(host, "SGrow\nR$+\t$1 $1\nSLoop\nR$*\t$1", "Grow a\nLoop a\n");
  EXPECT_TRUE(absl::StrContains(loop.output, "rewrite: expansion too long\n== Ruleset Grow ("))
      << loop.output;
  EXPECT_TRUE(absl::StrContains(loop.output, "Infinite loop in ruleset Loop, rule 1\n"))
      << loop.output;
  const Outcome address = With(host, "", absl::StrCat("3,0 ", std::string(100'000, 'a'), "\n"));
  EXPECT_TRUE(absl::StartsWith(address.output,
                               absl::StrCat("> Address \"", std::string(255, 'a'), "\" too long")));
  EXPECT_LT(address.output.size(), 4000u);
}

TEST(AddressTest, SaysWhenThereIsNoConfiguration) {
  TestHost host;
  EXPECT_EQ(host.Run(&SendmailMain, Arguments{"sendmail", "-bt"}), 72);
  EXPECT_EQ(host.output, "/etc/mail/sendmail.cf: line 0: cannot open: No such file or directory\n");
}

}  // namespace
}  // namespace stagepost
