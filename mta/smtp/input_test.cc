// LineReader and DataDecoder: what arrives means the same wherever it is cut.
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "mta/base/status_macros.h"
#include "mta/smtp/data_decoder.h"
#include "mta/smtp/line_reader.h"
#include "mta/smtp/testing/memory_connection.h"
#include "mta/smtp/testing/test_environment.h"

namespace stagepost {
namespace {

// All lines, each followed by '|', and how it ended.
Task<std::string> ReadAll(ByteSource& source, size_t max_line, MonotonicTime deadline) {
  LineReader reader(source, max_line);
  std::string result;
  while (true) {
    const absl::StatusOr<absl::string_view> line = co_await reader.ReadLine(deadline);
    if (!line.ok()) co_return result + std::string(line.status().message());
    absl::StrAppend(&result, *line, "|");
  }
}

std::string Lines(TestClient client, size_t max_line = 100) {
  TestWorld world;
  MemoryConnection connection(client);
  auto result = world.Run(&ReadAll, std::ref(static_cast<ByteSource&>(connection)), max_line,
                          MonotonicTime() + absl::Hours(1));
  if (!result->has_value()) world.Pass(absl::Hours(1));
  return **result;
}

TEST(LineReader, ReadsTheSameAtEverySplit) {
  const std::string input = "EHLO x\r\n\r\nNOOP\nlast\r\rx\r\nrest";
  for (size_t first = 0; first <= input.size(); ++first) {
    for (size_t second = first; second <= input.size(); ++second) {
      TestClient client;
      for (const std::string& part :
           {input.substr(0, first), input.substr(first, second - first), input.substr(second)}) {
        if (!part.empty()) client.Send(part);
      }
      EXPECT_EQ(Lines(client), "EHLO x||NOOP|last\r\rx|end of stream") << first << " " << second;
    }
  }
}

TEST(LineReader, BoundsLines) {
  for (const size_t segment : {1, 7, 4096}) {
    TestClient fits;
    fits.Send("12345678\r\n12345678\r\n", segment);
    EXPECT_EQ(Lines(fits, 10), "12345678|12345678|end of stream");
    TestClient too_long;
    too_long.Send("ok\r\n123456789\r\n", segment);
    EXPECT_EQ(Lines(too_long, 10), "ok|line too long");
    TestClient endless;
    endless.Send(std::string(100'000, 'x'), segment);
    EXPECT_EQ(Lines(endless, 10), "line too long");
  }
}

TEST(LineReader, ReadsMoreThanItsBufferHolds) {
  std::string input, expected;
  for (int i = 0; i < 3000; ++i) {
    absl::StrAppend(&input, "line ", i, "\r\n");
    absl::StrAppend(&expected, "line ", i, "|");
  }
  TestClient client;
  client.Send(input, 5000);
  EXPECT_EQ(Lines(client), expected + "end of stream");
}

TEST(LineReader, EndsAtTheDeadline) {
  TestClient client;
  client.Send("half a li");
  client.closes = false;
  EXPECT_EQ(Lines(client), "deadline exceeded");
}

// The decoded text; behind it what ended it and how many bytes were left over.
std::string Decode(absl::string_view input, size_t first, size_t second) {
  DataDecoder decoder;
  std::string text;
  size_t used = 0;
  for (const size_t end : {first, second, input.size()}) {
    if (decoder.done() || decoder.fault() != DataDecoder::Fault::kNone) break;
    used += decoder.Decode(input.substr(used, end - used), text);
  }
  const char* end = decoder.done()                                               ? "<done>"
                    : decoder.fault() == DataDecoder::Fault::kBareLineFeed       ? "<lf>"
                    : decoder.fault() == DataDecoder::Fault::kBareCarriageReturn ? "<cr>"
                                                                                 : "<more>";
  return absl::StrCat(text, end, input.size() - used);
}

TEST(DataDecoder, DecodesTheSameAtEverySplit) {
  const struct {
    absl::string_view input;
    absl::string_view result;
  } kCases[] = {
      {".\r\n", "<done>0"},
      {"a\r\n.\r\nNOOP\r\n", "a\n<done>6"},
      {"..a\r\n...\r\n.. b\r\n.c\r\n.\r\n", ".a\n..\n. b\nc\n<done>0"},
      {"\r\n\r\n.\r\n", "\n\n<done>0"},
      {"a.\r\nb\r\n.\r\n", "a.\nb\n<done>0"},
      {"a\r\n.\r", "a\n<more>0"},
      {"a", "a<more>0"},
      {absl::string_view("a\0b\r\n.\r\n", 8), absl::string_view("a\0b\n<done>0", 11)},
      // Ways to smuggle a second message, all of which other servers have fallen for.
      {"a\n\nb", "a<lf>2"},
      {"a\n.\r\nMAIL", "a<lf>7"},
      {"a\r\n.\nMAIL", "a\n<lf>4"},
      {"a\r.\rx", "a<cr>2"},
      {"a\r\n.\rx", "a\n<cr>0"},
      {"a\r\r\nb", "a<cr>2"},
      {"a\r\n.\r\r\n", "a\n<cr>1"},
      {absl::string_view("a\r\0\r\n", 5), "a<cr>2"},
  };
  for (const auto& c : kCases) {
    for (size_t first = 0; first <= c.input.size(); ++first) {
      for (size_t second = first; second <= c.input.size(); ++second) {
        EXPECT_EQ(Decode(c.input, first, second), c.result)
            << c.input << " " << first << " " << second;
      }
    }
  }
}

}  // namespace
}  // namespace stagepost
