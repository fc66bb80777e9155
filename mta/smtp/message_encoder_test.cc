#include "mta/smtp/message_encoder.h"

#include <string>

#include "gtest/gtest.h"

namespace stagepost {
namespace {

std::string Encode(absl::string_view text, bool escape_dots, size_t piece,
                   std::string end_of_line = "\r\n") {
  MessageEncoder encoder(std::move(end_of_line), escape_dots);
  std::string wire;
  for (; !text.empty(); text.remove_prefix(std::min(piece, text.size()))) {
    encoder.Append(text.substr(0, piece), wire);
  }
  encoder.Finish(wire);
  return wire;
}

TEST(MessageEncoder, EscapesDots) {
  for (size_t piece = 1; piece < 12; ++piece) {
    EXPECT_EQ(Encode("a\n.\n..b\n.c", true, piece), "a\r\n..\r\n...b\r\n..c\r\n.\r\n");
    EXPECT_EQ(Encode(".\n", true, piece), "..\r\n.\r\n");
    EXPECT_EQ(Encode("\n.", true, piece), "\r\n..\r\n.\r\n");
  }
  EXPECT_EQ(Encode("", true, 1), ".\r\n");
}

TEST(MessageEncoder, LeavesDotsAloneThatEndNothing) {
  for (size_t piece = 1; piece < 12; ++piece) {
    EXPECT_EQ(Encode("a\n.b\n..\n.c", false, piece), "a\r\n.b\r\n..\r\n.c\r\n.\r\n");
  }
}

TEST(MessageEncoder, NeverLetsTextEndTheMessage) {
  for (size_t piece = 1; piece < 12; ++piece) {
    EXPECT_EQ(Encode("a\n.\nb\n", false, piece), "a\r\n..\r\nb\r\n.\r\n");
    EXPECT_EQ(Encode(".", false, piece), "..\r\n.\r\n");
    EXPECT_EQ(Encode("a\n.\r\nb\n", false, piece), "a\r\n..\r\r\nb\r\n.\r\n");
  }
}

TEST(MessageEncoder, TakesLineEndsOfTheMailer) {
  EXPECT_EQ(Encode("a\n.b\n", true, 3, "\n"), "a\n..b\n.\n");
}

}  // namespace
}  // namespace stagepost
