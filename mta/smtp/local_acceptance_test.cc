#include "mta/smtp/local_acceptance.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "mta/smtp/address.h"
#include "mta/smtp/testing/test_environment.h"

namespace stagepost {
namespace {

class LocalAcceptanceTest : public testing::Test {
 protected:
  LocalAcceptanceTest() {
    classes_.local = {"mx1.corp.example", "mx1",        "localhost",
                      "corp.example",     "[10.0.0.1]", "localdom.example"};
    client_.address = *IpAddress::Parse("192.0.2.33");
    client_.name = "[192.0.2.33]";
  }
  AddressDecision Decide(absl::string_view path, bool sender) {
    LocalAcceptance acceptance(classes_, world_.env().accounts());
    auto decision = sender
                        ? world_.Run(&Sender, std::ref(acceptance), client_, std::string(path))
                        : world_.Run(&Recipient, std::ref(acceptance), client_, std::string(path));
    return std::move(**decision);
  }
  std::string Rcpt(absl::string_view path) { return Decide(path, false).reply.Text(); }
  std::string Mail(absl::string_view path) { return Decide(path, true).reply.Text(); }
  void From(absl::string_view address) { client_.address = *IpAddress::Parse(address); }

  static Task<AddressDecision> Sender(LocalAcceptance& acceptance, Client client,
                                      std::string path) {
    co_return co_await acceptance.CheckSender(client, path);
  }
  static Task<AddressDecision> Recipient(LocalAcceptance& acceptance, Client client,
                                         std::string path) {
    co_return co_await acceptance.CheckRecipient(client, path);
  }

  TestWorld world_;
  HostClasses classes_;
  Client client_;
};

// Every recipient of the recorded relay probes, with sendmail's answer.
TEST_F(LocalAcceptanceTest, IsNoOpenRelay) {
  const absl::string_view kDenied[] = {
      "<relaytest@elsewhere.example>",
      "<relaytest%elsewhere.example@[10.0.0.1]>",
      "<relaytest%elsewhere.example@mx1.corp.example>",
      "<\"relaytest@elsewhere.example\">",
      "<\"relaytest%elsewhere.example\">",
      "<\"relaytest@elsewhere.example\"@[10.0.0.1]>",
      "<@[10.0.0.1]:relaytest@elsewhere.example>",
      "<@mx1.corp.example:relaytest@elsewhere.example>",
      "<elsewhere.example!relaytest>",
      "<elsewhere.example!relaytest@[10.0.0.1]>",
      "<elsewhere.example!relaytest@mx1.corp.example>",
      "<relaytest%elsewhere.example>",
      "<relaytest%elsewhere.example@corp.example>",
      "<@corp.example,@mx1.corp.example:relaytest@elsewhere.example>",
      "<relaytest@[192.0.2.71]>",
      "<relaytest@192.0.2.71>",
      "<relaytest@elsewhere.example.>",
      "<relaytest@sub.corp.example>",
      "<\"relay test\"@dom1.example>",
      "<dom1.example!localdom.example!x>",
      "<x@localdom.example%dom1.example>",
      "<alice@[127.0.0.1]>",
      "<alice@10.0.0.1>",
      "<alice@[1.2.3.4]>",
      "<x@nxdomain.example>",
      // Not recorded, but of the same family.
      "<@elsewhere.example:alice@corp.example>",
      "<\"elsewhere.example!relaytest\"@corp.example>",
      "<\"\\\"relaytest@elsewhere.example\\\"\"@corp.example>",
      "<a!b%c@corp.example>",
      "<relaytest\\@elsewhere.example@corp.example>",
      "<alice%corp.example%elsewhere.example@corp.example>",
  };
  for (const absl::string_view path : kDenied) {
    const AddressDecision decision = Decide(path, false);
    EXPECT_EQ(decision.reply.Text(), absl::StrCat("550 5.7.1 ", path, "... Relaying denied"));
    EXPECT_TRUE(decision.by_policy);
  }
  for (const absl::string_view path : {"<relaytest@elsewhere.example@[10.0.0.1]>",
                                       "<relaytest@elsewhere.example@mx1.corp.example>"}) {
    EXPECT_EQ(Rcpt(path), absl::StrCat("553 5.1.3 ", path, "... Invalid route address"));
  }
  EXPECT_EQ(Rcpt("<relaytest>"), "550 5.1.1 <relaytest>... User unknown");
}

TEST_F(LocalAcceptanceTest, TakesRecipientsAsSendmail) {
  const struct {
    absl::string_view path;
    absl::string_view user;
  } kCases[] = {
      {"<alice@corp.example>", "alice"},
      {"alice@corp.example", "alice"},
      {"<alice>", "alice"},
      {"alice", "alice"},
      {"<ALICE@CORP.EXAMPLE>", "alice"},
      {"<alice+detail@corp.example>", "alice"},
      {"<dave.d@corp.example>", "dave.d"},
      {"<\"alice\"@corp.example>", "alice"},
      {"<\"dave.d\">", "dave.d"},
      {"<\\alice@corp.example>", "alice"},
      {"<alice@corp.example>x", "alice"},
      {"<alice@[10.0.0.1]>", "alice"},
      {"<alice@mx1>", "alice"},
      {"<alice@localhost>", "alice"},
      {"<alice@corp.example.>", "alice"},
      {"<alice%corp.example@localdom.example>", "alice"},
      {"<corp.example!alice>", "alice"},
      {"<@corp.example:alice@localdom.example>", "alice"},
      {"<alice@corp.example>,<bob@corp.example>", "alice"},
      {"<alice(comment)@corp.example>", "alice"},
      {"<(comment)alice@corp.example>", "alice"},
      {"<alice @ corp.example>", "alice"},
      {"<root@corp.example>", "root"},
  };
  for (const auto& c : kCases) {
    const AddressDecision decision = Decide(c.path, false);
    EXPECT_EQ(decision.reply.Text(), absl::StrCat("250 2.1.5 ", c.path, "... Recipient ok"));
    EXPECT_EQ(decision.recipient.user, c.user) << c.path;
  }
}

TEST_F(LocalAcceptanceTest, RefusesRecipientsAsSendmail) {
  const struct {
    absl::string_view path;
    absl::string_view reply;
  } kCases[] = {
      {"<nosuch@corp.example>", "550 5.1.1 <nosuch@corp.example>... User unknown"},
      {"<nosuch+x@corp.example>", "550 5.1.1 <nosuch+x@corp.example>... User unknown"},
      {"<\"alice bob\"@corp.example>", "550 5.1.1 <\"alice bob\"@corp.example>... User unknown"},
      {"<al ice@corp.example>", "550 5.1.1 <al ice@corp.example>... User unknown"},
      {"<Alice.Adams@corp.example>", "550 5.1.1 <Alice.Adams@corp.example>... User unknown"},
      {"<alice;@corp.example>", "550 5.1.1 <alice;@corp.example>... User unknown"},
      {"<|/bin/cat@corp.example>",
       "550 5.7.1 <|/bin/cat@corp.example>... Cannot mail directly to programs"},
      {"\"|/bin/cat\"", "550 5.7.1 \"|/bin/cat\"... Cannot mail directly to programs"},
      {"</tmp/file@corp.example>",
       "550 5.7.1 </tmp/file@corp.example>... Cannot mail directly to files"},
      {"<:include:/etc/passwd>",
       "550 5.7.1 <:include:/etc/passwd>... Cannot mail directly to :include:s"},
      {"<>", "553 5.0.0 <>... User address required"},
      {"<@>", "553 5.1.3 <@>... List:; syntax illegal for recipient addresses"},
      {"<@corp.example>", "553 5.1.3 <@corp.example>... User address required"},
      {"<alice@>", "553 5.1.3 <alice@>... Hostname required"},
      {"<alice@.corp.example>", "553 5.1.2 <alice@.corp.example>... Invalid host name"},
      {"<alice@corp..example>", "553 5.1.2 <alice@corp..example>... Invalid host name"},
  };
  for (const auto& c : kCases) EXPECT_EQ(Rcpt(c.path), c.reply);
  const std::string token = absl::StrCat("<", std::string(260, 'a'), "@corp.example>");
  EXPECT_EQ(Rcpt(token),
            absl::StrCat("553 5.1.0 <", std::string(99, 'a'), "...", std::string(86, 'a'),
                         "@corp.example>... prescan: token too long"));
}

TEST_F(LocalAcceptanceTest, ChecksSendersAsSendmail) {
  for (const absl::string_view path :
       {"<u@outside.example>", "u@outside.example", "< u@outside.example >", "<>",
        "<u@[192.0.2.33]>", "<\"a b\"@outside.example>", "<a@outside.example>,<b@outside.example>",
        "<outside.example!u>", "<@a.example,@b.example:u@outside.example>", "<nosuch@corp.example>",
        "<u@outside.example.>", "<|prog@outside.example>", "</etc/passwd@outside.example>",
        "<:include:/x@outside.example>"}) {
    EXPECT_EQ(Mail(path), absl::StrCat("250 2.1.0 ", path, "... Sender ok"));
  }
  EXPECT_EQ(Decide("< u@outside.example >", true).address, "u@outside.example");
  EXPECT_EQ(Decide("<>", true).address, "");
  const struct {
    absl::string_view path;
    absl::string_view reply;
  } kCases[] = {
      {"<@>", "553 5.1.3 <@>... List:; syntax illegal for recipient addresses"},
      {"From:", "553 5.1.3 From:... List:; syntax illegal for recipient addresses"},
      {"<u>", "553 5.5.4 <u>... Domain name required for sender address u"},
      {"u", "553 5.5.4 u... Domain name required for sender address u"},
      {"<u@>", "553 5.1.3 <u@>... Hostname required"},
      {"<u@localhost>", "553 5.5.4 <u@localhost>... Real domain name required for sender address"},
      {"<\"\">", "553 5.1.3 <\"\">... User address required"},
  };
  for (const auto& c : kCases) EXPECT_EQ(Mail(c.path), c.reply);
  From("127.0.0.1");
  EXPECT_EQ(Mail("<u>"), "250 2.1.0 <u>... Sender ok");
}

TEST_F(LocalAcceptanceTest, SaysThatItCannotRelay) {
  const std::string refused =
      "451 4.3.5 <x@dom1.example>... Relaying is not possible: this version of Stagepost has no "
      "SMTP client";
  const std::string denied = "550 5.7.1 <x@dom1.example>... Relaying denied";
  classes_.relay = {"partner.example", "10.1", "ipv6:2001:db8"};
  EXPECT_EQ(Rcpt("<x@dom1.example>"), denied);
  for (const absl::string_view client : {"127.0.0.1", "::1", "10.1.2.3", "2001:db8::7"}) {
    From(client);
    EXPECT_EQ(Rcpt("<x@dom1.example>"), refused) << client;
  }
  for (const absl::string_view client : {"10.12.3.4", "10.2.1.1", "2001:db9::7"}) {
    From(client);
    EXPECT_EQ(Rcpt("<x@dom1.example>"), denied) << client;
  }
  for (const absl::string_view path : {"<x@partner.example>", "<x@Sub.Partner.Example>"}) {
    EXPECT_EQ(Decide(path, false).reply.code, 451) << path;
  }
  for (const absl::string_view path : {"<x@notpartner.example>", "<x@partner.example.dom1.example>",
                                       "<x@dom1.example%sub.partner.example>"}) {
    EXPECT_EQ(Decide(path, false).reply.code, 550) << path;
  }
}

TEST_F(LocalAcceptanceTest, DefersWhenAccountsCannotBeRead) {
  world_.env().accounts().unavailable = true;
  EXPECT_EQ(Decide("<alice@corp.example>", false).reply.code, 451);
}

TEST_F(LocalAcceptanceTest, FindsUsersOfQueuedAddresses) {
  LocalAcceptance acceptance(classes_, world_.env().accounts());
  EXPECT_EQ(acceptance.UserOf("Alice+x@corp.example"), "alice");
  EXPECT_EQ(acceptance.UserOf("nosuch@corp.example"), std::nullopt);
  EXPECT_EQ(acceptance.UserOf("x@elsewhere.example"), std::nullopt);
  EXPECT_EQ(acceptance.UserOf("x%elsewhere.example@corp.example"), std::nullopt);
}

}  // namespace
}  // namespace stagepost
