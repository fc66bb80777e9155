#include "mta/cf/configuration.h"

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "mta/base/strings.h"

namespace stagepost {

const Mailer* Configuration::FindMailer(absl::string_view name) const {
  for (const Mailer& mailer : mailers) {
    if (absl::EqualsIgnoreCase(mailer.name, name)) return &mailer;
  }
  return nullptr;
}

const RulesetSource* Configuration::FindRuleset(absl::string_view name_or_number) const {
  int number = -1;
  if (!absl::SimpleAtoi(name_or_number, &number)) {
    const auto found = ruleset_numbers.find(ToStd(name_or_number));
    if (found == ruleset_numbers.end()) return nullptr;
    number = found->second;
  }
  for (const RulesetSource& ruleset : rulesets) {
    if (ruleset.number == number) return &ruleset;
  }
  return nullptr;
}

}  // namespace stagepost
