// The command line and what it is made of. The daemon itself runs in the simulator's scenarios.
#include <string>
#include <variant>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "mta/daemon/settings.h"
#include "mta/daemon/time_interval.h"

namespace stagepost {
namespace {

std::variant<Settings, UsageError> Parse(Arguments arguments) {
  arguments.insert(arguments.begin(), "/usr/sbin/sendmail");
  return ParseCommandLine(arguments);
}

Settings Good(const Arguments& arguments) {
  const auto parsed = Parse(arguments);
  const auto* error = std::get_if<UsageError>(&parsed);
  EXPECT_EQ(error, nullptr) << error->message;
  return error == nullptr ? std::get<Settings>(parsed) : Settings();
}

std::string Bad(const Arguments& arguments, int exit_code = 64) {
  const auto parsed = Parse(arguments);
  const auto* error = std::get_if<UsageError>(&parsed);
  EXPECT_NE(error, nullptr);
  if (error == nullptr) return "";
  EXPECT_EQ(error->exit_code, exit_code);
  return error->message;
}

TEST(ParseCommandLine, HasTheDefaultsOfSendmail) {
  const Settings settings = Good({"-bd"});
  EXPECT_EQ(settings.mode, Settings::Mode::kDaemon);
  ASSERT_EQ(settings.ports.size(), 1u);
  EXPECT_EQ(settings.ports[0].name, "MTA");
  EXPECT_EQ(settings.ports[0].address.ToString(), "0.0.0.0:25");
  EXPECT_EQ(settings.queue_interval, std::nullopt);
  EXPECT_EQ(settings.queue_directory, "/var/spool/mqueue");
  EXPECT_EQ(settings.timeouts.command, absl::Hours(1));
}

TEST(ParseCommandLine, TakesTheOptionsThereAre) {
  const Settings settings =
      Good({"-L", "sm-mta", "-bD", "-q30m", "-OQueueDirectory=/q", "-O", "RunAsUser=smmta:smmsp",
            "-O", "DaemonPortOptions=Port=2525, Addr=127.0.0.1, Name=Test", "-O",
            "DaemonPortOptions=Family=inet6,Addr=::1,Port=587", "-O", "MaxMessageSize=1000", "-O",
            "Timeout.command=10", "-O", "timeout.datablock=1h30m", "-OMaxDaemonChildren=3"});
  EXPECT_EQ(settings.mode, Settings::Mode::kForegroundDaemon);
  EXPECT_EQ(settings.log_tag, "sm-mta");
  EXPECT_EQ(settings.queue_interval, absl::Minutes(30));
  EXPECT_EQ(settings.queue_directory, "/q");
  EXPECT_EQ(settings.run_as_user, "smmta:smmsp");
  ASSERT_EQ(settings.ports.size(), 2u);
  EXPECT_EQ(settings.ports[0].name, "Test");
  EXPECT_EQ(settings.ports[0].address.ToString(), "127.0.0.1:2525");
  EXPECT_EQ(settings.ports[1].address.ToString(), "[::1]:587");
  EXPECT_EQ(settings.max_message_bytes, 1000);
  EXPECT_EQ(settings.timeouts.command, absl::Minutes(10));
  EXPECT_EQ(settings.timeouts.data_block, absl::Minutes(90));
  EXPECT_EQ(settings.max_children, 3);
  EXPECT_EQ(Good({"-q"}).mode, Settings::Mode::kQueueRun);
  EXPECT_EQ(Good({"-q", "-oQ/q"}).queue_directory, "/q");
  // What happens anyway may be asked for.
  Good({"-bd", "-OSuperSafe=true", "-oL9", "-OTimeout.ident=0"});
  EXPECT_EQ(Good({"-bd", "-OTimeout.command=0"}).timeouts.command, absl::InfiniteDuration());
  EXPECT_EQ(Good({"-bd", "-ODaemonPortOptions=Port=smtp"}).ports[0].name, "Daemon0");
  const Settings test = Good({"-bt", "-C", "x.cf", "-d21.12", "-OLogLevel=1", "-oL2", "-MRSMTP"});
  EXPECT_EQ(test.mode, Settings::Mode::kAddressTest);
  EXPECT_EQ(test.configuration_file, "x.cf");
  EXPECT_EQ(test.long_options, std::vector<std::string>{"LogLevel=1"});
  EXPECT_EQ(test.short_options, std::vector<std::string>{"L2"});
  EXPECT_EQ(test.macros, std::vector<std::string>{"RSMTP"});
  EXPECT_EQ(test.debug, std::vector<std::string>{"21.12"});
}

TEST(ParseCommandLine, RefusesWhatItDoesNotHave) {
  const absl::string_view kTail = " is not available in this version of Stagepost";
  EXPECT_EQ(Bad({"-bp"}), absl::StrCat("-bp", kTail));
  EXPECT_EQ(Bad({"-bs"}), absl::StrCat("-bs", kTail));
  EXPECT_EQ(Bad({"-d0.1"}), absl::StrCat("-d", kTail));
  EXPECT_EQ(Bad({"-bd", "-O", "LogLevel=20"}), absl::StrCat("option LogLevel", kTail));
  EXPECT_EQ(Bad({"-bd", "-O", "DaemonPortOptions=Modify=C"}),
            absl::StrCat("DaemonPortOptions Modifier=C is", kTail.substr(3)));
  EXPECT_EQ(Bad({"-bd", "-qIfoo"}), absl::StrCat("-qIfoo", kTail));
  EXPECT_EQ(Bad({"-bd", "-q"}), absl::StrCat("-q without an interval beside -bd or -bD", kTail));
  EXPECT_EQ(Bad({"alice"}), absl::StrCat("Submission of mail on the command line", kTail));
  EXPECT_EQ(Bad({}), absl::StrCat("Submission of mail on the command line", kTail));
  EXPECT_EQ(Bad({"-C/etc/mail/other.cf", "-bd"}),
            "-C: only -bt reads configuration files in this version of Stagepost; options are set "
            "with -O");
  EXPECT_EQ(Bad({"-bd", "-oA/x"}), absl::StrCat("option AliasFile", kTail));
  EXPECT_EQ(Bad({"-bd", "-oMrSMTP"}), absl::StrCat("option M", kTail));
  EXPECT_EQ(Bad({"-bd", "-MRSMTP"}), absl::StrCat("-M", kTail));
  EXPECT_EQ(std::get<UsageError>(ParseCommandLine({"/usr/bin/mailq"})).message,
            absl::StrCat("mailq", kTail));
}

TEST(ParseCommandLine, RefusesWhatIsWrong) {
  EXPECT_EQ(Bad({"-bd", "-X"}), "option requires an argument -- X");
  EXPECT_EQ(Bad({"-bx"}), "Invalid operation mode x");
  EXPECT_EQ(Bad({"-qz"}), "Invalid time unit `z'");
  EXPECT_EQ(Bad({"-bd", "-O", "DaemonPortOptions=Port=99999"}, 70), "service \"99999\" unknown");
  EXPECT_EQ(Bad({"-bd", "-O", "DaemonPortOptions=Port=0"}), "DaemonPortOptions: unknown port 0");
  EXPECT_EQ(Bad({"-bd", "-O", "DaemonPortOptions=Addr=::1"}, 70), "host \"::1\" unknown");
  EXPECT_EQ(Bad({"-bd", "-O", "NoSuchOption=1"}, 70), "readcf: unknown option name NoSuchOption");
  EXPECT_EQ(Bad({"-bd", "-O", "PrivacyOptions=a b"}, 70),
            "readcf: Op line: a unrecognized\nreadcf: Op line: b unrecognized");
  EXPECT_EQ(Bad({"-bd", "-O", "Timeout.command=5q"}), "Invalid time unit `q'");
  EXPECT_EQ(Bad({"-bd", "-O", "DeliveryMode=z"}), "Unknown delivery mode z");
  EXPECT_EQ(Bad({"-bd", "-O", "MaxMessageSize"}), "option MaxMessageSize has no value");
  EXPECT_EQ(Bad({"-bd", "-O", "QueueDirectory=mqueue*"}),
            "option QueueDirectory needs one absolute path");
  EXPECT_EQ(Bad({"-bd", "-O", "Timeout.command="}), "option Timeout.command: no value");
  EXPECT_EQ(Bad({"-bd", "-O", "MaxMessageSize=1k"}),
            "option MaxMessageSize: 1k is no number of bytes");
  Arguments many = {"-bd"};
  for (int i = 0; i < 20; ++i) many.push_back(absl::StrCat("-ODaemonPortOptions=Port=", 2000 + i));
  EXPECT_EQ(Bad(many), "too many daemons defined");
}

TEST(ParseInterval, Table) {
  EXPECT_EQ(ParseInterval("30m", 'm').value(), absl::Minutes(30));
  EXPECT_EQ(ParseInterval("1h30m", 'm').value(), absl::Minutes(90));
  EXPECT_EQ(ParseInterval("1w2d3h4m5s", 'm').value(),
            absl::Hours(24 * 9 + 3) + absl::Minutes(4) + absl::Seconds(5));
  EXPECT_EQ(ParseInterval("15", 'm').value(), absl::Minutes(15));
  EXPECT_EQ(ParseInterval("15", 's').value(), absl::Seconds(15));
  EXPECT_FALSE(ParseInterval("1x", 'm').ok());
  EXPECT_FALSE(ParseInterval("99999999999999999999m", 'm').ok());
  EXPECT_FALSE(ParseInterval("100000000w", 'm').ok());
}

TEST(FormatInterval, Table) {
  EXPECT_EQ(FormatInterval(absl::Minutes(30)), "00:30:00");
  EXPECT_EQ(FormatInterval(absl::Hours(26)), "1+02:00:00");
}

}  // namespace
}  // namespace stagepost
