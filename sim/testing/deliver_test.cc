// Delivery on a simulated host: from the queue through mail.local into mailboxes.
#include "mta/deliver/deliver.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "mta/base/status_macros.h"
#include "mta/bin/mail_local.h"
#include "mta/env/stream.h"
#include "sim/testing/test_host.h"

namespace stagepost {
namespace {

constexpr absl::string_view kDirectory = "/var/spool/mqueue";
constexpr absl::string_view kMailLocal = "/usr/libexec/sendmail/mail.local";

std::optional<std::string> UserOf(absl::string_view address) {
  const size_t at = address.find('@');
  if (address.substr(at + 1) != "corp.example") return std::nullopt;
  return std::string(address.substr(0, at));
}

LocalMailer Mailer() {
  LocalMailer mailer;
  mailer.host_name = "mx1.corp.example";
  mailer.user_of = &UserOf;
  return mailer;
}

void Install(TestHost& host, Program program = &MailLocalMain) {
  ASSERT_TRUE(host.disk().WriteFile(kMailLocal, "", {.mode = 0755}).ok());
  host.host().InstallProgram(kMailLocal, program);
}

Task<int> Submit(Environment& env, std::string sender, std::vector<std::string> recipients,
                 std::string& id) {
  std::unique_ptr<Queue> queue = *co_await OpenQueue(env, SingleQueue(kDirectory));
  std::unique_ptr<IncomingMessage> message = *co_await queue->Create(queue->NewId());
  id = message->id();
  (void)co_await message->AppendBody("Hello.\n.\nThis is a test.\n");
  Envelope envelope;
  envelope.sender = sender;
  for (const std::string& recipient : recipients) {
    envelope.recipients.emplace_back().address = recipient;
  }
  envelope.header = {{"Return-Path", " <\x81g>", "P"},
                     {"Received", " from c.example\n\tby mx1.corp.example", ""},
                     {"Full-Name", " U", "x"},
                     {"X-Utf8", " \xc3\x81g", ""}};
  const absl::Status committed = co_await message->Commit(envelope);
  co_return committed.ok() ? 0 : 1;
}

Task<int> Deliver(Environment& env, std::string id, absl::Status& status) {
  std::unique_ptr<Queue> queue = *co_await OpenQueue(env, SingleQueue(kDirectory));
  status = co_await DeliverMessage(env, *queue, Mailer(), id);
  co_return 0;
}

Task<int> RunTheQueue(Environment& env, absl::Status& status) {
  std::unique_ptr<Queue> queue = *co_await OpenQueue(env, SingleQueue(kDirectory));
  status = co_await RunQueue(env, *queue, Mailer());
  co_return 0;
}

Task<int> Peek(Environment& env, std::string id, std::optional<Envelope>& envelope) {
  std::unique_ptr<Queue> queue = *co_await OpenQueue(env, SingleQueue(kDirectory));
  absl::StatusOr<std::unique_ptr<QueuedMessage>> message = co_await queue->Lock(id);
  if (message.ok()) envelope = (*message)->envelope();
  co_return 0;
}

struct Fixture {
  explicit Fixture(uint64_t seed = 1) : host(seed) {}

  void SubmitTo(std::vector<std::string> recipients, std::string sender = "u@outside.example") {
    ASSERT_EQ(host.Run(&Submit, sender, recipients, std::ref(id)), 0);
  }
  absl::Status DeliverIt() {
    absl::Status status = absl::UnknownError("not run");
    EXPECT_EQ(host.Run(&Deliver, id, std::ref(status)), 0);
    return status;
  }
  absl::Status RunIt() {
    absl::Status status = absl::UnknownError("not run");
    EXPECT_EQ(host.Run(&RunTheQueue, std::ref(status)), 0);
    return status;
  }
  std::optional<Envelope> Queued() {
    std::optional<Envelope> envelope;
    EXPECT_EQ(host.Run(&Peek, id, std::ref(envelope)), 0);
    return envelope;
  }
  size_t QueueFiles() { return host.disk().ListDirectory(kDirectory)->size(); }

  TestHost host;
  std::string id;
};

constexpr absl::string_view kDelivered =
    "From u@outside.example Fri Nov 20 06:33:32 2026\nReturn-Path: <u@outside.example>\n"
    "Received: from c.example\n\tby mx1.corp.example\nX-Utf8: \xc3\x81g\nContent-Length: 25\n\n"
    "Hello.\n.\nThis is a test.\n\n";

TEST(Deliver, PutsAMessageIntoMailboxes) {
  Fixture f;
  Install(f.host);
  f.SubmitTo({"alice@corp.example", "bob@corp.example"});
  const std::optional<Envelope> queued = f.Queued();
  ASSERT_TRUE(queued.has_value());
  ASSERT_TRUE(f.DeliverIt().ok());
  EXPECT_EQ(f.host.Read("/var/mail/alice"), kDelivered);
  EXPECT_EQ(f.host.Read("/var/mail/bob"), kDelivered);
  EXPECT_EQ(f.QueueFiles(), 0u);
  EXPECT_TRUE(absl::StrContains(
      f.host.Log(), absl::StrCat(f.id,
                                 ": to=<bob@corp.example>,<alice@corp.example>, delay=00:00:00, "
                                 "xdelay=00:00:00, mailer=local, pri=",
                                 queued->priority, ", relay=local, dsn=2.1.5, stat=Sent\n")))
      << f.host.Log();
  EXPECT_TRUE(f.DeliverIt().ok()) << "gone is no error";
}

TEST(Deliver, TheNullSenderIsTheMailerDaemon) {
  Fixture f;
  Install(f.host);
  f.SubmitTo({"alice@corp.example"}, "");
  ASSERT_TRUE(f.DeliverIt().ok());
  EXPECT_TRUE(absl::StartsWith(f.host.Read("/var/mail/alice"),
                               "From MAILER-DAEMON Fri Nov 20 06:33:32 2026\n"
                               "Return-Path: <MAILER-DAEMON@mx1.corp.example>\n"));
}

TEST(Deliver, KeepsWhoeverDidNotGetIt) {
  Fixture f;
  Install(f.host);
  ASSERT_TRUE(f.host.disk().WriteFile("/var/mail/bob.lock", "1\n", {.mode = 0600}).ok());
  f.SubmitTo(
      {"alice@corp.example", "bob@corp.example", "nosuch@corp.example", "x@outside.example"});
  const int64_t priority = f.Queued()->priority;
  ASSERT_TRUE(f.DeliverIt().ok());
  const std::string alice = f.host.Read("/var/mail/alice");
  EXPECT_TRUE(absl::EndsWith(alice, "This is a test.\n\n")) << alice;
  std::optional<Envelope> e = f.Queued();
  ASSERT_TRUE(e.has_value());
  ASSERT_EQ(e->recipients.size(), 3u);
  EXPECT_EQ(e->recipients[0].address, "bob@corp.example");
  EXPECT_EQ(e->recipients[0].status, "Deferred: 451 4.3.0 lockmailbox bob failed; error code 75");
  EXPECT_EQ(e->recipients[1].status, "Deferred: 550 5.1.1 User unknown");
  EXPECT_EQ(e->recipients[2].status, "Deferred: no mailer for this address in this version");
  EXPECT_EQ(e->attempts, 1);
  EXPECT_EQ(e->priority, priority);
  EXPECT_EQ(absl::ToUnixSeconds(e->last_attempt), 1795156412 + 45);
  EXPECT_TRUE(absl::StrContains(f.host.Log(), "dsn=4.3.0, reply=451 4.3.0 lockmailbox bob"));

  ASSERT_TRUE(f.host.disk().RemoveAll("/var/mail/bob.lock").ok());
  ASSERT_TRUE(f.RunIt().ok());
  EXPECT_TRUE(absl::StrContains(f.host.Read("/var/mail/bob"), "Hello.\n"));
  EXPECT_EQ(f.host.Read("/var/mail/alice"), alice) << "not twice";
  e = f.Queued();
  ASSERT_TRUE(e.has_value());
  EXPECT_EQ(e->recipients.size(), 2u);
  EXPECT_EQ(e->attempts, 2);
  EXPECT_EQ(e->priority, priority + 90'000);
}

TEST(Deliver, DefersWithoutAMailer) {
  Fixture f;
  f.SubmitTo({"alice@corp.example"});
  ASSERT_TRUE(f.DeliverIt().ok());
  const std::optional<Envelope> e = f.Queued();
  ASSERT_TRUE(e.has_value());
  EXPECT_TRUE(absl::EndsWith(e->recipients[0].status, "No such file or directory"))
      << e->recipients[0].status;
}

// Mailers that misbehave, each in its own way.
Task<int> Silent(Environment&, Arguments) { co_return 1; }
Task<int> Hanging(Environment& env, Arguments) {
  char buffer[100];
  while ((co_await env.process().standard_input().Read(absl::MakeSpan(buffer))).value_or(0) > 0) {
  }
  co_return 0;
}
Task<int> Say(Environment& env, std::string text) {
  (void)co_await WriteAll(env.process().standard_output(), text);
  char buffer[100];
  while ((co_await env.process().standard_input().Read(absl::MakeSpan(buffer))).value_or(0) > 0) {
  }
  co_return 0;
}
Task<int> Refusing(Environment& env, Arguments) { co_return co_await Say(env, "421 4.3.2 no\r\n"); }
Task<int> Babbling(Environment& env, Arguments) {
  co_return co_await Say(env, std::string(100'000, 'x'));
}
// Answers everything at once, and for the first recipient of the message only.
Task<int> Dying(Environment& env, Arguments) {
  (void)co_await WriteAll(env.process().standard_output(),
                          "220 a\r\n250 b\r\n250 c\r\n250 d\r\n250 e\r\n354 f\r\n250 2.1.5 g\r\n");
  char buffer[100];
  std::string seen;
  while (!absl::EndsWith(seen, "\r\n.\r\n")) {
    const auto read = co_await env.process().standard_input().Read(absl::MakeSpan(buffer));
    if (read.value_or(0) == 0) break;
    seen.append(buffer, *read);
  }
  co_return 1;
}

TEST(Deliver, SurvivesEveryMailer) {
  struct Case {
    Program program;
    absl::string_view status;
  };
  for (const Case& c :
       {Case{&Silent, "Deferred: Connection closed by local mailer"},
        Case{&Hanging, "Deferred: Connection timed out with local mailer"},
        Case{&Refusing, "Deferred: 421 4.3.2 no"}, Case{&Babbling, "Deferred: line too long"}}) {
    Fixture f;
    Install(f.host, c.program);
    f.SubmitTo({"alice@corp.example", "bob@corp.example"});
    ASSERT_TRUE(f.DeliverIt().ok());
    const std::optional<Envelope> e = f.Queued();
    ASSERT_TRUE(e.has_value());
    ASSERT_EQ(e->recipients.size(), 2u);
    EXPECT_EQ(e->recipients[0].status, c.status);
    EXPECT_EQ(e->recipients[1].status, c.status);
  }
}

TEST(Deliver, BelievesAMailerThatDiesAsFarAsItCame) {
  Fixture f;
  Install(f.host, &Dying);
  f.SubmitTo({"alice@corp.example", "bob@corp.example"});
  ASSERT_TRUE(f.DeliverIt().ok());
  const std::optional<Envelope> e = f.Queued();
  ASSERT_TRUE(e.has_value());
  ASSERT_EQ(e->recipients.size(), 1u);  // the last given comes first
  EXPECT_EQ(e->recipients[0].address, "alice@corp.example");
}

TEST(Deliver, LeavesDamagedMessagesAndServesTheOthers) {
  Fixture f;
  Install(f.host);
  ASSERT_TRUE(f.host.disk()
                  .WriteFile(absl::StrCat(kDirectory, "/qf6AK6XWAA000001"), "V8\nT1\nP1\n?\n",
                             {.mode = 0600})
                  .ok());
  f.SubmitTo({"alice@corp.example"});
  ASSERT_TRUE(f.RunIt().ok());
  EXPECT_EQ(f.host.Read("/var/mail/alice"), kDelivered);
  EXPECT_EQ(f.QueueFiles(), 1u);
  EXPECT_TRUE(absl::StrContains(f.host.Log(),
                                "6AK6XWAA000001: SYSERR: qf6AK6XWAA000001:4: unknown line\n"));
}

// However the machine crashes during delivery: afterwards everybody has the message, and nobody
// more than once more than there were crashes.
TEST(Deliver, ACrashLosesNobody) {
  for (uint64_t seed = 0; seed < 5; ++seed) {
    for (int n = 0;; ++n) {
      Fixture f(seed);
      Install(f.host);
      f.SubmitTo({"alice@corp.example", "bob@corp.example"});
      f.host.ResetCalls();
      f.host.fail_at = n;
      f.host.fail_with = Errno::kOk;  // crash
      absl::Status status;
      const bool ended = f.host.Run(&Deliver, f.id, std::ref(status)) == 0;
      f.host.fail_at = -1;
      if (ended) f.host.host().Crash();
      f.host.host().Boot();
      for (const char* user : {"alice", "bob"}) {
        ASSERT_TRUE(f.host.disk().RemoveAll(absl::StrCat("/var/mail/", user, ".lock")).ok());
      }
      ASSERT_TRUE(f.RunIt().ok());
      EXPECT_FALSE(f.Queued().has_value()) << seed << " " << n;
      for (const char* user : {"alice", "bob"}) {
        const std::string mailbox = f.host.Read(absl::StrCat("/var/mail/", user));
        EXPECT_TRUE(absl::EndsWith(mailbox, "Hello.\n.\nThis is a test.\n\n")) << mailbox;
        if (ended) EXPECT_EQ(mailbox, kDelivered);
      }
      if (ended) break;
    }
  }
}

}  // namespace
}  // namespace stagepost
