// The command line. The daemon itself runs in the simulator's scenarios.
#include <string>
#include <variant>

#include "gtest/gtest.h"
#include "mta/daemon/settings.h"
#include "mta/daemon/time_interval.h"

namespace stagepost {
namespace {

std::variant<Settings, UsageError> Parse(Arguments arguments,
                                         const std::string& name = "/usr/sbin/sendmail") {
  arguments.insert(arguments.begin(), name);
  return ParseCommandLine(arguments);
}

Settings Good(const Arguments& arguments) {
  const auto parsed = Parse(arguments);
  const auto* error = std::get_if<UsageError>(&parsed);
  EXPECT_EQ(error, nullptr) << error->message;
  return error == nullptr ? std::get<Settings>(parsed) : Settings();
}

// What is said, with "E: " in front where it goes to standard error.
std::string Bad(const Arguments& arguments) {
  const auto parsed = Parse(arguments);
  const auto* error = std::get_if<UsageError>(&parsed);
  EXPECT_NE(error, nullptr);
  if (error == nullptr) return "";
  EXPECT_EQ(error->exit_code, 64);
  const bool on_error = error->stream == UsageError::Stream::kError;
  return (on_error ? "E: " : "") + error->message;
}

Mode ModeOf(const std::string& name, const Arguments& arguments = {}) {
  const auto parsed = Parse(arguments, name);
  EXPECT_TRUE(std::holds_alternative<Settings>(parsed));
  return std::get<Settings>(parsed).mode;
}

using Strings = std::vector<std::string>;

TEST(ParseCommandLine, TakesItsModeFromNameAndFlag) {
  EXPECT_EQ(ModeOf("/usr/sbin/sendmail"), Mode::kDeliver);
  EXPECT_EQ(ModeOf("newaliases"), Mode::kRebuildAliases);
  EXPECT_EQ(ModeOf("/usr/bin/mailq"), Mode::kPrintQueue);
  EXPECT_EQ(ModeOf("/usr/bin/hoststat"), Mode::kHostStatus);
  EXPECT_EQ(ModeOf("purgestat"), Mode::kPurgeHostStatus);
  EXPECT_EQ(ModeOf("smtpd"), Mode::kDaemon);
  EXPECT_EQ(ModeOf("mailq", {"-bv"}), Mode::kVerify);
  EXPECT_EQ(ModeOf("sendmail", {"-bd", "-bp"}), Mode::kPrintQueue);
  EXPECT_EQ(Good({"-bD"}).mode, Mode::kForegroundDaemon);
}

TEST(ParseCommandLine, KeepsWhatIsForTheConfiguration) {
  const Settings test = Good({"-bt", "-C", "x.cf", "-d21.12", "-OLogLevel=1", "-oL2", "-MRSMTP",
                              "-L", "sm-mta", "-em", "-i"});
  EXPECT_EQ(test.mode, Mode::kAddressTest);
  EXPECT_EQ(test.ConfigurationFile(), "x.cf");
  EXPECT_EQ(test.long_options, Strings{"LogLevel=1"});
  EXPECT_EQ(test.short_options, (Strings{"L2", "em", "iT"}));
  EXPECT_EQ(test.macros, Strings{"RSMTP"});
  EXPECT_EQ(test.debug, Strings{"21.12"});
  EXPECT_EQ(test.log_tag, "sm-mta");
  EXPECT_EQ(Good({"-bp"}).ConfigurationFile(), "/etc/mail/sendmail.cf");
  EXPECT_EQ(Good({"-bp", "-Ac"}).ConfigurationFile(), "/etc/mail/submit.cf");
  EXPECT_EQ(Good({"-bp", "-Ac", "-Cy"}).ConfigurationFile(), "y");
}

TEST(ParseCommandLine, ReadsFlagsThatStandTogetherOrAlone) {
  const Settings settings = Good({"-vbp", "-d", "-q", "--", "-x"});
  EXPECT_TRUE(settings.verbose);
  EXPECT_EQ(settings.mode, Mode::kPrintQueue);
  EXPECT_EQ(settings.debug, Strings{"0-99.1"});
  EXPECT_TRUE(settings.queue.given);
  EXPECT_EQ(settings.queue.interval, std::nullopt);
  EXPECT_EQ(settings.recipients, Strings{"-x"});
  EXPECT_EQ(Good({"-C", "-bp"}).ConfigurationFile(), "sendmail.cf");
  EXPECT_EQ(Good({"-bv", "alice", "-v"}).recipients, (Strings{"alice", "-v"}));
}

TEST(ParseCommandLine, ReadsWhatIsForAMessage) {
  const Settings settings =
      Good({"-fu@x", "-F", "A B", "-h3", "-Nsuccess,delay", "-Rhdrs", "-Vid+2B", "-pSMTP:h.example",
            "-B8BITMIME", "-t", "-n", "-G", "bob"});
  EXPECT_EQ(settings.sender, "u@x");
  EXPECT_EQ(settings.full_name, "A B");
  EXPECT_EQ(settings.hop_count, 3);
  EXPECT_EQ(settings.dsn_notify, "success,delay");
  EXPECT_EQ(settings.dsn_return, "hdrs");
  EXPECT_EQ(settings.envelope_id, "id+2B");
  EXPECT_EQ(settings.protocol, "SMTP");
  EXPECT_EQ(settings.protocol_host, "h.example");
  EXPECT_EQ(settings.body_type, "8BITMIME");
  EXPECT_TRUE(settings.recipients_from_header && settings.do_not_expand && settings.gateway);
  EXPECT_EQ(settings.recipients, Strings{"bob"});
  EXPECT_EQ(Good({"-Bfoo"}).remarks, Strings{"Illegal body type foo"});
}

TEST(ParseCommandLine, ReadsQueueRequests) {
  EXPECT_EQ(Good({"-bd", "-q30m"}).queue.interval, absl::Minutes(30));
  EXPECT_FALSE(Good({"-bd"}).queue.given);
  EXPECT_TRUE(Good({"-qp5m"}).queue.persistent);
  EXPECT_TRUE(Good({"-qf"}).queue.foreground);
  EXPECT_EQ(Good({"-qGmain"}).queue.group, "main");
  const QueueRequest part = Good({"-q!Ix", "-qRy", "-qQ"}).queue;
  ASSERT_EQ(part.limits.size(), 2u);
  EXPECT_TRUE(part.limits[0].excludes);
  EXPECT_EQ(part.limits[0].field, 'I');
  EXPECT_EQ(part.limits[1].text, "y");
  EXPECT_TRUE(part.quarantined && part.is_subset());
}

TEST(ParseCommandLine, RefusesInTheWordsOfSendmail) {
  EXPECT_EQ(Bad({"-bd", "-X"}), "E: option requires an argument -- X");
  EXPECT_EQ(Bad({"-Z"}), "E: illegal option -- Z");
  EXPECT_EQ(Bad({"-U"}), "E: ");
  EXPECT_EQ(Bad({"-bx"}), "Invalid operation mode x");
  EXPECT_EQ(Bad({"-bz"}), "Frozen configurations unsupported");
  EXPECT_EQ(Bad({"-qz"}), "Invalid time unit `z'");
  EXPECT_EQ(Bad({"-q30m", "-bv", "alice"}), "Can not use -q with -bv");
  EXPECT_EQ(Bad({"-bs", "-q"}), "550 Can not use -q with -bs\r");
  EXPECT_EQ(Bad({"-Qx", "-bp"}), "Can not use -Q with -bp");
  EXPECT_EQ(Bad({"-Q."}), "Can not use -Q.");
  EXPECT_EQ(Bad({"-fa", "-rb"}), "More than one \"from\" person");
  EXPECT_EQ(Bad({"-hx"}), "Bad hop count (x)");
  EXPECT_EQ(Bad({"-Nnever,delay"}), "Invalid -N argument");
  EXPECT_EQ(Bad({"-Rfoo"}), "Invalid -R value");
  EXPECT_EQ(Bad({"-Va b"}), "Invalid syntax in -V flag");
  EXPECT_EQ(Bad({"-q!Gslow"}), "Can not use -q!G");
  EXPECT_EQ(Bad({"-q-1"}), "Invalid -q value");
}

TEST(ParseInterval, Table) {
  EXPECT_EQ(ParseInterval("30m", 'm').value(), absl::Minutes(30));
  EXPECT_EQ(ParseInterval("1h30m", 'm').value(), absl::Minutes(90));
  EXPECT_EQ(ParseInterval("1w2d3h4m5s", 'm').value(),
            absl::Hours(24 * 9 + 3) + absl::Minutes(4) + absl::Seconds(5));
  EXPECT_EQ(ParseInterval("15", 'm').value(), absl::Minutes(15));
  EXPECT_EQ(ParseInterval("15", 's').value(), absl::Seconds(15));
  EXPECT_FALSE(ParseInterval("1x", 'm').ok());
  EXPECT_EQ(ParseInterval("r@5", 'm').status().message(),
            "Invalid time unit `r'\nInvalid time unit `@'");
  EXPECT_FALSE(ParseInterval("99999999999999999999m", 'm').ok());
  EXPECT_FALSE(ParseInterval("100000000w", 'm').ok());
}

TEST(FormatInterval, Table) {
  EXPECT_EQ(FormatInterval(absl::Minutes(30)), "00:30:00");
  EXPECT_EQ(FormatInterval(absl::Hours(26)), "1+02:00:00");
}

}  // namespace
}  // namespace stagepost
