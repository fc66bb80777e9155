#include "sim/peer/sink.h"

#include <array>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gtest/gtest.h"
#include "mta/async/deadline.h"
#include "sim/world/world_test_util.h"

namespace stagepost {
namespace {

// Sends every line, then collects replies until the sink closes the connection or is silent.
Task<int> Talk(Environment& env, SocketAddress to, std::string text, std::string& replies) {
  auto connection = co_await env.network().Connect(to, std::nullopt);
  if (!connection.ok()) co_return 1;
  if (!(co_await WriteAll(**connection, text)).ok()) co_return 2;
  while (true) {
    std::array<char, 100> buffer;
    const auto n = co_await WithDeadline(env.clock().MonotonicNow() + absl::Minutes(1),
                                         (*connection)->Read(absl::MakeSpan(buffer)));
    if (!n.ok() || *n == 0) co_return 0;
    replies.append(buffer.data(), *n);
  }
}

class SinkTest : public testing::TestWithParam<uint64_t> {
 protected:
  SinkTest() : test(GetParam()) {
    EXPECT_TRUE(test.a.editor().MakeDirectories(kSinkDirectory).ok());
    Start();
  }
  void Start() {
    test.Run(test.a, &SinkMain, Arguments{"sink", "Example.ORG", "example.net"});
    test.RunFor(absl::Seconds(1));
  }
  std::string Talk(const std::vector<std::string>& lines, absl::string_view to = "192.0.2.1") {
    std::string replies;
    const TestProgram& client =
        test.Run(test.b, &stagepost::Talk, SocketAddress{Ip(to), 25},
                 absl::StrCat(absl::StrJoin(lines, "\r\n"), "\r\n"), std::ref(replies));
    EXPECT_TRUE(test.RunToEnd(client));
    EXPECT_EQ(client.exit->code, 0);
    return replies;
  }
  // "NAME=CONTENT" of every file.
  std::vector<std::string> Files() {
    std::vector<std::string> files;
    const auto snapshot = test.a.editor().Snapshot(kSinkDirectory);
    for (const auto& entry : *snapshot) {
      if (entry.stat.type == FileType::kRegular) {
        files.push_back(absl::StrCat(entry.path, "=", entry.bytes));
      }
    }
    return files;
  }
  TestWorld test;
};

TEST_P(SinkTest, TakesMailForItsDomains) {
  EXPECT_EQ(Talk({"EHLO b", "MAIL FROM:<a@b>", "RCPT TO:<x@example.org>",
                  "RCPT TO:<y@else.example>", "RCPT TO:<z@EXAMPLE.NET>", "DATA", "Subject: hello",
                  "", "..dot", "body", "", ".", "QUIT", "NOOP"}),
            "220 a ESMTP sink\r\n"
            "250-a\r\n250-PIPELINING\r\n250 8BITMIME\r\n"
            "250 2.1.0 ok\r\n250 2.1.5 ok\r\n550 5.7.1 not one of my domains\r\n250 2.1.5 ok\r\n"
            "354 go ahead\r\n250 2.0.0 ok\r\n221 2.0.0 bye\r\n");
  EXPECT_EQ(Files(),
            std::vector<std::string>{"/var/sink/000001=MAIL FROM:<a@b>\nRCPT TO:<x@example.org>\n"
                                     "RCPT TO:<z@EXAMPLE.NET>\n\n"
                                     "Subject: hello\r\n\r\n.dot\r\nbody\r\n\r\n"});
}

TEST_P(SinkTest, KeepsToTheOrderOfCommands) {
  EXPECT_EQ(Talk({"helo b", "RCPT TO:<x@example.org>", "DATA", "MAIL FROM:<>", "DATA", "RSET",
                  "RCPT TO:<x@example.org>", "EXPN list", "quit"}),
            "220 a ESMTP sink\r\n250 a\r\n503 5.5.1 MAIL first\r\n503 5.5.1 RCPT first\r\n"
            "250 2.1.0 ok\r\n503 5.5.1 RCPT first\r\n250 2.0.0 ok\r\n503 5.5.1 MAIL first\r\n"
            "500 5.5.1 what?\r\n221 2.0.0 bye\r\n");
  EXPECT_TRUE(Files().empty());
}

TEST_P(SinkTest, ListensOnBothFamilies) {
  EXPECT_TRUE(absl::StartsWith(Talk({"QUIT"}, "2001:db8::1"), "220 "));
}

const std::vector<std::string> kMessage = {
    "HELO b", "MAIL FROM:<a@b>", "RCPT TO:<x@example.org>", "DATA", "text", ".", "QUIT"};

TEST_P(SinkTest, GoesOnCountingAfterACrash) {
  EXPECT_TRUE(absl::StrContains(Talk(kMessage), "250 2.0.0 ok"));
  EXPECT_TRUE(absl::StrContains(Talk(kMessage), "250 2.0.0 ok"));
  test.a.Crash();
  test.a.Boot();
  Start();
  EXPECT_TRUE(absl::StrContains(Talk(kMessage), "250 2.0.0 ok"));
  const std::vector<std::string> files = Files();
  ASSERT_EQ(files.size(), 3u);
  EXPECT_TRUE(absl::StartsWith(files[2], "/var/sink/000003=MAIL "));
}

TEST_P(SinkTest, SaysWhenItCannotStore) {
  test.a.disk().SetFull(true);
  EXPECT_TRUE(absl::StrContains(Talk(kMessage), "451 4.3.0"));
  EXPECT_TRUE(Files().empty());
  test.a.disk().SetFull(false);
  EXPECT_TRUE(absl::StrContains(Talk(kMessage), "250 2.0.0 ok"));
  EXPECT_EQ(Files().size(), 1u);
}

INSTANTIATE_TEST_SUITE_P(Seeds, SinkTest, testing::Range<uint64_t>(0, 10));

TEST(Sink, CannotStart) {
  TestWorld test;
  const auto code = [&](Arguments arguments) {
    const TestProgram& program = test.Run(test.a, &SinkMain, std::move(arguments));
    EXPECT_TRUE(test.RunToEnd(program));
    return program.exit->code;
  };
  EXPECT_EQ(code({}), 64);
  EXPECT_EQ(code({"sink"}), 64);
  EXPECT_EQ(code({"sink", "d"}), 73);
  ASSERT_TRUE(test.a.editor().MakeDirectories(kSinkDirectory).ok());
  test.Run(test.a, &SinkMain, Arguments{"sink", "d"});
  test.RunFor(absl::Seconds(1));
  EXPECT_EQ(code({"sink", "d"}), 71);
}

}  // namespace
}  // namespace stagepost
