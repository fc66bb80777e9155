#include "mta/smtp/server_reply.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace stagepost {
namespace {

using State = ServerReplyParser::State;

TEST(ServerReply, TakesOneLine) {
  ServerReplyParser parser;
  ASSERT_EQ(parser.Take("250 2.1.5 alice Ok"), State::kDone);
  EXPECT_EQ(parser.reply().code, 250);
  EXPECT_EQ(parser.reply().dsn, "2.1.5");
  EXPECT_EQ(parser.reply().text, "250 2.1.5 alice Ok");
  EXPECT_TRUE(parser.reply().positive());
}

TEST(ServerReply, TakesSeveralLines) {
  ServerReplyParser parser;
  EXPECT_EQ(parser.Take("250-mx1.corp.example"), State::kMore);
  EXPECT_EQ(parser.Take("250-8BITMIME"), State::kMore);
  EXPECT_EQ(parser.Take("250 PIPELINING"), State::kDone);
  EXPECT_EQ(parser.reply().text, "250-mx1.corp.example");
  EXPECT_EQ(parser.reply().more, (std::vector<std::string>{"8BITMIME", "PIPELINING"}));
  EXPECT_EQ(parser.reply().dsn, "");
}

TEST(ServerReply, RefusesNonsense) {
  for (const char* line : {"", "25", "abc", "250x", "199 no", "600 no",
                           "\xb2"
                           "50 x",
                           "-250 x"}) {
    EXPECT_EQ(ServerReplyParser().Take(line), State::kInvalid) << line;
  }
  ServerReplyParser parser;
  EXPECT_EQ(parser.Take("250-a"), State::kMore);
  EXPECT_EQ(parser.Take("251 b"), State::kInvalid);
}

TEST(ServerReply, HasALimit) {
  ServerReplyParser parser;
  for (int i = 0; i < kMaxReplyLines; ++i) EXPECT_EQ(parser.Take("250-x"), State::kMore);
  EXPECT_EQ(parser.Take("250 x"), State::kInvalid);
}

TEST(ServerReply, TakesEnhancedCodesOfItsClassOnly) {
  const auto dsn = [](absl::string_view line) {
    ServerReplyParser parser;
    EXPECT_EQ(parser.Take(line), State::kDone);
    return parser.reply().dsn;
  };
  EXPECT_EQ(dsn("451 4.3.0"), "4.3.0");
  EXPECT_EQ(dsn("550 5.1.100 x"), "5.1.100");
  EXPECT_EQ(dsn("550 2.1.5 x"), "");
  EXPECT_EQ(dsn("550 5.1 x"), "");
  EXPECT_EQ(dsn("550 5..1 x"), "");
  EXPECT_EQ(dsn("550 5.1. x"), "");
  EXPECT_EQ(dsn("550 5.1.a x"), "");
  EXPECT_EQ(dsn("550"), "");
}

TEST(ServerReply, ShowsNothingThatCouldForgeALine) {
  ServerReplyParser parser;
  ASSERT_EQ(parser.Take("550 5.1.1 a\rb\x1b[1m\xe9"), State::kDone);
  EXPECT_EQ(parser.reply().text, "550 5.1.1 a?b?[1m?");
}

}  // namespace
}  // namespace stagepost
