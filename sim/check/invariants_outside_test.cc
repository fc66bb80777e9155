// The invariants that follow messages to other hosts: each is broken once, and reported.
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sim/check/invariants.h"
#include "sim/check/trail.h"
#include "sim/peer/sink.h"
#include "sim/scenario/scenario_test_util.h"

namespace stagepost {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr char kHosts[] = R"(
  host { name: "mx" address: "192.0.2.25"
         mta { local: "corp.example" relay: "relay.example" relay: "192.0.2"
               may_relay_to: "partner.example" may_relay_from: "branch" }
         user { name: "alice" } }
  host { name: "hub" address: "192.0.2.26" mta { local: "hub.example" } user { name: "bob" } }
  host { name: "elsewhere" address: "203.0.113.9" sink { domain: "elsewhere.example" } }
  host { name: "branch" address: "198.51.100.8" }
  host { name: "client" address: "198.51.100.7" })";

constexpr char kInsider[] = "192.0.2.33:4000";
constexpr char kOutsider[] = "198.51.100.7:4000";

std::string Received(absl::string_view by, absl::string_view id) {
  return absl::StrCat("Received: from a (b [192.0.2.33])\r\n\tby ", by, " (x/y) with ESMTP id ", id,
                      "\r\n\tfor <z@z>; Fri, 20 Nov 2026\r\n");
}

class OutsideTest : public testing::Test {
 protected:
  OutsideTest() : checked(kHosts), invariants(checked.loaded.scenario, checked.world) {}

  // `host` has accepted a message that came by `trail` ("BY ID" each, the last hop first). `body`
  // of a report, which comes from nobody's session.
  void Accept(const std::string& host, const std::string& id, const std::string& client,
              const std::vector<std::string>& recipients, const std::string& trail = "",
              const std::string& body = "") {
    const int64_t number = body.empty() ? ++session : 0;
    std::string lines = absl::StrCat("V8\nH??Received: from a (b [c])\n\tby ", host,
                                     " (x/y) with ESMTP id ", id, "\n\tfor <z@z>; now\n");
    if (!trail.empty()) absl::StrAppend(&lines, "H??Received: from q by ", trail, "; now\n");
    const std::string queue = "/var/spool/mqueue/";
    DiskEditor editor = checked.host(host).editor();
    ASSERT_TRUE(editor.WriteFile(queue + "qf" + id, lines + ".\n").ok());
    ASSERT_TRUE(editor.WriteFile(queue + "df" + id, body).ok());
    if (number != 0) checked.Record(host, EventKind::kSmtpCommand, client, "DATA", number);
    checked.Record(host, EventKind::kEnvelopeAccepted, id, "u@v", recipients.size(), number);
    for (const std::string& recipient : recipients) {
      checked.Record(host, EventKind::kRecipientAccepted, id, recipient);
    }
    ASSERT_TRUE(editor.RemoveAll(queue + "qf" + id).ok());
  }
  // A recipient went to the mailer, which the MTA says has got rid of it.
  void Relayed(const std::string& id, const std::string& recipient) {
    checked.Record("mx", EventKind::kRecipientResolved, id, recipient + "\nesmtp\n" + recipient);
    checked.Record("mx", EventKind::kRecipientDelivered, id, recipient);
  }
  // The sink has stored a message that came from mx with the id.
  void Store(const std::string& name, const std::string& id,
             const std::vector<std::string>& recipients, bool acknowledged = true, int hops = 1) {
    std::string text = absl::StrCat("MAIL From:<u@v>\n\n");
    for (int hop = 0; hop < hops; ++hop) absl::StrAppend(&text, Received("MX", id));
    ASSERT_TRUE(checked.host("elsewhere")
                    .editor()
                    .WriteFile(absl::StrCat(kSinkDirectory, "/", name),
                               text + "Subject: hello\r\n\r\nReceived: by no id nothing\r\n")
                    .ok());
    ++session;
    checked.Record("elsewhere", EventKind::kSmtpCommand, "192.0.2.25:33000", "DATA", session);
    checked.Record("elsewhere", EventKind::kEnvelopeAccepted, name, "u@v", recipients.size(),
                   session);
    for (const std::string& recipient : recipients) {
      checked.Record("elsewhere", EventKind::kRecipientAccepted, name, recipient);
    }
    if (!acknowledged) return;
    checked.Record("elsewhere", EventKind::kSmtpCommand, "192.0.2.25:33000", "QUIT", session);
  }

  ScenarioWorld checked;
  Invariants invariants;
  int64_t session = 0;
};

TEST_F(OutsideTest, WhatASinkHasIsDelivered) {
  Accept("mx", "AA1", kInsider, {"x@elsewhere.example", "y@elsewhere.example"});
  Relayed("AA1", "x@elsewhere.example");
  Relayed("AA1", "y@elsewhere.example");
  Store("000001", "AA1", {"X@Elsewhere.example", "y@elsewhere.example"});
  EXPECT_THAT(invariants.Check(), IsEmpty());
  EXPECT_EQ(invariants.duplicates(), 0);
}

TEST_F(OutsideTest, WhatNoSinkHasIsLost) {
  Accept("mx", "AA1", kInsider, {"x@elsewhere.example", "y@elsewhere.example"});
  Relayed("AA1", "x@elsewhere.example");
  Relayed("AA1", "y@elsewhere.example");
  Store("000001", "AA1", {"x@elsewhere.example"});
  Store("000002", "AA2", {"y@elsewhere.example"});
  EXPECT_THAT(invariants.Check(), ElementsAre("conservation: AA1 on mx for <y@elsewhere.example> "
                                              "is lost: no other host has it"));
}

// The 250 alone is worth nothing.
TEST_F(OutsideTest, WhatASinkHasLostAgainIsLost) {
  Accept("mx", "AA1", kInsider, {"x@elsewhere.example"});
  Relayed("AA1", "x@elsewhere.example");
  Store("000001", "AA1", {"x@elsewhere.example"});
  ASSERT_TRUE(checked.host("elsewhere").editor().RemoveAll("/var/sink/000001").ok());
  EXPECT_THAT(invariants.Check(), ElementsAre(StartsWith("conservation: AA1 on mx for <x@")));
}

TEST_F(OutsideTest, FollowsAMessageThroughASecondMta) {
  Accept("mx", "AA1", kInsider, {"b@hub.example", "c@hub.example"});
  Relayed("AA1", "b@hub.example");
  Relayed("AA1", "c@hub.example");
  // Under the same id, by chance; and the address has another form there.
  Accept("hub", "AA1", "192.0.2.25:33000", {"bob@hub.example"}, "mx (x) with ESMTP id AA1");
  checked.Record("hub", EventKind::kRecipientBounced, "AA1", "bob@hub.example");
  EXPECT_THAT(invariants.Check(), ElementsAre("conservation: AA1 on mx for <c@hub.example> is "
                                              "lost: no other host has it"));
}

TEST_F(OutsideTest, ASecondCopyWhoseRepliesHadCome) {
  Accept("mx", "AA1", kInsider, {"x@elsewhere.example"});
  Relayed("AA1", "x@elsewhere.example");
  Store("000001", "AA1", {"x@elsewhere.example"});
  Store("000002", "AA1", {"x@elsewhere.example"});
  EXPECT_THAT(invariants.Check(),
              ElementsAre(StartsWith("duplicates: AA1 on mx for <x@elsewhere.example> went out, or "
                                     "was returned, 2 times")));
}

TEST_F(OutsideTest, ALostReplyForcesASecondCopyAndIsCounted) {
  Accept("mx", "AA1", kInsider, {"x@elsewhere.example"});
  Relayed("AA1", "x@elsewhere.example");
  Store("000001", "AA1", {"x@elsewhere.example"}, /*acknowledged=*/false);
  Store("000002", "AA1", {"x@elsewhere.example"});
  EXPECT_THAT(invariants.Check(), IsEmpty());
  EXPECT_EQ(invariants.duplicates(), 1);
  // One reply was lost, two copies are too many.
  Store("000003", "AA1", {"x@elsewhere.example"});
  EXPECT_THAT(invariants.Check(), ElementsAre(StartsWith("duplicates: AA1 on mx")));
}

TEST_F(OutsideTest, NobodyIsToldOfAFailureThatWasNone) {
  Accept("mx", "AA1", kInsider, {"x@elsewhere.example"});
  Relayed("AA1", "x@elsewhere.example");
  checked.Record("mx", EventKind::kRecipientBounced, "AA1", "x@elsewhere.example");
  Store("000001", "AA1", {"x@elsewhere.example"});
  EXPECT_THAT(invariants.Check(), ElementsAre(StartsWith("duplicates: AA1 on mx")));
}

TEST_F(OutsideTest, SomebodyElseGetsIt) {
  Accept("mx", "AA1", kInsider, {"x@elsewhere.example"});
  Relayed("AA1", "x@elsewhere.example");
  Store("000001", "AA1", {"x@elsewhere.example", "eve@elsewhere.example"});
  EXPECT_THAT(invariants.Check(),
              ElementsAre("conservation: AA1 on mx went to <eve@elsewhere.example> on elsewhere, "
                          "to whom it was not sent"));
}

// Accepted as a local address, and passed on all the same.
TEST_F(OutsideTest, AnOutsidersMailReachesASink) {
  Accept("mx", "AA1", kOutsider, {"x%elsewhere.example@corp.example"});
  Relayed("AA1", "x%elsewhere.example@corp.example");
  Store("000001", "AA1", {"x@elsewhere.example"});
  EXPECT_THAT(invariants.Check(),
              ElementsAre("no relay: mx passed an outsider's mail on for <x@elsewhere.example>, "
                          "and elsewhere has it"));
}

// The client's own word counts, whatever the MTA takes it for.
TEST_F(OutsideTest, AnOutsiderWhoIsTakenForSomebodyElse) {
  Accept("mx", "AA1", kInsider, {"x@elsewhere.example"});
  Relayed("AA1", "x@elsewhere.example");
  Store("000001", "AA1", {"x@elsewhere.example"});
  EXPECT_THAT(invariants.Check(), IsEmpty());
  invariants.ClientSaw("mx", "250 2.0.0 AA1 Message accepted for delivery", kOutsider);
  EXPECT_THAT(invariants.Check(), ElementsAre(StartsWith("no relay: mx passed an outsider's")));
}

TEST_F(OutsideTest, WhoMayHaveMailPassedOn) {
  int number = 0;
  for (const char* client : {"198.51.100.8:4000", "192.0.2.250:4000", "[::1]:4000", "stdin"}) {
    const std::string id = absl::StrCat("AA", ++number);
    Accept("mx", id, client, {"x@elsewhere.example"});
    Relayed(id, "x@elsewhere.example");
    Store(absl::StrCat("00000", number), id, {"x@elsewhere.example"});
  }
  // An alias here names somebody there; the domains are relayed for.
  Accept("mx", "BB1", kOutsider, {"list@corp.example", "y@sub.relay.example", "z@partner.example"});
  checked.Record("mx", EventKind::kRecipientExpanded, "BB1",
                 "list@corp.example\nx@elsewhere.example");
  for (const char* recipient :
       {"x@elsewhere.example", "y@sub.relay.example", "z@partner.example"}) {
    Relayed("BB1", recipient);
  }
  Store("000009", "BB1", {"x@elsewhere.example", "y@sub.relay.example", "z@partner.example"});
  EXPECT_THAT(invariants.Check(), IsEmpty());
}

TEST_F(OutsideTest, AReportAboutAReportAboutAReport) {
  const auto report_about = [](const std::string& id, const std::string& more = "") {
    return absl::StrCat("It failed.\n\n", Received("mx", id), more, "Subject: what came back\n\n");
  };
  Accept("mx", "AA1", kInsider, {"alice@corp.example"});
  Accept("mx", "AA2", "", {"u@v"}, "", report_about("AA1"));
  Accept("mx", "AA3", "", {"postmaster"}, "", report_about("AA2", report_about("AA1")));
  checked.Record("mx", EventKind::kRecipientBounced, "AA1", "alice@corp.example");
  checked.Record("mx", EventKind::kRecipientBounced, "AA2", "u@v");
  checked.Record("mx", EventKind::kRecipientDiscarded, "AA3", "postmaster");
  EXPECT_THAT(invariants.Check(), IsEmpty());
  Accept("mx", "AA4", "", {"postmaster"}, "", report_about("AA3"));
  checked.Record("mx", EventKind::kRecipientDiscarded, "AA4", "postmaster");
  EXPECT_THAT(invariants.Check(), ElementsAre("no third generation: AA4 on mx is a report about a "
                                              "report about a report"));
}

TEST_F(OutsideTest, AMessageThatHasPassedTooManyHosts) {
  Accept("mx", "AA1", kInsider, {"x@elsewhere.example", "y@elsewhere.example"});
  Relayed("AA1", "x@elsewhere.example");
  Relayed("AA1", "y@elsewhere.example");
  Store("000001", "AA1", {"x@elsewhere.example"}, true, 26);
  EXPECT_THAT(invariants.Check(), ElementsAre(StartsWith("conservation: AA1 on mx for <y@")));
  Store("000002", "AA1", {"y@elsewhere.example"}, true, 27);
  EXPECT_THAT(invariants.Check(),
              ElementsAre("hop limit: 000002 on elsewhere has passed 27 hosts"));
  ASSERT_TRUE(checked.host("mx")
                  .editor()
                  .WriteFile("/etc/mail/sendmail.cf", "V10\nO MaxHopCount=30\n")
                  .ok());
  Invariants anew(checked.loaded.scenario, checked.world);
  Store("000003", "AA1", {"y@elsewhere.example"}, true, 31);
  EXPECT_THAT(anew.Check(), IsEmpty());
}

TEST(Trail, ReadsReceivedFields) {
  const std::string message =
      "RECEIVED: from a (b [c]) by One.example (x) id A1;\r\n\tnow\r\n"
      "Subject: by two id B2\r\nReceived: from localhost (localhost)\r\n"
      "  by two.example (x)\r\n\twith LMTP id B2; now\r\n\r\nReceived: by three id C3\r\n";
  EXPECT_THAT(TrailOf(message), ElementsAre(Hop{"one.example", "A1"}, Hop{"two.example", "B2"}));
  EXPECT_THAT(AllHops(message),
              ElementsAre(Hop{"one.example", "A1"}, Hop{"two.example", "B2"}, Hop{"three", "C3"}));
  EXPECT_THAT(TrailOf(""), IsEmpty());
  EXPECT_THAT(TrailOfQueueFile("V8\nRPFD:<received: by x id y>\nH??Received: from a\n\tby b id C\n"
                               "H?P?Return-Path: <$g>\n.\n"),
              ElementsAre(Hop{"b", "C"}));
}

}  // namespace
}  // namespace stagepost
