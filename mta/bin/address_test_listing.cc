#include "mta/bin/address_test_listing.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "mta/rewrite/tokens.h"

namespace stagepost {
namespace {

// Numbers that may be written are below; names have those above.
constexpr int kMaxNumberedRulesets = kMaxRulesets / 2;

// sendmail's symbol table: so many chains; entries of one chain are in the order of their making.
constexpr uint32_t kSymbolChains = 2003;
constexpr uint32_t kSymbolTypeClass = 1;

// Names that are operators, and the bytes that stand for these inside sendmail.
constexpr absl::string_view kSpecialMacros = "*+-=~#@:>|.[]&";
constexpr absl::string_view kSpecialBytes =
    "\x90\x91\x92\x93\x94\x96\x97\x98\x99\x9b\x9c\x9d\x9e\x82";

uint32_t SymbolChain(absl::string_view word) {
  uint32_t hash = kSymbolTypeClass;
  for (const char c : word) {
    hash = ((hash << 1) ^ static_cast<uint8_t>(absl::ascii_tolower(c))) % kSymbolChains;
  }
  return hash;
}

std::string RulesetName(const Configuration& configuration, int number) {
  for (const RulesetSource& ruleset : configuration.rulesets) {
    if (ruleset.number == number && !ruleset.name.empty()) return ruleset.name;
  }
  return absl::StrCat(number);
}

// "S=envelope/header"
void AppendRulesets(const Configuration& configuration, absl::string_view key, int envelope,
                    int header, std::string& out) {
  absl::StrAppend(&out, " ", key, "=", RulesetName(configuration, envelope), "/",
                  RulesetName(configuration, header));
}

template <typename T>
int64_t Id(const std::optional<T>& id) {
  return id.has_value() ? static_cast<int64_t>(*id) : -1;
}

absl::string_view OrUndefined(absl::string_view text) {
  return text.empty() ? "<undefined>" : text;
}

void AppendMailer(const Configuration& configuration, const Mailer& mailer, std::string& out) {
  absl::StrAppend(&out, "P=", mailer.path);
  AppendRulesets(configuration, "S", mailer.envelope_sender, mailer.header_sender, out);
  AppendRulesets(configuration, "R", mailer.envelope_recipient, mailer.header_recipient, out);
  absl::StrAppend(&out, " M=", mailer.max_message_bytes, " U=", Id(mailer.user_id), ":",
                  Id(mailer.group_id), " F=");
  for (size_t flag = 0; flag < mailer.flags.size(); ++flag) {
    if (mailer.flags[flag]) out += static_cast<char>(flag);
  }
  absl::StrAppend(&out, " L=", mailer.line_limit, " E=");
  AppendShown(mailer.end_of_line, out);
  if (!mailer.charset.empty()) absl::StrAppend(&out, " C=", mailer.charset);
  absl::StrAppend(&out, " T=", OrUndefined(mailer.mta_type), "/", OrUndefined(mailer.address_type),
                  "/", OrUndefined(mailer.diagnostic_type), " r=", mailer.max_recipients);
  absl::StrAppend(
      &out,
      " A=", absl::StrJoin(mailer.arguments, " ", [&](std::string* joined, const Text& argument) {
        AppendShown(WriteText(argument, configuration.names), *joined);
      }));
}

}  // namespace

std::vector<absl::string_view> InTableOrder(std::vector<absl::string_view> words) {
  std::vector<std::pair<uint32_t, size_t>> order;  // chain, index in `words`
  order.reserve(words.size());
  for (size_t i = 0; i < words.size(); ++i) order.emplace_back(SymbolChain(words[i]), i);
  std::sort(order.begin(), order.end());
  std::vector<absl::string_view> placed;
  placed.reserve(words.size());
  for (const auto& [chain, index] : order) placed.push_back(words[index]);
  return placed;
}

std::string WithoutSpecialBytes(absl::string_view address, const Configuration& configuration) {
  constexpr char kMacro = '\x81', kQuote = '\xff';
  std::string shown;
  for (size_t i = 0; i < address.size(); ++i) {
    if (address[i] == kQuote) {
      shown += '\x7f';
    } else if (address[i] != kMacro) {
      shown += address[i];
    } else if (++i < address.size()) {
      const char name = address[i];
      const size_t special = kSpecialMacros.find(name);
      if (special != absl::string_view::npos) {
        shown += kSpecialBytes[special];
      } else if (absl::ascii_isdigit(name)) {
        absl::StrAppend(&shown, "\x95", address.substr(i, 1));
      } else if (const Text* value = configuration.macros.Find(OneCharacterName(name))) {
        absl::StrAppend(
            &shown, configuration.macros.ExpandToString(*value, configuration.names).value_or(""));
      }
    }
  }
  return shown;
}

void AppendMailers(const Configuration& configuration, std::string& out) {
  for (size_t i = 0; i < configuration.mailers.size(); ++i) {
    const Mailer& mailer = configuration.mailers[i];
    absl::StrAppend(&out, "mailer ", i, " (", mailer.name, "): ");
    AppendMailer(configuration, mailer, out);
    out += '\n';
  }
}

void AppendRules(const Engine& engine, int ruleset, std::string& out) {
  for (const Engine::RuleText& rule : engine.Rules(ruleset)) {
    out += 'R';
    for (const Token& token : rule.left) absl::StrAppend(&out, token.text(), " ");
    absl::StrAppend(&out, "\t\t");
    for (const Token& token : rule.right) absl::StrAppend(&out, token.text(), " ");
    out += '\n';
  }
}

std::optional<int> FindRulesetNumber(const Configuration& configuration, absl::string_view text,
                                     std::string& out) {
  constexpr size_t kShownBytes = 20;
  text = absl::StripLeadingAsciiWhitespace(text);
  const auto is_name = [](char c) { return absl::ascii_isalnum(c) || c == '_'; };
  size_t length = 0;
  while (length < text.size() && is_name(text[length])) ++length;
  const absl::string_view name = text.substr(0, length);
  if (name.empty()) {
    absl::StrAppend(&out, "invalid ruleset name: \"", text.substr(0, kShownBytes), "\"\n");
    return std::nullopt;
  }
  if (absl::ascii_isdigit(name[0])) {
    size_t digits = 0;
    int number = 0;
    for (; digits < name.size() && absl::ascii_isdigit(name[digits]); ++digits) {
      number = std::min(10 * number + (name[digits] - '0'), kMaxNumberedRulesets);
    }
    if (number >= kMaxNumberedRulesets) {
      absl::StrAppend(&out, "bad ruleset ", name.substr(0, digits), " (", kMaxNumberedRulesets,
                      " max)\n");
      return std::nullopt;
    }
    return number;
  }
  const auto found = configuration.ruleset_numbers.find(name);
  if (found == configuration.ruleset_numbers.end()) return std::nullopt;
  return found->second;
}

std::optional<int> RewritingDebugLevel(absl::string_view specification) {
  constexpr int kRewriting = 21;
  if (specification.empty()) specification = "0-99.1";
  std::optional<int> found;
  for (const absl::string_view part : absl::StrSplit(specification, ',', absl::SkipEmpty())) {
    const std::pair<absl::string_view, absl::string_view> halves =
        absl::StrSplit(part, absl::MaxSplits('.', 1));
    const std::pair<absl::string_view, absl::string_view> range =
        absl::StrSplit(halves.first, absl::MaxSplits('-', 1));
    int first = 0, level = 1;
    if (!absl::SimpleAtoi(range.first, &first)) continue;
    int last = first;
    if (!range.second.empty() && !absl::SimpleAtoi(range.second, &last)) continue;
    if (!halves.second.empty() && !absl::SimpleAtoi(halves.second, &level)) continue;
    if (first <= kRewriting && kRewriting <= last) found = level;
  }
  return found;
}

}  // namespace stagepost
