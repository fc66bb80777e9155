// Reports, word for word as sendmail 8.17 has sent them.
#include "mta/bounce/notification.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "gtest/gtest.h"

namespace stagepost {
namespace {

using Action = NotifiedRecipient::Action;
using Kind = Notification::Kind;

NotifiedMessage Message() {
  NotifiedMessage message;
  message.id = "6AK6VZ8J000216";
  message.host_name = "mx1.corp.example";
  message.relay = "desk3.corp.example [10.1.2.3]";
  message.arrival =
      absl::FromCivil(absl::CivilSecond(2026, 11, 20, 6, 31, 35), absl::UTCTimeZone());
  message.now = message.arrival;
  message.zone = absl::UTCTimeZone();
  return message;
}

NotifiedRecipient Failed() {
  NotifiedRecipient recipient;
  recipient.address = "<nosuch@outside.example>";
  recipient.final_recipient = "RFC822; nosuch@outside.example";
  recipient.actual_recipient = "rfc822; nosuch@outside.example";
  recipient.status = "5.1.1";
  recipient.remote_mta = "mail.outside.example";
  recipient.diagnostic_type = "SMTP";
  recipient.diagnostic = recipient.reason = "550 5.1.1 User unknown";
  return recipient;
}

Notification Failure() {
  Notification notification;
  notification.recipients = {Failed()};
  notification.received_from = "desk3.corp.example";
  notification.transcript =
      "... while talking to mail.outside.example.:\n>>> DATA\n<<< 550 5.1.1 User unknown\n"
      "550 5.1.1 <nosuch@outside.example>... User unknown\n";
  return notification;
}

TEST(Notification, TellsOfFailures) {
  Notification notification = Failure();
  const std::string head =
      "The original message was received at Fri, 20 Nov 2026 06:31:35 GMT\n"
      "from desk3.corp.example [10.1.2.3]\n";
  const std::string rest =
      "\n   ----- The following addresses had permanent fatal errors -----\n"
      "<nosuch@outside.example>\n    (reason: 550 5.1.1 User unknown)\n"
      "\n   ----- Transcript of session follows -----\n"
      "... while talking to mail.outside.example.:\n>>> DATA\n<<< 550 5.1.1 User unknown\n"
      "550 5.1.1 <nosuch@outside.example>... User unknown\n";
  EXPECT_EQ(NotificationText(notification, Message()), head + rest);
  EXPECT_EQ(notification.subject(), "Returned mail: see transcript for details");
  EXPECT_EQ(notification.log_name(), "DSN");
  notification.kind = Kind::kPostmasterCopy;
  EXPECT_EQ(NotificationText(notification, Message()), head + "with id 6AK6VZ8J000216\n" + rest);
  EXPECT_EQ(notification.subject(), "Postmaster notify: see transcript for details");
  EXPECT_EQ(notification.log_name(), "postmaster notify");
  EXPECT_EQ(DeliveryStatus(notification, Message()),
            "Reporting-MTA: dns; mx1.corp.example\n"
            "Received-From-MTA: DNS; desk3.corp.example\n"
            "Arrival-Date: Fri, 20 Nov 2026 06:31:35 GMT\n\n"
            "Final-Recipient: RFC822; nosuch@outside.example\n"
            "X-Actual-Recipient: rfc822; nosuch@outside.example\n"
            "Action: failed\nStatus: 5.1.1\nRemote-MTA: DNS; mail.outside.example\n"
            "Diagnostic-Code: SMTP; 550 5.1.1 User unknown\n"
            "Last-Attempt-Date: Fri, 20 Nov 2026 06:31:35 GMT\n\n");
}

TEST(Notification, SaysWhereAnAddressCameFrom) {
  Notification notification;
  NotifiedRecipient program;
  program.address = "\"|cat >/dev/null; exit 3\"";
  program.reason = "3";
  program.expanded_from = "<pipefail@corp.example>";
  NotifiedRecipient loop;
  loop.address = "<loop1@corp.example>";
  notification.recipients = {program, loop};
  const std::string text = NotificationText(notification, Message());
  EXPECT_EQ(text.substr(text.find("-----\n") + 6),
            "\"|cat >/dev/null; exit 3\"\n    (reason: 3)\n"
            "    (expanded from: <pipefail@corp.example>)\n<loop1@corp.example>\n");
}

TEST(Notification, Warns) {
  Notification notification;
  notification.kind = Kind::kWarning;
  notification.interval = "1 second";
  NotifiedRecipient recipient = Failed();
  recipient.action = Action::kDelayed;
  recipient.status = "4.4.1";
  recipient.diagnostic.clear();
  notification.recipients = {recipient};
  notification.retry_until = Message().arrival + absl::Hours(5 * 24);
  notification.transcript = "<nosuch@outside.example>... Deferred\n";
  EXPECT_EQ(NotificationText(notification, Message()),
            "    **********************************************\n"
            "    **      THIS IS A WARNING MESSAGE ONLY      **\n"
            "    **  YOU DO NOT NEED TO RESEND YOUR MESSAGE  **\n"
            "    **********************************************\n\n"
            "The original message was received at Fri, 20 Nov 2026 06:31:35 GMT\n"
            "from desk3.corp.example [10.1.2.3]\n"
            "\n   ----- Transcript of session follows -----\n"
            "<nosuch@outside.example>... Deferred\n");
  EXPECT_EQ(notification.subject(), "Warning: could not send message for past 1 second");
  const std::string status = DeliveryStatus(notification, Message());
  const size_t action = status.find("Action:");
  ASSERT_NE(action, std::string::npos);
  EXPECT_EQ(status.substr(action),
            "Action: delayed\nStatus: 4.4.1\nRemote-MTA: DNS; mail.outside.example\n"
            "Last-Attempt-Date: Fri, 20 Nov 2026 06:31:35 GMT\n"
            "Will-Retry-Until: Wed, 25 Nov 2026 06:31:35 GMT\n\n");
}

TEST(Notification, Acknowledges) {
  Notification notification;
  notification.kind = Kind::kSuccess;
  NotifiedRecipient local = Failed(), relayed = Failed();
  local.action = Action::kDelivered;
  local.address = "<bob@corp.example>";
  local.original_recipient = "rfc822;bob@corp.example";
  local.reason.clear();
  relayed.action = Action::kRelayed;
  relayed.reason.clear();
  notification.recipients = {local, relayed};
  const std::string text = NotificationText(notification, Message());
  EXPECT_NE(text.find("\n   ----- The following addresses had successful delivery notifications "
                      "-----\n<bob@corp.example>  (successfully delivered to mailbox)\n"
                      "<nosuch@outside.example>  (relayed to non-DSN-aware mailer)\n"),
            std::string::npos);
  NotifiedMessage message = Message();
  message.envelope_id = "QQ314159";
  const std::string status = DeliveryStatus(notification, message);
  EXPECT_EQ(status.find("Original-Envelope-Id: QQ314159\nReporting-MTA: dns; "), 0u);
  EXPECT_NE(status.find("\n\nOriginal-Recipient: rfc822;bob@corp.example\nFinal-"),
            std::string::npos);
  EXPECT_NE(status.find("\nAction: delivered (to mailbox)\n"), std::string::npos);
  EXPECT_NE(status.find("\nAction: relayed (to non-DSN-aware mailer)\n"), std::string::npos);
  EXPECT_EQ(notification.subject(), "Return receipt");
}

TEST(Notification, TellsOfSuccessesBesideFailures) {
  Notification notification = Failure();
  NotifiedRecipient program = Failed(), list = Failed();
  program.action = Action::kDelivered;
  program.address = "\"|exit 0\"";
  program.expanded_from = "<prog@corp.example>";
  list.action = Action::kListed;
  list.address = "<list@corp.example>";
  notification.recipients.push_back(program);
  notification.recipients.push_back(list);
  list.asked_for = false;
  list.address = "<silent@corp.example>";
  notification.recipients.push_back(list);
  const std::string text = NotificationText(notification, Message());
  EXPECT_NE(text.find("    (reason: 550 5.1.1 User unknown)\n"
                      "\n   ----- The following addresses had successful delivery notifications "
                      "-----\n\"|exit 0\"  (successfully delivered to mailbox)\n"
                      "    (expanded from: <prog@corp.example>)\n"
                      "<list@corp.example>  (successfully delivered to mailing list)\n\n"),
            std::string::npos);
  // Programs are told of all.
  const std::string status = DeliveryStatus(notification, Message());
  const size_t first = status.find("\nAction: delivered (to mailing list)\n");
  ASSERT_NE(first, std::string::npos);
  EXPECT_NE(status.find("\nAction: delivered (to mailing list)\n", first + 1), std::string::npos);
}

TEST(Notification, SaysFirstWhatErrorHeaderSays) {
  Notification notification = Failure();
  NotifiedMessage message = Message();
  message.preface = "Sorry about that.";
  EXPECT_NE(NotificationText(notification, message)
                .find("from desk3.corp.example [10.1.2.3]\n\nSorry about that.\n\n   ----- The "),
            std::string::npos);
  notification.kind = Kind::kSuccess;
  EXPECT_EQ(NotificationText(notification, message).find("Sorry"), std::string::npos);
}

TEST(Notification, WarnsOfTimeThatTheSenderHasSet) {
  Notification notification = Failure();
  notification.kind = Kind::kWarning;
  notification.deliver_by = 2;
  notification.recipients[0].action = Action::kDelayed;
  notification.recipients[0].will_be_retried = false;
  notification.retry_until = Message().arrival + absl::Hours(1);
  NotifiedMessage message = Message();
  message.deliver_by = message.arrival + absl::Seconds(2);
  EXPECT_EQ(notification.subject(), "Warning: Delivery time (2s) exceeded");
  EXPECT_NE(NotificationText(notification, message)
                .find("\n   ----- The following addresses had transient non-fatal errors -----\n"
                      "<nosuch@outside.example>\n\n"),
            std::string::npos);
  const std::string status = DeliveryStatus(notification, message);
  EXPECT_NE(status.find("\nArrival-Date: Fri, 20 Nov 2026 06:31:35 GMT\n"
                        "Deliver-By-Date: Fri, 20 Nov 2026 06:31:37 GMT\n\n"),
            std::string::npos);
  EXPECT_EQ(status.find("Will-Retry-Until"), std::string::npos);
  // Bad news is more than a warning.
  notification.recipients.push_back(Failed());
  EXPECT_EQ(NotificationText(notification, message).find("WARNING MESSAGE ONLY"),
            std::string::npos);
}

TEST(Notification, ShowsWhatXtextStandsFor) {
  Notification notification = Failure();
  notification.recipients[0].original_recipient = "rfc822;orig+2Bbob+0AX: y+2";
  NotifiedMessage message = Message();
  message.envelope_id = "env+2B6";
  const std::string status = DeliveryStatus(notification, message);
  EXPECT_EQ(status.find("Original-Envelope-Id: env+6\n"), 0u);
  EXPECT_NE(status.find("\nOriginal-Recipient: rfc822;orig+bob X: y+2\n"), std::string::npos);
}

TEST(Notification, IsNamedAfterWhatItIsAbout) {
  Notification notification = Failure();
  notification.late = true;
  EXPECT_EQ(notification.log_name(), "sender notify");
  notification.kind = Kind::kPostmasterCopy;
  EXPECT_EQ(notification.log_name(), "sender notify");
  notification.kind = Kind::kDoubleBounce;
  EXPECT_EQ(notification.log_name(), "return to sender");
}

TEST(Notification, PutsNobodysLinesIntoAReport) {
  Notification notification = Failure();
  NotifiedRecipient& recipient = notification.recipients[0];
  recipient.reason = "550 x\nFrom: evil";
  recipient.diagnostic = "550 x\nAction: delivered\n\nFinal-Recipient: y";
  recipient.original_recipient = "rfc822;x\r\nY: z";
  NotifiedMessage message = Message();
  message.envelope_id = "a\nb";
  message.relay = "x\ny";
  EXPECT_EQ(NotificationText(notification, message).find("\nFrom:"), std::string::npos);
  const std::string status = DeliveryStatus(notification, message);
  EXPECT_EQ(status.find("\nAction: delivered"), std::string::npos);
  EXPECT_EQ(status.find("\nY:"), std::string::npos);
  EXPECT_EQ(status.find("Original-Envelope-Id: a b\n"), 0u);
  notification.transcript = std::string("said\r\nno\0thing", 15);
  const std::string text = NotificationText(notification, message);
  EXPECT_EQ(text.substr(text.rfind("-----\n") + 6), "said\nnothing\n");
}

// RFC 5322, 2.1.1: what others say may be longer than a line.
TEST(Notification, CutsLongLines) {
  Notification notification = Failure();
  const std::string very_long(2500, 'x');
  notification.recipients[0].address = very_long;
  notification.recipients[0].diagnostic = very_long;
  notification.transcript = absl::StrCat("550 ", very_long, "\n");
  const std::string text = NotificationText(notification, Message());
  const std::string status = DeliveryStatus(notification, Message());
  for (const std::string& part : {text, status}) {
    for (const absl::string_view line : absl::StrSplit(part, '\n')) {
      EXPECT_LE(line.size(), kMaxReportLine);
    }
  }
  // Whoever unfolds the field has all of it but the marks.
  EXPECT_EQ(absl::StrReplaceAll(status, {{"!\n ", ""}}).find("Diagnostic-Code: SMTP; " + very_long),
            status.find("Diagnostic-Code: "));
  EXPECT_NE(absl::StrReplaceAll(text, {{"!\n ", ""}}).find("550 " + very_long), std::string::npos);
}

TEST(IntervalText, CountsInTheLargestUnits) {
  EXPECT_EQ(IntervalText(absl::Seconds(1)), "1 second");
  EXPECT_EQ(IntervalText(absl::Hours(4)), "4 hours");
  EXPECT_EQ(IntervalText(absl::Hours(5 * 24)), "5 days");
  EXPECT_EQ(IntervalText(absl::Hours(8 * 24) + absl::Minutes(1)), "1 week 1 day 1 minute");
  EXPECT_EQ(IntervalText(absl::ZeroDuration()), "zero seconds");
}

TEST(HostOfRelay, IsTheNameInFront) {
  EXPECT_EQ(HostOfRelay("host.outside.example [192.0.2.33]"), "host.outside.example");
  EXPECT_EQ(HostOfRelay("u@fake.example [192.0.2.88] (may be forged)"), "fake.example");
  EXPECT_EQ(HostOfRelay("[192.0.2.77]"), "[192.0.2.77]");
  EXPECT_EQ(HostOfRelay(""), "");
}

}  // namespace
}  // namespace stagepost
