// Whole transactions at once, beside each other.
#include <algorithm>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "mta/async/operation.h"
#include "mta/async/scope.h"
#include "mta/base/status_macros.h"
#include "mta/env/stream.h"
#include "mta/smtp/smtp_client.h"
#include "mta/smtp/testing/test_environment.h"

namespace stagepost {
namespace {

// Takes all that is written. Once it has been asked, it says what it was told to, and closes.
class Server final : public ByteSink, public ByteSource {
 public:
  Operation<absl::StatusOr<size_t>> Write(absl::string_view bytes) override {
    if (heard.empty()) says_.append("250-b\r\n250-PIPELINING\r\n250 CHUNKING\r\n");
    absl::StrAppend(&heard, bytes);
    if (!absl::StrContains(heard, "MAIL")) return absl::StatusOr<size_t>(bytes.size());
    says_.append(std::exchange(answers, ""));
    closes_ = true;
    if (deaf) return absl::StatusOr<size_t>(absl::UnavailableError("gone"));
    return absl::StatusOr<size_t>(bytes.size());
  }
  Operation<absl::StatusOr<size_t>> Read(absl::Span<char> buffer) override {
    if (says_.empty() && !closes_) return Operation<absl::StatusOr<size_t>>(new Silence);
    const size_t taken = std::min({buffer.size(), says_.size(), size_t{7}});
    std::copy_n(says_.begin(), taken, buffer.begin());
    says_.erase(0, taken);
    return absl::StatusOr<size_t>(taken);
  }
  std::string heard, answers;
  bool deaf = false;  // transactions cannot be written

 private:
  class Silence final : public PendingOperation<absl::StatusOr<size_t>> {
    void Start() override {}
  };
  std::string says_ = "220 b\r\n";
  bool closes_ = false;
};

class Heard final : public ClientDialogue {
 public:
  void OnSent(absl::string_view line) override { absl::StrAppend(&text, ">>> ", line, "\n"); }
  void OnReply(absl::string_view line) override { absl::StrAppend(&text, line, "\n"); }
  std::string text;
};

// One transaction of several.
struct Mail {
  ClientTransaction transaction;
  std::string text = "Subject: x\n\nHello.\n";
  Heard dialogue;
  absl::Status status = absl::UnknownError("");
};

std::string RepliesOf(const Mail& mail) {
  std::string all;
  for (const ClientRecipient& recipient : mail.transaction.recipients) {
    absl::StrAppend(&all, recipient.reply.has_value() ? recipient.reply->text : "-", "\n");
  }
  return all;
}

class Session {
 public:
  explicit Session(absl::string_view says) {
    server.answers = absl::StrReplaceAll(says, {{"\n", "\r\n"}});
  }

  Mail& Add(absl::string_view sender, std::vector<std::string> users) {
    Mail& mail = mails.emplace_back();
    mail.transaction.sender = std::string(sender);
    for (std::string& user : users) mail.transaction.recipients.push_back({.path = user});
    return mail;
  }

  void Run() {
    const auto done = world.Run(&Session::Talk, std::ref(*this));
    ASSERT_TRUE(done->has_value());
  }

  TestWorld world;
  Server server;
  SmtpClient client{world.env().clock(), server, server, {.lmtp = true}};
  std::deque<Mail> mails;

 private:
  static Task<absl::Status> Send(SmtpClient& client, Mail& mail) {
    mail.status = co_await client.SendAtOnce(mail.transaction, mail.text, &mail.dialogue);
    co_return absl::OkStatus();
  }
  static Task<absl::Status> SendAll(TaskScope& scope, Session& session) {
    for (Mail& mail : session.mails) {
      CO_RETURN_IF_ERROR(scope.Spawn(&Session::Send, std::ref(session.client), std::ref(mail)));
    }
    co_return absl::OkStatus();
  }
  static Task<int> Talk(Session& session) {
    EXPECT_TRUE((co_await session.client.Greet("a.example")).ok());
    EXPECT_TRUE(session.client.CanSendAtOnce());
    const absl::Status status = co_await WithScope("all", TaskScope::Policy::kSupervise, 10,
                                                   &Session::SendAll, std::ref(session));
    EXPECT_TRUE(status.ok());
    co_return 0;
  }
};

constexpr absl::string_view kTaken = "250 2.5.0 ok\n250 2.1.5 ok\n250 2.1.5 done\n";

TEST(SmtpClientAtOnce, SendsAllAndWaitsForNothingInBetween) {
  Session session(absl::StrCat(kTaken, "250 mail\n250 one\n550 5.1.1 who\n250 2.1.5 one\n"));
  Mail& first = session.Add("a@x", {"bob"});
  first.transaction.parameters = " SIZE=1";
  Mail& second = session.Add("", {"bob", "nosuch"});
  second.text = ".\n\nno end";
  session.Run();
  EXPECT_EQ(session.server.heard,
            "LHLO a.example\r\n"
            "MAIL From:<a@x> SIZE=1\r\nRCPT To:<bob>\r\nBDAT 22 LAST\r\n"
            "Subject: x\r\n\r\nHello.\r\n"
            "MAIL From:<>\r\nRCPT To:<bob>\r\nRCPT To:<nosuch>\r\nBDAT 13 LAST\r\n"
            ".\r\n\r\nno end\r\n");
  EXPECT_EQ(RepliesOf(first), "250 2.1.5 done\n");
  EXPECT_EQ(RepliesOf(second), "250 2.1.5 one\n550 5.1.1 who\n");
  EXPECT_EQ(second.dialogue.text,
            ">>> MAIL From:<>\n250 mail\n>>> RCPT To:<bob>\n>>> RCPT To:<nosuch>\n>>> DATA\n"
            "250 one\n550 5.1.1 who\n>>> .\n250 2.1.5 one\n");
  EXPECT_TRUE(first.status.ok() && second.status.ok());
  EXPECT_FALSE(session.client.closing());
}

TEST(SmtpClientAtOnce, ARefusalConcernsOneTransaction) {
  Session session(
      absl::StrCat("452 4.3.1 later\n503 mail\n503 rcpt\n", "250 ok\n550 no\n503 rcpt\n", kTaken));
  Mail& first = session.Add("a@x", {"bob"});
  Mail& second = session.Add("b@x", {"bob"});
  Mail& third = session.Add("c@x", {"bob"});
  session.Run();
  EXPECT_EQ(RepliesOf(first), "452 4.3.1 later\n");
  EXPECT_EQ(first.transaction.recipients[0].stage, ReplyStage::kMail);
  EXPECT_EQ(first.dialogue.text, ">>> MAIL From:<a@x>\n452 4.3.1 later\n");
  EXPECT_EQ(RepliesOf(second), "550 no\n");
  EXPECT_EQ(RepliesOf(third), "250 2.1.5 done\n");
  EXPECT_TRUE(first.status.ok() && second.status.ok() && third.status.ok());
}

TEST(SmtpClientAtOnce, WhatAServerHasTakenBeforeItWentAwayIsDelivered) {
  Session session(absl::StrCat(kTaken, "250 2.5.0 ok\n"));
  Mail& first = session.Add("a@x", {"bob"});
  Mail& second = session.Add("b@x", {"bob"});
  Mail& third = session.Add("c@x", {"bob"});
  session.Run();
  EXPECT_EQ(RepliesOf(first), "250 2.1.5 done\n");
  EXPECT_TRUE(absl::IsUnavailable(second.status)) << second.status;
  EXPECT_TRUE(absl::IsUnavailable(third.status)) << third.status;
  EXPECT_EQ(RepliesOf(second), "-\n");
  EXPECT_EQ(RepliesOf(third), "-\n");
  EXPECT_TRUE(session.client.closing());
}

TEST(SmtpClientAtOnce, AServerThatClosesAnswersEverybodyOfTheTransaction) {
  Session session("250 ok\n250 one\n250 two\n250 done\n421 4.3.0 leaving\n");
  Mail& first = session.Add("a@x", {"bob", "carol"});
  Mail& second = session.Add("b@x", {"bob"});
  session.Run();
  EXPECT_EQ(RepliesOf(first), "250 done\n421 4.3.0 leaving\n");
  EXPECT_TRUE(first.status.ok());
  EXPECT_EQ(RepliesOf(second), "-\n");
  EXPECT_TRUE(absl::IsUnavailable(second.status));
}

TEST(SmtpClientAtOnce, RepliesThatCannotBelongToAnybodyAreNobodys) {
  for (const absl::string_view says :
       {"354 go\n", "250 ok\n250 one\n354 go\n", "550 no\n250 one\n250 done\n",
        "250 ok\n550 no\n250 done\n", "hello\n"}) {
    Session session(absl::StrCat(says, kTaken));
    Mail& first = session.Add("a@x", {"bob"});
    Mail& second = session.Add("b@x", {"bob"});
    session.Run();
    EXPECT_TRUE(absl::IsUnavailable(first.status)) << says;
    EXPECT_EQ(RepliesOf(first), "-\n") << says;
    EXPECT_TRUE(absl::IsUnavailable(second.status)) << says;
    EXPECT_EQ(RepliesOf(second), "-\n") << says;
  }
}

TEST(SmtpClientAtOnce, ReadsWhatIsLeftWhereNothingCanBeWritten) {
  Session session("421 full\n");
  session.Add("a@x", {"bob"});
  session.server.deaf = true;
  session.Run();
  EXPECT_EQ(RepliesOf(session.mails[0]), "421 full\n");
}

}  // namespace
}  // namespace stagepost
