// What sessions bound: sizes, counts, waiting, and what is done to a client that goes beyond.
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "mta/async/deadline.h"
#include "mta/async/scope.h"
#include "mta/base/errno.h"
#include "mta/smtp/server_session_test_util.h"
#include "mta/smtp/timeouts.h"

namespace stagepost {
namespace {

TEST_F(ServerSessionTest, BoundsRecipients) {
  std::string input = "EHLO c.example\r\nMAIL FROM:<u@outside.example>\r\n";
  for (size_t i = 0; i <= kMaxRecipientsPerMessage; ++i) {
    absl::StrAppend(&input, "RCPT TO:<alice+", i, "@corp.example>\r\n");
  }
  client_.Send(input);
  EXPECT_TRUE(absl::EndsWith(Talk(), "\n452 4.5.3 Too many recipients"));
}

TEST_F(ServerSessionTest, ThrowsOutWhoSendsGarbage) {
  std::vector<std::string> lines;
  std::string expected;
  for (int i = 0; i < 25; ++i) {
    lines.push_back(absl::StrCat("BOGUS ", i));
    absl::StrAppend(&expected, "500 5.5.1 Command unrecognized: \"BOGUS ", i, "\"\n");
  }
  lines.insert(lines.end(), {"BOGUS 25", "BOGUS 26", "QUIT"});
  EXPECT_EQ(Talk(lines),
            expected + "421 4.7.0 mx1.corp.example Too many bad commands; closing connection");
  EXPECT_TRUE(client_.closed);
}

TEST_F(ServerSessionTest, IsNoProxy) {
  EXPECT_EQ(Talk({"GET / HTTP/1.0", "Host: x"}),
            "421 4.7.0 mx1.corp.example Rejecting open proxy [192.0.2.33]");
  EXPECT_TRUE(Logged("6AK6XWSU000001: [192.0.2.33]: probable open proxy: command=GET / HTTP/1.0"));
}

TEST_F(ServerSessionTest, OnlyTheFirstLineMakesAProxyRequest) {
  EXPECT_EQ(Ask({"GET / HTTP/1.0"}), "500 5.5.1 Command unrecognized: \"GET / HTTP/1.0\"");
}

TEST_F(ServerSessionTest, ThrowsOutWhoSendsEndlessLines) {
  client_.Send(absl::StrCat(std::string(3000, 'X'), "\r\nQUIT\r\n"));
  EXPECT_EQ(Talk(), "421 4.7.0 mx1.corp.example Command too long, possible attack [192.0.2.33]");
}

TEST_F(ServerSessionTest, RefusesBareLineEnds) {
  const struct {
    std::string raw;
    std::string reply, where;
  } kCases[] = {
      {"Subject: lf only\n\nline1\n.\n", "Bare linefeed (LF) not allowed", "header"},
      {"Subject: x\r\n\r\nline1\n.\r\nMAIL FROM:<smuggled@outside.example>\r\n.\r\n",
       "Bare linefeed (LF) not allowed", "body"},
      {"Subject: x\r\n\r\nline1\r\n.\nmore\r\n.\r\n", "Bare linefeed (LF) not allowed", "body"},
      {"Subject: x\r\n\r\nline1\rline2\r\n.\r\n", "Bare carriage return (CR) not allowed", "body"},
      {"Subject: x\r\r\n\r\r\n", "Bare carriage return (CR) not allowed", "header"},
  };
  for (const auto& c : kCases) {
    client_ = TestClient();
    world_.env().log().lines.clear();
    client_.Send("EHLO c.example\r\nMAIL FROM:<u@outside.example>\r\nRCPT TO:<alice>\r\nDATA\r\n");
    client_.Send(c.raw);
    client_.Send("NOOP\r\n");
    EXPECT_TRUE(absl::EndsWith(Talk(), absl::StrCat("354 End data with <CR><LF>.<CR><LF>\n421 "
                                                    "4.5.0 ",
                                                    c.reply)));
    EXPECT_TRUE(absl::StrContains(
        AllLogs(), absl::StrCat("collect: relay=[192.0.2.33], from=<u@outside.example>, info=",
                                c.reply, ", where=", c.where, ", status=tempfail")))
        << AllLogs();
  }
  EXPECT_EQ(queue_.abandoned, 5);
  EXPECT_TRUE(queue_.committed.empty());
}

TEST_F(ServerSessionTest, LimitsMessages) {
  settings_.max_message_bytes = 100;
  settings_.max_header_bytes = 60;
  settings_.max_hops = 3;
  const std::string body(100, 'x'), field = "X: " + std::string(58, 'y');
  std::vector<std::string> lines;
  for (const std::vector<std::string>& message : std::vector<std::vector<std::string>>{
           {"", body, "."},
           {field, "", "x", "."},
           {"Received: a", "Received: b", "Received: c", "", "x", "."}}) {
    const std::vector<std::string> transaction = Transaction(message);
    lines.insert(lines.end(), transaction.begin(), transaction.end());
  }
  lines.insert(lines.begin(), "EHLO c.example");
  const std::string replies = Talk(lines);
  for (const absl::string_view reply :
       {"\n552 5.2.3 Message exceeds maximum fixed size (100)\n",
        "\n552 5.6.0 Headers too large (60 max)\n", "\n554 5.4.6 Too many hops 4 (3 max)"}) {
    EXPECT_TRUE(absl::StrContains(replies, reply)) << reply;
  }
  EXPECT_TRUE(queue_.committed.empty());
  EXPECT_EQ(queue_.abandoned, 3);
}

TEST_F(ServerSessionTest, AcceptsNothingThatIsNotStored) {
  const struct {
    absl::Status create, append, commit;
    std::string reply;
  } kCases[] = {
      {absl::InternalError("disk"), {}, {}, "451 4.3.0 Cannot create queue file"},
      {{}, absl::InternalError("disk"), {}, "451 4.3.0 Cannot write queue file"},
      {{}, ErrnoStatus(Errno::kENOSPC, "write"), {}, "452 4.4.5 Out of disk space for temp file"},
      {{}, {}, absl::InternalError("disk"), "451 4.3.0 Cannot write queue file"},
  };
  for (const auto& c : kCases) {
    client_ = TestClient();
    queue_.create_error = c.create;
    queue_.append_error = c.append;
    queue_.commit_error = c.commit;
    std::vector<std::string> lines = {"EHLO c.example", "MAIL FROM:<u@outside.example>",
                                      "RCPT TO:<alice>", "DATA"};
    const std::vector<std::string> message = Message();
    if (c.create.ok()) lines.insert(lines.end(), message.begin(), message.end());
    lines.push_back("RCPT TO:<alice>");
    EXPECT_TRUE(absl::EndsWith(Talk(lines),
                               absl::StrCat("\n", c.reply, "\n503 5.0.0 Need MAIL before RCPT")));
  }
  EXPECT_TRUE(accepted_.ids.empty());
  for (const std::string& event : world_.env().trace().events) {
    EXPECT_FALSE(absl::StartsWith(event, "3 ") || absl::StartsWith(event, "4 ")) << event;
  }
}

TEST_F(ServerSessionTest, TakesAnotherIdWhenOneIsTaken) {
  queue_.existing_ids = 1;
  EXPECT_TRUE(absl::EndsWith(Ask(Transaction(Message())),
                             "250 2.0.0 6AK6XWSU000002 Message accepted for delivery"));
}

TEST_F(ServerSessionTest, AnswersAPipelineInOneWrite) {
  Talk({"EHLO c.example", "MAIL FROM:<u@outside.example>", "RCPT TO:<alice>", "RSET", "QUIT"});
  EXPECT_EQ(client_.writes, 2);  // the greeting, and everything else
}

TEST_F(ServerSessionTest, ForgetsAMessageThatWasCutOff) {
  client_.Send("EHLO c.example\r\nMAIL FROM:<u@outside.example>\r\nRCPT TO:<alice>\r\nDATA\r\nx");
  Talk();
  EXPECT_EQ(queue_.abandoned, 1);
  EXPECT_TRUE(Logged("6AK6XWSU000001: collect: premature EOM: unexpected close"));
}

TEST_F(ServerSessionTest, TimesOut) {
  settings_.timeouts.command = absl::Minutes(5);
  client_.Send("NOOP\r\n");
  client_.closes = false;
  Start();
  EXPECT_FALSE(result_->has_value());
  world_.Pass(absl::Minutes(5));
  ASSERT_TRUE(result_->has_value());
  EXPECT_EQ(Replies(),
            "250 2.0.0 OK\n421 4.4.1 mx1.corp.example Lost input channel from [192.0.2.33]");
}

TEST_F(ServerSessionTest, TimesOutInsideAMessage) {
  settings_.timeouts.data_block = absl::Minutes(3);
  client_.Send("EHLO c.example\r\nMAIL FROM:<u@outside.example>\r\nRCPT TO:<alice>\r\nDATA\r\nx");
  client_.closes = false;
  Start();
  world_.Pass(absl::Minutes(3));
  ASSERT_TRUE(result_->has_value());
  EXPECT_TRUE(
      absl::EndsWith(Replies(), "\n451 4.4.1 timeout waiting for input during message collect"));
  EXPECT_EQ(queue_.abandoned, 1);
  EXPECT_TRUE(client_.closed);
}

TEST_F(ServerSessionTest, GivesUpOnADeafClient) {
  client_.Send("NOOP\r\n");
  client_.deaf = true;
  Start();
  world_.Pass(absl::Minutes(6));
  EXPECT_TRUE(result_->has_value());
  EXPECT_TRUE(client_.closed);
}

// A scope with one session in it, asked to stop after a minute.
Task<absl::Status> StopAfterAMinute(SessionContext context, TestClient& client) {
  TaskScope scope(co_await CurrentContext(), "sessions", TaskScope::Policy::kSupervise, 1);
  const absl::Status spawned = scope.Spawn(
      &RunServerSession, context, std::unique_ptr<Connection>(new MemoryConnection(client)), 1);
  EXPECT_TRUE(spawned.ok());
  EXPECT_TRUE((co_await Sleep(absl::Minutes(1))).ok());
  scope.RequestStop();
  co_return co_await scope.Join();
}

TEST_F(ServerSessionTest, StopsAtOnceWhenIdle) {
  client_.Send("NOOP\r\n");
  client_.closes = false;
  const SessionContext context{world_.env(), settings_, acceptance_, queue_, accepted_};
  auto result = world_.Run(&StopAfterAMinute, context, std::ref(client_));
  world_.Pass(absl::Minutes(1));
  ASSERT_TRUE(result->has_value());
  EXPECT_EQ(Replies(), "250 2.0.0 OK\n421 4.3.2 mx1.corp.example closing connection");
}

TEST_F(ServerSessionTest, StopsInsideAMessageAfterItsGrace) {
  client_.Send("EHLO c.example\r\nMAIL FROM:<u@outside.example>\r\nRCPT TO:<alice>\r\nDATA\r\nx");
  client_.closes = false;
  const SessionContext context{world_.env(), settings_, acceptance_, queue_, accepted_};
  auto result = world_.Run(&StopAfterAMinute, context, std::ref(client_));
  world_.Pass(absl::Minutes(1) + kShutdownGrace - absl::Seconds(1));
  EXPECT_FALSE(result->has_value());
  world_.Pass(absl::Seconds(2));
  ASSERT_TRUE(result->has_value());
  EXPECT_TRUE(absl::EndsWith(Replies(), "\n421 4.3.2 mx1.corp.example closing connection"));
}

}  // namespace
}  // namespace stagepost
