// Each invariant is broken once, and reported; what is sound is not.
#include "sim/check/invariants.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sim/scenario/scenario_test_util.h"

namespace stagepost {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr char kMx[] = R"(
  host { name: "mx" address: "192.0.2.25"
         mta { local: "corp.example" relay: "relay.example" }
         user { name: "alice" } user { name: "bob" } }
  host { name: "client" address: "192.0.2.33" })";
constexpr char kMxWithQueueRuns[] = R"(
  host { name: "mx" address: "192.0.2.25"
         mta { local: "corp.example" queue_interval: "30m" } user { name: "alice" } })";

std::string Message(absl::string_view id, absl::string_view body = "Hello.\n") {
  return absl::StrCat("From u@outside.example Fri Nov 20 06:33:32 2026\n",
                      "Received: from c (c [192.0.2.33]) by mx with ESMTP id ", id,
                      ";\n\tFri, 20 Nov 2026 06:33:32 GMT\nContent-Length: ", body.size(), "\n\n",
                      body, "\n");
}

class InvariantsTest : public testing::Test {
 protected:
  explicit InvariantsTest(absl::string_view hosts = kMx)
      : checked(hosts), invariants(checked.loaded.scenario, checked.world) {}

  SimHost& mx() { return checked.host("mx"); }
  // In a session with `client`.
  void Accept(const std::string& id, const std::vector<std::string>& recipients,
              const std::string& client = "192.0.2.33:4000") {
    ++session;
    checked.Record("mx", EventKind::kSmtpCommand, client, "DATA", session);
    checked.Record("mx", EventKind::kEnvelopeAccepted, id, "u@outside.example", recipients.size(),
                   session);
    for (const std::string& recipient : recipients) {
      checked.Record("mx", EventKind::kRecipientAccepted, id, recipient);
    }
  }
  void Done(const std::string& id) { checked.Record("mx", EventKind::kEnvelopeDone, id); }
  void Mailbox(const std::string& user, const std::string& text, FileMode mode = 0600) {
    ASSERT_TRUE(mx().editor()
                    .WriteFile("/var/mail/" + user, text,
                               {ScenarioUser(mx(), user), ScenarioGroup(mx(), user), mode})
                    .ok());
  }
  void Queue(const std::string& id, const std::string& lines) {
    ASSERT_TRUE(mx().editor().WriteFile("/var/spool/mqueue/qf" + id, "V8\n" + lines + ".\n").ok());
  }
  void Crash() {
    mx().Crash();
    mx().Boot();
  }

  ScenarioWorld checked;
  Invariants invariants;
  int64_t session = 0;
};

TEST_F(InvariantsTest, AQuietWorldIsSound) { EXPECT_THAT(invariants.Check(), IsEmpty()); }

TEST_F(InvariantsTest, WhateverBecomesOfAMessageIsSound) {
  Accept("AA1", {"alice@corp.example", "bob@corp.example"});
  Mailbox("alice", Message("AA1"));
  Mailbox("bob", Message("AA1") + Message("AA2", "With a\n\n>From in it.\n"));
  Done("AA1");
  Accept("AA2", {"Bob+detail@CORP.example", "nobody@corp.example", "bin@mx", "daemon@[192.0.2.25]",
                 "x@sub.relay.example"});
  checked.Record("mx", EventKind::kRecipientBounced, "AA2", "nobody@corp.example");
  checked.Record("mx", EventKind::kRecipientDiscarded, "AA2", "bin@mx");
  Queue("AA2", "RPFD:<daemon@[192.0.2.25]>\nRPFD:x@sub.relay.example\n");
  checked.Record("mx", EventKind::kRecipientDeferred, "AA2", "daemon@[192.0.2.25]");
  invariants.ClientSaw("mx", "250 2.0.0 AA1 Message accepted for delivery", "192.0.2.33:4000");
  invariants.ClientSaw("mx", "250 2.0.0 Reset state", "192.0.2.33:4000");
  invariants.ClientSaw("mx", "221 2.0.0 mx closing connection", "192.0.2.33:4000");
  checked.Pretend("mx", kSendmailPath);
  EXPECT_THAT(invariants.Check(), IsEmpty());
  EXPECT_EQ(invariants.duplicates(), 0);
}

TEST_F(InvariantsTest, ALostRecipient) {
  Accept("AA1", {"alice@corp.example", "bob@corp.example"});
  Mailbox("alice", Message("AA1"));
  Mailbox("bob", Message("AA9"));
  // The MTA says that it is done, and another recipient is in the queue.
  Queue("AA1", "RPFD:jimbob@corp.example\nH?X?Comment: R:bob@corp.example\n");
  checked.Record("mx", EventKind::kRecipientDelivered, "AA1", "bob@corp.example");
  Done("AA1");
  EXPECT_THAT(invariants.Check(),
              ElementsAre("conservation: AA1 on mx for <bob@corp.example> is lost"));
}

TEST_F(InvariantsTest, ALossIsNotExplainedByACrash) {
  Accept("AA1", {"alice@corp.example"});
  Crash();
  EXPECT_THAT(invariants.Check(), ElementsAre(StartsWith("conservation: AA1 on mx for <alice@")));
}

TEST_F(InvariantsTest, AMessageInTheWrongMailbox) {
  Accept("AA1", {"alice@corp.example"});
  Mailbox("alice", Message("AA1"));
  Mailbox("bob", Message("AA1"));
  Done("AA1");
  EXPECT_THAT(invariants.Check(), ElementsAre("conservation: AA1 on mx is in the mailbox of bob, "
                                              "to whom it was not sent"));
}

TEST_F(InvariantsTest, APromiseThatWasNotKept) {
  invariants.ClientSaw("mx", "250 2.0.0 AA7 Message accepted for delivery", "192.0.2.33:4000");
  EXPECT_THAT(invariants.Check(), ElementsAre(StartsWith("conservation: mx promised AA7")));
}

TEST_F(InvariantsTest, ADuplicateWithoutACrash) {
  Accept("AA1", {"alice@corp.example"});
  Mailbox("alice", Message("AA1") + Message("AA1"));
  Done("AA1");
  EXPECT_THAT(invariants.Check(),
              ElementsAre("duplicates: AA1 on mx is 2 times in the mailbox of alice"));
}

TEST_F(InvariantsTest, ADuplicateAfterACrashIsCounted) {
  Accept("AA1", {"alice@corp.example"});
  Mailbox("alice", Message("AA1") + Message("AA1") + Message("AA1"));
  Done("AA1");
  Crash();
  EXPECT_THAT(invariants.Check(), IsEmpty());
  EXPECT_EQ(invariants.duplicates(), 2);
}

TEST_F(InvariantsTest, TwoAddressesOfOneUserMayBeTwoCopies) {
  Accept("AA1", {"alice@corp.example", "alice@mx"});
  Mailbox("alice", Message("AA1") + Message("AA1"));
  Done("AA1");
  EXPECT_THAT(invariants.Check(), IsEmpty());
}

TEST_F(InvariantsTest, ARelay) {
  Accept("AA1", {"y@elsewhere.example"});
  Queue("AA1", "RPFD:<y@elsewhere.example>\n");
  Accept("AA2",
         {"y@notcorp.example", "y@sub.corp.example", "y@norelay.example", "y@RELAY.example"});
  for (const char* settled :
       {"y@notcorp.example", "y@sub.corp.example", "y@norelay.example", "y@RELAY.example"}) {
    checked.Record("mx", EventKind::kRecipientBounced, "AA2", settled);
  }
  EXPECT_THAT(invariants.Check(),
              ElementsAre(StartsWith("no relay: mx accepted mail for <y@elsewhere.example>"),
                          StartsWith("no relay: mx accepted mail for <y@notcorp.example>"),
                          StartsWith("no relay: mx accepted mail for <y@sub.corp.example>"),
                          StartsWith("no relay: mx accepted mail for <y@norelay.example>")));
}

TEST_F(InvariantsTest, WhatTheHostItselfSendsIsNoRelaying) {
  int number = 0;
  for (const char* client : {"127.0.0.1:4000", "[::1]:4000", "192.0.2.25:4000", "stdin"}) {
    const std::string id = absl::StrCat("AA", ++number);
    Accept(id, {"y@elsewhere.example"}, client);
    Queue(id, "RPFD:<y@elsewhere.example>\n");
  }
  EXPECT_THAT(invariants.Check(), IsEmpty());
  Accept("AA9", {"y@elsewhere.example"}, "192.0.2.251:4000");
  Queue("AA9", "RPFD:<y@elsewhere.example>\n");
  EXPECT_THAT(invariants.Check(),
              ElementsAre(StartsWith("no relay: mx accepted mail for <y@elsewhere.example>")));
}

// list stands for alice and sub, sub for bob and a program; alice also for herself.
TEST_F(InvariantsTest, FollowsAliasesToTheirMembers) {
  const auto expand = [&] {
    Accept("AA1", {"list@corp.example"});
    for (const char* pair : {"list@corp.example\nalice", "list@corp.example\nsub", "sub\nbob",
                             "sub\n|/bin/x", "alice\nalice"}) {
      checked.Record("mx", EventKind::kRecipientExpanded, "AA1", pair);
    }
    for (const char* resolved :
         {"alice\nlocal\nalice", "bob\nlocal\nBob", "|/bin/x\nprog\n/bin/x"}) {
      checked.Record("mx", EventKind::kRecipientResolved, "AA1", resolved);
    }
  };
  expand();
  Mailbox("alice", Message("AA1"));
  EXPECT_THAT(invariants.Check(), ElementsAre("conservation: AA1 on mx for <bob> is lost",
                                              "conservation: AA1 on mx for <|/bin/x> is lost"));
  checked.Record("mx", EventKind::kRecipientDelivered, "AA1", "|/bin/x");
  // Split off under another sender, and still there.
  checked.Record("mx", EventKind::kEnvelopeSplit, "AA1", "AA2");
  Queue("AA2", "RFD:bob\n");
  EXPECT_THAT(invariants.Check(), IsEmpty());
  // A mailbox is believed only if the message is in it.
  ASSERT_TRUE(mx().editor().RemoveAll("/var/spool/mqueue/qfAA2").ok());
  checked.Record("mx", EventKind::kRecipientDelivered, "AA2", "bob");
  EXPECT_THAT(invariants.Check(), ElementsAre("conservation: AA1 on mx for <bob> is lost"));
  checked.Record("mx", EventKind::kRecipientBounced, "AA2", "bob");
  EXPECT_THAT(invariants.Check(), IsEmpty());
}

TEST_F(InvariantsTest, WhomNoAliasNamesGetsNothing) {
  Accept("AA1", {"list@corp.example"});
  checked.Record("mx", EventKind::kRecipientExpanded, "AA1", "list@corp.example\nalice");
  checked.Record("mx", EventKind::kRecipientResolved, "AA1", "alice\nlocal\nalice");
  Mailbox("alice", Message("AA1"));
  Mailbox("bob", Message("AA1"));
  EXPECT_THAT(
      invariants.Check(),
      ElementsAre("conservation: AA1 on mx is in the mailbox of bob, to whom it was not sent"));
}

TEST_F(InvariantsTest, AHalfMessage) {
  Accept("AA1", {"alice@corp.example"});
  Mailbox("alice", Message("AA1") + Message("AA2").substr(0, 150));
  Done("AA1");
  EXPECT_THAT(invariants.Check(),
              ElementsAre(StartsWith("whole messages: a message in /var/mail/alice on mx ")));
}

TEST_F(InvariantsTest, OneHalfMessageForEachCrash) {
  Accept("AA1", {"alice@corp.example"});
  Mailbox("alice", Message("AA1"));
  Mailbox("bob", Message("AA2").substr(0, 150));
  Mailbox("mail", Message("AA2").substr(0, 50));
  Done("AA1");
  Crash();
  EXPECT_THAT(invariants.Check(), ElementsAre(StartsWith("whole messages: ")));
}

TEST_F(InvariantsTest, MailboxesOfTheWrongKind) {
  Mailbox("alice", "", 0644);
  Mailbox("bob", "");
  ASSERT_TRUE(mx().editor().ChangeOwner("/var/mail/bob", kRootUser, kRootGroup).ok());
  ASSERT_TRUE(mx().editor().WriteFile("/tmp/x", "", {UserId{2}, GroupId{2}, 0600}).ok());
  ASSERT_TRUE(mx().editor().MakeSymlink("/tmp/x", "/var/mail/bin").ok());
  // Somebody else's, whatever it is there for.
  ASSERT_TRUE(mx().editor().MakeFifo("/var/mail/mail", {UserId{2}, GroupId{2}, 0666}).ok());
  EXPECT_THAT(invariants.Check(),
              testing::UnorderedElementsAre(StartsWith("least privilege: /var/mail/alice on mx"),
                                            StartsWith("least privilege: /var/mail/bob on mx"),
                                            StartsWith("least privilege: /var/mail/bin on mx")));
}

TEST_F(InvariantsTest, WorkThatNobodyDoes) {
  Accept("AA1", {"alice@corp.example"});
  Queue("AA1", "RPFD:alice@corp.example\n");
  EXPECT_FALSE(invariants.work_left()) << "no MTA runs";
  SimProcess& mta = checked.Pretend("mx", kSendmailPath);
  SimProcess& helper = checked.Pretend("mx", kMailLocalPath);
  helper.Die({.code = 0, .killed_by = std::nullopt}, /*crashed=*/false);
  EXPECT_TRUE(invariants.work_left());
  EXPECT_THAT(invariants.Check(), ElementsAre(StartsWith("liveness: 1 messages on mx")));
  checked.Record("mx", EventKind::kRecipientDeferred, "AA1", "alice@corp.example");
  EXPECT_FALSE(invariants.work_left());
  EXPECT_THAT(invariants.Check(), IsEmpty());
  mta.Die({.code = 0, .killed_by = std::nullopt}, /*crashed=*/false);
}

// Without queue runs, what a crash has left in the queue stays there.
TEST_F(InvariantsTest, NobodyNeedsToFinishWhatACrashInterrupted) {
  Accept("AA1", {"alice@corp.example"});
  Queue("AA1", "RPFD:alice@corp.example\n");
  Crash();
  checked.Pretend("mx", kSendmailPath);
  EXPECT_FALSE(invariants.work_left());
  EXPECT_THAT(invariants.Check(), IsEmpty());
}

// Messages that the scenario itself has laid into the queue.
TEST_F(InvariantsTest, StrangersInTheQueueAreLeftAlone) {
  checked.Pretend("mx", kSendmailPath);
  checked.Record("mx", EventKind::kRecipientDeferred, "ZZ1", "y@elsewhere.example");
  checked.Record("mx", EventKind::kRecipientBounced, "ZZ2", "y@elsewhere.example");
  Mailbox("alice", Message("ZZ3"));
  EXPECT_FALSE(invariants.work_left());
  EXPECT_THAT(invariants.Check(), IsEmpty());
}

class QueueRunsTest : public InvariantsTest {
 protected:
  QueueRunsTest() : InvariantsTest(kMxWithQueueRuns) {}
};

TEST_F(QueueRunsTest, DeferredMessagesAreTriedAgainOnceFaultsAreOver) {
  Accept("AA1", {"alice@corp.example"});
  Queue("AA1", "RPFD:alice@corp.example\n");
  Crash();
  checked.Pretend("mx", kSendmailPath);
  checked.Record("mx", EventKind::kRecipientDeferred, "AA1", "alice@corp.example");
  EXPECT_FALSE(invariants.work_left());
  invariants.Healed();
  EXPECT_TRUE(invariants.work_left());
  EXPECT_THAT(invariants.Check(), ElementsAre(StartsWith("liveness: 1 messages on mx")));
  // It says again why it cannot.
  checked.Record("mx", EventKind::kRecipientDeferred, "AA1", "alice@corp.example");
  EXPECT_FALSE(invariants.work_left());
  EXPECT_THAT(invariants.Check(), IsEmpty());
}

}  // namespace
}  // namespace stagepost
