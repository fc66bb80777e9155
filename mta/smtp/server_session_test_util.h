// What tests of sessions share: a session over a connection in memory, and one message.
#ifndef STAGEPOST_MTA_SMTP_SERVER_SESSION_TEST_UTIL_H_
#define STAGEPOST_MTA_SMTP_SERVER_SESSION_TEST_UTIL_H_

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "gtest/gtest.h"
#include "mta/smtp/local_acceptance.h"
#include "mta/smtp/server_session.h"
#include "mta/smtp/testing/memory_connection.h"
#include "mta/smtp/testing/memory_queue.h"
#include "mta/smtp/testing/test_environment.h"

namespace stagepost {

inline constexpr absl::string_view kGreeting =
    "220 mx1.corp.example ESMTP Stagepost 0.1; Fri, 20 Nov 2026 06:33:32 GMT";
inline constexpr absl::string_view kHello =
    "250-mx1.corp.example Hello [192.0.2.33], pleased to meet you\n"
    "250-ENHANCEDSTATUSCODES\n250-PIPELINING\n250-8BITMIME\n250 SIZE";
inline constexpr absl::string_view kBye = "221 2.0.0 mx1.corp.example closing connection";

class Accepted final : public AcceptedMessages {
 public:
  void OnAccepted(const std::string& id) override { ids.push_back(id); }
  std::vector<std::string> ids;
};

class ServerSessionTest : public testing::Test {
 protected:
  ServerSessionTest() {
    settings_.host_name = "mx1.corp.example";
    settings_.version = "0.1";
    classes_.local = {"mx1.corp.example", "mx1", "localhost", "corp.example"};
  }
  // Runs a session with what client_ sends; all it was told, without greeting, lines joined by \n.
  std::string Talk() {
    Start();
    EXPECT_TRUE(result_->has_value() && (*result_)->ok());
    return Replies();
  }
  void Start() {
    result_ = world_.Run(&RunServerSession,
                         SessionContext{world_.env(), settings_, acceptance_, queue_, accepted_},
                         std::unique_ptr<Connection>(new MemoryConnection(client_)), 7);
  }
  std::string Replies() {
    std::vector<std::string> lines = absl::StrSplit(client_.received, "\r\n", absl::SkipEmpty());
    EXPECT_FALSE(lines.empty());
    if (lines.empty()) return "";
    EXPECT_EQ(lines[0], kGreeting);
    lines.erase(lines.begin());
    return absl::StrJoin(lines, "\n");
  }
  std::string Talk(const std::vector<std::string>& lines) {
    client_.Send(absl::StrCat(absl::StrJoin(lines, "\r\n"), "\r\n"), segment_);
    return Talk();
  }
  // The replies to `lines` between EHLO and QUIT.
  std::string Ask(std::vector<std::string> lines) {
    lines.insert(lines.begin(), "EHLO c.example");
    lines.push_back("QUIT");
    const std::string replies = Talk(lines);
    const std::string head = absl::StrCat(kHello, "\n"), tail = absl::StrCat("\n", kBye);
    EXPECT_TRUE(absl::StartsWith(replies, head) && absl::EndsWith(replies, tail)) << replies;
    if (replies.size() < head.size() + tail.size()) return replies;
    return replies.substr(head.size(), replies.size() - head.size() - tail.size());
  }
  bool Logged(absl::string_view line) {
    const auto& lines = world_.env().log().lines;
    return std::find(lines.begin(), lines.end(), line) != lines.end();
  }
  std::string AllLogs() { return absl::StrJoin(world_.env().log().lines, "\n"); }

  TestWorld world_;
  HostClasses classes_;
  LocalAcceptance acceptance_{classes_, world_.env().accounts()};
  MemoryQueue queue_;
  Accepted accepted_;
  SessionSettings settings_;
  TestClient client_;
  size_t segment_ = 4096;
  std::shared_ptr<std::optional<absl::Status>> result_;
};

inline std::vector<std::string> Message() {
  return {"From: Sender <user@outside.example>",
          "To: alice@corp.example",
          "Subject: plain",
          "Date: Fri, 20 Nov 2026 10:00:00 +0000",
          "Message-Id: <m1@outside.example>",
          "",
          "Hello.",
          "",
          "This is a test.",
          "."};
}

inline std::vector<std::string> Transaction(
    const std::vector<std::string>& message,
    const std::string& mail = "MAIL FROM:<u@outside.example>") {
  std::vector<std::string> lines = {mail, "RCPT TO:<alice@corp.example>", "DATA"};
  lines.insert(lines.end(), message.begin(), message.end());
  return lines;
}

}  // namespace stagepost

#endif  // STAGEPOST_MTA_SMTP_SERVER_SESSION_TEST_UTIL_H_
