// What is set without an effect is found; what happens anyway is not.
#include "mta/cf/not_implemented.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gtest/gtest.h"

namespace stagepost {
namespace {

class Lines : public SystemLog {
 public:
  void SetTag(absl::string_view) override {}
  void Write(Severity severity, absl::string_view text) override {
    EXPECT_EQ(severity, Severity::kWarning);
    lines.emplace_back(text);
  }
  std::vector<std::string> lines;
};

// "LINE text" of each finding.
std::vector<std::string> Texts(const Diagnostics& found) {
  std::vector<std::string> texts;
  for (const Diagnostic& diagnostic : found) {
    EXPECT_EQ(diagnostic.severity, Diagnostic::Severity::kNotImplemented);
    texts.push_back(absl::StrCat(diagnostic.where.line, " ", diagnostic.text));
  }
  return texts;
}

// Of O lines, the first of them on line 1.
std::string Find(const std::vector<std::string>& lines) {
  Options options;
  int number = 0;
  for (const std::string& line : lines) options.SetLine(line, {"x.cf", ++number});
  return absl::StrJoin(Texts(NotImplemented(options)), "|");
}

TEST(NotImplemented, SaysNothingOfWhatWorks) {
  EXPECT_EQ(Find({" MaxMessageSize=1000", " RunAsUser=mail", " MaxDaemonChildren=3",
                  " QueueDirectory=/var/spool/mqueue", " Timeout.command=1h",
                  " DaemonPortOptions=Name=MTA, Addr=127.0.0.1, Port=smtp"}),
            "");
}

TEST(NotImplemented, SaysNothingOfWhatHappensAnyway) {
  EXPECT_EQ(Find({" SuperSafe=True", " MaxHopCount=25", " HoldExpensive=False", " Timeout.ident=0",
                  " DontBlameSendmail=safe", " PrivacyOptions=public, noexpn", " MinQueueAge=0s",
                  " TempFileMode=0600", " RequiresDirfsync=false", " TrustedUser=root"}),
            "");
}

TEST(NotImplemented, NamesOptions) {
  EXPECT_EQ(Find({" SoftBounce", " SuperSafe=f", " AuthRealm=x"}),
            "1 option SoftBounce is not implemented|3 option AuthRealm is not implemented");
}

TEST(NotImplemented, NamesTimeoutsWordsAndPorts) {
  EXPECT_EQ(Find({" Timeout.starttls=5m"}), "1 option Timeout.starttls is not implemented");
  EXPECT_EQ(Find({" Timeout.auth=5m", " Timeout.starttls=5h", " Timeout.starttls=4h"}),
            "1 option Timeout.auth is not implemented|"
            "3 option Timeout.starttls is not implemented");
  EXPECT_EQ(Find({" Timeout.ident=5s"}), "1 option Timeout.ident is not implemented");
  EXPECT_EQ(Find({" DontBlameSendmail=GroupReadableKeyFile"}),
            "1 DontBlameSendmail=GroupReadableKeyFile is not implemented");
  EXPECT_EQ(Find({" PrivacyOptions=restrictexpand"}),
            "1 PrivacyOptions=restrictexpand is not implemented");
  EXPECT_EQ(Find({" DaemonPortOptions=SndBufSize=5, Modifier=S", " DaemonPortOptions=smtp"}),
            "1 DaemonPortOptions SndBufSize= is not implemented|"
            "1 DaemonPortOptions Modifier=S is not implemented|"
            "2 PortOptions parameter \"smtp\" has no value");
  EXPECT_EQ(Find({" LogLevel.foo=9"}), "1 LogLevel does not support suboptions, ignoring .foo");
}

TEST(NotImplemented, NamesLinesInTheirOrder) {
  Configuration configuration;
  configuration.file = "x.cf";
  configuration.options.SetLine(" SoftBounce", {"x.cf", 30});
  configuration.maps.push_back({{"x.cf", 20}, "people", "ldap", ""});
  configuration.milters.push_back({{"x.cf", 10}, "m", "local:/m", {}});
  configuration.queue_groups.push_back({{"x.cf", 5}, "slow", {}});
  configuration.environment["LANG"] = "C";
  Mailer mailer;
  mailer.where = {"x.cf", 15};
  mailer.name = "fax";
  mailer.nice = 5;
  mailer.flags.set('i');
  mailer.flags.set('Y');
  configuration.mailers.push_back(mailer);
  mailer.where.line = 0;  // built in
  configuration.mailers.push_back(mailer);
  EXPECT_EQ(absl::StrJoin(Texts(NotImplemented(configuration)), "\n"),
            "10 milter m is not implemented\n"
            "15 mailer fax: F=iY are not implemented\n"
            "15 mailer fax: N= is not implemented\n"
            "20 map people: class ldap is not implemented\n"
            "30 option SoftBounce is not implemented");
}

TEST(LogNotImplemented, WritesOneLineForEach) {
  Configuration configuration;
  configuration.options.SetLine(" SoftBounce", {"x.cf", 3});
  configuration.options.SetLine(" AuthRealm=x", {"x.cf", 2});
  Lines log;
  LogNotImplemented(configuration, log);
  EXPECT_EQ(absl::StrJoin(log.lines, "|"),
            "x.cf: line 2: option AuthRealm is not implemented|"
            "x.cf: line 3: option SoftBounce is not implemented");
}

}  // namespace
}  // namespace stagepost
