#include "mta/rewrite/address.h"

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "mta/rewrite/crack_address.h"
#include "mta/rewrite/error_mailer.h"
#include "mta/rewrite/rewrite_test_util.h"

namespace stagepost {
namespace {

using Lines = std::vector<std::string>;

std::string Crack(absl::string_view address) {
  const Names names;
  return WriteText(CrackAddress(address), names);
}

TEST(CrackAddress, KeepsWhatStandsAroundTheAddress) {
  EXPECT_EQ(Crack("joe@x"), "$g");
  EXPECT_EQ(Crack("Joe (at home) <joe@x> there"), "Joe (at home) <$g> there");
  EXPECT_EQ(Crack("joe@x (Joe)"), "$g (Joe)");
  EXPECT_EQ(Crack("J. Doe <joe@x>"), "\"J. Doe\" <$g>");
  EXPECT_EQ(Crack("list: a@x, b@y;"), "list: $g;");
  EXPECT_EQ(Crack("host::user"), "$g");
  EXPECT_EQ(Crack("a <b <c@x> d> e"), "\"a <b\" <$g> d e");
}

TEST(CrackAddress, ClosesWhatIsOpenAndGivesUpWhatIsTooLong) {
  EXPECT_EQ(Crack("joe (Joe"), "$g (Joe)");
  EXPECT_EQ(Crack("<joe"), "<$g>");
  EXPECT_EQ(Crack(absl::StrCat("joe (", std::string(300, 'x'), ")")), "<$g>");
  EXPECT_EQ(Crack("<joe> \"quoted\""), "<$g>");
}

Mailer MakeMailer(absl::string_view name, absl::string_view flags, int sender, int recipient) {
  Mailer mailer;
  mailer.name = std::string(name);
  for (const char c : flags) mailer.flags.set(static_cast<unsigned char>(c));
  mailer.envelope_sender = mailer.header_sender = sender;
  mailer.envelope_recipient = mailer.header_recipient = recipient;
  return mailer;
}

// Rulesets that resolve "user@host", "error…" and the rest as a small site would.
class AddressTest : public testing::Test {
 protected:
  AddressTest()
      : rules_(
            "S0\n"
            "Rerror $- $* => $#error $@ $1 $: $2\n"
            "Rnomailer => $@ x\n"
            "Rnohost => $#smtp $: x\n"
            "Rnosuch $* => $#nosuch $@ h $: $1\n"
            "Rlater => $#error $@ 4.2.1 $: \"450 later\"\n"
            "Rslow $* => $#local $: $( map $1 $)\n"
            "R$+ @ $+ => $#smtp $@ $2 $: $1 @ $2\n"
            "R$* => $#local $: $1\n"
            "S1\nS2\nS3\nR$* < $+ > $* => $@ $2\n"
            "S4\n"
            "S10\nR$- => $@ $1 @ here\n"
            "S20\nR$* + $* => $@ $1\n"
            "Squeuegroup\nR\"450 later\" => $>NoSuchGroup x\nRqueued @ $* => $>NoSuchGroup $1\n") {
    Configuration& configuration = rules_.configuration;
    configuration.mailers = {
        MakeMailer("prog", "", 0, 0),       MakeMailer("*file*", "u", 0, 0),
        MakeMailer("*include*", "u", 0, 0), MakeMailer("local", "l@:/|", 0, 20),
        MakeMailer("smtp", "u", 10, 0),     MakeMailer("plain", "c", 10, 0)};
  }

  std::string Parse(absl::string_view address, AddressUse use = {}) {
    const std::optional<ParsedAddress> parsed = RunToEnd(&ParseTask, Context(), address, use);
    if (!parsed.has_value()) return "cannot parse";
    return absl::StrCat(parsed->mailer_name(), "/", parsed->host.value_or("-"), "/", parsed->user);
  }
  std::string Try(absl::string_view mailer, absl::string_view name, AddressUse use) {
    return RunToEnd(&NameTask, Context(), name, rules_.configuration.FindMailer(mailer), use).text;
  }
  void AnswerSlow(const MapAnswer& answer) { rules_.map.answers[""] = answer; }
  Lines TakeMessages() { return std::exchange(rules_.said.messages, {}); }

 private:
  AddressContext Context() {
    return {*rules_.engine, rules_.configuration, rules_.configuration.macros, &rules_.said};
  }
  static Task<std::optional<ParsedAddress>> ParseTask(AddressContext context,
                                                      absl::string_view address, AddressUse use) {
    co_return co_await ParseAddress(context, address, {.use = use});
  }
  static Task<RemoteName> NameTask(AddressContext context, absl::string_view name,
                                   const Mailer* mailer, AddressUse use) {
    co_return co_await NameForMailer(context, name, *mailer, {.use = use});
  }

  TestRules rules_;
};

TEST_F(AddressTest, ResolvesToMailerHostAndUser) {
  EXPECT_EQ(Parse("Joe@Host.Example (comment)"), "smtp/host.example/Joe@Host.Example");
  EXPECT_EQ(Parse("Joe"), "local/-/joe");
  EXPECT_EQ(Parse("joe+detail"), "local/-/joe");
  EXPECT_EQ(Parse("joe doe"), "local/-/joe.doe");
  EXPECT_EQ(Parse("@joe"), "local/-/joe");
  EXPECT_EQ(TakeMessages(), Lines{});
}

TEST_F(AddressTest, FindsProgramsFilesAndLists) {
  EXPECT_EQ(Parse("\"|prog arg\""), "prog/-/\"|prog arg\"");
  EXPECT_EQ(Parse("/Var/x"), "*file*/-//Var/x");
  EXPECT_EQ(Parse("\":include:/etc/List\""), "*include*/-//etc/List");
}

TEST_F(AddressTest, AsksForTheQueueGroupOfRecipients) {
  // What the rules say changes nothing of the address.
  EXPECT_EQ(Parse("queued@Host"), "smtp/host/queued@Host");
  EXPECT_EQ(TakeMessages(), Lines{"Unknown ruleset NoSuchGroup"});
  EXPECT_EQ(Parse("later"), "*error*/4.2.1/\"450 later\"");
  EXPECT_EQ(TakeMessages(), (Lines{"later", "Unknown ruleset NoSuchGroup"}));
  EXPECT_EQ(Parse("queued@Host", {.sender = true}), "smtp/host/queued@Host");
  EXPECT_EQ(Parse("queued@Host", {.header = true}), "smtp/host/queued@Host");
  EXPECT_EQ(TakeMessages(), Lines{});
}

TEST_F(AddressTest, QueuesWhatCanNotBeKnownNow) {
  AnswerSlow({.status = 75});
  EXPECT_EQ(Parse("slow"), "local/-/");
  EXPECT_EQ(TakeMessages(), Lines{"Transient parse error -- message queued for future delivery"});
}

TEST_F(AddressTest, SaysWhatIsWrongWithATriple) {
  EXPECT_EQ(Parse("nomailer"), "*error*/-/");
  EXPECT_EQ(Parse("nohost"), "*error*/-/");
  EXPECT_EQ(Parse("nosuch x"), "*error*/-/");
  EXPECT_EQ(TakeMessages(), (Lines{"buildaddr: no mailer in parsed address", "buildaddr: no host",
                                   "buildaddr: unknown mailer nosuch"}));
  EXPECT_EQ(Parse("(only)"), "cannot parse");
}

TEST_F(AddressTest, RefusesBadCharactersAndLengths) {
  EXPECT_EQ(Parse("a\x80z"), "cannot parse");
  EXPECT_EQ(Parse(std::string(128, 'a') + "." + std::string(127, 'b')), "cannot parse");
  EXPECT_EQ(Parse("A\x01z"), "local/-/a?z");
  EXPECT_EQ(Parse("error x A\x01 z"), "*error*/x/A? z");
  const Lines messages = TakeMessages();
  ASSERT_EQ(messages.size(), 5);
  EXPECT_EQ(messages[3], "A\x01 z");
  EXPECT_EQ(messages[4], "Syntax error in mailbox address \"A? z\" (non-printable character)");
  EXPECT_EQ(messages[0], "8-bit character in mailbox address \"a?z\"");
  EXPECT_EQ(messages[1].substr(256), "bbbbbbbb\" too long (255 bytes max)");
  EXPECT_EQ(messages[2], "Syntax error in mailbox address \"a?z\" (non-printable character)");
}

TEST_F(AddressTest, WritesNamesForMailers) {
  EXPECT_EQ(Try("smtp", "Joe <joe> (c)", {.sender = true}), "Joe <joe@here> (c)");
  EXPECT_EQ(Try("smtp", "joe@x", {.sender = true}), "joe@x");
  EXPECT_EQ(Try("smtp", "joe", {.header = true}), "joe");
  EXPECT_EQ(Try("plain", "Joe <joe> (c)", {.sender = true}), "joe@here");
  EXPECT_EQ(Try("smtp", "(only)", {}), "(only)");
  EXPECT_EQ(Try("smtp", "(\xff) a\xff", {}), "(\xff) a\x7f");
  EXPECT_EQ(Try("smtp", std::string(300, 'a') + ".x", {}).size(), 302);
}

TEST(ErrorMailer, TakesCodesFromTextOrHost) {
  ErrorMailer error = ReadErrorMailer("5.7.1", "\"551 5.7.2 go away\"");
  EXPECT_EQ(error.message.reply, "551 5.7.2");
  EXPECT_EQ(error.message.text, "go away");
  EXPECT_FALSE(error.message.names_address);
  EXPECT_EQ(error.status, "5.7.1");

  error = ReadErrorMailer("5.1.1", "550 unknown");
  EXPECT_EQ(error.message.reply, "550 5.1.1");
  EXPECT_TRUE(error.message.names_address);
  EXPECT_EQ(error.exit_code, 67);

  error = ReadErrorMailer("tempfail", "later");
  EXPECT_EQ(error.message.reply, "553 5.3.0");
  EXPECT_EQ(error.message.text, "later");
  EXPECT_TRUE(error.temporary);
  EXPECT_EQ(error.exit_code, 75);

  error = ReadErrorMailer(std::nullopt, "553 5.1.3");
  EXPECT_EQ(error.message.reply, "553");
  EXPECT_EQ(error.message.text, "5.1.3");
}

TEST(ErrorMailer, IsTemporaryByReplyCodes) {
  EXPECT_TRUE(ReadErrorMailer("5.1.1", "450 x").temporary);
  EXPECT_TRUE(ReadErrorMailer("4.1.1", "550 x").temporary);
  EXPECT_TRUE(ReadErrorMailer(std::nullopt, "421 x").temporary);
  EXPECT_FALSE(ReadErrorMailer("4.1.1", "x").temporary);
  EXPECT_FALSE(ReadErrorMailer("75", "x").temporary);
  EXPECT_FALSE(ReadErrorMailer("5.1.1", "550 x").temporary);
}

TEST(ErrorMailer, KnowsEnhancedCodes) {
  EXPECT_EQ(EnhancedCodeLength("5.7.1 x", ' '), 5);
  EXPECT_EQ(EnhancedCodeLength("4.123.999", '\0'), 9);
  EXPECT_EQ(EnhancedCodeLength("5.1234.1 x", ' '), 0);
  EXPECT_EQ(EnhancedCodeLength("3.1.1 x", ' '), 0);
  EXPECT_EQ(EnhancedCodeLength("5.1.", '\0'), 0);
}

}  // namespace
}  // namespace stagepost
