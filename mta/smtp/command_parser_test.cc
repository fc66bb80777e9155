#include "mta/smtp/command_parser.h"

#include <limits>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace stagepost {
namespace {

TEST(ParseCommand, KnowsVerbsInAnyCase) {
  const struct {
    absl::string_view line;
    Verb verb;
    absl::string_view argument;
  } kCases[] = {
      {"HELO c.example", Verb::kHelo, "c.example"},
      {"ehlo  c.example ", Verb::kEhlo, "c.example"},
      {"EHLO", Verb::kEhlo, ""},
      {"mail FROM:<u@h>", Verb::kMail, "FROM:<u@h>"},
      {"rCpT to:<a>", Verb::kRcpt, "to:<a>"},
      {"DATA", Verb::kData, ""},
      {" RSET", Verb::kRset, ""},
      {"NOOP x", Verb::kNoop, "x"},
      {"QUIT", Verb::kQuit, ""},
      {"VRFY alice", Verb::kVrfy, "alice"},
      {"HELP", Verb::kHelp, ""},
      {"expn team", Verb::kExpn, "team"},
      {"Etrn @corp.example", Verb::kEtrn, "@corp.example"},
      {"VERB", Verb::kVerb, ""},
      {"STARTTLS", Verb::kStartTls, ""},
      {"AUTH PLAIN", Verb::kAuth, "PLAIN"},
      {"SAML FROM:<x>", Verb::kNotImplemented, "FROM:<x>"},
      {"wiz", Verb::kLogged, ""},
      {"ONEX", Verb::kUnknown, ""},
      {"MAILFROM:<u@h>", Verb::kUnknown, ""},
      {"QUITS", Verb::kUnknown, ""},
      {"", Verb::kUnknown, ""},
      {"BOGUS 0", Verb::kUnknown, "0"},
  };
  for (const auto& c : kCases) {
    const Command command = ParseCommand(c.line);
    EXPECT_EQ(command.verb, c.verb) << c.line;
    EXPECT_EQ(command.argument, c.argument) << c.line;
    EXPECT_FALSE(command.looks_like_proxy_request) << c.line;
  }
}

TEST(ParseCommand, EndsAtNul) {
  const Command command = ParseCommand(absl::string_view("NO\0OP", 5));
  EXPECT_EQ(command.verb, Verb::kUnknown);
  EXPECT_EQ(command.line, "NO");
}

TEST(ParseCommand, SeesProxyRequests) {
  for (const absl::string_view line :
       {"GET / HTTP/1.0", "post /x", "CONNECT h:25 HTTP/1.1", "USER"}) {
    EXPECT_TRUE(ParseCommand(line).looks_like_proxy_request) << line;
  }
  EXPECT_FALSE(ParseCommand("GETX /").looks_like_proxy_request);
}

TEST(SkipPathKeyword, LeavesTheRest) {
  for (const absl::string_view argument :
       {"FROM:<u@h> X", "from : <u@h> X", "FROM:   <u@h> X", "  From\t:<u@h> X"}) {
    absl::string_view rest = argument;
    EXPECT_FALSE(SkipPathKeyword("FROM", rest).has_value()) << argument;
    EXPECT_EQ(rest, "<u@h> X");
  }
}

TEST(SkipPathKeyword, SaysWhatItFound) {
  const struct {
    absl::string_view argument;
    absl::string_view shown;
  } kCases[] = {{"", ""},           {"x", "x"},           {"FROM", "FROM"},  {"FROM:", "FROM"},
                {"FROM: ", "FROM"}, {"TO:<alice>", "TO"}, {"alice", "alice"}};
  for (const auto& c : kCases) {
    absl::string_view rest = c.argument;
    const std::optional<Reply> refusal = SkipPathKeyword("FROM", rest);
    ASSERT_TRUE(refusal.has_value()) << c.argument;
    EXPECT_EQ(refusal->Text(),
              absl::StrCat("501 5.5.2 Syntax error in parameters scanning \"", c.shown, "\""));
  }
}

// "KEY=value|KEY".
std::string ShowParameters(absl::string_view text) {
  std::string result;
  for (const Parameter& parameter : ParseParameters(text)) {
    absl::StrAppend(&result, result.empty() ? "" : "|", parameter.keyword,
                    parameter.has_value ? "=" : "", parameter.value);
  }
  return result;
}

TEST(ParseParameters, Table) {
  EXPECT_EQ(ShowParameters(""), "");
  EXPECT_EQ(ShowParameters(" extra"), "extra");
  EXPECT_EQ(ShowParameters("  SIZE=100   BODY=7BIT "), "SIZE=100|BODY=7BIT");
  EXPECT_EQ(ShowParameters("BODY="), "BODY=");
  EXPECT_EQ(ShowParameters("ENVID=a=b"), "ENVID=a|b");
  EXPECT_EQ(ParseParameters("<u@h>").at(0).keyword, "");
}

TEST(ParseParameters, AreBounded) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += " A";
  EXPECT_EQ(ParseParameters(text).size(), kMaxParameters + 1);
}

TEST(IsAcceptableHelo, Table) {
  for (const absl::string_view good :
       {"c.example", "[192.0.2.33]", "[IPv6:2001:db8::1]", "bad_name", "-x", "x"}) {
    EXPECT_TRUE(IsAcceptableHelo(good)) << good;
  }
  for (const absl::string_view bad : {"", "a b", "a\tb", "a(b)", "<a>", "a\"", "\xe9.example",
                                      "a+b", "a!b", "a@b", "a{b}", "a=b", "a,b", "a;b", "a\\b"}) {
    EXPECT_FALSE(IsAcceptableHelo(bad)) << bad;
  }
  EXPECT_TRUE(IsAcceptableHelo(std::string(255, 'x')));
  EXPECT_FALSE(IsAcceptableHelo(std::string(256, 'x')));
}

TEST(ParseSize, Table) {
  EXPECT_EQ(ParseSize("0"), 0);
  EXPECT_EQ(ParseSize("3000"), 3000);
  EXPECT_EQ(ParseSize("12x"), 12);
  EXPECT_EQ(ParseSize(""), 0);
  EXPECT_EQ(ParseSize("abc"), 0);
  EXPECT_EQ(ParseSize("99999999999999999999"), std::numeric_limits<int64_t>::max());
}

TEST(Reply, HasOneFormat) {
  EXPECT_EQ(Reply(250, "2.0.0", "OK").Format(), "250 2.0.0 OK\r\n");
  Reply reply(250, "", "mx Hello");
  reply.AddLine("PIPELINING");
  reply.AddLine("SIZE");
  EXPECT_EQ(reply.Format(), "250-mx Hello\r\n250-PIPELINING\r\n250 SIZE\r\n");
}

TEST(Reply, CannotBeMadeTwo) {
  EXPECT_EQ(Reply(500, "5.5.1", "a\r\n250 b").Format(), "500 5.5.1 a??250 b\r\n");
  EXPECT_LE(Reply(500, "5.5.1", std::string(5000, 'x')).Format().size(), 512u);
}

}  // namespace
}  // namespace stagepost
