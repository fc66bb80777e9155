// Answers of check rulesets, put together from maps that others fill: the value of an access map
// behind "$#error $: ", and whole right sides. Whatever they are, one reply comes out of it that
// SMTP knows, in one line, or none.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "mta/base/check.h"
#include "mta/policy/check_ruleset.h"
#include "mta/rewrite/error_mailer.h"
#include "mta/rewrite/rewrite_test_util.h"

namespace stagepost {
namespace {

constexpr absl::string_view kRules =
    "Stext\nR$* => $: $#error $: $( map $1 $)\n"
    "Shost\nR$* => $: $#error $@ $( map $1 $) $: text\n"
    "Swhole\nR$* => $: $( map $1 $)\nR$* => $: $# $1\n";

class NullLog final : public SystemLog {
 public:
  void SetTag(absl::string_view) override {}
  void Write(Severity, absl::string_view) override {}
};

void Check(const Verdict& verdict, absl::string_view address) {
  NullLog log;
  LogVerdict(log, {.id = "ID", .relay = "r"}, {.ruleset = "text", .argument = address}, verdict);
  if (verdict.result != CheckResult::kRefuse) {
    CHECK(verdict.reply.lines.empty());
    return;
  }
  const Reply& reply = verdict.reply;
  CHECK(reply.code >= 200 && reply.code <= 559) << reply.code;
  CHECK(reply.lines.size() == 1);
  CHECK(EnhancedCodeLength(reply.enhanced, '\0') > 0 ||
        (reply.enhanced.size() == 5 && absl::EndsWith(reply.enhanced, ".0.0")))
      << reply.enhanced;
  const std::string line = reply.Format();
  CHECK(line.size() <= 512) << line.size();
  CHECK(absl::EndsWith(line, "\r\n"));
  for (const char c : absl::string_view(line).substr(0, line.size() - 2)) {
    CHECK(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) << line;
  }
}

Task<Verdict> Ask(AddressContext context, absl::string_view ruleset, absl::string_view address) {
  const CheckQuestion question = {.ruleset = ruleset, .argument = "x", .address = address};
  co_return co_await AskRuleset(context, question);
}

void AskWithMap(absl::string_view value) {
  static TestRules& rules = *new TestRules(kRules);
  rules.map.asked.clear();
  rules.map.answers["x"] = {.value = std::string(value)};
  const AddressContext context = {*rules.engine, rules.configuration, rules.configuration.macros};
  for (const absl::string_view ruleset : {"text", "host", "whole"}) {
    for (const absl::string_view address : {"", "<a@b>"}) {
      Check(RunToEnd(&Ask, context, ruleset, address), address);
    }
  }
}

void ReadWhole(absl::string_view right) {
  Names names;
  std::vector<std::string> errors;
  TokenList tokens;
  if (!Tokenizer().ScanText(ParseText(right, names, errors), names, tokens).ok) return;
  Check(ReadVerdict(tokens, right), right);
}

}  // namespace
}  // namespace stagepost

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 4096) return 0;
  const absl::string_view input(reinterpret_cast<const char*>(data), size);
  stagepost::AskWithMap(input);
  stagepost::ReadWhole(input);
  return 0;
}
