// What options take and refuse. The messages are those of sendmail 8.17.1.9, which was asked about
// every line here.
#include "mta/cf/options.h"

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gtest/gtest.h"
#include "mta/cf/option_table.h"

namespace stagepost {
namespace {

// Users and groups of the tests: root, daemon, mail.
class FewAccounts : public Accounts {
 public:
  absl::StatusOr<User> FindUser(absl::string_view name) override {
    if (name == "root" || name == "daemon" || name == "mail") {
      User user;
      user.name = std::string(name);
      return user;
    }
    return absl::NotFoundError("no such user");
  }
  absl::StatusOr<User> FindUser(UserId) override { return absl::NotFoundError("no such user"); }
  absl::StatusOr<User> FindUserWhere(absl::FunctionRef<bool(const User&)>) override {
    return absl::NotFoundError("no such user");
  }
  absl::StatusOr<Group> FindGroup(absl::string_view name) override {
    if (name == "daemon" || name == "mail") return Group{std::string(name), kRootGroup};
    return absl::NotFoundError("no such group");
  }
  absl::StatusOr<Group> FindGroup(GroupId) override { return absl::NotFoundError("no such group"); }
  absl::StatusOr<Identity> IdentityOf(const User&) override { return Identity{}; }
};

// One of `lines` (without their O) a line; messages as sendmail prints them, "|" between, with the
// exit codes of those that are not warnings in front.
std::string Say(Options& options, absl::string_view line) {
  std::vector<std::string> said;
  for (const Diagnostic& diagnostic : options.SetLine(line, {"x.cf", 2})) {
    EXPECT_NE(diagnostic.severity, Diagnostic::Severity::kNotImplemented);
    std::string text = Render(diagnostic);
    if (diagnostic.exit_code != 0) text = absl::StrCat(diagnostic.exit_code, " ", text);
    said.push_back(std::move(text));
  }
  return absl::StrJoin(said, "|");
}

std::string Say(absl::string_view line) {
  FewAccounts accounts;
  Options options;
  options.set_accounts(&accounts);
  return Say(options, line);
}

std::string At(absl::string_view text) { return absl::StrCat("70 x.cf: line 2: ", text); }

TEST(OptionTable, IsWellFormed) {
  std::set<char> letters;
  std::set<std::string> names;
  for (const OptionInfo& option : AllOptions()) {
    if (option.letter != '\0') {
      EXPECT_TRUE(letters.insert(option.letter).second) << option.letter;
    }
    EXPECT_TRUE(option.name.empty() || names.insert(absl::AsciiStrToLower(option.name)).second);
    EXPECT_FALSE(option.since.empty()) << option.name;
    const bool time = option.type == OptionType::kInterval;
    EXPECT_TRUE(!time || (option.unit.size() == 1 && absl::StrContains("wdhms", option.unit)))
        << option.name;
    EXPECT_TRUE(option.acts_as.empty() || option.support == Support::kNo ||
                option.support == Support::kRefused)
        << option.name;
  }
  EXPECT_EQ(FindOptionByLetter('L')->id, OptionId::kLogLevel);
  EXPECT_EQ(FindOptionByLetter('>'), nullptr);
}

TEST(Options, StartAsTheProgramDoes) {
  const Options options;
  EXPECT_EQ(options.Number(OptionId::kMaxHopCount), 25);
  EXPECT_EQ(options.Number(OptionId::kTempFileMode), 0600);
  EXPECT_EQ(options.Character(OptionId::kDeliveryMode), 'b');
  EXPECT_EQ(options.Character(OptionId::kSuperSafe), 't');
  EXPECT_EQ(options.Character(OptionId::kEightBitMode), 'p');
  EXPECT_EQ(options.Character(OptionId::kBlankSub), ' ');
  EXPECT_TRUE(options.Flag(OptionId::kSendMimeErrors));
  EXPECT_FALSE(options.Flag(OptionId::kSevenBitInput));
  EXPECT_EQ(options.Interval(OptionId::kAliasWait), absl::Minutes(5));
  EXPECT_EQ(options.Text(OptionId::kDoubleBounceAddress), "postmaster");
  EXPECT_EQ(options.timeout(TimeoutId::kMail), absl::Minutes(10));
  EXPECT_EQ(options.timeout(TimeoutId::kQueueReturnUrgent), absl::Hours(120));
  EXPECT_EQ(options.tries(TimeoutId::kResolverRetry), std::nullopt);
  EXPECT_EQ(options.max_mime_header_bytes(), 2048);
  EXPECT_EQ(options.max_mime_parameter_bytes(), 1024);
  EXPECT_TRUE(options.set_options().empty());
  EXPECT_TRUE(options.set_timeouts().empty());
  EXPECT_TRUE(options.daemon_ports().empty());
  EXPECT_TRUE(options.CheckTogether().empty());
}

TEST(Options, FindNamesAndLetters) {
  Options options;
  EXPECT_EQ(Say(options, " LogLevel=5"), "");
  EXPECT_EQ(options.Number(OptionId::kLogLevel), 5);
  EXPECT_EQ(Say(options, "L12"), "");
  EXPECT_EQ(options.Number(OptionId::kLogLevel), 12);
  EXPECT_EQ(Say(options, " loglevel = 7"), "");
  EXPECT_EQ(options.Number(OptionId::kLogLevel), 7);
  EXPECT_EQ(Say(options, " LogLev=5"),
            "x.cf: line 2: Option LogLev used as abbreviation for LogLevel");
  EXPECT_EQ(Say(options, " Queue=9"),
            At("readcf: ambiguous option name Queue (matches QueueFactor and QueueDirectory)"));
  EXPECT_EQ(Say(options, " L=5"),
            At("readcf: ambiguous option name L (matches LogLevel and LDAPDefaultSpec)"));
  EXPECT_EQ(Say(options, " Timeou.mail=5m"),
            "x.cf: line 2: Option Timeou used as abbreviation for Timeout");
  EXPECT_EQ(Say(options, " Bogus=1"), At("readcf: unknown option name Bogus"));
  EXPECT_EQ(Say(options, " Foo.bar=1"), At("readcf: unknown option name Foo"));
  EXPECT_EQ(Say(options, " r5m"), At("readcf: unknown option name r5m"));
  EXPECT_EQ(Say(options, "  LogLevel=5"), At("readcf: unknown option name  LogLevel"));
  EXPECT_EQ(Say(options, " LogLevel\t=\t5"), At("readcf: unknown option name LogLevel\t"));
  EXPECT_EQ(Say(options, "\tLogLevel=5"), At("readcf: unknown option name 0x9"));
  EXPECT_EQ(Say(options, " =5"), At("readcf: null option name"));
  EXPECT_EQ(Say(options, ""), At("readcf: unknown option name 0x0"));
  EXPECT_EQ(Say(options, "%"), At("readcf: unknown option name 0x25"));
  EXPECT_EQ(Say(options, "9x"), At("readcf: unknown option name 0x39"));
}

TEST(Options, NamesOfOtherBuildsAreNotAbbreviated) {
  EXPECT_EQ(Say(" SameDomainOnly=x"), "");
  EXPECT_EQ(Say(" SameDomain=x"), At("readcf: unknown option name SameDomain"));
}

TEST(Options, ReadFlagsAndNumbersLeniently) {
  Options options;
  const std::map<std::string, bool> flags = {{"", true},       {"T", true},     {"true", true},
                                             {"yes", true},    {"1", false},    {"on", false},
                                             {"maybe", false}, {"False", false}};
  for (const auto& [text, value] : flags) {
    EXPECT_EQ(Say(options, absl::StrCat(" ForkEachJob=", text)), "");
    EXPECT_EQ(options.Flag(OptionId::kForkEachJob), value) << text;
  }
  const std::map<std::string, int64_t> numbers = {{"abc", 0},
                                                  {"", 0},
                                                  {" 12 ", 12},
                                                  {"-5", -5},
                                                  {"+5x", 5},
                                                  {"0x10", 0},
                                                  {"99999999999999999999", INT32_MAX}};
  for (const auto& [text, value] : numbers) {
    EXPECT_EQ(Say(options, absl::StrCat(" RecipientFactor=", text)), "");
    EXPECT_EQ(options.Number(OptionId::kRecipientFactor), value) << text;
  }
  EXPECT_EQ(Say(options, " MaxMessageSize=5000000000"), "");
  EXPECT_EQ(options.Number(OptionId::kMaxMessageSize), 5'000'000'000);
  EXPECT_EQ(Say(options, " TempFileMode=0640"), "");
  EXPECT_EQ(options.Number(OptionId::kTempFileMode), 0640);
  EXPECT_EQ(Say(options, " TempFileMode=9"), "");
  EXPECT_EQ(options.Number(OptionId::kTempFileMode), 0);
}

TEST(Options, ReadTimesInTheirUnits) {
  Options options;
  EXPECT_EQ(Say(options, " MinQueueAge=30"), "");
  EXPECT_EQ(options.Interval(OptionId::kMinQueueAge), absl::Minutes(30));
  EXPECT_EQ(Say(options, " MinQueueAge=1h30m"), "");
  EXPECT_EQ(options.Interval(OptionId::kMinQueueAge), absl::Minutes(90));
  EXPECT_EQ(Say(options, " DeliverByMin=-1"), "");
  EXPECT_EQ(options.Interval(OptionId::kDeliverByMin), absl::Seconds(-1));
  EXPECT_EQ(Say(options, " MinQueueAge=now"), "");
  EXPECT_EQ(options.Interval(OptionId::kMinQueueAge), absl::ZeroDuration());
  EXPECT_EQ(Say(options, " MinQueueAge=5M"), "64 x.cf: line 2: Invalid time unit `M'");
  EXPECT_EQ(Say(options, " MinQueueAge=--5"), "64 x.cf: line 2: Invalid time unit `-'");
  EXPECT_EQ(Say(options, " MinQueueAge=1h 30m"), "64 x.cf: line 2: Invalid time unit ` '");
  EXPECT_EQ(Say(options, " MinQueueAge=99999999999999999w"), "");
  EXPECT_EQ(options.Interval(OptionId::kMinQueueAge), absl::Hours(24 * 366 * 10));
}

TEST(Options, KnowTimeouts) {
  Options options;
  const std::string unit = "64 x.cf: line 2: Invalid time unit `x'";
  EXPECT_EQ(Say(options, " Timeout.ident = 5"), "");
  EXPECT_EQ(options.timeout(TimeoutId::kIdent), absl::Minutes(5));
  EXPECT_EQ(Say(options, " Timeout.QUEUERETURN=5"), "");
  EXPECT_EQ(options.timeout(TimeoutId::kQueueReturnDsn), absl::Hours(120));
  EXPECT_EQ(Say(options, " Timeout.queuewarn.urgent=5"), "");
  EXPECT_EQ(options.timeout(TimeoutId::kQueueWarnUrgent), absl::Hours(5));
  EXPECT_EQ(options.timeout(TimeoutId::kQueueWarnNormal), absl::Hours(4));
  EXPECT_EQ(Say(options, " Timeout.resolver.retrans=5"), "");
  EXPECT_EQ(options.timeout(TimeoutId::kResolverRetransmitFirst), absl::Seconds(5));
  EXPECT_EQ(Say(options, " Timeout.resolver.retry=4"), "");
  EXPECT_EQ(options.tries(TimeoutId::kResolverRetryNormal), 4);
  EXPECT_EQ(options.set_timeouts().count(TimeoutId::kIdent), 1u);
  EXPECT_EQ(Say(options, " Timeout.mail=5x"), unit);
  EXPECT_EQ(Say(options, " Timeout.queuereturn=5x"), absl::StrCat(unit, "|", unit));
  EXPECT_EQ(Say(options, " Timeout.foo=1"), At("settimeout: invalid timeout foo"));
  EXPECT_EQ(Say(options, " Timeout.=5"), At("settimeout: invalid timeout "));
  EXPECT_EQ(Say(options, " Timeout.qu=5d"), At("settimeout: invalid timeout qu"));
}

TEST(Options, KnowTheOldWaysToSetTimeouts) {
  Options options;
  const std::string unit = "64 x.cf: line 2: Invalid time unit `x'";
  EXPECT_EQ(Say(options, "r7m"), "");
  EXPECT_EQ(options.timeout(TimeoutId::kDataFinal), absl::Minutes(7));
  EXPECT_EQ(options.timeout(TimeoutId::kInitial), absl::Minutes(5));
  EXPECT_EQ(Say(options, "rinitial=8m,mail=6x,foo=5"),
            absl::StrCat(unit, "|", At("settimeout: invalid timeout foo")));
  EXPECT_EQ(options.timeout(TimeoutId::kInitial), absl::Minutes(8));
  EXPECT_EQ(Say(options, "rinitial"), "");
  EXPECT_EQ(options.ignored().size(), 1u);
  EXPECT_EQ(Say(options, "T3/2"), "");
  EXPECT_EQ(options.timeout(TimeoutId::kQueueReturnNormal), absl::Hours(72));
  EXPECT_EQ(options.timeout(TimeoutId::kQueueWarnNormal), absl::Hours(2));
  EXPECT_EQ(Say(options, "T5x/4d"), absl::StrCat(unit, "|", unit));
}

TEST(Options, RefuseWordsTheyDoNotKnow) {
  EXPECT_EQ(Say(" DeliveryMode=z"), "64 x.cf: line 2: Unknown delivery mode z");
  EXPECT_EQ(Say(" EightBitMode="), "64 x.cf: line 2: Unknown 8-bit mode ");
  EXPECT_EQ(Say(" QueueSortOrder=x"), At("Invalid queue sort order \"x\""));
  EXPECT_EQ(Say(" QueueSortOrder=Time"), "");
  EXPECT_EQ(Say(" NoRecipientAction=add-foo"), At("Invalid NoRecipientAction: add-foo"));
  EXPECT_EQ(Say(" NoRecipientAction=ADD-TO"), "");
  EXPECT_EQ(Say(" ResolverOptions=+FOO -debug BAR HasWildcardMX"),
            absl::StrCat(At("readcf: I option value FOO unrecognized"), "|",
                         At("readcf: I option value BAR unrecognized")));
  EXPECT_EQ(Say(" ServerSSLOptions=0x10 -ssl_op_all,abc"),
            At("readcf: ServerSSLOptions option value abc unrecognized"));
  EXPECT_EQ(Say(" ConnectOnlyTo=[1.2.3.4]"),
            At("readcf: option ConnectOnlyTo: invalid IP address [1.2.3.4]"));
  EXPECT_EQ(Say(" ConnectOnlyTo=25@IPv6:::1"), "");
  EXPECT_EQ(Say(" SmtpUTF8=true"), At("readcf: option: SmtpUTF8 set but no USE_EAI support"));
  EXPECT_EQ(Say(" SmtpUTF8=false"), "Warning: Option: SmtpUTF8 requires USE_EAI support");
  EXPECT_EQ(Say(" Milter=5"),
            At("milter_set_option: invalid Milter option, must specify suboption"));
  EXPECT_EQ(Say(" Milter.macros.quit=x"),
            At("milter_set_option: invalid Milter option macros.quit"));
  EXPECT_EQ(Say(" Milter.Macros.CONNECT=j, _"), "");
  // sendmail takes these.
  for (const char* line : {" ErrorMode=z", " SuperSafe=maybe", " DHParameters=z", " CipherList=x",
                           " QueueDirectory", " UnsafeGroupWrites", " TLSSrvOptions=Vx"}) {
    EXPECT_EQ(Say(line), "") << line;
  }
}

TEST(Options, WarnOfLimitsTooLow) {
  EXPECT_EQ(Say(" MaxHeadersLength=100"),
            "Warning: MaxHeadersLength: headers length limit set lower than 16384");
  EXPECT_EQ(Say(" MaxHeadersLength=0"), "");
  EXPECT_EQ(Say(" MaxMimeHeaderLength=100/20"),
            "Warning: MaxMimeHeaderLength: header length limit set lower than 128|"
            "Warning: MaxMimeHeaderLength: field length limit set lower than 40");
  EXPECT_EQ(Say(" MaxMimeHeaderLength=0/0"), "");
  EXPECT_EQ(Say(absl::StrCat(" MustQuoteChars=", std::string(39, 'a'))), "");
  EXPECT_EQ(Say(absl::StrCat(" MustQuoteChars=", std::string(40, 'a'))),
            "Warning: MustQuoteChars too long, ignored.");
}

TEST(Options, AddPrivacyAndBlameUp) {
  Options options;
  EXPECT_EQ(Say(options, " PrivacyOptions=goaway, foo"), At("readcf: Op line: foo unrecognized"));
  EXPECT_TRUE(options.Has(PrivacyFlag::kNoVerb));
  EXPECT_FALSE(options.Has(PrivacyFlag::kNoReceipts));
  EXPECT_EQ(Say(options, "pnoreceipts"), "");
  EXPECT_TRUE(options.Has(PrivacyFlag::kNoReceipts));
  EXPECT_TRUE(options.Has(PrivacyFlag::kNoExpn));
  EXPECT_EQ(Say(options, " DontBlameSendmail=mapinunsafedirpath,foo bar"),
            absl::StrCat(At("readcf: DontBlameSendmail option: foo unrecognized"), "|",
                         At("readcf: DontBlameSendmail option: bar unrecognized")));
  EXPECT_TRUE(options.Has(BlameFlag::kMapInUnsafeDirPath));
  EXPECT_EQ(Say(options, " DontBlameSendmail=safe RunWritableProgram"), "");
  EXPECT_FALSE(options.Has(BlameFlag::kMapInUnsafeDirPath));
  EXPECT_TRUE(options.Has(BlameFlag::kRunWritableProgram));
}

TEST(Options, LookUsersUp) {
  EXPECT_EQ(Say(" RunAsUser=nosuch"), At("readcf: option RunAsUser: unknown user nosuch"));
  EXPECT_EQ(Say(" RunAsUser=daemon:nosuch"), At("readcf: option RunAsUser: unknown group nosuch"));
  EXPECT_EQ(Say(" RunAsUser=99:98"), "");
  EXPECT_EQ(Say(" RunAsUser="), At("readcf: option RunAsUser: unknown user "));
  EXPECT_EQ(Say(" DefaultUser=daemon/nosuch"), At("readcf: option u: unknown group nosuch"));
  EXPECT_EQ(Say(" DefaultUser=mail.mail"), "");
  EXPECT_EQ(Say(" DefaultUser=:1"), At("readcf: option u: unknown user "));
  EXPECT_EQ(Say(" TrustedUser=root:nosuch"),
            At("readcf: option TrustedUser: unknown user root:nosuch"));
  EXPECT_EQ(Say(" TrustedUser=-1"), At("readcf: option TrustedUser: unknown user -1"));
  EXPECT_EQ(Say("gfoo"), At("readcf: option g: unknown group foo"));
  EXPECT_EQ(Say("g5"), "");
}

TEST(Options, KnowAliasClasses) {
  Options options;
  EXPECT_EQ(Say(options, " AliasFile=/etc/aliases, hash -o:/x"), "");
  EXPECT_EQ(Say(options, "Ahash:/y"), "");
  EXPECT_EQ(options.List(OptionId::kAliasFile),
            (std::vector<std::string>{"/etc/aliases", "hash -o:/x", "hash:/y"}));
  EXPECT_EQ(Say(" AliasFile=nosuch:x,foo:y"),
            absl::StrCat(At("setalias: unknown alias class nosuch"), "|",
                         At("setalias: unknown alias class foo")));
  EXPECT_EQ(Say(" AliasFile=dns:/x"), At("setalias: map class dns can't handle aliases"));
  EXPECT_EQ(Say(" AliasFile=dbm:/x"), At("setalias: unknown alias class dbm"));
}

TEST(Options, LetTheCommandLineWin) {
  Options options;
  const SourceLine nowhere;
  const auto command = Options::Origin::kCommandLine;
  EXPECT_TRUE(options.SetLong("LogLevel=5", nowhere, command).empty());
  EXPECT_FALSE(options.must_drop_privileges());
  EXPECT_TRUE(options.SetShort('M', "rSMTP", nowhere, command).empty());
  EXPECT_FALSE(options.must_drop_privileges());
  EXPECT_TRUE(options.SetLong("Timeout.mail=9m", nowhere, command).empty());
  EXPECT_TRUE(options.must_drop_privileges());
  EXPECT_TRUE(options.SetLong("PrivacyOptions=novrfy", nowhere, command).empty());
  EXPECT_EQ(Say(options, " LogLevel=3"), "");
  EXPECT_EQ(Say(options, " Timeout.mail=3m"), "");
  EXPECT_EQ(Say(options, " Timeout.rcpt=3m"), "");
  EXPECT_EQ(Say(options, " PrivacyOptions=noexpn"), "");
  EXPECT_EQ(options.Number(OptionId::kLogLevel), 5);
  EXPECT_EQ(options.timeout(TimeoutId::kMail), absl::Minutes(9));
  EXPECT_EQ(options.timeout(TimeoutId::kRcpt), absl::Minutes(3));
  EXPECT_TRUE(options.Has(PrivacyFlag::kNoVrfy) && options.Has(PrivacyFlag::kNoExpn));
  EXPECT_EQ(options.macro_definitions(), std::vector<std::string>{"rSMTP"});
  EXPECT_EQ(Render(options.SetLong("Foo=1", nowhere, command)[0]),
            "readcf: unknown option name Foo");
  EXPECT_TRUE(options.SetShort(' ', "MaxHopCount=2", nowhere, command).empty());
  EXPECT_EQ(options.Number(OptionId::kMaxHopCount), 2);
}

TEST(Options, SayWhatDoesNotFitTogether) {
  Options options;
  EXPECT_EQ(Say(options, " SuperSafe=Int"), "");
  EXPECT_EQ(Say(options, " MailboxDatabase=foo"), "");
  EXPECT_EQ(Say(options, " SingleThreadDelivery"), "");
  const Diagnostics said = options.CheckTogether();
  ASSERT_EQ(said.size(), 3u);
  EXPECT_EQ(Render(said[0]),
            "WARNING: SuperSafe=interactive should only be used with\n"
            "         DeliveryMode=interactive");
  EXPECT_EQ(Render(said[1]), "Can't initialize mailbox database \"foo\": Service unavailable");
  EXPECT_EQ(said[1].exit_code, 69);
  EXPECT_EQ(Render(said[2]), "Warning: HostStatusDirectory required for SingleThreadDelivery");
}

TEST(Options, WarnOfOperatorsThatComeTooLate) {
  const std::string warning =
      "Warning: OperatorChars is being redefined.\n"
      "         It should only be set before ruleset definitions.";
  Options twice;
  EXPECT_EQ(Say(twice, " OperatorChars=.:"), "");
  EXPECT_EQ(Say(twice, " OperatorChars=.:%"), warning);
  Options late;
  late.NoteRulesRead();
  EXPECT_EQ(Say(late, " OperatorChars=.:%"), warning);
}

TEST(Options, KeepWhatSendmailDrops) {
  Options options;
  EXPECT_EQ(Say(options, " LogLevel.foo=5"), "");
  EXPECT_EQ(Say(options, " DaemonPortOptions=smtp"), "");
  ASSERT_EQ(options.ignored().size(), 2u);
  EXPECT_EQ(options.ignored()[0].text, "LogLevel does not support suboptions, ignoring .foo");
  EXPECT_EQ(options.ignored()[1].where.line, 2);
}

TEST(Options, BoundWhatTheyHold) {
  EXPECT_EQ(Say(absl::StrCat(" HelpFile=", std::string(70'000, 'x'))),
            At("option HelpFile: value too long"));
  Options options;
  for (size_t i = 0; i < kMaxDaemonPorts; ++i) {
    EXPECT_EQ(Say(options, " DaemonPortOptions=Port=25"), "");
  }
  EXPECT_EQ(Say(options, " DaemonPortOptions=Port=25"), At("too many daemons defined (64 max)"));
}

}  // namespace
}  // namespace stagepost
