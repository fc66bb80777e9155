// Next hops that do otherwise than usual, each in its way.
#include <array>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "mta/async/deadline.h"
#include "sim/peer/sink.h"
#include "sim/scenario/scenario.pb.h"
#include "sim/world/world_test_util.h"

namespace stagepost {
namespace {

// Sends each line when something has come that ends in a line end, and collects what comes, till
// the connection ends or nothing has come for as long as `patience`.
Task<int> Converse(Environment& env, std::vector<std::string> lines, absl::Duration patience,
                   std::string& heard) {
  auto connection =
      co_await env.network().Connect({*IpAddress::Parse("192.0.2.1"), 25}, std::nullopt);
  if (!connection.ok()) co_return 1;
  for (size_t next = 0;;) {
    std::array<char, 4096> buffer;
    const auto n = co_await WithDeadline(env.clock().MonotonicNow() + patience,
                                         (*connection)->Read(absl::MakeSpan(buffer)));
    if (n.ok() && *n > 0) heard.append(buffer.data(), *n);
    if (n.ok() && *n == 0) {
      heard += "(closed)";
      co_return 0;
    }
    if (!n.ok() && !absl::IsDeadlineExceeded(n.status())) {
      heard += "(reset)";
      co_return 0;
    }
    if (n.ok() && !absl::EndsWith(heard, "\r\n")) continue;
    if (!n.ok()) {
      heard += "(silence)";
      co_return 0;
    }
    if (next == lines.size()) continue;
    if (!(co_await WriteAll(**connection, lines[next++] + "\r\n")).ok()) co_return 2;
  }
}

class SinkAnswersTest : public testing::Test {
 protected:
  void Start(absl::string_view script) {
    scenario::Sink sink;
    ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(
        absl::StrCat("domain: \"s.example\" ", script), &sink));
    ASSERT_TRUE(test.a.editor().MakeDirectories(kSinkDirectory).ok());
    ASSERT_TRUE(test.a.editor().WriteFile("/etc/sink", sink.SerializeAsString()).ok());
    test.Run(test.a, &SinkMain, Arguments{"sink", "-c", "/etc/sink"});
    test.RunFor(absl::Seconds(1));
  }
  std::string Converse(std::vector<std::string> lines, absl::Duration patience = absl::Minutes(1)) {
    std::string heard;
    const TestProgram& client =
        test.Run(test.b, &stagepost::Converse, std::move(lines), patience, std::ref(heard));
    EXPECT_TRUE(test.RunToEnd(client, absl::Hours(4)));
    EXPECT_EQ(client.exit->code, 0);
    return heard;
  }
  std::string File(absl::string_view name) {
    return test.a.editor().ReadFile(absl::StrCat(kSinkDirectory, "/", name)).value_or("(none)");
  }
  static std::vector<std::string> Mail(const std::vector<std::string>& recipients,
                                       const std::string& hello = "EHLO b") {
    std::vector<std::string> lines = {hello, "MAIL FROM:<a@b>"};
    for (const std::string& recipient : recipients) {
      lines.push_back(absl::StrCat("RCPT TO:<", recipient, "@s.example>"));
    }
    lines.insert(lines.end(), {"DATA", "text\r\n.", "QUIT"});
    return lines;
  }

  TestWorld test{1};
};

TEST_F(SinkAnswersTest, OffersWhatItIsTold) {
  Start(R"(offers: "SIZE 1000" offers: "DSN")");
  EXPECT_EQ(Converse({"EHLO b", "QUIT"}),
            "220 a ESMTP sink\r\n250-a\r\n250-SIZE 1000\r\n250 DSN\r\n221 2.0.0 bye\r\n(closed)");
}

TEST_F(SinkAnswersTest, RefusesEhloAndOffersNothing) {
  Start(R"(offers_nothing: true answer { to: EHLO times: 1 reply: "502 5.5.1 never heard" })");
  EXPECT_EQ(Converse({"EHLO b", "HELO b", "EHLO b", "QUIT"}),
            "220 a ESMTP sink\r\n502 5.5.1 never heard\r\n250 a\r\n250 a\r\n"
            "221 2.0.0 bye\r\n(closed)");
}

TEST_F(SinkAnswersTest, GreetsLateAndInSeveralLines) {
  Start(R"(answer { to: GREETING delay: "30s" reply: "220-wait" reply: "220 now" })");
  EXPECT_EQ(Converse({"QUIT"}), "220-wait\r\n220 now\r\n221 2.0.0 bye\r\n(closed)");
  EXPECT_EQ(Converse({}, absl::Seconds(20)), "(silence)");
}

TEST_F(SinkAnswersTest, AnswersRecipientsOneByOne) {
  Start(R"(answer { to: RCPT matches: "(?i)rcpt to:<x" reply: "550 5.1.1 no x" }
           answer { to: RCPT matches: "(?i)rcpt to:<y" times: 1 reply: "451 4.7.1 later" }
           answer { to: RCPT matches: ".*else" reply: "251 2.1.5 all right" })");
  EXPECT_TRUE(absl::StrContains(Converse(Mail({"x", "y", "y", "z"})),
                                "550 5.1.1 no x\r\n451 4.7.1 later\r\n250 2.1.5 ok\r\n250 2.1.5"));
  EXPECT_EQ(File("000001"),
            "MAIL FROM:<a@b>\nRCPT TO:<y@s.example>\nRCPT TO:<z@s.example>\n\ntext\r\n");
}

TEST_F(SinkAnswersTest, GreylistsEachLineByItself) {
  Start(R"(answer { to: RCPT younger_than: "5m" reply: "451 4.7.1 greylisted" })");
  const std::string later = "451 4.7.1 greylisted\r\n503";
  EXPECT_TRUE(absl::StrContains(Converse(Mail({"x"})), later));
  test.RunFor(absl::Minutes(4));
  EXPECT_TRUE(absl::StrContains(Converse(Mail({"x"})), later));
  EXPECT_TRUE(absl::StrContains(Converse(Mail({"y"})), later));
  test.RunFor(absl::Minutes(2));
  EXPECT_TRUE(absl::StrContains(Converse(Mail({"x"})), "250 2.0.0 ok"));
  EXPECT_TRUE(absl::StrContains(Converse(Mail({"y"})), later));
}

TEST_F(SinkAnswersTest, CountsFromATimeOn) {
  Start(R"(answer { to: MAIL from_time: 2 times: 2 reply: "452 4.3.1 full" })");
  EXPECT_EQ(Converse({"HELO b", "MAIL FROM:<1>", "MAIL FROM:<2>", "MAIL FROM:<3>", "MAIL FROM:<4>",
                      "QUIT"}),
            "220 a ESMTP sink\r\n250 a\r\n250 2.1.0 ok\r\n452 4.3.1 full\r\n452 4.3.1 full\r\n"
            "250 2.1.0 ok\r\n221 2.0.0 bye\r\n(closed)");
}

TEST_F(SinkAnswersTest, KeepsAMessageWithoutSayingSo) {
  Start(R"(answer { to: MESSAGE times: 1 keep: true then: RESET }
           answer { to: MESSAGE times: 1 then: CLOSE }
           answer { to: MESSAGE times: 1 keep: false reply: "250 2.0.0 sure" })");
  EXPECT_TRUE(absl::EndsWith(Converse(Mail({"x"})), "354 go ahead\r\n(reset)"));
  EXPECT_TRUE(absl::StrContains(File("000001"), "RCPT TO:<x@s.example>"));
  EXPECT_TRUE(absl::EndsWith(Converse(Mail({"x"})), "354 go ahead\r\n(closed)"));
  EXPECT_TRUE(absl::StrContains(Converse(Mail({"x"})), "250 2.0.0 sure"));
  EXPECT_EQ(File("000002"), "(none)");
}

TEST_F(SinkAnswersTest, FallsSilentAndStopsReading) {
  Start(R"(answer { to: DATA times: 1 then: FALL_SILENT }
           answer { to: MAIL from_time: 2 then: STOP_READING })");
  EXPECT_TRUE(absl::EndsWith(Converse(Mail({"x"})), "250 2.1.5 ok\r\n(silence)"));
  EXPECT_TRUE(absl::EndsWith(Converse(Mail({"x"})), "8BITMIME\r\n(silence)"));
  EXPECT_TRUE(absl::EndsWith(Converse(Mail({"x"}), absl::Hours(3)), "8BITMIME\r\n(reset)"));
}

TEST_F(SinkAnswersTest, SaysAnythingAtAll) {
  Start(R"(answer { to: MAIL raw: "250 ok\r\n250 twice\r\n" }
           answer { to: RSET reply: "999 what" reply: "abc" }
           answer { to: OTHER drip: "10s" reply: "2" })");
  EXPECT_EQ(Converse({"MAIL FROM:<>", "RSET", "NOOP", "QUIT"}),
            "220 a ESMTP sink\r\n250 ok\r\n250 twice\r\n999 what\r\nabc\r\n2\r\n"
            "221 2.0.0 bye\r\n(closed)");
}

TEST_F(SinkAnswersTest, ALineWithoutAnEnd) {
  Start(R"(answer { to: EHLO endless: true then: CLOSE })");
  const std::string heard = Converse({"EHLO b"});
  EXPECT_EQ(heard.size(), std::string("220 a ESMTP sink\r\n").size() + (64 << 20) + 8);
  EXPECT_TRUE(absl::EndsWith(heard, "xxx(closed)"));
}

TEST_F(SinkAnswersTest, SpeaksLmtp) {
  Start(R"(lmtp: true answer { to: MESSAGE matches: ".*<y@" reply: "452 4.2.2 full" })");
  EXPECT_EQ(Converse(Mail({"x", "y", "z"}, "LHLO b")),
            "220 a ESMTP sink\r\n250-a\r\n250-PIPELINING\r\n250 8BITMIME\r\n250 2.1.0 ok\r\n"
            "250 2.1.5 ok\r\n250 2.1.5 ok\r\n250 2.1.5 ok\r\n354 go ahead\r\n"
            "250 2.0.0 ok\r\n452 4.2.2 full\r\n250 2.0.0 ok\r\n221 2.0.0 bye\r\n(closed)");
  EXPECT_EQ(File("000001"),
            "MAIL FROM:<a@b>\nRCPT TO:<x@s.example>\nRCPT TO:<z@s.example>\n\ntext\r\n");
  EXPECT_TRUE(absl::StrContains(Converse({"EHLO b", "HELO b", "QUIT"}), "500 5.5.1 what?\r\n500"));
}

TEST_F(SinkAnswersTest, TellsWhatItHears) {
  Start("");
  struct Watcher : TraceObserver {
    void OnEvent(const TraceEvent& event) override {
      if (event.event.kind == EventKind::kSmtpCommand) seen.emplace_back(event.event.detail);
      if (event.event.kind == EventKind::kEnvelopeAccepted) {
        seen.push_back(absl::StrCat(event.event.subject, " from ", event.event.detail));
      }
      if (event.event.kind == EventKind::kRecipientAccepted) {
        seen.push_back(absl::StrCat(event.event.subject, " for ", event.event.detail));
      }
    }
    std::vector<std::string> seen;
  } watcher;
  test.world.core().trace.AddObserver(&watcher);
  (void)Converse(Mail({"x"}));
  test.world.core().trace.RemoveObserver(&watcher);
  EXPECT_EQ(watcher.seen,
            (std::vector<std::string>{"EHLO b", "MAIL FROM:<a@b>", "RCPT TO:<x@s.example>", "DATA",
                                      "000001 from a@b", "000001 for x@s.example", "QUIT"}));
}

}  // namespace
}  // namespace stagepost
