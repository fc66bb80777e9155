// Servers that do what no server should: the catalogue of hostile peers, one row each, as far as it
// concerns the session. What is asked of every row: nobody waits longer than the time-outs say,
// nobody gets a reply that was another's, and nothing is delivered that was not.

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gtest/gtest.h"
#include "mta/smtp/testing/client_session.h"

namespace stagepost {
namespace {

const char kPipe[] = "250-b\r\n250 PIPELINING\r\n";

struct Row {
  const char* name;
  std::vector<std::string> turns;
  // "", or what came first: "greet: …", "send: …".
  const char* error;
  std::vector<const char*> replies = {"", "", ""};  // of the recipients x, y, z
  size_t closes_after = ScriptedServer::kNever;
  absl::Duration ends_within = absl::ZeroDuration();
  bool lmtp = false;
  const char* last_command = nullptr;
};

std::string ErrorOf(const ClientSession& session) {
  if (!session.greeted.ok()) return absl::StrCat("greet: ", session.greeted.message());
  if (!session.sent.ok()) return absl::StrCat("send: ", session.sent.message());
  return "";
}

// Plays a row with the server's bytes cut to pieces of `segment`.
void Play(const Row& row, size_t segment) {
  SCOPED_TRACE(absl::StrCat(row.name, " in pieces of ", segment));
  ClientSession session(row.turns, {.lmtp = row.lmtp}, row.closes_after);
  session.server.segment = segment;
  session.Recipients({"x", "y", "z"});
  session.Run();
  if (!session.done()) session.world.Pass(row.ends_within);
  ASSERT_TRUE(session.done());
  EXPECT_EQ(ErrorOf(session), row.error);
  for (size_t i = 0; i < 3; ++i) EXPECT_EQ(session.reply(i), row.replies[i]) << i;
  if (row.last_command != nullptr) {
    EXPECT_EQ(session.server.commands.empty() ? "" : session.server.commands.back(),
              row.last_command);
  }
}

void PlayAll(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    for (const size_t segment : {4096, 1, 7}) Play(row, segment);
  }
}

std::string Lines(int count, absl::string_view line) {
  std::string lines;
  for (int i = 0; i < count; ++i) absl::StrAppend(&lines, line, "\r\n");
  return lines;
}

TEST(HostileServer, C01Greetings) {
  PlayAll({
      {"4xx", {"450 later\r\n", "221 bye\r\n"}, "greet: 450 later", {"", "", ""}},
      {"5xx", {"554 go away\r\n", "221 bye\r\n"}, "greet: 554 go away"},
      {"none",
       {""},
       "greet: deadline exceeded",
       {"", "", ""},
       ScriptedServer::kNever,
       absl::Minutes(5)},
      {"closed", {""}, "greet: connection closed", {"", "", ""}, 1},
      {"half a line", {"220 b"}, "greet: connection closed", {"", "", ""}, 1},
      {"a line of a megabyte",
       {"220 " + std::string(1'000'000, 'x') + "\r\n"},
       "greet: invalid reply"},
      {"lines of a megabyte",
       {Lines(20'000, "220-" + std::string(50, 'x'))},
       "greet: invalid reply"},
      {"a long line too many",
       {Lines(17, "220-" + std::string(1000, 'x')) + "220 b\r\n"},
       "greet: invalid reply"},
      {"without an end",
       {"220-b\r\n220-b\r\n"},
       "greet: deadline exceeded",
       {"", "", ""},
       ScriptedServer::kNever,
       absl::Minutes(5)},
  });
}

TEST(HostileServer, C02Hello) {
  PlayAll({
      {"EHLO deferred",
       {"220 b\r\n", "450 no\r\n", "221 bye\r\n"},
       "greet: 450 no",
       {"", "", ""},
       ScriptedServer::kNever,
       absl::ZeroDuration(),
       false,
       "QUIT"},
      {"HELO refused",
       {"220 b\r\n", "502 no\r\n", "550 not you\r\n", "221 bye\r\n"},
       "greet: 550 not you"},
      {"LHLO refused",
       {"220 b\r\n", "502 no\r\n", "221 bye\r\n"},
       "greet: 502 no",
       {"", "", ""},
       ScriptedServer::kNever,
       absl::ZeroDuration(),
       true,
       "QUIT"},
  });
}

TEST(HostileServer, C03MoreOrFewerRepliesThanCommands) {
  PlayAll({
      {"two to EHLO", {"220 b\r\n", "250 b\r\n250 b\r\n"}, "send: more replies than commands"},
      {"two to MAIL",
       {"220 b\r\n", kPipe, "250 ok\r\n250 ok\r\n"},
       "send: more replies than commands"},
      // Whose the 550 is, nobody knows: so it is nobody's.
      {"two to the first RCPT",
       {"220 b\r\n", kPipe, "250 ok\r\n", "550 x\r\n250 ok\r\n", "250 y\r\n", "250 z\r\n",
        "354 go\r\n"},
       "send: invalid reply"},
      {"all ahead",
       {"220 b\r\n", kPipe, "250 ok\r\n", "550 x\r\n250 y\r\n250 z\r\n354 go\r\n250 k\r\n"},
       "send: more replies than commands"},
      {"one to all",
       {"220 b\r\n", kPipe, "250 ok\r\n", "550 x\r\n", "", "", ""},
       "send: deadline exceeded",
       {"recipient: 550 x", "", ""},
       ScriptedServer::kNever,
       absl::Hours(1)},
      {"none to DATA",
       {"220 b\r\n", kPipe, "250 ok\r\n", "550 x\r\n", "250 y\r\n", "250 z\r\n", ""},
       "send: deadline exceeded",
       {"recipient: 550 x", "", ""},
       ScriptedServer::kNever,
       absl::Minutes(5)},
      {"354 to RCPT",
       {"220 b\r\n", "250 b\r\n", "250 ok\r\n", "354 go\r\n"},
       "send: invalid reply"},
      {"250 to DATA",
       {"220 b\r\n", kPipe, "250 ok\r\n", "250 x\r\n", "550 y\r\n", "250 z\r\n", "250 ok\r\n"},
       "send: invalid reply"},
      {"250 ahead of the message",
       {"220 b\r\n", kPipe, "250 ok\r\n", "250 x\r\n", "250 y\r\n", "250 z\r\n",
        "354 go\r\n250 done\r\n"},
       "send: more replies than commands"},
      {"one too few of LMTP",
       {"220 b\r\n", kPipe, "250 ok\r\n", "250 x\r\n", "250 y\r\n", "250 z\r\n", "354 go\r\n",
        "250 x\r\n550 y\r\n"},
       "send: deadline exceeded",
       {"message: 250 x", "message: 550 y", ""},
       ScriptedServer::kNever,
       absl::Hours(1),
       true},
  });
}

TEST(HostileServer, C04RefusedData) {
  PlayAll({
      {"for good",
       {"220 b\r\n", kPipe, "250 ok\r\n", "250 x\r\n", "550 5.1.1 y\r\n", "250 z\r\n",
        "554 5.6.0 no\r\n", "250 reset\r\n", "221 bye\r\n"},
       "",
       {"data: 554 5.6.0 no", "recipient: 550 5.1.1 y", "data: 554 5.6.0 no"},
       ScriptedServer::kNever,
       absl::ZeroDuration(),
       false,
       "QUIT"},
      {"for now",
       {"220 b\r\n", "250 b\r\n", "250 ok\r\n", "250 x\r\n", "250 y\r\n", "250 z\r\n",
        "451 later\r\n", "221 bye\r\n"},
       "",
       {"data: 451 later", "data: 451 later", "data: 451 later"},
       ScriptedServer::kNever,
       absl::ZeroDuration(),
       false,
       "QUIT"},
      {"the message",
       {"220 b\r\n", kPipe, "250 ok\r\n", "250 x\r\n", "450 y\r\n", "250 z\r\n", "354 go\r\n",
        "554 no\r\n", "221 bye\r\n"},
       "",
       {"message: 554 no", "recipient: 450 y", "message: 554 no"}},
  });
}

TEST(HostileServer, C05ClosesAtEachStep) {
  const std::vector<std::string> turns = {"220 b\r\n", kPipe,       "250 ok\r\n", "550 x\r\n",
                                          "250 y\r\n", "250 z\r\n", "354 go\r\n", "250 done\r\n"};
  for (size_t step = 1; step < turns.size(); ++step) {
    const bool asked = step > 3;  // the reply to the first RCPT has come
    Row row = {"closes",
               turns,
               step == 1 ? "greet: connection closed" : "send: connection closed",
               {asked ? "recipient: 550 x" : "", "", ""}};
    row.turns.resize(step);
    row.closes_after = step;
    // A server that closes does not read any more, which a write may notice first.
    for (const size_t segment : {4096, 1}) {
      ClientSession session(row.turns, {}, step);
      session.server.segment = segment;
      session.Recipients({"x", "y", "z"});
      session.Run();
      ASSERT_TRUE(session.done()) << step;
      EXPECT_TRUE(absl::IsUnavailable(step == 1 ? session.greeted : session.sent)) << step;
      EXPECT_EQ(session.reply(0), row.replies[0]) << step;
      EXPECT_EQ(session.reply(1), "") << step;
      EXPECT_TRUE(session.client.closing());
    }
  }
}

TEST(HostileServer, C06ClosingAtEachStep) {
  const char kBye[] = "421 4.3.2 down\r\n";
  const char kDown[] = "421 4.3.2 down";
  PlayAll({
      {"greeting", {kBye}, "greet: 421 4.3.2 down", {"", "", ""}, 1},
      {"EHLO", {"220 b\r\n", kBye}, "greet: 421 4.3.2 down", {"", "", ""}, 2},
      {"MAIL",
       {"220 b\r\n", kPipe, kBye, "221 bye\r\n"},
       "",
       {"mail: 421 4.3.2 down", "mail: 421 4.3.2 down", "mail: 421 4.3.2 down"},
       ScriptedServer::kNever,
       absl::ZeroDuration(),
       false,
       "QUIT"},
      {"the second RCPT",
       {"220 b\r\n", "250 b\r\n", "250 ok\r\n", "250 x\r\n", kBye},
       "",
       {"data: 421 4.3.2 down", "recipient: 421 4.3.2 down", "data: 421 4.3.2 down"},
       5},
      {"the second RCPT of many",
       {"220 b\r\n", kPipe, "250 ok\r\n", "550 x\r\n", kBye},
       "",
       {"recipient: 550 x", "recipient: 421 4.3.2 down", "data: 421 4.3.2 down"},
       5},
      {"DATA",
       {"220 b\r\n", kPipe, "250 ok\r\n", "250 x\r\n", "250 y\r\n", "250 z\r\n", kBye},
       "",
       {"data: 421 4.3.2 down", "data: 421 4.3.2 down", "data: 421 4.3.2 down"},
       7},
      {"after 354",
       {"220 b\r\n", kPipe, "250 ok\r\n", "250 x\r\n", "250 y\r\n", "250 z\r\n",
        absl::StrCat("354 go\r\n", kBye)},
       "",
       {"data: 421 4.3.2 down", "data: 421 4.3.2 down", "data: 421 4.3.2 down"},
       7},
      {"the message",
       {"220 b\r\n", kPipe, "250 ok\r\n", "250 x\r\n", "250 y\r\n", "250 z\r\n", "354 go\r\n",
        kBye},
       "",
       {"message: 421 4.3.2 down", "message: 421 4.3.2 down", "message: 421 4.3.2 down"},
       8},
      {"the second user of LMTP",
       {"220 b\r\n", kPipe, "250 ok\r\n", "250 x\r\n", "250 y\r\n", "250 z\r\n", "354 go\r\n",
        absl::StrCat("250 x\r\n", kBye)},
       "",
       {"message: 250 x", "message: 421 4.3.2 down", "message: 421 4.3.2 down"},
       8,
       absl::ZeroDuration(),
       true},
  });
  EXPECT_STREQ(kDown, "421 4.3.2 down");
}

TEST(HostileServer, C07RepliesThatAreNone) {
  for (const char* reply : {"25\r\n", "199 a\r\n", "600 a\r\n", "hello\r\n", "\r\n", "2x0 a\r\n",
                            "250x\r\n", "250\tok\r\n", "-250 a\r\n", "\xff\xfe\r\n", "050 a\r\n",
                            "250-a\r\n251 b\r\n", "99999999999999999999\r\n"}) {
    for (const bool pipelining : {false, true}) {
      Row row = {reply,
                 {"220 b\r\n", pipelining ? kPipe : "250 b\r\n", "250 ok\r\n", "550 x\r\n", reply,
                  "250 z\r\n", "354 go\r\n"},
                 "send: invalid reply"};
      // One by one, the first reply is beyond doubt.
      if (!pipelining) row.replies[0] = "recipient: 550 x";
      PlayAll({row});
      PlayAll({{reply, {reply}, "greet: invalid reply"},
               {reply, {"220 b\r\n", reply}, "greet: invalid reply"},
               {reply, {"220 b\r\n", "250 b\r\n", reply}, "send: invalid reply"}});
    }
  }
  // 299 is a code as good as any.
  Play({"299",
        {"220 b\r\n", "299 b\r\n", "299 ok\r\n", "550 x\r\n", "550 y\r\n", "550 z\r\n", "250 r\r\n",
         "221 bye\r\n"},
        "",
        {"recipient: 550 x", "recipient: 550 y", "recipient: 550 z"}},
       4096);
}

TEST(HostileServer, C08SaysOurCommandsBack) {
  PlayAll({{"echo", {"220 b\r\n", "EHLO a.example\r\n"}, "greet: invalid reply"}});
}

// A line every minute, without an end: the reply as a whole has a time.
TEST(HostileServer, C09DripsWithinEveryTimeout) {
  ClientSession session({"220 b\r\n", "250 b\r\n", ""});
  session.Run();
  int minutes = 0;
  for (; !session.done() && minutes < 100; ++minutes) {
    session.server.Say("250-one more line\r\n");
    session.world.Pass(absl::Minutes(1));
  }
  ASSERT_TRUE(session.done());
  EXPECT_EQ(minutes, 10);  // Timeout.mail
  EXPECT_TRUE(absl::IsDeadlineExceeded(session.sent));
}

TEST(HostileServer, C09DripsByteByByte) {
  ClientSession session({"220 b\r\n", "250 b\r\n", ""});
  session.Run();
  int minutes = 0;
  for (; !session.done() && minutes < 100; ++minutes) {
    session.server.Say("2");
    session.world.Pass(absl::Minutes(1));
  }
  EXPECT_EQ(minutes, 10);
}

TEST(HostileServer, C12MixedCodesOfLmtp) {
  PlayAll({{"mixed",
            {"220 b\r\n", kPipe, "250 ok\r\n", "250 x\r\n", "250 y\r\n", "250 z\r\n", "354 go\r\n",
             "250 2.1.5 x\r\n550-5.1.1 y\r\n550 5.1.1 y\r\n452 4.2.2 z\r\n", "221 bye\r\n"},
            "",
            {"message: 250 2.1.5 x", "message: 550-5.1.1 y", "message: 452 4.2.2 z"},
            ScriptedServer::kNever,
            absl::ZeroDuration(),
            true}});
}

TEST(HostileServer, C13EnhancedCodesThatDisagree) {
  ClientSession session(
      {"220 b\r\n", "250 b\r\n", "250 ok\r\n", "550 2.1.5 fine\r\n", "250 r\r\n", "221 bye\r\n"});
  session.Run();
  ASSERT_TRUE(session.transaction.recipients[0].reply.has_value());
  EXPECT_EQ(session.transaction.recipients[0].reply->dsn, "");
  EXPECT_TRUE(session.transaction.recipients[0].reply->permanent());
}

TEST(HostileServer, C15KeepsUsWaiting) {
  ClientSession session({"220 b\r\n", "250 b\r\n", "250 ok\r\n", ""});
  session.Run();
  session.world.Pass(absl::Minutes(59));
  EXPECT_FALSE(session.done());
  session.world.Pass(absl::Minutes(1));
  ASSERT_TRUE(session.done());
  EXPECT_EQ(session.client.stage(), ReplyStage::kRecipient);
  EXPECT_TRUE(absl::IsDeadlineExceeded(session.sent));
}

// A server that has had enough of a message says so in the middle, and reads on or does not.
TEST(HostileServer, HasEnoughOfAMessage) {
  constexpr size_t kGigabyte = size_t{1} << 30;
  for (const bool deaf : {false, true}) {
    for (const char* reply :
         {"552 5.3.4 too much\r\n", "421 4.3.2 down\r\n", "451-a\r\n451 b\r\n"}) {
      SCOPED_TRACE(absl::StrCat(reply, deaf ? "deaf" : ""));
      ClientSession session({"220 b\r\n", kPipe, "250 ok\r\n", "250 ok\r\n", "354 go\r\n"});
      session.text = std::make_unique<TestText>("", kGigabyte);
      session.server.speaks_after = 100'000;
      session.server.early = reply;
      session.server.deaf_after_early = deaf;
      session.Run();
      ASSERT_TRUE(session.done());
      EXPECT_TRUE(session.sent.ok()) << session.sent;
      EXPECT_EQ(
          session.reply(0),
          absl::StrCat("message: ", std::vector<std::string>(absl::StrSplit(reply, "\r\n"))[0]));
      EXPECT_TRUE(session.client.closing());
      EXPECT_LT(session.text->read, 300'000);
      EXPECT_EQ(session.server.commands.back(), "DATA");  // no QUIT in the middle of text
    }
  }
}

TEST(HostileServer, TakesNoMessageBeforeItsEnd) {
  ClientSession session({"220 b\r\n", kPipe, "250 ok\r\n", "250 ok\r\n", "354 go\r\n"});
  session.text = std::make_unique<TestText>("", 10'000'000);
  session.server.speaks_after = 100'000;
  session.server.early = "250 done\r\n";
  session.Run();
  EXPECT_EQ(session.reply(0), "");
  EXPECT_EQ(session.sent.message(), "reply before the end of the message");
}

TEST(HostileServer, NeverReadsTheMessage) {
  ClientSession session({"220 b\r\n", kPipe, "250 ok\r\n", "250 ok\r\n", "354 go\r\n"});
  session.text = std::make_unique<TestText>("", 10'000'000);
  session.server.speaks_after = 100'000;
  session.server.deaf_after_early = true;
  session.Run();
  EXPECT_FALSE(session.done());
  session.world.Pass(absl::Hours(1));  // Timeout.datablock
  ASSERT_TRUE(session.done());
  EXPECT_TRUE(absl::IsDeadlineExceeded(session.sent)) << session.sent;
}

TEST(HostileServer, ClosesInTheMiddleOfAMessage) {
  ClientSession session({"220 b\r\n", kPipe, "250 ok\r\n", "250 ok\r\n", "354 go\r\n"});
  session.text = std::make_unique<TestText>("", 10'000'000);
  session.server.speaks_after = 100'000;
  session.server.deaf_after_early = true;
  session.Run();
  session.server.Close();
  session.world.Pass(absl::ZeroDuration());
  ASSERT_TRUE(session.done());
  EXPECT_TRUE(absl::IsUnavailable(session.sent)) << session.sent;
  EXPECT_EQ(session.reply(0), "");
}

TEST(HostileServer, ATextThatCannotBeReadEndsTheSessionWithoutADot) {
  ClientSession session({"220 b\r\n", kPipe, "250 ok\r\n", "250 ok\r\n", "354 go\r\n"});
  session.text->error = absl::DataLossError("disk");
  session.Run();
  ASSERT_TRUE(session.done());
  EXPECT_EQ(session.sent.message(), "disk");
  EXPECT_EQ(session.server.text, "");
  EXPECT_EQ(session.server.commands.back(), "DATA");
}

TEST(HostileServer, ShowsNothingThatATerminalWouldObey) {
  ClientSession session({"220 b\x1b[2J\x07\r\n", "554 \xff\r\n", "554 x\r\n", "221 bye\r\n"});
  session.Run();
  EXPECT_EQ(
      session.dialogue.text,
      "220 b?[2J?\n>>> EHLO a.example\n554 ?\n>>> HELO a.example\n554 x\n>>> QUIT\n221 bye\n");
}

}  // namespace
}  // namespace stagepost
