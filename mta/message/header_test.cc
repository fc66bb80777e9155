// Headers for the queue and for mailers. What is expected was given by sendmail 8.17 to the same
// messages.
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "mta/cf/well_known_names.h"
#include "mta/message/address_list.h"
#include "mta/message/header_check.h"
#include "mta/message/header_for_mailer.h"
#include "mta/message/message_test_util.h"
#include "mta/message/mime_limits.h"
#include "mta/message/phrase.h"

namespace stagepost {
namespace {

EnvelopeFacts From(absl::string_view sender, absl::string_view full_name = "") {
  EnvelopeFacts facts;
  facts.sender = std::string(sender);
  facts.full_name = std::string(full_name);
  return facts;
}

// The H lines of the qf file behind Received, without their H.
std::string Queued(absl::string_view text, EnvelopeFacts facts = From("u@corp.example"),
                   absl::string_view option = "") {
  TestSite site;
  if (!option.empty()) site.Set(option);
  const CompletedHeader completed =
      site.Complete(text, std::move(facts), false, {"<z@outside.example>", "<y@b.example>"});
  std::string result;
  for (const HeaderField& field : completed.header) {
    absl::StrAppend(&result, field.mailer_flags, "?", field.name, ":", field.value, "\n");
  }
  const absl::string_view front = "P?Return-Path: <\x81g>\n?Received: from c.example";
  EXPECT_TRUE(absl::StartsWith(result, front)) << result;
  const absl::string_view end = "GMT\n";
  return result.substr(result.find(end.data(), 0, end.size()) + end.size());
}

constexpr absl::string_view kDate = "D?Date: Fri, 20 Nov 2026 06:33:33 GMT\n";
constexpr absl::string_view kFrom = "F?From: u@corp.example\n";
constexpr absl::string_view kId = "M?Message-Id: <202611200633.6AK6XXMh000532@mx1.corp.example>\n";

TEST(CompleteHeader, AddsWhatIsMissing) {
  EXPECT_EQ(Queued(""), absl::StrCat(kDate, kFrom, kId));
  EXPECT_EQ(Queued("From: u\nTo: v\nDate: d\nMessage-Id: <1@2>\nSubject:\n\n"),
            "?From: u\n?To: v\n?Date: d\n?Message-Id: <1@2>\n?Subject:\n");
  // Nothing in a field is no field, where there is one to take its place.
  EXPECT_EQ(Queued("From:\nDate: \nTo:\nCc: \n\n"),
            absl::StrCat(kDate, kFrom, kId, "?To:\n?Cc: \n"));
  EXPECT_EQ(Queued("from: a\nto: b\ndate: d\nmessage-id: <e>\n\n"),
            "?from: a\n?to: b\n?date: d\n?message-id: <e>\n");
  EXPECT_EQ(Queued("Return-Path: <x@y>\nReceived: from x\nBcc: a@x\n\n"),
            absl::StrCat(kDate, kFrom, kId, "?Received: from x\n?Bcc: a@x\n"));
  EXPECT_EQ(Queued("From u@x Fri Nov 20 10:00:00 2026\nSubject: y\n\n"),
            absl::StrCat("D?Date: Fri, 20 Nov 2026 10:00:00 GMT\n", kFrom, kId, "?Subject: y\n"));
  EXPECT_EQ(Queued("", From("")), absl::StrCat(kDate, "F?From: \n", kId));
}

TEST(CompleteHeader, KnowsResentMessages) {
  EXPECT_EQ(Queued("Resent-From: r@x.example\nResent-To: alice\nFrom: u\nTo: v\nDate: d\n"
                   "Message-Id: <1@2>\n\n"),
            "D?Resent-Date: Fri, 20 Nov 2026 06:33:33 GMT\n"
            "M?Resent-Message-Id: <202611200633.6AK6XXMh000532@mx1.corp.example>\n"
            "?Resent-From: r@x.example\n?Resent-To: alice\n?From: u\n?To: v\n?Date: d\n"
            "?Message-Id: <1@2>\n");
  EXPECT_EQ(Queued("Resent-Date: foo\nFrom: u\nTo: v\nDate: d\nMessage-Id: <1@2>\n\n"),
            "F?Resent-From: u@corp.example\n"
            "M?Resent-Message-Id: <202611200633.6AK6XXMh000532@mx1.corp.example>\n"
            "?Resent-Date: foo\n?From: u\n?To: v\n?Date: d\n?Message-Id: <1@2>\n");
}

TEST(CompleteHeader, NamesTheSender) {
  const std::string rest = absl::StrCat(kId, "?To: x\n");
  EXPECT_EQ(Queued("To: x\n\n", From("alice@corp.example", "Alice Adams")),
            absl::StrCat(kDate, "F?From: Alice Adams <alice@corp.example>\n",
                         "x?Full-Name: Alice Adams\n", rest));
  EXPECT_EQ(Queued("Full-Name: Foo B. \"Bar\"\nTo: x\n\n"),
            absl::StrCat(kDate, "F?From: \"Foo B. \\\"Bar\\\"\" <u@corp.example>\n", kId,
                         "x?Full-Name: Foo B. \"Bar\"\n?To: x\n"));
  EXPECT_EQ(FullNameOf("Alice & Adams,Room 5", "alice", ".'"), "Alice Alice Adams");
  EXPECT_EQ(FullNameOf("*Carol O'Hara;x", "carol", ".'"), "\"Carol O'Hara\"");
  EXPECT_EQ(FullNameOf("", "carol", ".'"), "");
}

TEST(CompleteHeader, AddsARecipientFieldAsTold) {
  const std::string front = absl::StrCat(kDate, kFrom, kId, "?Subject: x\n");
  const auto with = [](absl::string_view action) {
    return Queued("Subject: x\n\n", From("u@corp.example"),
                  absl::StrCat("NoRecipientAction=", action));
  };
  EXPECT_EQ(with("none"), front);
  EXPECT_EQ(with("add-to"), front + "?To: <y@b.example>\n?To: <z@outside.example>\n");
  EXPECT_EQ(with("add-apparently-to"),
            front + "?Apparently-To: <y@b.example>\n?Apparently-To: <z@outside.example>\n");
  EXPECT_EQ(with("add-bcc"), front + "?Bcc:  \n");
  EXPECT_EQ(with("add-to-undisclosed"), front + "?To: undisclosed-recipients:;\n");
  EXPECT_EQ(Queued("Bcc: a\n\n", From("u@corp.example"), "NoRecipientAction=add-to"),
            absl::StrCat(kDate, kFrom, kId, "?Bcc: a\n"));
}

TEST(CompleteHeader, ReadsWhatFieldsMean) {
  TestSite site;
  const CompletedHeader junk = site.Complete(
      "Precedence: JUNK\nPriority: urgent\nReturn-Receipt-To: u\nTo: x\nReceived: a\nVia: b\n"
      "Message-Id: <1@2>\n\n",
      From("u"));
  EXPECT_EQ(junk.message_class, -100);
  EXPECT_EQ(junk.urgency, Urgency::kUrgent);
  EXPECT_EQ(junk.hops, 3);
  EXPECT_EQ(junk.message_id, "<1@2>");
  EXPECT_TRUE(junk.delete_bcc && junk.wants_receipt);
  EXPECT_FALSE(junk.is_mime || junk.has_8bitmime);
  const CompletedHeader plain =
      site.Complete("Precedence: 17\nMIME-Version: 1.0\nSubject: caf\xe9\n\n", From("u"));
  EXPECT_EQ(plain.message_class, 0);
  EXPECT_TRUE(plain.is_mime && plain.has_8bitmime);
  EXPECT_FALSE(plain.delete_bcc || plain.wants_receipt);
}

TEST(CompleteHeader, WritesReceivedWithoutWhatIsNotKnown) {
  TestSite site;
  site.helo = false;
  EXPECT_EQ(site.Complete("", From("u")).header[1].value,
            " (from host.outside.example [192.0.2.33])\n"
            "\tby mx1.corp.example (8.17/8.17) with ESMTP id 6AK6XXMh000532;\n"
            "\tFri, 20 Nov 2026 06:33:33 GMT");
  EnvelopeFacts facts = From("u");
  facts.only_recipient = "<z@outside.example>";
  EXPECT_EQ(site.Complete("", facts).header[1].value,
            " (from host.outside.example [192.0.2.33])\n"
            "\tby mx1.corp.example (8.17/8.17) with ESMTP id 6AK6XXMh000532\n"
            "\tfor <z@outside.example>; Fri, 20 Nov 2026 06:33:33 GMT");
}

// What esmtp is sent of these fields.
std::string Sent(absl::string_view text, absl::string_view domain = "") {
  TestSite site;
  Envelope envelope;
  const CompletedHeader completed = site.Complete(
      absl::StrCat("Date: d\nMessage-Id: <1@2>\n", text, "\n"), From("u@corp.example"));
  envelope.header = completed.header;
  envelope.flags = completed.delete_bcc ? "bs" : "s";
  AddressContext context{*site.rules.engine, site.rules.configuration, site.macros};
  const HeaderText header = RunToEnd(
      [](AddressContext c, const Envelope& e, HeaderTarget target) -> Task<HeaderText> {
        co_return co_await HeaderForMailer(c, e, std::move(target));
      },
      context, std::cref(envelope),
      HeaderTarget{.mailer = site.esmtp,
                   .sender = "u@corp.example",
                   .plan = {},
                   .sender_domain = std::string(domain)});
  EXPECT_EQ(header.exit_code, 0);
  const absl::string_view end = "Message-Id: <1@2>\n";
  const size_t at = header.text.find(end.data(), 0, end.size());
  EXPECT_FALSE(absl::StrContains(header.text, "Return-Path"));
  return header.text.substr(at + end.size());
}

TEST(HeaderForMailer, RewritesAddresses) {
  EXPECT_EQ(Sent("From: u\nTo: alice (Alice A) , (c) bob@corp.example\nSubject: a, b\n"),
            "From: u@mx1.corp.example\nTo: alice@mx1.corp.example (Alice A), (c) "
            "bob@corp.example\nSubject: a, b\n");
  EXPECT_EQ(Sent("From: Joe Q. Public <joe>\nCc:   bob   ,\n carol\nTo:alice\nReply-To:\n u@x\n"),
            "From: \"Joe Q. Public\" <joe@mx1.corp.example>\n"
            "Cc:   bob@mx1.corp.example, carol@mx1.corp.example\nTo:alice@mx1.corp.example\n"
            "Reply-To:  u@x\n");
  EXPECT_EQ(Sent("From: u\nTo: Friends: a@b.example, \"Q, R\" <q@r.example>;\n"),
            "From: u@mx1.corp.example\nTo: Friends: a@b.example, \"Q, R\" <q@r.example>;\n");
  EXPECT_EQ(Sent("From: u\nErrors-To: e\nReturn-Receipt-To: r\nX-To: foo\n"
                 "Disposition-Notification-To: d\n"),
            "From: u@mx1.corp.example\nErrors-To: e@mx1.corp.example\nReturn-Receipt-To: r\n"
            "X-To: foo\nDisposition-Notification-To: d@mx1.corp.example\n");
}

TEST(HeaderForMailer, KnowsListsOfTheOldStyle) {
  EXPECT_EQ(Sent("From: alice bob\nTo: alice bob c@x.example\n"),
            "From: alice.bob\nTo: alice@mx1.corp.example, bob@mx1.corp.example, c@x.example\n");
  EXPECT_EQ(Sent("From: x\nTo: a @ b.example c\n"),
            "From: x@mx1.corp.example\nTo: a@b.example, c@mx1.corp.example\n");
  EXPECT_EQ(Sent("From: x <y@z>\nTo: a b\n"), "From: x <y@z>\nTo: a.b\n");
}

TEST(HeaderForMailer, FoldsLists) {
  std::string to;
  for (const int size : {20, 30, 25, 60}) {
    absl::StrAppend(&to, to.empty() ? "" : ",", std::string(static_cast<size_t>(size), 'a'), "@x");
  }
  const auto a = [](size_t size) { return std::string(size, 'a') + "@x"; };
  EXPECT_EQ(Sent("From: u@x\nTo: " + to + "\n"),
            absl::StrCat("From: u@x\nTo: ", a(20), ", ", a(30), ",\n        ", a(25), ",\n        ",
                         a(60), "\n"));
}

TEST(HeaderForMailer, LeavesOutWhatIsNotForTheMailer) {
  EXPECT_EQ(Sent("From: u@x\nTo: a@x\nBcc: b\nContent-Length: 9\nFull-Name: Foo\n"),
            "From: u@x\nTo: a@x\n");
  EXPECT_EQ(Sent("From: u@x\nBcc: b\n"), "From: u@x\nBcc:\n");
}

TEST(HeaderForMailer, PutsInTheSenderLate) {
  TestSite site;
  Envelope envelope;
  envelope.header = {{"Return-Path", " <\x81g>", "P"}, {"X", " <\x81g>", ""}};
  AddressContext context{*site.rules.engine, site.rules.configuration, site.macros};
  const auto write = [](AddressContext c, const Envelope& e, HeaderTarget t) -> Task<HeaderText> {
    co_return co_await HeaderForMailer(c, e, std::move(t));
  };
  const HeaderText header =
      RunToEnd(write, context, std::cref(envelope),
               HeaderTarget{.mailer = site.local, .sender = "a@b", .plan = {}});
  EXPECT_EQ(header.text, "Return-Path: <a@b>\nX: <\x81g>\n");
}

TEST(AddressList, EndsWhateverIsInIt) {
  TestRules rules("S1\n");
  const absl::string_view kLists[] = {"\"abc <u@x>",
                                      "(x alice",
                                      "<bob, carol",
                                      "carol>",
                                      "\\",
                                      "a\\,b",
                                      ",,;,",
                                      "@",
                                      "\"",
                                      "@@,@",
                                      absl::string_view("a\0b, c", 6)};
  for (const absl::string_view list : kLists) {
    for (const bool old_style : {false, true}) {
      AddressListReader reader(rules.engine->tokenizer(), list, old_style);
      absl::string_view address;
      size_t count = 0;
      while (reader.Next(address)) ASSERT_LE(++count, list.size()) << list;
    }
  }
}

TEST(HeaderCheck, AsksInTheOrderOfTheFields) {
  Configuration configuration;
  HeaderDefinition subject, others;
  subject.name = "Subject";
  subject.ruleset = "ShowS";
  others.name = "*";
  others.ruleset = "ShowAll";
  others.ruleset_strips_comments = false;
  configuration.headers = {subject, others};
  const Header header = {{"subject", "  two\n folded\n\tmore \"q\" c\\d", ""}, {"To", " x", ""}};
  const std::vector<HeaderCheck> checks = HeaderChecks(configuration, header);
  ASSERT_EQ(checks.size(), 2u);
  EXPECT_EQ(checks[0].ruleset, "ShowS");
  EXPECT_EQ(checks[0].argument, "  two  folded  more \"q\" c\\d");
  EXPECT_TRUE(checks[0].strip_comments);
  EXPECT_EQ(checks[1].ruleset, "ShowAll");
  EXPECT_FALSE(checks[1].strip_comments);
  Macros macros;
  DefineHeaderCheckMacros(checks[0], macros);
  const auto value = [&](NameId id) {
    return *macros.ExpandToString(*macros.Find(id), configuration.names);
  };
  EXPECT_EQ(value(well_known::kHdrName), "subject");
  EXPECT_EQ(value(well_known::kHdrlen), "27");
  EXPECT_EQ(value(well_known::kCurrHeader), "\"  two  folded  more \\\"q\\\" c\\d\"");
}

TEST(QuotedPhrase, QuotesOnlyWhatMustBe) {
  EXPECT_EQ(QuotedPhrase("Foo Bar", ".'"), "Foo Bar");
  EXPECT_EQ(QuotedPhrase("Foo B. Bar", ".'"), "\"Foo B. Bar\"");
  EXPECT_EQ(QuotedPhrase("Foo \"B.\" Bar", ".'"), "Foo \"B.\" Bar");
  EXPECT_EQ(QuotedPhrase("Foo \"B", ".'"), "\"Foo \\\"B\"");
  EXPECT_EQ(QuotedPhrase("", ".'"), "");
}

std::string Limited(absl::string_view limits, std::string name, std::string value) {
  TestSite site;
  site.Set(absl::StrCat("MaxMimeHeaderLength=", limits));
  HeaderField field = {std::move(name), std::move(value), ""};
  std::string result;
  for (const std::string& alert : LimitMimeField(site.rules.configuration, field)) {
    absl::StrAppend(&result, alert, "\n");
  }
  return result + field.value;
}

TEST(LimitMimeField, ShortensAndBalances) {
  const auto n = [](char c, size_t size) { return std::string(size, c); };
  EXPECT_EQ(
      Limited("256/128", "Content-Type",
              " text/plain; a=b; charset=\"" + n('z', 300) + "\"; foo=" + n('y', 200)),
      "Truncated MIME Content-Type header due to field size (length = 205) (possible attack)\n"
      "Truncated long MIME Content-Type header (length = 276) (possible attack)\n"
      " text/plain; a=b; charset=\"" +
          n('z', 118) + "\"; foo=" + n('y', 105));
  EXPECT_EQ(Limited("256/128", "Content-Description", " " + n('d', 312)),
            "Truncated long MIME Content-Description header (length = 313) (possible attack)\n " +
                n('d', 255));
  EXPECT_EQ(Limited("2048/1024", "Content-Disposition", " a; filename=(foo ((bar; x=\"a)"),
            "Fixed MIME Content-Disposition header field (possible attack)\n"
            " a; filename=(foo ((bar; x=)))");
  EXPECT_EQ(Limited("2048/1024", "Content-Type", " a; name=\"foo"),
            "Fixed MIME Content-Type header field (possible attack)\n a; name=\"fo\"");
  EXPECT_EQ(Limited("2048/1024", "Content-Type", " a; b=\"x;y\"; c=(c;d); e=\"e\\\"f;g\""),
            " a; b=\"x;y\"; c=(c;d); e=\"e\\\"f;g\"");
  EXPECT_EQ(Limited("0/0", "Content-Type", " a; name=\"foo"), " a; name=\"foo");
}

}  // namespace
}  // namespace stagepost
