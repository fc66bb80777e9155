#include "mta/cf/line_loader.h"

#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "mta/cf/group_lines.h"
#include "mta/cf/header_line.h"
#include "mta/cf/mailer_line.h"
#include "mta/cf/munch.h"
#include "mta/cf/option_value.h"

namespace stagepost {
namespace {

constexpr size_t kMaxPrecedences = 25;
constexpr int64_t kMaxPrecedence = 1'000'000'000;

bool IsSpace(char c) { return absl::ascii_isspace(static_cast<unsigned char>(c)); }
bool IsDigit(char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); }
bool IsAlphanumeric(char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)); }

// Where the left side of a rule ends; npos: there is no tab. Tabs between braces do not count.
size_t FindTab(absl::string_view line) {
  for (size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\t') return i;
    if (line[i] != '$') continue;
    size_t brace = i + 1;
    if (brace < line.size() && absl::string_view("&=~?").find(line[brace]) != line.npos) ++brace;
    if (brace >= line.size() || line[brace] != '{') continue;
    i = line.find('}', brace);
    if (i == line.npos) return line.npos;
  }
  return line.npos;
}

}  // namespace

Text LineLoader::Expanded(const Text& text) {
  absl::StatusOr<Text> expanded = context_.configuration.macros.Expand(text);
  if (expanded.ok()) return *std::move(expanded);
  context_.Error(std::string(expanded.status().message()));
  return text;
}

void LineLoader::Unknown(absl::string_view line) {
  context_.Error(absl::StrCat("unknown configuration line \"",
                              Shown(line, context_.configuration.names), "\""));
}

Task<void> LineLoader::Read(ConfigurationLine line) {
  context_.where.line = line.number;
  if (line.too_long) {
    context_.Error(
        absl::StrCat("configuration line too long (", kMaxConfigurationLineBytes, " bytes max)"));
  }
  absl::string_view text = line.text;
  if (text.find('$') != text.npos) {
    std::vector<std::string> errors;
    ParseText(text, context_.configuration.names, errors);
    if (!errors.empty()) text = UntilBadName(text, context_.configuration.names);
    for (std::string& error : errors) context_.Error(std::move(error));
  }
  if (text[0] == 'F') {
    std::optional<ClassLine> from = ParseClassLine(text.substr(1), context_);
    if (from.has_value()) co_await ReadClassFrom(*std::move(from));
  } else if (text[0] == 'X') {
    co_await ReadMilter(std::string(text.substr(1)));
  } else {
    ReadAtOnce(text);
  }
}

void LineLoader::ReadAtOnce(absl::string_view line) {
  const absl::string_view rest = line.substr(1);
  switch (line[0]) {
    case 'C':
      return ReadClass(rest);
    case 'D':
      return ReadMacro(rest);
    case 'E':
      return ReadEnvironment(rest);
    case 'H':
      return ReadHeaderLine(rest, context_, rulesets_);
    case 'K':
      return ReadMap(rest);
    case 'M':
      return ReadMailerLine(rest, context_, rulesets_, env_.accounts());
    case 'O':
      return ReadOption(rest);
    case 'P':
      return ReadPrecedence(line);
    case 'Q':
      return ReadQueueGroupLine(rest, context_);
    case 'R':
      return ReadRule(line);
    case 'S':
      return ReadRuleset(rest);
    case 'T':
      return ReadTrusted(rest);
    case 'V':
      return ReadVersion(rest);
    default:
      return Unknown(line);
  }
}

void LineLoader::ReadMacroArgument(absl::string_view argument) {
  const std::optional<NameId> name = context_.TakeName(argument);
  if (name.has_value()) context_.configuration.macros.SetLiteral(*name, argument);
}

void LineLoader::ReadMacro(absl::string_view rest) {
  const std::optional<NameId> name = context_.TakeName(rest);
  if (!name.has_value()) return;
  context_.configuration.macros.Set(*name, context_.Parse(Munched(rest)));
}

void LineLoader::ReadClass(absl::string_view rest) {
  const std::optional<NameId> name = context_.TakeName(rest);
  if (name.has_value()) AddWords(*name, Expanded(context_.Parse(rest)));
}

void LineLoader::AddWords(NameId name, const Text& text) {
  Classes& classes = context_.configuration.classes;
  std::string word;
  const auto end_word = [&] {
    if (!word.empty()) classes.Add(name, word);
    word.clear();
  };
  const auto add = [&](absl::string_view characters) {
    for (const char c : characters) {
      if (IsSpace(c)) {
        end_word();
      } else {
        word.push_back(c);
      }
    }
  };
  for (const Piece& piece : text) {
    const bool other_class = piece.kind == Piece::Kind::kOperator && piece.op == Operator::kClass &&
                             word.empty() && piece.name != name;
    if (other_class) {
      // Copies: adding changes what Words() refers to.
      std::vector<std::string> words;
      for (const absl::string_view member : classes.Words(piece.name)) words.emplace_back(member);
      for (const std::string& member : words) classes.Add(name, member);
    } else if (piece.kind == Piece::Kind::kCharacters) {
      add(piece.characters);
    } else {
      add(WriteText({piece}, context_.configuration.names));
    }
  }
  end_word();
}

void LineLoader::ReadMap(absl::string_view rest) {
  const std::string line = WriteText(Expanded(context_.Parse(rest)), context_.configuration.names);
  absl::string_view from = TrimmedStart(line);
  size_t end = 0;
  while (end < from.size() &&
         (IsAlphanumeric(from[end]) || (end > 0 && (from[end] == '_' || from[end] == '.')))) {
    ++end;
  }
  const absl::string_view name = from.substr(0, end);
  if (name.empty()) {
    context_.Error("readcf: config K line: no map name");
    return;
  }
  // Whatever ends a word is no part of the next one.
  from = TrimmedStart(from.substr(std::min(end + 1, from.size())));
  end = 0;
  while (end < from.size() && IsAlphanumeric(from[end])) ++end;
  if (end == 0) {
    context_.Error(absl::StrCat("readcf: config K line, map ", name, ": no map class"));
    return;
  }
  MapDeclaration map;
  map.where = context_.where;
  map.name = std::string(name);
  map.map_class = std::string(from.substr(0, end));
  map.arguments = std::string(TrimmedStart(from.substr(std::min(end + 1, from.size()))));
  context_.configuration.maps.push_back(std::move(map));
}

void LineLoader::ReadOption(absl::string_view rest) {
  Configuration& configuration = context_.configuration;
  const size_t known = configuration.options.macro_definitions().size();
  Diagnostics found = configuration.options.SetLine(rest, context_.where);
  context_.diagnostics.insert(context_.diagnostics.end(), found.begin(), found.end());
  const std::vector<std::string>& definitions = configuration.options.macro_definitions();
  for (size_t i = known; i < definitions.size(); ++i) ReadMacroArgument(definitions[i]);
}

void LineLoader::ReadPrecedence(absl::string_view line) {
  const absl::string_view rest = line.substr(1);
  const size_t equal = rest.find('=');
  if (equal == rest.npos) return Unknown(line);
  auto& precedences = context_.configuration.precedences;
  std::string name = absl::AsciiStrToLower(absl::StripAsciiWhitespace(rest.substr(0, equal)));
  if (precedences.size() == kMaxPrecedences && precedences.count(name) == 0) {
    context_.Error(absl::StrCat("too many P lines, ", kMaxPrecedences, " max"));
    return;
  }
  precedences[std::move(name)] =
      static_cast<int>(ReadNumber(rest.substr(equal + 1), kMaxPrecedence));
}

void LineLoader::ReadRule(absl::string_view line) {
  Configuration& configuration = context_.configuration;
  if (!ruleset_.has_value()) {
    context_.Error(
        absl::StrCat("missing valid ruleset for \"", Shown(line, configuration.names), "\""));
    return;
  }
  const size_t tab = FindTab(line);
  if (tab == line.npos) {
    context_.Error(absl::StrCat("invalid rewrite line \"", Shown(line, configuration.names),
                                "\" (tab expected)"));
    return;
  }
  RuleSource rule;
  rule.where = context_.where;
  absl::string_view left = line.substr(1, tab - 1);
  // A dollar sign in front of the tab is nothing here.
  if (absl::EndsWith(left, "$") && !absl::EndsWith(left, "$$")) left.remove_suffix(1);
  rule.left = Expanded(context_.Parse(left));
  absl::string_view right = line.substr(tab);
  right.remove_prefix(std::min(right.find_first_not_of('\t'), right.size()));
  // A third part is a comment.
  rule.right = Expanded(context_.Parse(right.substr(0, FindTab(right))));
  configuration.rulesets[*ruleset_].rules.push_back(std::move(rule));
  configuration.options.NoteRulesRead();
}

void LineLoader::ReadRuleset(absl::string_view rest) {
  const Text name = Expanded(context_.Parse(rest));
  ruleset_ = rulesets_.Resolve(WriteText(name, context_.configuration.names), context_);
  if (!ruleset_.has_value()) return;
  const RulesetSource& ruleset = context_.configuration.rulesets[*ruleset_];
  if (ruleset.rules.empty()) return;
  context_.Warn(absl::StrCat("WARNING: Ruleset ",
                             ruleset.name.empty() ? absl::StrCat(ruleset.number) : ruleset.name,
                             " has multiple definitions"));
}

void LineLoader::ReadTrusted(absl::string_view rest) {
  for (const absl::string_view word : WordsOf(rest)) {
    context_.configuration.classes.Add(OneCharacterName('t'), word);
  }
}

void LineLoader::ReadVersion(absl::string_view rest) {
  rest = TrimmedStart(rest);
  if (rest.empty() || !IsDigit(rest[0])) {
    context_.Error(absl::StrCat("invalid argument to V line: \"", rest, "\""));
    return;
  }
  context_.configuration.version_level = static_cast<int>(ReadNumber(rest, kMaxPrecedence));
  while (!rest.empty() && IsDigit(rest[0])) rest.remove_prefix(1);
  rest = TrimmedStart(rest);
  if (rest.empty() || rest[0] != '/') return;
  const absl::string_view vendor = TrimmedStart(rest.substr(1));
  const size_t end = std::min(vendor.find_first_of(" \t\n"), vendor.size());
  context_.configuration.vendor = std::string(vendor.substr(0, end));
  if (!absl::EqualsIgnoreCase(vendor.substr(0, end), "Berkeley")) {
    context_.Error(absl::StrCat("invalid V line vendor code: \"", vendor, "\""));
  }
}

void LineLoader::ReadEnvironment(absl::string_view rest) {
  const size_t equal = rest.find('=');
  const std::string name(rest.substr(0, equal));
  std::optional<std::string> value;
  if (equal == rest.npos) {
    value = env_.process().EnvironmentVariable(name);
  } else {
    value = std::string(rest.substr(equal + 1));
  }
  if (!name.empty() && value.has_value()) {
    context_.configuration.environment[name] = *std::move(value);
  }
}

}  // namespace stagepost
