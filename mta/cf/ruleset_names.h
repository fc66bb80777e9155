// Names and numbers of rulesets, as S lines, S= and R= of mailers and headers write them.
// Operations Guide, 5.1.2.
#ifndef STAGEPOST_MTA_CF_RULESET_NAMES_H_
#define STAGEPOST_MTA_CF_RULESET_NAMES_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "mta/cf/load_context.h"

namespace stagepost {

// Numbers that may be written are below; names get those above, from kMaxRulesets - 1 downwards.
inline constexpr int kMaxNumberedRulesets = kMaxRulesets / 2;

class RulesetNames {
 public:
  // The index in Configuration::rulesets of what `text` names: "7", "name", "name=7"; what stands
  // behind does not count. A new ruleset is added to the configuration. nullopt: an error was
  // reported.
  std::optional<size_t> Resolve(absl::string_view text, LoadContext& context);

 private:
  std::optional<size_t> ResolveNumber(absl::string_view text, LoadContext& context);
  size_t Entry(int number, LoadContext& context);

  std::map<int, size_t> indices_;
  int last_named_ = kMaxRulesets;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_CF_RULESET_NAMES_H_
