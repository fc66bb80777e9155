#include "mta/policy/check_ruleset.h"

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gtest/gtest.h"
#include "mta/rewrite/rewrite_test_util.h"

namespace stagepost {
namespace {

class Lines final : public SystemLog {
 public:
  void SetTag(absl::string_view) override {}
  void Write(Severity severity, absl::string_view text) override {
    lines.push_back(absl::StrCat(static_cast<int>(severity), " ", text));
  }
  std::vector<std::string> lines;
};

Task<Verdict> Ask(AddressContext context, const CheckQuestion& question) {
  co_return co_await AskRuleset(context, question);
}

// A site whose check_x has one rule.
class Site {
 public:
  explicit Site(absl::string_view right, absl::string_view more = "")
      : rules_(absl::StrCat("Scheck_x\nR$* => $: ", right, "\n", more)) {}

  Verdict Question(CheckQuestion question) {
    const AddressContext context = {*rules_.engine, rules_.configuration,
                                    rules_.configuration.macros};
    return RunToEnd(&Ask, context, std::cref(question));
  }
  Verdict Mail() {
    return Question({.ruleset = "check_x", .argument = "<a@b>", .address = "<a@b>"});
  }

  TestRules& rules() { return rules_; }

 private:
  TestRules rules_;
};

std::string Told(const Verdict& verdict) {
  switch (verdict.result) {
    case CheckResult::kPass:
      return "pass";
    case CheckResult::kRefuse:
      return verdict.reply.Text();
    case CheckResult::kDiscard:
      return "discard";
    case CheckResult::kQuarantine:
      return absl::StrCat("quarantine ", verdict.reason);
  }
  return "?";
}

struct Case {
  const char* answer;
  const char* told;
};

// What sendmail replies to MAIL FROM:<a@b> after this answer.
constexpr Case kCases[] = {
    {"$#error", "554 5.3.5 buildaddr: no user"},
    {"$#error $@ 5.7.1", "554 5.3.5 buildaddr: no user"},
    {"$#error $: plain text", "553 5.3.0 <a@b>... plain text"},
    {"$#error $@ 5.7.1 $: plain text", "553 5.3.0 <a@b>... plain text"},
    {"$#error $@ nouser $: plain text", "553 5.3.0 <a@b>... plain text"},
    {"$#error $@ 75 $: plain text", "553 5.3.0 <a@b>... plain text"},
    {"$#error $@ 5.7.1 $: 421 closing now", "421 5.7.1 closing now"},
    {"$#error $@ 4.7.1 $: \"451 4.7.1 later now\"", "451 4.7.1 later now"},
    {"$#error $@ tempfail $: \"550 come again\"", "550 5.0.0 <a@b>... come again"},
    {"$#error $@ $: \"550 empty host\"", "550 5.0.0 <a@b>... empty host"},
    {"$#error $@ 5.7.1 $: \"550 5.1.1 double\"", "550 5.1.1 <a@b>... double"},
    {"$#error $@ 5.7.1 $: \"554 no address\"", "554 5.7.1 no address"},
    {"$#error $@ 2.0.0 $: \"550 two\"", "550 2.0.0 <a@b>... two"},
    {"$#error $@ 5.7.1 $: \"450 mixed\"", "450 5.7.1 <a@b>... mixed"},
    {"$#error $@ 5.7.1 $: \"550 \"", "550 5.7.1 <a@b>... "},
    {"$#error $@ 5.7.1 $: \"550\"", "553 5.3.0 <a@b>... 550"},
    {"$#error $@ 5.7.1 $: \"250 fine\"", "250 5.7.1 <a@b>... fine"},
    {"$#error $@ 5.7.1 $: \"354 go\"", "354 5.7.1 go"},
    {"$#error $@ 5.7.1 $: 550 5.7.1 unquoted ( comment ) text: with <b> and \"quotes\"",
     "550 5.7.1 <a@b>... unquoted(comment)text:with<b>andquotes"},
    // Codes that no reply has. sendmail says 999.
    {"$#error $@ 5.7.1 $: \"999 strange\"", "554 5.7.1 strange"},
    {"$#error $@ 5.7.1 $: \"600 strange\"", "554 5.7.1 strange"},
    {"$#error $@ 5.7.1 $: \"000 strange\"", "554 5.7.1 strange"},
    {"$#error $@ quarantine $: suspicious looking", "quarantine suspicious looking"},
    {"$#error $@ quarantine", "quarantine "},
    {"$#error $@ QUARANTINE $: upper case", "553 5.3.0 <a@b>... upper case"},
    {"$#discard $: discard", "discard"},
    {"$#discard", "discard"},
    {"$#ERROR $@ 5.7.1 $: \"550 upper\"", "pass"},
    {"$#local $: x", "pass"},
    {"$#", "pass"},
    {"OK", "pass"},
};

TEST(Verdict, IsWhatTheRulesSay) {
  for (const Case& each : kCases) {
    Site site(each.answer);
    EXPECT_EQ(Told(site.Mail()), each.told) << each.answer;
  }
}

TEST(Verdict, HasNoAddressWhereNoneIsAskedAbout) {
  Site site("$#error $@ 5.7.1 $: \"550 Access denied\"");
  EXPECT_EQ(Told(site.Question({.ruleset = "check_x", .argument = "h", .second = "192.0.2.1"})),
            "550 5.7.1 Access denied");
}

TEST(Verdict, PassesWhereNobodyAnswers) {
  Site site("$#discard", "Sempty\n");
  EXPECT_EQ(Told(site.Question({.ruleset = "none", .argument = "x"})), "pass");
  EXPECT_EQ(Told(site.Question({.ruleset = "empty", .argument = "x"})), "pass");
  // What sendmail can not scan it does not ask about.
  const std::string long_word(300, 'x');
  EXPECT_EQ(Told(site.Question({.ruleset = "check_x", .argument = long_word})), "pass");
}

TEST(Verdict, OfBadRulesRefuses) {
  Site site("$>NoSuch $1");
  const Verdict verdict = site.Mail();
  EXPECT_EQ(Told(verdict), "554 5.3.5 Unknown ruleset NoSuch");
  EXPECT_EQ(verdict.system_errors, std::vector<std::string>{"Unknown ruleset NoSuch"});
  EXPECT_FALSE(verdict.answered);

  Site deep("$>deep $1", "Sdeep\nR$* => $>deep $1 x\n");
  EXPECT_EQ(Told(deep.Mail()), "554 5.0.0 rewrite: excessive recursion (max 50), ruleset deep");
}

TEST(Verdict, LeavesTemporaryFailuresToTheRules) {
  Site site("$( map $1 $)");
  site.rules().map.answers["<a@b>"] = {.status = 75};
  EXPECT_EQ(Told(site.Mail()), "pass");
}

TEST(Question, HasTwoOperandsAndLosesComments) {
  Site site("$1", "Stwo\nR$* $| $* => $#error $: \"550 \" $2 \" of \" $1\n");
  EXPECT_EQ(Told(site.Question({.ruleset = "two", .argument = "host", .second = "addr"})),
            "550 5.0.0 addr of host");
  EXPECT_EQ(Told(site.Question({.ruleset = "two", .argument = "host"})), "pass");
  CheckQuestion question = {.ruleset = "check_x", .argument = "some (comment) text"};
  EXPECT_EQ(absl::StrJoin(site.Question(question).words, "|"), "some|(|comment|)|text");
  question.strip_comments = true;
  EXPECT_EQ(absl::StrJoin(site.Question(question).words, "|"), "some|text");
}

TEST(Verdict, TellsMailerHostAndWords) {
  Site pause("$#5000");
  EXPECT_EQ(pause.Mail().mailer, "5000");
  Site features("$# v P $@ h");
  const Verdict verdict = features.Mail();
  EXPECT_EQ(verdict.mailer, "v");
  EXPECT_EQ(absl::StrJoin(verdict.words, " "), "v P $@ h");
}

std::vector<std::string> Logged(const CheckQuestion& question, const Verdict& verdict) {
  Lines log;
  LogVerdict(log, {.id = "ID", .relay = "h [192.0.2.1]"}, question, verdict);
  return log.lines;
}

TEST(Log, NamesRulesetArgumentsAndReply) {
  const CheckQuestion question = {.ruleset = "check_x", .argument = "<a@b>", .address = "<a@b>"};
  Site site("$#error $@ 5.7.1 $: \"550 no\"");
  EXPECT_EQ(Logged(question, site.Mail()),
            std::vector<std::string>{
                "5 ID: ruleset=check_x, arg1=<a@b>, relay=h [192.0.2.1], reject=550 5.7.1 "
                "<a@b>... no"});
  EXPECT_EQ(Logged(question, Site("$#discard").Mail())[0],
            "5 ID: ruleset=check_x, arg1=<a@b>, relay=h [192.0.2.1], discard");
  EXPECT_EQ(Logged(question, Site("$#error $@ quarantine $: odd").Mail())[0],
            "5 ID: ruleset=check_x, arg1=<a@b>, relay=h [192.0.2.1], quarantine=odd");
  EXPECT_TRUE(Logged(question, Site("OK").Mail()).empty());
  EXPECT_EQ(Logged(question, Site("$>NoSuch x").Mail()),
            std::vector<std::string>{"2 ID: SYSERR(root): Unknown ruleset NoSuch"});
  EXPECT_EQ(Logged(question, Site("$#error").Mail()).size(), 2u);

  Lines log;
  LogVerdict(log, {.id = "", .relay = "r"},
             {.ruleset = "check_relay", .argument = "h", .second = "192.0.2.1"},
             Site("$#discard").Mail());
  EXPECT_EQ(log.lines[0], "5 ruleset=check_relay, arg1=h, arg2=192.0.2.1, relay=r, discard");
}

}  // namespace
}  // namespace stagepost
