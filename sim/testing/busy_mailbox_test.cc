// mail.local with a client that hands over one message after another for the same user.
#include <functional>
#include <memory>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "mta/async/deadline.h"
#include "mta/base/status_macros.h"
#include "mta/bin/mail_local.h"
#include "mta/env/env_test_util.h"
#include "sim/testing/test_host.h"

namespace stagepost {
namespace {

constexpr absl::string_view kAlice = "/var/mail/alice";
constexpr absl::string_view kSpare = "/var/mail/.alice.lock.spare";
const DiskEditor::Ownership kOfAlice = {UserId{2001}, GroupId{2001}, 0600};

// As a client sends it that does not wait for answers.
constexpr absl::string_view kOneMessage =
    "MAIL FROM:<u@outside.example>\r\nRCPT TO:<alice>\r\nBDAT 22 LAST\r\n"
    "Subject: x\r\n\r\nHello.\r\n";

int Count(absl::string_view text, absl::string_view what) {
  int count = 0;
  for (size_t at = 0; (at = text.find(what, at)) != text.npos; ++at) ++count;
  return count;
}

void InstallMailLocal(TestHost& host) {
  host.host().InstallProgram("/mail.local", &MailLocalMain);
  EXPECT_TRUE(host.disk().WriteFile("/mail.local", "", {.mode = 0755}).ok());
}

Operation<absl::StatusOr<std::unique_ptr<Child>>> StartMailLocal(Environment& env) {
  return env.programs().Start({.path = "/mail.local",
                               .arguments = {"mail.local", "-l"},
                               .environment = {{"LMTP_CHUNKING", "yes"}},
                               .pipe_input = true,
                               .pipe_output = true});
}

// Hands over the messages of each group at once, with a pause in front of each group.
Task<int> GivesGroups(Environment& env, std::vector<int> groups, absl::Duration pause) {
  CO_REQUIRE_ASSIGN(std::unique_ptr<Child> child, co_await StartMailLocal(env));
  std::unique_ptr<ByteSink> input = child->TakeInput();
  std::unique_ptr<ByteSource> output = child->TakeOutput();
  for (const int messages : groups) {
    EXPECT_OK(co_await Sleep(pause));
    std::string text;
    for (int i = 0; i < messages; ++i) absl::StrAppend(&text, kOneMessage);
    EXPECT_OK(co_await WriteAll(*input, text));
  }
  input.reset();
  CO_REQUIRE_ASSIGN(const std::string replies, co_await ReadAll(*output));
  EXPECT_OK((co_await child->Wait()).status());
  co_return Count(replies, "alice Ok");
}

// How often the mailbox is flushed for them.
int SyncsOfGroups(std::vector<int> groups, absl::Duration pause) {
  TestHost host;
  InstallMailLocal(host);
  int syncs = 0;
  host.fault = [&](FileCall call, absl::string_view path) {
    if (call == FileCall::kSync && path == kAlice) ++syncs;
    return Errno::kOk;
  };
  const int sent = std::accumulate(groups.begin(), groups.end(), 0);
  EXPECT_EQ(host.Run(&GivesGroups, std::move(groups), pause), sent);
  return syncs;
}

TEST(BusyMailbox, GathersFromWhomHandsOverSeveral) {
  // Who waits for each answer, or has nothing more to say, is not kept waiting.
  EXPECT_EQ(SyncsOfGroups({1, 1, 1}, absl::Milliseconds(20)), 3);
  EXPECT_EQ(SyncsOfGroups({2, 1, 1}, absl::Milliseconds(20)), 3);
  const int together = SyncsOfGroups({2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, absl::Microseconds(500));
  EXPECT_GE(together, 2);
  EXPECT_LE(together, 4);
}

TEST(BusyMailbox, KeepsTheLockOfABusyMailbox) {
  TestHost host;
  InstallMailLocal(host);
  int made = 0, renamed = 0;
  host.fault = [&](FileCall call, absl::string_view path) {
    made += call == FileCall::kOpen && path == "/var/mail/alice.lock";
    renamed += call == FileCall::kRename;
    return Errno::kOk;
  };
  const absl::Duration pause = absl::Milliseconds(50);
  EXPECT_EQ(host.Run(&GivesGroups, std::vector<int>{1, 1, 1, 1, 1}, pause), 5);
  EXPECT_EQ(made, 2);
  EXPECT_EQ(renamed, 7);
  EXPECT_EQ(*host.disk().ListDirectory("/var/mail"), std::vector<std::string>{"alice"});
  // A quiet mailbox has none.
  made = renamed = 0;
  EXPECT_EQ(host.Run(&GivesGroups, std::vector<int>{1, 1, 1}, absl::Seconds(2)), 3);
  EXPECT_EQ(made, 3);
  EXPECT_EQ(renamed, 0);

  // Another's place is taken only when it is old.
  ASSERT_TRUE(host.disk().WriteFile(kSpare, "1\n", kOfAlice).ok());
  EXPECT_EQ(host.Run(&GivesGroups, std::vector<int>{1, 1, 1}, pause), 3);
  EXPECT_EQ(host.Read(kSpare), "1\n");
  EXPECT_EQ(made, 6);
  const absl::Time old = host.host().WallNow() - absl::Seconds(301);
  ASSERT_TRUE(host.disk().SetTimes(kSpare, old, old).ok());
  EXPECT_EQ(host.Run(&GivesGroups, std::vector<int>{1, 1, 1}, pause), 3);
  EXPECT_EQ(made, 8);
  EXPECT_EQ(*host.disk().ListDirectory("/var/mail"), std::vector<std::string>{"alice"});
}

// Hands over a message when the one before has been answered. Counts those that are delivered.
Task<int> OneByOne(Environment& env, int messages, int& delivered) {
  CO_REQUIRE_ASSIGN(std::unique_ptr<Child> child, co_await StartMailLocal(env));
  std::unique_ptr<ByteSink> input = child->TakeInput();
  std::unique_ptr<ByteSource> output = child->TakeOutput();
  for (int i = 0; i < messages; ++i) {
    if (!(co_await WriteAll(*input, kOneMessage)).ok()) co_return 1;
    std::string replies;
    // The last line of three, or of four with the greeting.
    while (Count(replies, "\r\n") < (i == 0 ? 4 : 3)) {
      std::string block(1000, '\0');
      const absl::StatusOr<size_t> read = co_await output->Read(absl::MakeSpan(block));
      if (!read.ok() || *read == 0) co_return 1;
      replies.append(block, 0, *read);
    }
    delivered += Count(replies, "alice Ok");
  }
  input.reset();
  EXPECT_OK((co_await child->Wait()).status());
  co_return 0;
}

int Delivered(TestHost& host) {
  return Count(host.disk().ReadFile(kAlice).value_or(""), "From u@outside.example ");
}

TEST(BusyMailbox, AnyFailingCallLosesNothingAndDoublesNothing) {
  for (const Errno error : {Errno::kEIO, Errno::kENOSPC, Errno::kEINVAL}) {
    int failing = 0, calls = 0;
    do {
      TestHost host;
      InstallMailLocal(host);
      calls = 0;
      host.fault = [&](FileCall, absl::string_view path) {
        if (!absl::StartsWith(path, "/var/mail")) return Errno::kOk;
        return calls++ == failing ? error : Errno::kOk;
      };
      int answered = 0;
      EXPECT_EQ(host.Run(&OneByOne, 4, std::ref(answered)), 0) << failing;
      EXPECT_EQ(Delivered(host), answered) << failing;
      EXPECT_GE(answered, 1) << failing;
      ++failing;
    } while (calls >= failing);
    EXPECT_GT(failing, 40);
  }
}

TEST(BusyMailbox, ACrashLosesNothingThatWasAnsweredFor) {
  for (int n = 0;; ++n) {
    TestHost host(static_cast<uint64_t>(n));
    InstallMailLocal(host);
    host.fail_at = n;
    host.fail_with = Errno::kOk;  // crash
    int answered = 0;
    const int code = host.Run(&OneByOne, 4, std::ref(answered));
    if (code == 0) {
      EXPECT_GT(n, 40);
      break;
    }
    if (host.host().up()) host.host().Crash();
    host.fail_at = -1;
    host.host().Boot();
    EXPECT_GE(Delivered(host), answered) << n;
    // Whatever stands there now, mail comes again, when a lock is old.
    for (const char* path : {"/var/mail/alice.lock", "/var/mail/.alice.lock.spare"}) {
      const absl::Time old = host.host().WallNow() - absl::Seconds(301);
      (void)host.disk().SetTimes(path, old, old);
    }
    const int before = Delivered(host);
    int more = 0;
    EXPECT_EQ(host.Run(&OneByOne, 4, std::ref(more)), 0) << n;
    EXPECT_EQ(more, 4) << n;
    EXPECT_EQ(Delivered(host), before + 4) << n;
    EXPECT_EQ(*host.disk().ListDirectory("/var/mail"), std::vector<std::string>{"alice"}) << n;
  }
}

}  // namespace
}  // namespace stagepost
