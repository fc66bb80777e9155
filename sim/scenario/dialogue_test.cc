#include "sim/scenario/dialogue.h"

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "mta/async/deadline.h"
#include "sim/scenario/scenario_test_util.h"

namespace stagepost {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kHosts[] = R"(
  host { name: "server" address: "192.0.2.1" }
  host { name: "client" address: "192.0.2.2" })";

// What a scripted server does: says each text, having read a line before each but the first.
struct Script {
  std::vector<std::string> says;
  enum class End { kClose, kReset, kSilence } end = End::kClose;
};

Task<int> Serve(Environment& env, Script script, std::string& heard) {
  auto listener = env.network().Listen({.address = {IpAddress(), 25}});
  if (!listener.ok()) co_return 1;
  auto accepted = co_await (*listener)->Accept();
  if (!accepted.ok()) co_return 2;
  const std::unique_ptr<Connection> connection = *std::move(accepted);
  for (size_t i = 0; i < script.says.size(); ++i) {
    for (const size_t before = heard.size(); i > 0 && heard.find('\n', before) == heard.npos;) {
      std::array<char, 1> buffer;
      const auto n = co_await connection->Read(absl::MakeSpan(buffer));
      if (!n.ok() || *n == 0) co_return 3;
      heard.push_back(buffer[0]);
    }
    if (!(co_await WriteAll(*connection, script.says[i])).ok()) co_return 4;
  }
  if (script.end == Script::End::kReset) connection->Reset();
  if (script.end == Script::End::kSilence) (void)co_await Sleep(absl::Hours(24));
  co_return 0;
}

class DialogueTest : public testing::Test {
 protected:
  // The failures, as "TURN: what".
  std::vector<std::string> Play(Script script, absl::string_view dialogue) {
    ScenarioWorld scene(
        kHosts, absl::StrCat(R"(step { smtp { from: "client" to: "server" )", dialogue, " } }"));
    if (!script.says.empty()) {
      Start(scene.host("server"), &Serve, std::move(script), std::ref(heard));
      scene.world.RunUntil([] { return false; }, MonotonicTime() + absl::Seconds(1));
    }
    PatternCache patterns;
    result = {};
    Start(scene.host("client"), &PlayDialogue, std::cref(scene.loaded.scenario.step(0).smtp()),
          DialogueRoute{std::nullopt, {*IpAddress::Parse("192.0.2.1"), 25}}, std::ref(patterns),
          std::ref(result));
    scene.world.RunUntil([&] { return result.done; }, MonotonicTime() + absl::Hours(2));
    EXPECT_TRUE(result.done);
    std::vector<std::string> failures;
    for (const DialogueFailure& failure : result.failures) {
      failures.push_back(absl::StrCat(failure.turn, ": ", failure.what));
    }
    return failures;
  }
  template <class F, class... Args>
  void Start(SimHost& host, F f, Args... args) {
    SimProcess& process = host.Spawn(ProcessSpec(), nullptr);
    process.StartTask(std::move(f), std::ref(process.environment()), std::move(args)...);
  }

  std::string heard;
  DialogueResult result;
};

TEST_F(DialogueTest, ATurnAfterTheOther) {
  EXPECT_THAT(Play({{"220 hi\r\n", "250-a\r\n250-b\r\n250 c\r\n", "221 bye\r\n"}},
                   R"x(turn { say: "EHLO x" expect: "250-a\n250-b\n250 c" }
                      turn { pause: "5s" raw: "QUIT\r\n" expect: "221" }
                      turn { expect: "\\(closed\\)" })x"),
              IsEmpty());
  EXPECT_EQ(heard, "EHLO x\r\nQUIT\r\n");
  EXPECT_THAT(result.replies, ElementsAre("220 hi", "250-a\n250-b\n250 c", "221 bye"));
}

TEST_F(DialogueTest, SeveralRepliesInOneTurn) {
  EXPECT_THAT(Play({{"220 hi\r\n", "250 a\r\n250 b\r\n"}},
                   R"(turn { say: "ONE" say: "TWO" expect: "250 a" expect: "250 b" })"),
              IsEmpty());
}

TEST_F(DialogueTest, AnotherReplyThanExpected) {
  EXPECT_THAT(Play({{"220 hi\r\n", "550 no\r\n"}},
                   R"(turn { say: "EHLO x" expect: "250" } turn { say: "NOOP" expect: "250" })"),
              ElementsAre("0: expected a reply that begins with 250, got \"550 no\""));
}

TEST_F(DialogueTest, AnotherGreeting) {
  EXPECT_THAT(Play({{"554 no\r\n"}}, R"(turn { say: "EHLO x" expect: "250" })"),
              ElementsAre("-1: expected a reply that begins with 220, got \"554 no\""));
  EXPECT_THAT(Play({{"554 no\r\n"}}, R"(greeting: "554")"), IsEmpty());
}

TEST_F(DialogueTest, WhatStandsForAReply) {
  constexpr char kTurn[] = R"(turn { say: "NOOP" expect: "250" within: "1m" })";
  Script script{{"220 hi\r\n", "25"}};
  EXPECT_THAT(Play(script, kTurn), ElementsAre(HasSubstr("got \"(closed)\"")));
  script.end = Script::End::kReset;
  EXPECT_THAT(Play(script, kTurn), ElementsAre(HasSubstr("got \"(reset)\"")));
  script.end = Script::End::kSilence;
  EXPECT_THAT(Play(script, kTurn), ElementsAre(HasSubstr("got \"(timeout)\"")));
  EXPECT_THAT(Play(script, R"x(turn { say: "NOOP" expect: "\\(timeout\\)" within: "1m" })x"),
              IsEmpty());
}

TEST_F(DialogueTest, ADialogueThatMayBreak) {
  constexpr char kTurns[] = R"(may_break: true turn { say: "NOOP" expect: "250" within: "1m" }
                               turn { say: "QUIT" expect: "221" })";
  EXPECT_THAT(Play({{"220 hi\r\n", "25"}}, kTurns), IsEmpty());
  EXPECT_THAT(Play({{"220 hi\r\n", "25"}, Script::End::kReset}, kTurns), IsEmpty());
  EXPECT_THAT(Play({}, kTurns), IsEmpty());
  EXPECT_THAT(Play({{"220 hi\r\n", "550 no\r\n"}}, kTurns), ElementsAre(HasSubstr("550 no")));
}

TEST_F(DialogueTest, AReplyThatComesTooSoon) {
  EXPECT_THAT(Play({{"220 hi\r\n", "250 ok\r\n"}},
                   R"(turn { say: "NOOP" expect: "250" not_before: "1s" })"),
              ElementsAre(HasSubstr("expected no sooner than after 1s")));
  EXPECT_THAT(Play({{"220 hi\r\n"}}, R"(greeting_not_before: "5s")"),
              ElementsAre(HasSubstr("-1: \"220 hi\" came after")));
}

TEST_F(DialogueTest, ATurnPlayedSeveralTimes) {
  EXPECT_THAT(Play({{"220 hi\r\n", "250 a\r\n", "250 b\r\n", "550 c\r\n"}},
                   R"(turn { repeat: 4 say: "RCPT {n} of {n}" expect: "250" })"),
              ElementsAre("0: expected a reply that begins with 250, got \"550 c\""));
  EXPECT_EQ(heard, "RCPT 1 of 1\r\nRCPT 2 of 2\r\nRCPT 3 of 3\r\n");
}

TEST_F(DialogueTest, TalkingFirst) {
  EXPECT_THAT(Play({{"554 no\r\n", "250 ok\r\n"}},
                   R"(talks_first: true turn { say: "EHLO x" expect: "554" expect: "250" })"),
              IsEmpty());
}

TEST_F(DialogueTest, Refused) {
  EXPECT_THAT(Play({}, "refused: true"), IsEmpty());
  EXPECT_THAT(Play({}, ""), ElementsAre(HasSubstr("Connection refused")));
  EXPECT_THAT(Play({{"220 hi\r\n"}}, "refused: true"),
              ElementsAre("-1: connected to 192.0.2.1:25, which should be refused"));
}

}  // namespace
}  // namespace stagepost
