#include "mta/deliver/lmtp_command.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace stagepost {
namespace {

TEST(LmtpCommand, KnowsItsVerbs) {
  EXPECT_EQ(ParseLmtpCommand("lhlo x").verb, LmtpVerb::kLhlo);
  EXPECT_EQ(ParseLmtpCommand("LHLO").verb, LmtpVerb::kUnknown);
  EXPECT_EQ(ParseLmtpCommand("DATA").verb, LmtpVerb::kData);
  EXPECT_EQ(ParseLmtpCommand("data \r").verb, LmtpVerb::kData);
  EXPECT_EQ(ParseLmtpCommand("DATA x").verb, LmtpVerb::kUnknown);
  EXPECT_EQ(ParseLmtpCommand("HELO x").verb, LmtpVerb::kUnknown);
  EXPECT_EQ(ParseLmtpCommand("").verb, LmtpVerb::kUnknown);
  EXPECT_EQ(ParseLmtpCommand("QUITTER").verb, LmtpVerb::kUnknown);
}

TEST(LmtpCommand, FindsPaths) {
  EXPECT_EQ(ParseLmtpCommand("MAIL FROM:<a@b> SIZE=3").path, "a@b");
  EXPECT_EQ(ParseLmtpCommand("mail from:<>").path, "");
  EXPECT_EQ(ParseLmtpCommand("RCPT TO:<@x,@y:alice@z> foo").path, "alice@z");
  EXPECT_EQ(ParseLmtpCommand("RCPT TO:<\"a>b\"@c>").path, "\"a>b\"@c");
  EXPECT_EQ(ParseLmtpCommand("RCPT TO:<a\\>b@c>").path, "a\\>b@c");
  for (const char* line : {"RCPT TO:alice", "RCPT <alice>", "RCPT FROM:<a>", "RCPT TO:<alice",
                           "RCPT TO:<\"alice>", "RCPT TO:", "RCPT TO:<a\\", "RCPT TO: <alice>"}) {
    const LmtpCommand command = ParseLmtpCommand(line);
    EXPECT_EQ(command.verb, LmtpVerb::kRcpt) << line;
    EXPECT_FALSE(command.path.has_value()) << line;
  }
}

TEST(LmtpCommand, KnowsChunks) {
  EXPECT_EQ(ParseLmtpCommand("BDAT 12").chunk_bytes, 12u);
  EXPECT_FALSE(ParseLmtpCommand("BDAT 12").last_chunk);
  EXPECT_EQ(ParseLmtpCommand("bdat 0 last").chunk_bytes, 0u);
  EXPECT_TRUE(ParseLmtpCommand("bdat 0 last").last_chunk);
  EXPECT_EQ(ParseLmtpCommand("BDAT").verb, LmtpVerb::kUnknown);
  for (const char* line : {"BDAT x", "BDAT -1", "BDAT +1", "BDAT 1x", "BDAT LAST", "BDAT 1 2",
                           "BDAT 1 LAST x", "BDAT 99999999999999999999"}) {
    const LmtpCommand command = ParseLmtpCommand(line);
    EXPECT_EQ(command.verb, LmtpVerb::kBdat) << line;
    EXPECT_FALSE(command.chunk_bytes.has_value()) << line;
  }
}

TEST(MailboxUser, NeverLeavesTheDirectory) {
  EXPECT_EQ(MailboxUser("alice"), "alice");
  EXPECT_EQ(MailboxUser("alice@corp.example"), "alice");
  EXPECT_EQ(MailboxUser("alice+lists@corp.example"), "alice");
  EXPECT_EQ(MailboxUser("dave.d"), "dave.d");
  for (const char* path : {"", "@corp.example", "+x", ".", "..", "../etc/passwd", "a/b", "/",
                           "a\rb", "a b", "..+x@corp.example"}) {
    EXPECT_FALSE(MailboxUser(path).has_value()) << path;
  }
}

std::string Decoded(absl::string_view input, size_t step) {
  LmtpDataDecoder decoder;
  std::string text;
  while (!input.empty() && !decoder.done()) {
    input.remove_prefix(decoder.Decode(input.substr(0, step), text));
  }
  return absl::StrCat(text, decoder.done() ? "|" : "...", input);
}

TEST(LmtpData, IsTheSameHoweverItIsSplit) {
  struct Case {
    absl::string_view input, text;
  };
  for (const Case& c : {
           Case{"a\r\n.\r\nQUIT\r\n", "a\n|QUIT\r\n"},
           Case{".\r\n", "|"},
           Case{"..\r\n.\r\n", ".\n|"},
           Case{".a\r\n\r\n.\r\n", "a\n\n|"},
           Case{"a\n.\n.\r\n", "a\n.\n.\n..."},  // only CRLF makes lines
           Case{"a\r\r\n.\r\n", "a\r\n|"},
           Case{"a\r.\r\n.\r\n", "a\r.\n|"},
           Case{".\r\r\n.\r\n", "\r\n|"},
           Case{".\rx\r\n.\r\n", "\rx\n|"},
           Case{"\r\n.\r\n", "\n|"},
       }) {
    for (size_t step = 1; step <= c.input.size(); ++step) {
      EXPECT_EQ(Decoded(c.input, step), c.text) << step;
    }
  }
}

TEST(LmtpChunk, IsTheSameHoweverItIsSplit) {
  struct Case {
    absl::string_view input, text;
  };
  for (const Case& c : {
           Case{"a\r\n.\r\nb\r\n", "a\n.\nb\n"},
           Case{"a\r", "a\r"},
           Case{"\r\r\n\r", "\r\n\r"},
           Case{"a\nb\rc\r\n\r\n", "a\nb\rc\n\n"},
           Case{"", ""},
       }) {
    for (size_t step = 1; step <= c.input.size() + 1; ++step) {
      LmtpChunkDecoder decoder;
      std::string text;
      for (size_t at = 0; at < c.input.size(); at += step) {
        decoder.Decode(c.input.substr(at, step), text);
      }
      decoder.Finish(text);
      EXPECT_EQ(text, c.text) << step;
    }
  }
}

}  // namespace
}  // namespace stagepost
