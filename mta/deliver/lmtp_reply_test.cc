#include "mta/deliver/lmtp_reply.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "mta/deliver/line_ends.h"

namespace stagepost {
namespace {

using State = LmtpReplyParser::State;

TEST(LmtpReply, TakesOneLine) {
  LmtpReplyParser parser;
  ASSERT_EQ(parser.Take("250 2.1.5 alice Ok"), State::kDone);
  EXPECT_EQ(parser.reply().code, 250);
  EXPECT_EQ(parser.reply().dsn, "2.1.5");
  EXPECT_EQ(parser.reply().text, "250 2.1.5 alice Ok");
  EXPECT_TRUE(parser.reply().positive());
}

TEST(LmtpReply, TakesSeveralLines) {
  LmtpReplyParser parser;
  EXPECT_EQ(parser.Take("250-mx1.corp.example"), State::kMore);
  EXPECT_EQ(parser.Take("250-8BITMIME"), State::kMore);
  EXPECT_EQ(parser.Take("250 PIPELINING"), State::kDone);
  EXPECT_EQ(parser.reply().text, "250-mx1.corp.example");
  EXPECT_EQ(parser.reply().more, (std::vector<std::string>{"8BITMIME", "PIPELINING"}));
  EXPECT_EQ(parser.reply().dsn, "");
}

TEST(LmtpReply, RefusesNonsense) {
  for (const char* line : {"", "25", "abc", "250x", "199 no", "600 no",
                           "\xb2"
                           "50 x",
                           "-250 x"}) {
    EXPECT_EQ(LmtpReplyParser().Take(line), State::kInvalid) << line;
  }
  LmtpReplyParser parser;
  EXPECT_EQ(parser.Take("250-a"), State::kMore);
  EXPECT_EQ(parser.Take("251 b"), State::kInvalid);
}

TEST(LmtpReply, HasALimit) {
  LmtpReplyParser parser;
  for (int i = 0; i < kMaxLmtpReplyLines; ++i) EXPECT_EQ(parser.Take("250-x"), State::kMore);
  EXPECT_EQ(parser.Take("250 x"), State::kInvalid);
}

TEST(LmtpReply, TakesEnhancedCodesOfItsClassOnly) {
  const auto dsn = [](absl::string_view line) {
    LmtpReplyParser parser;
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

TEST(LmtpReply, ShowsNothingThatCouldForgeALine) {
  LmtpReplyParser parser;
  ASSERT_EQ(parser.Take("550 5.1.1 a\rb\x1b[1m\xe9"), State::kDone);
  EXPECT_EQ(parser.reply().text, "550 5.1.1 a?b?[1m?");
}

std::string Stuffed(std::initializer_list<absl::string_view> pieces) {
  std::string wire;
  bool line_start = true;
  for (const absl::string_view piece : pieces) AppendLines(piece, "\r\n", true, line_start, wire);
  return absl::StrCat(wire, line_start ? "" : "|");
}

TEST(LineEnds, AreThoseOfTheMailer) {
  std::string wire;
  bool line_start = true;
  AppendLines("a\n.b", "|", false, line_start, wire);
  AppendLines("c\n\n", "|", false, line_start, wire);
  EXPECT_EQ(wire, "a|.bc||");
  EXPECT_TRUE(line_start);
}

TEST(DotStuffing, DoublesDotsAtLineStarts) {
  EXPECT_EQ(Stuffed({".\n..\na.\n"}), "..\r\n...\r\na.\r\n");
  EXPECT_EQ(Stuffed({"a", ".b\n", ".", "c\n", "\n", ".\n"}), "a.b\r\n..c\r\n\r\n..\r\n");
  EXPECT_EQ(Stuffed({"no end"}), "no end|");
  EXPECT_EQ(Stuffed({""}), "");
}

}  // namespace
}  // namespace stagepost
