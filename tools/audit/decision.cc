#include "tools/audit/decision.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "mta/base/strings.h"
#include "re2/re2.h"

namespace stagepost {
namespace {

// Blanks and tabs made single.
std::string Single(absl::string_view text) {
  return absl::StrJoin(absl::StrSplit(text, absl::ByAnyChar(" \t"), absl::SkipEmpty()), " ");
}

// Without blanks at all: as tokens compare with text.
std::string Bare(absl::string_view text) {
  std::string bare;
  for (const char c : text) {
    if (!absl::ascii_isspace(static_cast<unsigned char>(c))) {
      bare += absl::ascii_tolower(static_cast<unsigned char>(c));
    }
  }
  return bare;
}

// In lower case, a blank between any two tokens.
std::string Spaced(absl::string_view text) {
  std::string spaced;
  for (const char c : text) {
    const bool apart = absl::StrContains(".:[]<>@%!", absl::string_view(&c, 1));
    if (apart) spaced += ' ';
    spaced += absl::ascii_tolower(static_cast<unsigned char>(c));
    if (apart) spaced += ' ';
  }
  return Single(spaced);
}

// Of an R line with single blanks: what stands in front of its right side.
std::string LeftSide(const std::string& rule) {
  static const RE2 kRight("^(.*?) \\$(?:[@#:]|>)");
  std::string left;
  return RE2::PartialMatch(rule, kRight, &left) ? left : rule;
}

bool Refuses(absl::string_view tokens) {
  const std::string bare = Bare(tokens);
  return absl::StartsWith(bare, "$#error") || absl::StartsWith(bare, "$#discard") ||
         absl::StartsWith(bare, "$#temp");
}

// What may stand between rulesets that decide: "RELAY", "OK", "$# error …".
bool IsVerdict(absl::string_view tokens) {
  if (absl::StartsWith(tokens, "$#")) return true;
  const std::string bare = Bare(tokens);
  return bare == "relay" || bare == "ok" || absl::StartsWith(bare, "<relay>") ||
         absl::StartsWith(bare, "<ok>");
}

bool HasWord(absl::string_view tokens, absl::string_view word) {
  for (const absl::string_view one : absl::StrSplit(tokens, ' ')) {
    if (absl::EqualsIgnoreCase(one, word)) return true;
  }
  return false;
}

}  // namespace

std::string SourcePlace::ToString() const {
  return line == 0 ? file : absl::StrCat(file, ":", line);
}

// A ruleset that was entered, and what was done in it.
struct DecisionReader::Call {
  std::string ruleset;
  std::string output;
  struct Item {
    // One of: a rule, with the tokens before; a call made by the rule before it; a look-up.
    int line = 0;
    std::string before;
    std::unique_ptr<Call> call;
    std::string map, key, value;
    bool found = false;
  };
  std::vector<Item> items;
};

DecisionReader::DecisionReader(const SiteFacts& facts, const SiteFiles& files, std::string cf_path)
    : facts_(facts), files_(files), cf_path_(std::move(cf_path)) {
  if (const std::string* cf = files.Find(cf_path_)) lines_ = absl::StrSplit(*cf, '\n');
  static const RE2 kVersion("^##### .*\\b([A-Za-z_]+)\\.m4\\b");
  static const RE2 kRuleset("^S([A-Za-z0-9_]+)");
  for (size_t i = 0; i < lines_.size(); ++i) {
    const int number = static_cast<int>(i) + 1;
    std::string name;
    if (RE2::PartialMatch(lines_[i], kVersion, &name)) features_.emplace(name, number);
    if (RE2::PartialMatch(lines_[i], kRuleset, &name)) rulesets_.emplace(name, number);
  }
}

const std::string& DecisionReader::LineText(int line) const {
  const auto [known, is_new] = texts_.try_emplace(line);
  if (!is_new || line < 1 || static_cast<size_t>(line) > lines_.size()) return known->second;
  std::string text = lines_[static_cast<size_t>(line) - 1];
  // The number is that of the last line of a rule that goes on.
  for (int first = line - 1; first > 0 && !text.empty() && absl::ascii_isspace(text[0]); --first) {
    text = lines_[static_cast<size_t>(first) - 1] + text;
  }
  known->second = Single(text);
  return known->second;
}

Decision DecisionReader::Read(const std::vector<RuleStep>& steps) const {
  Decision decision;
  Call top;
  std::vector<Call*> open = {&top};
  for (const RuleStep& step : steps) {
    Call& call = *open.back();
    switch (step.kind) {
      case EventKind::kRulesetEntered: {
        Call::Item& item = call.items.emplace_back();
        item.call = std::make_unique<Call>();
        item.call->ruleset = step.name;
        item.call->output = step.text;
        open.push_back(item.call.get());
        break;
      }
      case EventKind::kRulesetLeft:
        if (open.size() == 1) break;
        call.output = step.text;
        open.pop_back();
        break;
      case EventKind::kRuleApplied: {
        Call::Item& item = call.items.emplace_back();
        item.line = step.number;
        item.before = step.text;
        break;
      }
      case EventKind::kMapAsked: {
        Call::Item& item = call.items.emplace_back();
        item.map = step.name;
        const size_t end = step.text.find('\n');
        item.key = step.text.substr(0, end);
        item.found = step.number != 0;
        if (end != std::string::npos) item.value = step.text.substr(end + 1);
        break;
      }
      default:
        break;
    }
  }
  if (top.items.empty() || top.items.back().call == nullptr) return decision;
  const Call& asked = *top.items.back().call;
  // What lets somebody in need not be passed on to the end, as long as nobody refuses.
  if (Refuses(asked.output)) {
    Explain(asked, decision);
  } else if (!FindPermission(asked, decision)) {
    FindSilence(asked, decision);
  }
  FindFeature(decision);
  return decision;
}

// Goes from a ruleset to the one that it took its answer from, as deep as there is one.
void DecisionReader::Explain(const Call& call, Decision& decision) const {
  decision.way.push_back(call.ruleset);
  decision.ruleset = call.ruleset;
  decision.place = SourcePlace();
  decision.rule.clear();
  size_t last = call.items.size();
  while (last > 0 && call.items[last - 1].line == 0) --last;
  if (last == 0) return;
  const Call::Item& rule = call.items[last - 1];
  // The rule called a ruleset, and what that gave is what this one gives.
  for (size_t i = call.items.size(); i > last; --i) {
    const Call::Item& item = call.items[i - 1];
    if (item.call != nullptr && absl::StrContains(call.output, item.call->output)) {
      return Explain(*item.call, decision);
    }
  }
  // It only passed on what a ruleset had said before.
  for (size_t i = last - 1; i > 0; --i) {
    const Call::Item& item = call.items[i - 1];
    if (item.call == nullptr || item.call->items.empty()) continue;
    const std::string& said = item.call->output;
    if (!IsVerdict(said) || absl::StartsWith(Bare(said), "<")) continue;
    if (absl::StrContains(Bare(rule.before), Bare(said))) return Explain(*item.call, decision);
  }
  Blame(call, rule.line, rule.before, decision);
}

// The rule, and what made it match.
void DecisionReader::Blame(const Call& call, int line, const std::string& before,
                           Decision& decision) const {
  decision.ruleset = call.ruleset;
  decision.place = PlaceOfSimulated(cf_path_, line);
  decision.rule = LineText(line);
  const std::string left = LeftSide(decision.rule);
  FindEntry(call, left, before, decision);
  FindWord(left, before, decision);
}

// The first rule that said RELAY; or, if there is none, OK.
bool DecisionReader::FindPermission(const Call& call, Decision& decision) const {
  static const RE2 kRelay(" \\$[@#] ?(?i:RELAY)\\b");
  static const RE2 kOk(" \\$# ?(?i:OK)\\b");
  return FindRule(call, kRelay, decision) || FindRule(call, kOk, decision);
}

// The ruleset that might have refused and has not: the last one of those that the check is made of.
void DecisionReader::FindSilence(const Call& call, Decision& decision) const {
  static const RE2 kCheck("(?i)(?:basic_)?check_?(?:rcpt|mail|relay)$");
  if (decision.ruleset.empty() || RE2::PartialMatch(call.ruleset, kCheck)) {
    decision.ruleset = call.ruleset;
    decision.way.push_back(call.ruleset);
  }
  for (const Call::Item& item : call.items) {
    if (item.call == nullptr) continue;
    FindSilence(*item.call, decision);
    // The first one is about what was asked, the others about what came before.
    if (RE2::PartialMatch(item.call->ruleset, kCheck)) break;
  }
  const auto begins = rulesets_.find(decision.ruleset);
  if (begins == rulesets_.end()) return;
  decision.place = PlaceOfSimulated(cf_path_, begins->second);
  decision.rule = "(no rule of it refuses)";
}

bool DecisionReader::FindRule(const Call& call, const RE2& says, Decision& decision) const {
  decision.way.push_back(call.ruleset);
  for (const Call::Item& item : call.items) {
    if (item.call != nullptr && FindRule(*item.call, says, decision)) return true;
    if (item.line == 0 || !RE2::PartialMatch(LineText(item.line), says)) continue;
    Blame(call, item.line, item.before, decision);
    return true;
  }
  decision.way.pop_back();
  return false;
}

// The entry of a map that the rule relies on: its left side waits for the value, or, of maps that
// have no entries of their own (bestmx, dns), the value stands in what it matched.
void DecisionReader::FindEntry(const Call& call, absl::string_view left, absl::string_view before,
                               Decision& decision) const {
  for (auto item = call.items.rbegin(); item != call.items.rend(); ++item) {
    if (decision.entry.has_value()) return;
    if (item->call != nullptr) FindEntry(*item->call, left, before, decision);
    if (!item->found || item->value.empty() || decision.entry.has_value()) continue;
    const auto file = facts_.map_files.find(absl::AsciiStrToLower(item->map));
    if (file == facts_.map_files.end()) continue;
    const std::string first = Bare(item->value.substr(0, item->value.find(' ')));
    const absl::string_view where = file->second.empty() ? before : left;
    if (!absl::StrContains(Bare(where), first)) continue;
    decision.entry =
        Decision::Entry{item->map, file->second.empty() ? "" : files_.RealPath(file->second),
                        item->key, item->value};
  }
}

// The word of a class in the rule's left side that stands in what it matched.
void DecisionReader::FindWord(absl::string_view left, absl::string_view before,
                              Decision& decision) const {
  static const RE2 kClass("\\$=(\\w|\\{\\w+\\})");
  const std::string text = absl::StrCat(" ", Spaced(before), " ");
  std::string rest(left), name;
  re2::StringPiece input(rest);
  while (RE2::FindAndConsume(&input, kClass, &name)) {
    if (name[0] == '{') name = name.substr(1, name.size() - 2);
    std::string best;
    for (const std::string& word : facts_.Words(name)) {
      if (word.size() > best.size() &&
          absl::StrContains(text, absl::StrCat(" ", Spaced(word), " "))) {
        best = word;
      }
    }
    if (best.empty()) continue;
    decision.word = Decision::Word{name, best, PlaceOfWord(name, best)};
    return;
  }
}

SourcePlace DecisionReader::PlaceOfSimulated(const std::string& path, int line) const {
  return {files_.label(path), line};
}

// C and F lines of the class, and the files that the latter name.
SourcePlace DecisionReader::PlaceOfWord(const std::string& class_name,
                                        const std::string& word) const {
  const std::string written =
      class_name.size() == 1 ? class_name : absl::StrCat("{", class_name, "}");
  for (size_t i = 0; i < lines_.size(); ++i) {
    absl::string_view line = lines_[i];
    if (absl::StartsWith(line, absl::StrCat("C", written))) {
      line.remove_prefix(1 + written.size());
      if (HasWord(Single(line), word)) return PlaceOfSimulated(cf_path_, static_cast<int>(i) + 1);
    }
    if (!absl::StartsWith(line, absl::StrCat("F", written))) continue;
    line.remove_prefix(1 + written.size());
    for (const absl::string_view part : absl::StrSplit(Single(line), ' ')) {
      const std::string* file = files_.Find(std::string(part));
      if (file == nullptr) continue;
      int number = 0;
      for (const absl::string_view text : absl::StrSplit(*file, '\n')) {
        ++number;
        if (HasWord(Single(text), word)) return PlaceOfSimulated(std::string(part), number);
      }
    }
  }
  return {};
}

// Which FEATURE of those that are about relaying has to do with it.
void DecisionReader::FindFeature(Decision& decision) const {
  const auto has = [&](absl::string_view name) { return features_.contains(std::string(name)); };
  const auto is = [&](absl::string_view name) {
    decision.option = absl::StrCat("FEATURE(", name, ")");
    decision.option_place = PlaceOfSimulated(cf_path_, features_.find(std::string(name))->second);
  };
  const bool refuses = absl::StrContains(decision.rule, "$#error");
  if (refuses) return;
  const std::string& rule = decision.rule;
  if (has("promiscuous_relay")) return is("promiscuous_relay");
  if (has("relay_based_on_MX") && decision.entry.has_value() &&
      absl::EqualsIgnoreCase(decision.entry->map, "mxserved")) {
    return is("relay_based_on_MX");
  }
  if (has("relay_mail_from") && absl::StrContains(rule, "<@>")) return is("relay_mail_from");
  if (has("relay_local_from") && absl::StrContains(rule, "FROM local")) {
    return is("relay_local_from");
  }
  if (has("relay_entire_domain") && decision.word.has_value() && decision.word->class_name == "m") {
    return is("relay_entire_domain");
  }
}

std::string Decision::Cause() const {
  std::string cause;
  if (entry.has_value()) {
    cause =
        absl::StrCat("entry \"", entry->key, "\" -> \"", entry->value, "\" of map ", entry->map);
    if (!entry->file.empty()) absl::StrAppend(&cause, " (", entry->file, ")");
  } else if (word.has_value()) {
    cause = absl::StrCat("\"", word->word, "\" of class ", word->class_name);
    if (!word->place.file.empty()) absl::StrAppend(&cause, " (", word->place.ToString(), ")");
  }
  if (!option.empty()) {
    absl::StrAppend(&cause, cause.empty() ? "" : ", ", option);
    if (!option_place.file.empty()) absl::StrAppend(&cause, " (", option_place.ToString(), ")");
  }
  return cause;
}

std::string Decision::Key() const {
  if (absl::StartsWith(option, "FEATURE")) {
    return absl::StrCat(ruleset, "|", place.ToString(), "|", option);
  }
  return absl::StrCat(ruleset, "|", place.ToString(), "|", Cause());
}

}  // namespace stagepost
