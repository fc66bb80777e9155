#include "mta/message/header_check.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "mta/cf/well_known_names.h"

namespace stagepost {
namespace {

// What ${currHeader} has room for, its quotes aside.
constexpr size_t kShownBytes = 252;

const HeaderDefinition* FindRuleset(const Configuration& configuration, absl::string_view name) {
  const HeaderDefinition* found = nullptr;
  for (const HeaderDefinition& definition : configuration.headers) {
    if (!definition.ruleset.empty() && absl::EqualsIgnoreCase(definition.name, name)) {
      found = &definition;
    }
  }
  return found;
}

// White space of all kinds becomes blanks, one for one.
std::string Unfolded(std::string value) {
  std::replace_if(value.begin(), value.end(), [](char c) { return c >= '\t' && c <= '\r'; }, ' ');
  return value;
}

}  // namespace

std::vector<HeaderCheck> HeaderChecks(const Configuration& configuration, const Header& header) {
  std::vector<HeaderCheck> checks;
  const HeaderDefinition* others = FindRuleset(configuration, "*");
  for (const HeaderField& field : header) {
    const HeaderDefinition* definition = FindRuleset(configuration, field.name);
    if (definition == nullptr) definition = others;
    if (definition == nullptr) continue;
    checks.push_back({.ruleset = definition->ruleset,
                      .field = field.name,
                      .argument = Unfolded(field.value),
                      .strip_comments = definition->ruleset_strips_comments,
                      .length = field.value.size()});
  }
  return checks;
}

void DefineHeaderCheckMacros(const HeaderCheck& check, Macros& macros) {
  std::string quoted = "\"";
  for (const char c : check.argument) {
    if (quoted.size() > kShownBytes) break;
    if (c == '"') quoted.push_back('\\');
    quoted.push_back(c);
  }
  quoted.push_back('"');
  macros.SetLiteral(well_known::kHdrName, check.field);
  macros.SetLiteral(well_known::kHdrlen, absl::StrCat(check.length));
  macros.SetLiteral(well_known::kCurrHeader, quoted);
  macros.SetLiteral(well_known::kAddrType, "h");
}

}  // namespace stagepost
