#include "mta/smtp/command_parser.h"

#include <limits>
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
      {"HELP", Verb::kUnknown, ""},
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

// What the argument of MAIL or RCPT is understood as: "path|KEY=value|KEY", or the refusal.
std::string Show(absl::string_view keyword, absl::string_view argument) {
  const auto parsed = ParsePathArgument(keyword, argument);
  if (const auto* refusal = std::get_if<Reply>(&parsed)) return refusal->Text();
  const PathArgument& path = std::get<PathArgument>(parsed);
  std::string result = path.path;
  for (const Parameter& parameter : path.parameters) {
    absl::StrAppend(&result, "|", parameter.keyword, parameter.has_value ? "=" : "",
                    parameter.value);
  }
  return result;
}

TEST(ParsePathArgument, Table) {
  const struct {
    absl::string_view argument;
    absl::string_view result;
  } kCases[] = {
      {"FROM:<u@outside.example>", "<u@outside.example>"},
      {"from : <u@outside.example>", "<u@outside.example>"},
      {"FROM:u@outside.example", "u@outside.example"},
      {"FROM:< u@outside.example >", "< u@outside.example >"},
      {"FROM:<>", "<>"},
      {"FROM:", ""},
      {"FROM:<u@h> extra", "<u@h>|extra"},
      {"FROM:<u@h>BODY=8BITMIME", "<u@h>BODY=8BITMIME"},
      {"FROM:<u@h> BODY=8BITMIME SIZE=10", "<u@h>|BODY=8BITMIME|SIZE=10"},
      {"FROM:<u@h> BODY=", "<u@h>|BODY="},
      {"FROM:<u@h> ENVID=a=b", "<u@h>|ENVID=a|b"},
      {"FROM:(comment) <u@h>", "(comment)||u|h"},
      {"FROM:Name <u@h>", "Name||u|h"},
      {"FROM:<\"a b\"@h>", "<\"a b\"@h>"},
      {"FROM:\"a b\"@h SIZE=1", "\"a b\"@h|SIZE=1"},
      {"FROM:a\\ b@h", "a\\ b@h"},
      {"FROM:<u@outside.example", "553 5.0.0 <u@outside.example... Unbalanced '<'"},
      {"FROM:u@outside.example>", "553 5.0.0 u@outside.example>... Unbalanced '>'"},
      {"FROM:<\"unbalanced@h>", "553 5.0.0 <\"unbalanced@h>... Unbalanced '\"'"},
      {"FROM:<alice@h)>", "553 5.0.0 <alice@h)>... Unbalanced ')'"},
      {"FROM:<u(c@h>", "553 5.0.0 <u(c@h>... Unbalanced '('"},
      {"FROM:<\xe9@outside.example>", "<i@outside.example>"},
      {"FROM:<u\x8a@h>", "553 5.1.0 <u?@h>... Control character in mailbox address"},
      {"FROM:<u\x01@h>", "553 5.1.0 <u?@h>... Control character in mailbox address"},
      {"alice", "501 5.5.2 Syntax error in parameters scanning \"alice\""},
      {"TO:<alice>", "501 5.5.2 Syntax error in parameters scanning \"TO\""},
      {"", "501 5.5.2 Syntax error in parameters scanning \"\""},
  };
  for (const auto& c : kCases) EXPECT_EQ(Show("FROM", c.argument), c.result) << c.argument;
}

TEST(ParsePathArgument, BoundsParameters) {
  std::string argument = "FROM:<u@h>";
  for (int i = 0; i < 1000; ++i) argument += " A";
  EXPECT_EQ(Show("FROM", argument), "555 5.5.4 Too many parameters");
}

TEST(ParsePathArgument, ShortensWhatItShows) {
  const std::string argument = absl::StrCat("FROM:<", std::string(1500, 'x'));
  EXPECT_EQ(Show("FROM", argument), absl::StrCat("553 5.0.0 <", std::string(99, 'x'), "...",
                                                 std::string(100, 'x'), "... Unbalanced '<'"));
}

TEST(IsAcceptableHelo, Table) {
  for (const absl::string_view good :
       {"c.example", "[192.0.2.33]", "[IPv6:2001:db8::1]", "bad_name", "-x", "x"}) {
    EXPECT_TRUE(IsAcceptableHelo(good)) << good;
  }
  for (const absl::string_view bad : {"", "a b", "a\tb", "a(b)", "<a>", "a\"", "\xe9.example"}) {
    EXPECT_FALSE(IsAcceptableHelo(bad)) << bad;
  }
  EXPECT_TRUE(IsAcceptableHelo(std::string(255, 'x')));
  EXPECT_FALSE(IsAcceptableHelo(std::string(256, 'x')));
}

TEST(ParseSize, Table) {
  EXPECT_EQ(ParseSize("0"), 0);
  EXPECT_EQ(ParseSize("3000"), 3000);
  EXPECT_EQ(ParseSize("99999999999999999999"), std::numeric_limits<int64_t>::max());
  for (const absl::string_view bad : {"", "-1", "1k", " 1", "999999999999999999999"}) {
    EXPECT_EQ(ParseSize(bad), std::nullopt) << bad;
  }
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
