#include "mta/cf/header_line.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace stagepost {
namespace {

bool IsSpace(char c) { return absl::ascii_isspace(static_cast<unsigned char>(c)); }

// RFC 5322, ftext. A dollar sign is a macro here, not a character.
bool IsNameCharacter(char c) { return c > ' ' && c < 127 && c != ':' && c != '$'; }

void SyntaxError(absl::string_view line, LoadContext& context) {
  context.Error(
      absl::StrCat("header syntax error, line \"", Shown(line, context.configuration.names), "\""));
}

// Takes ?flags? or ?${macro}? from the front of `rest`; false: it has no end.
bool TakeCondition(absl::string_view& rest, HeaderDefinition& header, LoadContext& context) {
  header.conditional = true;
  if (absl::ConsumePrefix(&rest, "$")) {
    std::vector<std::string> reported;
    const ScannedName name = context.configuration.names.Scan(rest, reported);
    rest.remove_prefix(name.length);
    header.if_macro = name.id.value_or(NameId{});
    return absl::ConsumePrefix(&rest, "?");
  }
  const size_t end = rest.find('?');
  if (end == rest.npos) return false;
  for (const char c : rest.substr(0, end)) {
    if (!IsSpace(c)) header.mailer_flags.push_back(c);
  }
  // "??" is no condition at all.
  header.conditional = !header.mailer_flags.empty();
  rest.remove_prefix(end + 1);
  return true;
}

// "$>name" and "$>+name".
void ReadRuleset(absl::string_view value, HeaderDefinition& header, LoadContext& context,
                 RulesetNames& rulesets) {
  header.ruleset_strips_comments = !absl::ConsumePrefix(&value, "+");
  const std::optional<size_t> index = rulesets.Resolve(value, context);
  if (!index.has_value()) return;
  const RulesetSource& ruleset = context.configuration.rulesets[*index];
  header.ruleset = ruleset.name.empty() ? absl::StrCat(ruleset.number) : ruleset.name;
}

}  // namespace

void ReadHeaderLine(absl::string_view line, LoadContext& context, RulesetNames& rulesets) {
  HeaderDefinition header;
  header.where = context.where;
  absl::string_view rest = line;
  if (absl::ConsumePrefix(&rest, "?") && !TakeCondition(rest, header, context)) {
    SyntaxError(line, context);
    return;
  }
  size_t end = 0;
  while (end < rest.size() && IsNameCharacter(rest[end])) ++end;
  header.name = std::string(rest.substr(0, end));
  absl::string_view value = TrimmedStart(rest.substr(end));
  if (end == 0 || !absl::ConsumePrefix(&value, ":")) {
    // sendmail has put an end to the line behind the flags.
    const bool flags = line.size() > rest.size() && header.if_macro == NameId{};
    SyntaxError(flags ? line.substr(0, line.size() - rest.size() - 1) : line, context);
    return;
  }
  value = TrimmedStart(value);
  if (absl::ConsumePrefix(&value, "$>")) {
    ReadRuleset(value, header, context, rulesets);
    if (header.ruleset.empty()) return;
  } else {
    header.value = context.Parse(value);
  }
  context.configuration.headers.push_back(std::move(header));
}

}  // namespace stagepost
