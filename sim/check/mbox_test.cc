#include "sim/check/mbox.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace stagepost {
namespace {

constexpr char kTwo[] =
    "From u@outside.example Fri Nov 20 06:33:32 2026\n"
    "Return-Path: <u@outside.example>\n"
    "Received: from c.example (host.outside.example [192.0.2.33])\n"
    "\tby mx1.corp.example (8.17.1.9/8.17.1.9) with ESMTP id 6AK6XWSU000517\n"
    "\tfor <alice@corp.example>; Fri, 20 Nov 2026 06:33:32 GMT\n"
    "Content-Length: 7\n"
    "\n"
    "Hello.\n"
    "\n"
    "From v@outside.example Fri Nov 20 06:33:33 2026\n"
    "Received: from c.example by mx1.corp.example with ESMTP id 6AK6XWSU000518;\n"
    "\tFri, 20 Nov 2026 06:33:33 GMT\n"
    "Content-Length: 0\n"
    "\n"
    "\n";

TEST(Mbox, SplitsAndFindsIds) {
  const auto messages = ParseMbox(kTwo);
  ASSERT_EQ(messages.size(), 2u);
  EXPECT_EQ(messages[0].damage, "");
  EXPECT_EQ(messages[0].queue_id, "6AK6XWSU000517");
  EXPECT_EQ(messages[0].body, "Hello.\n");
  EXPECT_EQ(messages[0].from_line, "u@outside.example Fri Nov 20 06:33:32 2026");
  EXPECT_EQ(messages[1].damage, "");
  EXPECT_EQ(messages[1].queue_id, "6AK6XWSU000518");
  EXPECT_EQ(messages[1].body, "");
}

TEST(Mbox, EmptyHoldsNone) { EXPECT_TRUE(ParseMbox("").empty()); }

// However a mailbox is cut off, the last message shows it.
TEST(Mbox, EveryCutIsSeen) {
  const absl::string_view whole(kTwo);
  const size_t second = whole.find("From v@");
  for (size_t cut = second + 1; cut < whole.size(); ++cut) {
    const auto messages = ParseMbox(whole.substr(0, cut));
    ASSERT_EQ(messages.size(), 2u) << cut;
    EXPECT_EQ(messages[0].damage, "") << cut;
    EXPECT_NE(messages.back().damage, "") << cut;
  }
}

// mail.local puts nothing in front of such lines: readers go by Content-Length.
TEST(Mbox, ABodyMayHaveLinesThatBeginWithFrom) {
  const auto messages = ParseMbox(
      "From a b\nContent-Length: 31\n\nOne.\n\nFrom here on\nno longer.\n\n\nFrom c d\nX: y\n\n\n");
  ASSERT_EQ(messages.size(), 2u);
  EXPECT_EQ(messages[0].damage, "");
  EXPECT_EQ(messages[0].body, "One.\n\nFrom here on\nno longer.\n\n");
  EXPECT_EQ(messages[1].damage, "");
}

TEST(Mbox, AContentLengthThatFitsNothingIsDamage) {
  for (const char* length : {"5", "4", "18446744073709551615", "99"}) {
    const auto messages = ParseMbox(
        absl::StrCat("From a b\nContent-Length: ", length, "\n\nOne\n\nFrom c d\nX: y\n\n\n"));
    ASSERT_EQ(messages.size(), 2u) << length;
    EXPECT_EQ(messages[0].damage.empty(), std::string(length) == "4") << length;
    EXPECT_EQ(messages[1].damage, "");
  }
}

// Power failed after a whole message was synced, while the next one was being written.
TEST(Mbox, WhatIsTornBehindAMessageIsNotPartOfIt) {
  const std::string torn = absl::StrCat("From a b\nContent-Length: 4\n\nOne\n\n",
                                        std::string(20, '\0'), "half\n\nFrom c d\nX: y\n\n\n");
  const auto messages = ParseMbox(torn);
  ASSERT_EQ(messages.size(), 3u);
  EXPECT_EQ(messages[0].damage, "");
  EXPECT_EQ(messages[0].body, "One\n");
  EXPECT_NE(messages[1].damage, "");
  EXPECT_EQ(messages[2].damage, "");
}

TEST(Mbox, JunkInFrontIsDamage) {
  const auto messages = ParseMbox("junk\n\nFrom a b\nX: y\n\n\n");
  ASSERT_EQ(messages.size(), 2u);
  EXPECT_NE(messages[0].damage, "");
  EXPECT_EQ(messages[1].damage, "");
}

}  // namespace
}  // namespace stagepost
