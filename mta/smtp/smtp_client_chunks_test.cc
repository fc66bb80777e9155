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
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "mta/async/deadline.h"
#include "mta/async/operation.h"
#include "mta/async/scope.h"
#include "mta/base/status_macros.h"
#include "mta/env/stream.h"
#include "mta/smtp/smtp_client.h"
#include "mta/smtp/testing/test_environment.h"

namespace stagepost {
namespace {

// Takes all that is written. Once it has been asked, it says what it was told to, and closes; a
// slow one waits for Answer().
class Server final : public ByteSink, public ByteSource {
 public:
  Operation<absl::StatusOr<size_t>> Write(absl::string_view bytes) override {
    if (heard.empty()) says_.append("250-b\r\n250-PIPELINING\r\n250 CHUNKING\r\n");
    absl::StrAppend(&heard, bytes);
    if (!absl::StrContains(heard, "MAIL")) return absl::StatusOr<size_t>(bytes.size());
    if (!slow) Answer();
    if (deaf) return absl::StatusOr<size_t>(absl::UnavailableError("gone"));
    return absl::StatusOr<size_t>(bytes.size());
  }
  Operation<absl::StatusOr<size_t>> Read(absl::Span<char> buffer) override {
    if (says_.empty() && !closes_) {
      return Operation<absl::StatusOr<size_t>>(new Silence(*this, buffer));
    }
    return absl::StatusOr<size_t>(Take(buffer));
  }
  void Answer() {
    says_.append(std::exchange(answers, ""));
    closes_ = true;
    if (reader_ != nullptr) reader_->End();
  }
  std::string heard, answers;
  bool slow = false;
  bool deaf = false;  // transactions cannot be written

 private:
  class Silence final : public PendingOperation<absl::StatusOr<size_t>> {
   public:
    Silence(Server& server, absl::Span<char> buffer) : server_(server), buffer_(buffer) {}
    ~Silence() override { Leave(); }
    void End() {
      Leave();
      Finish(server_.Take(buffer_));
    }

   private:
    void Start() override { server_.reader_ = this; }
    void OnStop() override {
      Leave();
      PendingOperation::OnStop();
    }
    void Leave() {
      if (server_.reader_ == this) server_.reader_ = nullptr;
    }

    Server& server_;
    const absl::Span<char> buffer_;
  };

  size_t Take(absl::Span<char> buffer) {
    const size_t taken = std::min({buffer.size(), says_.size(), size_t{7}});
    std::copy_n(says_.begin(), taken, buffer.begin());
    says_.erase(0, taken);
    return taken;
  }

  Silence* reader_ = nullptr;
  std::string says_ = "220 b\r\n";
  bool closes_ = false;
};

class Heard final : public ClientDialogue {
 public:
  void OnSent(absl::string_view line) override { absl::StrAppend(&text, ">>> ", line, "\n"); }
  void OnReply(absl::string_view line) override { absl::StrAppend(&text, line, "\n"); }
  std::string text;
};

constexpr absl::Duration kLate = absl::Minutes(2);  // when a slow server answers

// One transaction of several.
struct Mail {
  ClientTransaction transaction;
  std::string text = "Subject: x\n\nHello.\n";
  Heard dialogue;
  absl::Duration patience = absl::InfiniteDuration();
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
    if (server.slow) world.Pass(kLate);
    ASSERT_TRUE(done->has_value());
  }

  TestWorld world;
  Server server;
  SmtpClient client{world.env().clock(), server, server, {.lmtp = true}};
  std::deque<Mail> mails;

 private:
  static Task<absl::Status> Send(Session& session, Mail& mail) {
    mail.status = co_await WithDeadline(
        session.world.env().clock().MonotonicNow() + mail.patience,
        session.client.SendAtOnce(mail.transaction, mail.text, &mail.dialogue));
    co_return absl::OkStatus();
  }
  static Task<absl::Status> AnswerLate(Session& session) {
    CO_RETURN_IF_ERROR(co_await Sleep(kLate));
    session.server.Answer();
    co_return absl::OkStatus();
  }
  static Task<absl::Status> SendAll(TaskScope& scope, Session& session) {
    for (Mail& mail : session.mails) {
      CO_RETURN_IF_ERROR(scope.Spawn(&Session::Send, std::ref(session), std::ref(mail)));
    }
    if (!session.server.slow) co_return absl::OkStatus();
    co_return scope.Spawn(&Session::AnswerLate, std::ref(session));
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

// Their answers still come, and the next one that reads must not take them for its own.
TEST(SmtpClientAtOnce, AnswersThatNobodyWaitedForAreNobodys) {
  for (const size_t impatient : {0u, 1u}) {
    Session session(absl::StrCat(kTaken, kTaken, kTaken));
    for (const char* sender : {"a@x", "b@x", "c@x"}) session.Add(sender, {"bob"});
    session.mails[impatient].patience = kLate / 2;
    session.server.slow = true;
    session.Run();
    EXPECT_EQ(RepliesOf(session.mails[0]), impatient == 0 ? "-\n" : "250 2.1.5 done\n");
    EXPECT_EQ(session.mails[0].status.ok(), impatient != 0);
    EXPECT_TRUE(absl::IsDeadlineExceeded(session.mails[impatient].status));
    for (const size_t later : {1u, 2u}) EXPECT_EQ(RepliesOf(session.mails[later]), "-\n");
    EXPECT_TRUE(absl::IsUnavailable(session.mails[2].status)) << session.mails[2].status;
    EXPECT_TRUE(session.client.closing());
  }
}

}  // namespace
}  // namespace stagepost
