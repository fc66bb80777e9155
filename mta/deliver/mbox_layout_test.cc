#include "mta/deliver/mbox_layout.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace stagepost {
namespace {

// The message as it will stand in the mailbox.
std::string Laid(absl::string_view text, size_t step = 1000) {
  MboxLayout layout;
  for (size_t at = 0; at < text.size(); at += step) layout.Take(text.substr(at, step));
  layout.Finish();
  std::string result;
  for (const auto& [begin, end] : layout.header()) {
    absl::StrAppend(&result, text.substr(begin, end - begin));
  }
  absl::StrAppend(&result, layout.header_unfinished() ? "\n" : "",
                  "Content-Length: ", layout.body_bytes(), "\n\n",
                  text.substr(layout.body_begin(), layout.body_end() - layout.body_begin()),
                  layout.body_unfinished() ? "\n\n" : "\n");
  return result;
}

TEST(MboxLayout, PutsContentLengthLast) {
  EXPECT_EQ(Laid("Subject: x\nTo: y\n\nHello.\n\nThis is a test.\n"),
            "Subject: x\nTo: y\nContent-Length: 24\n\nHello.\n\nThis is a test.\n\n");
  EXPECT_EQ(Laid("Subject: x\n\n"), "Subject: x\nContent-Length: 0\n\n\n");
  EXPECT_EQ(Laid("Subject: x\n\nno line end"), "Subject: x\nContent-Length: 12\n\nno line end\n\n");
}

TEST(MboxLayout, BelievesNoContentLength) {
  EXPECT_EQ(Laid("Content-Length: 5\n 6\nA: b\ncontent-length : 7\n\nx\nContent-Length: 1\n"),
            "A: b\nContent-Length: 20\n\nx\nContent-Length: 1\n\n");
  EXPECT_EQ(Laid("Content-Length: 5"), "Content-Length: 0\n\n\n");
  EXPECT_EQ(Laid("Content-Lengths: 5\n\n"), "Content-Lengths: 5\nContent-Length: 0\n\n\n");
}

TEST(MboxLayout, TakesMessagesWithoutHeaderOrBody) {
  EXPECT_EQ(Laid(""), "Content-Length: 0\n\n\n");
  EXPECT_EQ(Laid("\nbody\n"), "Content-Length: 5\n\nbody\n\n");
  EXPECT_EQ(Laid("A: b"), "A: b\nContent-Length: 0\n\n\n");
  EXPECT_EQ(Laid("A: b\n"), "A: b\nContent-Length: 0\n\n\n");
}

TEST(MboxLayout, LeavesFromLinesAlone) {
  EXPECT_EQ(Laid("A: b\n\nFrom here\n>From there\n\nFrom x\n"),
            "A: b\nContent-Length: 30\n\nFrom here\n>From there\n\nFrom x\n\n");
}

TEST(MboxLayout, IsTheSameHoweverItIsSplit) {
  const std::string text = "A: b\nContent-Length: 1\n\tx\nC: d\n\nbody\n\nmore";
  for (size_t step = 1; step < text.size(); ++step) EXPECT_EQ(Laid(text, step), Laid(text));
}

}  // namespace
}  // namespace stagepost
