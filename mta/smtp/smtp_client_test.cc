#include "mta/smtp/smtp_client.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "mta/smtp/testing/client_session.h"

namespace stagepost {
namespace {

const char kPipelining[] = "250-b.example Hello\r\n250-PIPELINING\r\n250 SIZE 1000\r\n";

TEST(SmtpClient, SpeaksAsSendmailDoes) {
  ClientSession session({"220 b.example ESMTP test\r\n", kPipelining, "250 2.0.0 ok\r\n",
                         "250 2.1.5 ok\r\n", "354 go ahead\r\n", "250 2.0.0 accepted\r\n",
                         "221 2.0.0 bye\r\n"});
  session.transaction.parameters = " SIZE=20";
  session.transaction.recipients[0].parameters = " NOTIFY=NEVER";
  session.Run();
  ASSERT_TRUE(session.done());
  EXPECT_TRUE(session.sent.ok()) << session.sent;
  EXPECT_EQ(session.dialogue.text,
            "220 b.example ESMTP test\n"
            ">>> EHLO a.example\n"
            "250-b.example Hello\n250-PIPELINING\n250 SIZE 1000\n"
            ">>> MAIL From:<alice@a.example> SIZE=20\n"
            "250 2.0.0 ok\n"
            ">>> RCPT To:<bob@b.example> NOTIFY=NEVER\n"
            ">>> DATA\n"
            "250 2.1.5 ok\n354 go ahead\n"
            ">>> .\n"
            "250 2.0.0 accepted\n"
            ">>> QUIT\n"
            "221 2.0.0 bye\n");
  EXPECT_EQ(session.server.text, "Subject: x\r\n\r\nHello.\r\n.\r\n");
  EXPECT_EQ(session.reply(0), "message: 250 2.0.0 accepted");
  EXPECT_EQ(session.server.writes, 5);  // EHLO, MAIL, RCPT and DATA, text, QUIT
  EXPECT_FALSE(session.client.needs_reset());
}

TEST(SmtpClient, AsksOneByOneWithoutPipelining) {
  ClientSession session({"220 b\r\n", "250 b\r\n", "250 ok\r\n", "550 5.1.1 who\r\n", "250 ok\r\n",
                         "354 go\r\n", "250 done\r\n", "221 bye\r\n"});
  session.Recipients({"x", "y"});
  session.Run();
  EXPECT_TRUE(session.sent.ok()) << session.sent;
  EXPECT_EQ(session.reply(0), "recipient: 550 5.1.1 who");
  EXPECT_EQ(session.reply(1), "message: 250 done");
  EXPECT_EQ(session.server.commands,
            (std::vector<std::string>{"EHLO a.example", "MAIL From:<alice@a.example>",
                                      "RCPT To:<x>", "RCPT To:<y>", "DATA", "QUIT"}));
}

TEST(SmtpClient, LeavesDataOutWhereAllAreRefused) {
  ClientSession session({"220 b\r\n", "250 b\r\n", "250 ok\r\n", "550 no\r\n", "450 not now\r\n",
                         "250 reset\r\n", "221 bye\r\n"});
  session.Recipients({"x", "y"});
  session.Run();
  EXPECT_TRUE(session.sent.ok()) << session.sent;
  EXPECT_FALSE(session.client.needs_reset());
  EXPECT_EQ(session.server.commands[4], "RSET");
  EXPECT_EQ(session.reply(0), "recipient: 550 no");
  EXPECT_EQ(session.reply(1), "recipient: 450 not now");
  EXPECT_EQ(session.server.commands.back(), "QUIT");
}

TEST(SmtpClient, EndsAnEmptyMessageThatIsAskedFor) {
  ClientSession session({"220 b\r\n", kPipelining, "250 ok\r\n",
                         "550-first\r\n550 5.7.1 second\r\n", "354 go\r\n", "250 accepted\r\n",
                         "221 bye\r\n"});
  session.Run();
  EXPECT_TRUE(session.sent.ok()) << session.sent;
  EXPECT_EQ(session.server.text, ".\r\n");
  EXPECT_EQ(session.reply(0), "recipient: 550-first");
  EXPECT_FALSE(session.client.needs_reset());
  EXPECT_EQ(session.server.commands.back(), "QUIT");
}

TEST(SmtpClient, TakesNoForAnAnswerToMail) {
  ClientSession session({"220 b\r\n", kPipelining, "553 5.1.8 not liked\r\n", "221 bye\r\n"});
  session.Recipients({"x", "y"});
  session.Run();
  EXPECT_TRUE(session.sent.ok());
  EXPECT_EQ(session.reply(0), "mail: 553 5.1.8 not liked");
  EXPECT_EQ(session.reply(1), "mail: 553 5.1.8 not liked");
  EXPECT_FALSE(session.client.needs_reset());
}

TEST(SmtpClient, SaysHeloWhereEhloIsRefusedForGood) {
  ClientSession session({"220 b\r\n", "502 what\r\n", "250-b\r\n250 PIPELINING\r\n", "250 ok\r\n",
                         "250 ok\r\n", "354 go\r\n", "250 done\r\n", "221 bye\r\n"});
  session.Run();
  EXPECT_TRUE(session.sent.ok());
  EXPECT_FALSE(session.client.Offers("PIPELINING"));
  EXPECT_EQ(session.server.commands[1], "HELO a.example");
}

TEST(SmtpClient, SaysHeloToWhomOnlyTheGreetingCouldTellOtherwise) {
  for (const auto& [greeting, hello] : std::vector<std::pair<std::string, std::string>>{
           {"220 b Sendmail\r\n", "HELO a.example"}, {"220 b esmtp\r\n", "EHLO a.example"}}) {
    ClientSession session({greeting, "250 b\r\n", "451 no\r\n"}, {.esmtp = false});
    session.Run();
    EXPECT_EQ(session.server.commands[0], hello);
  }
}

TEST(SmtpClient, KnowsWhatIsOffered) {
  ClientSession session({"220 b\r\n",
                         "250-b\r\n250-SIZE 1000\r\n250-8bitmime\r\n250-AUTH=LOGIN\r\n"
                         "250 SIZEMORE 2\r\n",
                         "451 no\r\n"});
  session.Run();
  EXPECT_EQ(session.client.Offer("SIZE"), "1000");
  EXPECT_EQ(session.client.Offer("8BITMIME"), "");
  EXPECT_EQ(session.client.Offer("AUTH"), "LOGIN");
  EXPECT_FALSE(session.client.Offers("b"));
  EXPECT_FALSE(session.client.Offers("DSN"));
  EXPECT_EQ(session.client.hello().text, "250-b");
}

TEST(SmtpClient, GivesEachUserItsOwnReplyOfLmtp) {
  ClientSession session(
      {"220 b LMTP\r\n", kPipelining, "250 2.5.0 Ok\r\n", "250 2.1.5 Ok\r\n", "550 5.1.1 who\r\n",
       "250 2.1.5 Ok\r\n", "354 go\r\n", "250 2.1.5 x Ok\r\n452 4.2.2 z full\r\n", "221 bye\r\n"},
      {.lmtp = true});
  session.transaction.sender = "";
  session.Recipients({"x", "y", "z"});
  session.Run();
  EXPECT_TRUE(session.sent.ok()) << session.sent;
  EXPECT_EQ(session.server.commands[0], "LHLO a.example");
  EXPECT_EQ(session.server.commands[1], "MAIL From:<>");
  EXPECT_EQ(session.reply(0), "message: 250 2.1.5 x Ok");
  EXPECT_EQ(session.reply(1), "recipient: 550 5.1.1 who");
  EXPECT_EQ(session.reply(2), "message: 452 4.2.2 z full");
}

TEST(SmtpClient, TellsRemarksToTheDialogueOnly) {
  ClientSession session({"220 b\r\n", "250 b\r\n", "250 2.0.0 Verbose mode\r\n", "250 ok\r\n",
                         "250 ok\r\n", "354 go\r\n",
                         "050 bob... Connecting to local...\r\n050 >>> QUIT\r\n250 done\r\n"});
  struct Verbose {
    static Task<int> Talk(ClientSession& session) {
      EXPECT_TRUE((co_await session.client.Greet("a.example")).ok());
      EXPECT_TRUE((co_await session.client.SetVerbose()).ok());
      session.sent = co_await session.client.Send(session.transaction, *session.text);
      co_return 0;
    }
  };
  session.world.Run(&Verbose::Talk, std::ref(session));
  EXPECT_TRUE(session.sent.ok()) << session.sent;
  EXPECT_EQ(session.reply(0), "message: 250 done");
  EXPECT_NE(session.dialogue.text.find("050 bob... Connecting to local...\n"), std::string::npos);
}

TEST(SmtpClient, SendsAsManyTransactionsAsOneLikes) {
  ClientSession session({"220 b\r\n", kPipelining, "250 ok\r\n", "250 ok\r\n", "354 go\r\n",
                         "250 one\r\n", "250 reset\r\n", "250 ok\r\n", "250 ok\r\n", "354 go\r\n",
                         "250 two\r\n", "221 bye\r\n"});
  struct Twice {
    static Task<int> Talk(ClientSession& session) {
      EXPECT_TRUE((co_await session.client.Greet("a.example")).ok());
      EXPECT_TRUE((co_await session.client.Send(session.transaction, *session.text)).ok());
      EXPECT_TRUE((co_await session.client.Reset()).ok());
      session.Recipients({"other@b.example"});
      EXPECT_TRUE((co_await session.client.Send(session.transaction, *session.text)).ok());
      EXPECT_TRUE((co_await session.client.Quit()).ok());
      co_return 0;
    }
  };
  const auto done = session.world.Run(&Twice::Talk, std::ref(session));
  EXPECT_TRUE(done->has_value());
  EXPECT_EQ(session.reply(0), "message: 250 two");
}

// Windows of a few bytes in both directions: every write waits for the server, which does not read
// while its own replies are not read.
TEST(SmtpClient, NeverFillsBothWindows) {
  constexpr int kRecipients = 3000;
  std::vector<std::string> turns = {"220 b\r\n", kPipelining, "250 ok\r\n"};
  std::vector<std::string> paths;
  for (int i = 0; i < kRecipients; ++i) {
    turns.push_back(absl::StrCat(i % 3 == 0 ? 550 : 250, "-a reply of ", i, "\r\n",
                                 i % 3 == 0 ? 550 : 250, " some length\r\n"));
    paths.push_back(absl::StrCat("recipient", i, "@b.example"));
  }
  turns.insert(turns.end(), {"354 go\r\n", "250 done\r\n", "221 bye\r\n"});
  for (const size_t window : {7u, 100u, 5000u}) {
    ClientSession session(turns);
    session.Recipients(paths);
    session.server.window = window;
    session.server.segment = window;
    session.Run();
    ASSERT_TRUE(session.done()) << window;
    EXPECT_TRUE(session.sent.ok()) << session.sent;
    for (int i = 0; i < kRecipients; ++i) {
      ASSERT_EQ(session.reply(i),
                i % 3 == 0 ? absl::StrCat("recipient: 550-a reply of ", i) : "message: 250 done");
    }
  }
}

TEST(SmtpClient, WritesTextInBlocks) {
  constexpr size_t kSize = 1'000'000;
  for (const size_t window : {ScriptedServer::kNever, size_t{1000}}) {
    ClientSession session({"220 b\r\n", kPipelining, "250 ok\r\n", "250 ok\r\n", "354 go\r\n",
                           "250 done\r\n", "221 bye\r\n"});
    session.server.window = window;
    session.text = std::make_unique<TestText>("", kSize);
    session.Run();
    EXPECT_EQ(session.reply(0), "message: 250 done");
    EXPECT_EQ(session.server.text.size(), kSize + kSize / 64 + 3);
    if (window == ScriptedServer::kNever) {
      EXPECT_LE(session.server.writes, 70);
    }
  }
}

}  // namespace
}  // namespace stagepost
