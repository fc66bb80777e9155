#include "mta/cf/configuration.h"

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"

namespace stagepost {

const Mailer* Configuration::FindMailer(absl::string_view name) const {
  for (const Mailer& mailer : mailers) {
    if (absl::EqualsIgnoreCase(mailer.name, name)) return &mailer;
  }
  return nullptr;
}

const RulesetSource* Configuration::FindRuleset(absl::string_view name_or_number) const {
  int number = -1;
  const bool by_number = absl::SimpleAtoi(name_or_number, &number);
  for (const RulesetSource& ruleset : rulesets) {
    if (by_number ? ruleset.number == number : ruleset.name == name_or_number) return &ruleset;
  }
  return nullptr;
}

}  // namespace stagepost
