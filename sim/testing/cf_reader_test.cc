// What a configuration means once it was read: classes from files and programs, with the checks of
// their paths, mailers, headers, maps and the command line.
#include "mta/cf/reader.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gtest/gtest.h"
#include "mta/cf/names.h"
#include "mta/cf/options.h"
#include "sim/testing/test_host.h"

namespace stagepost {
namespace {

constexpr absl::string_view kFile = "/etc/mail/sendmail.cf";

// Maps "key" of the class "test" to "one two", and breaks for others.
class TestMaps final : public ClassQuery {
 public:
  Task<absl::StatusOr<std::string>> Query(absl::string_view map_class, absl::string_view spec,
                                          absl::string_view key) override {
    if (map_class != "test") co_return absl::NotFoundError("map open failed");
    if (key == "key") co_return absl::StrCat("one two ", spec);
    co_return "";
  }
};

Task<int> ReadFile(Environment& env, ReadOptions options, ReadResult& result) {
  auto initial = std::make_unique<Configuration>();
  initial->macros.SetLiteral(OneCharacterName('j'), "mx1.corp.example");
  initial->macros.SetLiteral(OneCharacterName('n'), "MAILER-DAEMON");
  TestMaps maps;
  result = co_await ReadConfiguration(env, std::move(initial), std::move(options), maps);
  co_return 0;
}

// Who runs it, and with which arguments, is a part of what it prints.
Task<int> PrintWords(Environment& env, Arguments arguments) {
  const std::string text = absl::StrCat(
      "first second\n# none\nuid", env.process().credentials().real_user == UserId{1} ? 1 : 0,
      "\nargs", arguments.size(), "\n", env.process().working_directory());
  const absl::Status status = co_await WriteAll(env.process().standard_output(), text);
  co_return status.ok() ? 3 : 4;
}

class CfReaderTest : public testing::Test {
 protected:
  // Reads the lines as the rest of a small configuration.
  void Read(absl::string_view lines) {
    const std::string text = absl::StrCat("V10\nMlocal, P=/b, A=x $u\n", lines);
    ASSERT_TRUE(host.disk().WriteFile(kFile, text).ok());
    result = ReadResult();
    options.file = std::string(kFile);
    ASSERT_EQ(host.Run(&ReadFile, options, std::ref(result)), 0);
  }
  std::string Said() {
    std::vector<std::string> said;
    for (const Diagnostic& diagnostic : InPrintingOrder(result, {})) {
      said.push_back(diagnostic.text);
    }
    return absl::StrJoin(said, "|");
  }
  std::string Words(char name) {
    return absl::StrJoin(result.configuration->classes.Words(OneCharacterName(name)), ",");
  }
  std::string Macro(absl::string_view name) {
    const Configuration& configuration = *result.configuration;
    const std::optional<NameId> id = configuration.names.Find(name);
    const Text* const text = id.has_value() ? configuration.macros.Find(*id) : nullptr;
    return text == nullptr ? "undefined" : WriteText(*text, configuration.names);
  }
  void Write(absl::string_view path, absl::string_view text, FileMode mode = 0644) {
    ASSERT_TRUE(host.disk().WriteFile(path, text, {.mode = mode}).ok());
  }

  TestHost host;
  ReadOptions options;
  ReadResult result;
};

constexpr absl::string_view kWords =
    "one two three\n# c\n  four x\n\nfive#six\n\tseven\n\"a b\" c\neight\r\n9:10 11\nlast";

TEST_F(CfReaderTest, ClassFileGivesFirstWords) {
  Write("/etc/mail/words", kWords);
  Read("FQ/etc/mail/words\nFR \"/etc/mail/words\"\nFS/etc/mail/words %[0-9]\n");
  EXPECT_EQ(Said(), "");
  EXPECT_EQ(Words('Q'), "\"a,9:10,eight,five#six,four,last,one,seven");
  EXPECT_EQ(Words('R'), Words('Q'));
  EXPECT_EQ(Words('S'), "9");
}

TEST_F(CfReaderTest, PatternMayGiveSeveralWordsOfALine) {
  Write("/etc/mail/words", kWords);
  Read("FQ/etc/mail/words %[^\\#]\nFR/etc/mail/words %s %s\n");
  EXPECT_EQ(Words('Q'), "\"a,11,9:10,b\",c,eight,five,four,last,one,seven,three,two,x");
  EXPECT_EQ(Said(), "fileclass: /etc/mail/words: pattern has two words");
}

TEST_F(CfReaderTest, LongLinesAreCutIntoPieces) {
  Write("/etc/mail/words", absl::StrCat(std::string(5000, 'a'), "\nb ", std::string(3000, 'c')));
  Read("FQ/etc/mail/words\n");
  EXPECT_EQ(Words('Q'), absl::StrJoin({std::string(906, 'a'), std::string(2047, 'a'),
                                       std::string("b"), std::string(955, 'c')},
                                      ","));
}

TEST_F(CfReaderTest, PathsOfClassFilesAreChecked) {
  Write("/etc/mail/words", "a\n");
  Write("/etc/mail/open/words", "b\n");
  ASSERT_TRUE(host.disk().ChangeMode("/etc/mail/open", 0775).ok());
  ASSERT_TRUE(host.disk().MakeSymlink("open", "/etc/mail/link").ok());
  ASSERT_TRUE(host.disk().MakeSymlink("open/words", "/etc/mail/words-link").ok());
  const std::string kReason = ": Group writable directory";
  const std::string kCannot = "fileclass: cannot open '/etc/mail/";
  Read(
      "FQ/etc/mail/words-link\nFR/etc/mail/open/words\nFS/etc/mail/link/words\n"
      "FT/etc/mail/open/../words\nFU-o /etc/mail/open/words\n");
  EXPECT_EQ(Said(), absl::StrCat(kCannot, "open/words'", kReason, "|", kCannot, "link/words'",
                                 kReason, "|", kCannot, "open/../words'", kReason));
  EXPECT_EQ(result.exit_code, 71);
  EXPECT_EQ(Words('Q'), "b");
  EXPECT_EQ(Words('U'), "");
  Read("O DontBlameSendmail=GroupWritableDirPathSafe\nFR/etc/mail/link/words\n");
  EXPECT_EQ(Said(), "");
  EXPECT_EQ(Words('R'), "b");

  ASSERT_TRUE(host.disk().ChangeMode("/etc/mail/open", 01777).ok());
  Read("FR/etc/mail/open/words\n");
  EXPECT_EQ(Said(), absl::StrCat(kCannot, "open/words': World writable directory"));
  Read("O DontBlameSendmail=TrustStickyBit\nFR/etc/mail/open/words\n");
  EXPECT_EQ(Words('R'), "b");
  Read("O DontBlameSendmail=ClassFileInUnsafeDirPath\nFR/etc/mail/open/words\n");
  EXPECT_EQ(Words('R'), "b");

  // Who may write there may also put a link to a file that others must not read.
  ASSERT_TRUE(host.disk().MakeSymlink("../words-link", "/etc/mail/open/link").ok());
  Read("O DontBlameSendmail=ClassFileInUnsafeDirPath\nFR/etc/mail/open/link\n");
  EXPECT_EQ(Said(), absl::StrCat(kCannot, "open/link': Symbolic links not allowed"));
  EXPECT_EQ(Words('R'), "");
  Read(
      "O DontBlameSendmail=ClassFileInUnsafeDirPath,LinkedClassFileInWritableDir\n"
      "FR/etc/mail/open/link\n");
  EXPECT_EQ(Words('R'), "b");
}

TEST_F(CfReaderTest, PermissionsCountForTheSuperuserToo) {
  struct Row {
    FileMode mode;
    uint32_t owner, group;
    bool readable;
  };
  // As sendmail answered, run by root.
  for (const Row& row :
       {Row{0602, 0, 0, true}, Row{0660, 0, 0, true}, Row{0666, 0, 0, true}, Row{0000, 0, 0, false},
        Row{0600, 2001, 0, false}, Row{0640, 2001, 0, true}, Row{0604, 2001, 0, false},
        Row{0040, 0, 0, false}, Row{0040, 2001, 2001, false}}) {
    Write("/etc/mail/words", "a\n", row.mode);
    ASSERT_TRUE(
        host.disk().ChangeOwner("/etc/mail/words", UserId{row.owner}, GroupId{row.group}).ok());
    Read("FQ/etc/mail/words\n");
    EXPECT_EQ(Words('Q'), row.readable ? "a" : "") << row.mode;
    EXPECT_EQ(Said(),
              row.readable ? "" : "fileclass: cannot open '/etc/mail/words': Permission denied");
  }
}

TEST_F(CfReaderTest, OnlyRegularFilesAreOpened) {
  ASSERT_TRUE(host.disk().MakeFifo("/etc/mail/fifo", {.mode = 0644}).ok());
  ASSERT_TRUE(host.disk().MakeSymlink("loop", "/etc/mail/loop").ok());
  ASSERT_TRUE(host.disk().MakeSymlink("loop", "/etc/mail/loop2").ok());
  Write("/etc/mail/words", "a\n");
  Read(
      "FQ/etc/mail/fifo\nFR/etc/mail/loop\nFS/etc/mail/loop2/x\nFT/etc/mail/words/x\n"
      "FU-o /etc/mail/fifo\n");
  EXPECT_EQ(Said(),
            "fileclass: cannot open '/etc/mail/fifo': Regular files only|"
            "fileclass: cannot open '/etc/mail/loop': Too many levels of symbolic links|"
            "fileclass: cannot open '/etc/mail/loop2/x': Too many levels of symbolic links|"
            "fileclass: cannot open '/etc/mail/words/x': Permission denied");
}

TEST_F(CfReaderTest, ClassesComeFromProgramsAndMaps) {
  Write("/usr/bin/words", "program", 0755);
  host.host().InstallProgram("/usr/bin/words", &PrintWords);
  Read(
      "FQ|/usr/bin/words\nFR| /usr/bin/words %[a-z ]\nFS|/etc/mail/nosuch\n"
      "FTkey@test:three\nFUother@test:x\nFVkey@bad:x\nFW-o key@bad:x\n");
  EXPECT_EQ(Words('Q'), "/tmp,args1,first,uid1");
  EXPECT_EQ(Words('R'), "args,first,second,uid");
  EXPECT_EQ(Words('T'), "one,three,two");
  EXPECT_EQ(Words('U'), "");
  EXPECT_EQ(Said(),
            "fileclass: cannot exec '/etc/mail/nosuch': No such file or directory|"
            "fileclass: F{V}: map open failed");
}

TEST_F(CfReaderTest, ClassesTakeWordsOfMacrosAndOtherClasses) {
  Read("CQa b \"c d\" e,f\tg\nCR$n x$j $?nyes$|no$.\nCS$=Q z\nC{long}$=R\nTroot  uucp\n");
  EXPECT_EQ(Words('Q'), "\"c,a,b,d\",e,f,g");
  EXPECT_EQ(Words('R'), "MAILER-DAEMON,xmx1.corp.example,yes");
  EXPECT_EQ(Words('S'), "\"c,a,b,d\",e,f,g,z");
  EXPECT_EQ(Words('t'), "root,uucp");
}

TEST_F(CfReaderTest, MacrosKeepWhatWillBePutInLater) {
  Read("DXa\nDy$X $$1 \"$X b\" \\\"\nD{long}$&{client_name}$?x y$.\nDz  two  \nDzE # comment\n");
  EXPECT_EQ(Macro("y"), "$X $1 $X b \"");
  EXPECT_EQ(Macro("long"), "$&{client_name}$?x y$.");
  EXPECT_EQ(Macro("z"), "E");
}

TEST_F(CfReaderTest, RulesHaveTheMacrosOfTheirTime) {
  Read("DXone\nSFirst\nR$*$X$*\t\t$#mailer $@ $X $: $&X\tcomment\nDXtwo\nSFirst\nR$X\n\t$1\n");
  const RulesetSource* const ruleset = result.configuration->FindRuleset("First");
  ASSERT_NE(ruleset, nullptr);
  EXPECT_EQ(ruleset->number, kMaxRulesets - 1);
  EXPECT_EQ(result.configuration->FindRuleset("first"), nullptr);
  EXPECT_EQ(result.configuration->FindRuleset("199"), ruleset);
  ASSERT_EQ(ruleset->rules.size(), 2u);
  const Names& names = result.configuration->names;
  EXPECT_EQ(WriteText(ruleset->rules[0].left, names), "$*one$*");
  EXPECT_EQ(WriteText(ruleset->rules[0].right, names), "$#mailer $@ one $: $&X");
  EXPECT_EQ(WriteText(ruleset->rules[1].left, names), "two\n");
  EXPECT_EQ(WriteText(ruleset->rules[1].right, names), "$1");
  EXPECT_EQ(ruleset->rules[1].where.line, 9);
  EXPECT_EQ(Said(), "WARNING: Ruleset First has multiple definitions");
}

TEST_F(CfReaderTest, MailersHaveTheirDefaults) {
  Read(
      "Sfirst=12\nMfoo, P=[IPC], F=mDFMuX a, S=first/Second, R=7, A=TCP $h 25, L=990\n"
      "Mbar, P=/bin/bar, A=bar -a \"$x\" $u, E=\\n, T=DNS/RFC822, U=alice:8, W=2m, M=1000, r=0\n"
      "MLOCAL, P=/bin/other, A=other $u\n");
  EXPECT_EQ(Said(), "");
  const Configuration& configuration = *result.configuration;
  ASSERT_EQ(configuration.mailers.size(), 6u);
  EXPECT_EQ(configuration.mailers[0].name, "prog");
  EXPECT_EQ(configuration.mailers[1].name, "*file*");
  EXPECT_EQ(configuration.mailers[2].name, "*include*");
  EXPECT_EQ(configuration.FindMailer("local")->path, "/bin/other");
  const Mailer* const foo = configuration.FindMailer("FOO");
  EXPECT_TRUE(foo->Has('a') && foo->Has('m') && !foo->Has(' '));
  EXPECT_EQ(foo->envelope_sender, 12);
  EXPECT_EQ(foo->header_sender, configuration.FindRuleset("Second")->number);
  EXPECT_EQ(foo->header_recipient, 7);
  EXPECT_EQ(foo->end_of_line, "\r\n");
  EXPECT_EQ(foo->mta_type + foo->address_type + foo->diagnostic_type, "dnsrfc822smtp");
  const Mailer* const bar = configuration.FindMailer("bar");
  EXPECT_EQ(bar->end_of_line, "\n");
  EXPECT_EQ(bar->mta_type + bar->address_type + bar->diagnostic_type, "DNSRFC822smtp");
  EXPECT_EQ(bar->user_id, UserId{2001});
  EXPECT_EQ(bar->group_id, GroupId{8});
  EXPECT_EQ(bar->wait_seconds, 120);
  EXPECT_EQ(bar->max_recipients, 100);
  ASSERT_EQ(bar->arguments.size(), 4u);
  EXPECT_EQ(WriteText(bar->arguments[2], configuration.names), "$x");
}

TEST_F(CfReaderTest, HeadersHaveConditionsAndRulesets) {
  Read("H?PF?Return-Path: <$g>\nH?${x}?X-Y: z\nHSubject: $>+Check\nH*: $>7 x\nHTo : $j\n\tb\n");
  EXPECT_EQ(Said(), "");
  const std::vector<HeaderDefinition>& headers = result.configuration->headers;
  const Names& names = result.configuration->names;
  ASSERT_EQ(headers.size(), 5u);
  EXPECT_EQ(headers[0].mailer_flags, "PF");
  EXPECT_EQ(WriteText(headers[0].value, names), "<$g>");
  EXPECT_EQ(headers[1].if_macro, OneCharacterName('x'));
  EXPECT_TRUE(headers[1].conditional);
  EXPECT_EQ(headers[2].ruleset, "Check");
  EXPECT_FALSE(headers[2].ruleset_strips_comments);
  EXPECT_EQ(headers[3].name + headers[3].ruleset, "*7");
  EXPECT_TRUE(headers[3].ruleset_strips_comments);
  EXPECT_EQ(headers[4].name, "To");
  EXPECT_EQ(WriteText(headers[4].value, names), "$j\n\tb");
}

TEST_F(CfReaderTest, MapsHaveTheirMacrosPutIn) {
  Read("DAfile\nKAlias hash -o /etc/mail/$A\nKb: regex: -a$n ^(a|b)$\nKc null\n");
  const std::vector<MapDeclaration>& maps = result.configuration->maps;
  ASSERT_EQ(maps.size(), 3u);
  EXPECT_EQ(maps[0].name + " " + maps[0].map_class + " " + maps[0].arguments,
            "Alias hash -o /etc/mail/file");
  EXPECT_EQ(maps[1].name + " " + maps[1].map_class + " " + maps[1].arguments,
            "b regex -aMAILER-DAEMON ^(a|b)$");
  EXPECT_EQ(maps[2].arguments, "");
}

TEST_F(CfReaderTest, RestOfTheFile) {
  Read(
      "Pfirst-class=0\nPJunk = -100\nEAGENT=me\nEPATH\nO QueueDirectory=/q\nQgroup, P=/q, I=5m\n"
      "Xclam, S=local:/run/clam, F=T\n");
  const Configuration& configuration = *result.configuration;
  EXPECT_EQ(configuration.precedences.at("junk"), -100);
  EXPECT_EQ(configuration.environment.at("AGENT"), "me");
  ASSERT_EQ(configuration.queue_groups.size(), 1u);
  EXPECT_EQ(configuration.queue_groups[0].equates.at('I'), "5m");
  ASSERT_EQ(configuration.milters.size(), 1u);
  EXPECT_EQ(configuration.milters[0].socket, "local:/run/clam");
  EXPECT_EQ(configuration.version_level, 10);
}

TEST_F(CfReaderTest, CommandLineComesFirst) {
  options.macros = {"Xcommand", "{long}$x \"a\"", "{bad name}x"};
  options.long_options = {"LogLevel=3", "NoSuch=1"};
  options.short_options = {"Tx"};
  Read("DXfile\nO LogLevel=9\nO QueueDirectory=/q\n");
  EXPECT_EQ(Macro("X"), "file");
  EXPECT_EQ(Macro("long"), "$x \"a\"");
  EXPECT_EQ(result.configuration->options.Number(OptionId::kLogLevel), 3);
  EXPECT_EQ(Said().substr(0, Said().find('|')), "Invalid macro/class character  ");
  EXPECT_EQ(Render(result.diagnostics[1]), "readcf: unknown option name NoSuch");
  EXPECT_EQ(result.exit_code, 70);
}

TEST_F(CfReaderTest, FileThatIsNone) {
  const auto said = [&](absl::string_view path) {
    options.file = std::string(path);
    EXPECT_EQ(host.Run(&ReadFile, options, std::ref(result)), 0);
    EXPECT_EQ(result.configuration, nullptr);
    EXPECT_EQ(result.exit_code, 72);
    return Render(result.diagnostics.back());
  };
  EXPECT_EQ(said("/nosuch"), "/nosuch: line 0: cannot open: No such file or directory");
  ASSERT_TRUE(host.disk().MakeFifo("/etc/mail/fifo", {.mode = 0644}).ok());
  EXPECT_EQ(said("/etc/mail/fifo"), "/etc/mail/fifo: line 0: not a plain file");
  EXPECT_EQ(said("/etc/mail"), "/etc/mail: line 0: not a plain file");
  Write("/huge", std::string(kMaxConfigurationBytes + 1, '\n'));
  EXPECT_EQ(said("/huge"), "/huge: line 0: I/O read error: larger than 16777216 bytes");
}

TEST_F(CfReaderTest, WorstLinesTakeLittle) {
  const std::string many(60'000, '$');
  Read(absl::StrCat("Dx", many, "\nDy", many, "x\nCQ", many, "\nR", many, "\t", many, "\nH", many,
                    "\nM", many, "\nK", many, "\nDz", std::string(100'000, 'a'), "\n"));
  EXPECT_EQ(Macro("x"), std::string(30'000, '$'));
  EXPECT_EQ(Macro("z").size(), kMaxConfigurationLineBytes - 2);
  EXPECT_NE(result.exit_code, 0);
}

TEST_F(CfReaderTest, OthersWhoMayWriteAreNoted) {
  Write(kFile, "V10\n", 0664);
  Read("");
  EXPECT_FALSE(result.writable_by_others);
  ASSERT_TRUE(host.disk().ChangeMode(kFile, 0664).ok());
  ASSERT_EQ(host.Run(&ReadFile, options, std::ref(result)), 0);
  EXPECT_TRUE(result.writable_by_others);
}

}  // namespace
}  // namespace stagepost
