// What decided about a command of a client: read from the rules that were applied and the maps that
// were asked, as the trace tells them (kRulesetEntered, …).
#ifndef STAGEPOST_TOOLS_AUDIT_DECISION_H_
#define STAGEPOST_TOOLS_AUDIT_DECISION_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "mta/env/trace.h"
#include "re2/re2.h"
#include "tools/audit/site_facts.h"

namespace stagepost {

// One step of the machine, kept.
struct RuleStep {
  EventKind kind;
  std::string name;  // ruleset or map
  std::string text;
  int number = 0;
};

// Where in the site's files something stands. `line` 0: somewhere in the file.
struct SourcePlace {
  std::string file;
  int line = 0;

  std::string ToString() const;
};

struct Decision {
  // The rule that said it, and the ruleset it belongs to. No line: no rule did, the ruleset came to
  // its end.
  std::string ruleset;
  SourcePlace place;
  std::string rule;  // the R line, blanks made single
  // The rulesets on the way there, outermost first.
  std::vector<std::string> way;
  // The entry of a map on whose answer the rule relied.
  struct Entry {
    std::string map, file, key, value;
  };
  std::optional<Entry> entry;
  // The word of a class that the rule found.
  struct Word {
    std::string class_name, word;
    SourcePlace place;  // where the class gets it from
  };
  std::optional<Word> word;
  // An option or FEATURE that made it so, and where the file says so.
  std::string option;
  SourcePlace option_place;

  bool empty() const { return ruleset.empty() && option.empty(); }
  // "access entry Connect:198.51 RELAY (…)"; the heart of it in some words.
  std::string Cause() const;
  // The same for the same cause.
  std::string Key() const;
};

// Reads decisions. `facts`, `files` and the text of the configuration outlive it.
class DecisionReader {
 public:
  DecisionReader(const SiteFacts& facts, const SiteFiles& files, std::string cf_path);

  // What came of the last ruleset in `steps` that was asked; empty without steps.
  Decision Read(const std::vector<RuleStep>& steps) const;

 private:
  struct Call;
  const std::string& LineText(int line) const;
  void Explain(const Call& call, Decision& decision) const;
  void Blame(const Call& call, int line, const std::string& before, Decision& decision) const;
  bool FindPermission(const Call& call, Decision& decision) const;
  void FindSilence(const Call& call, Decision& decision) const;
  bool FindRule(const Call& call, const RE2& says, Decision& decision) const;
  void FindEntry(const Call& call, absl::string_view left, absl::string_view before,
                 Decision& decision) const;
  void FindWord(absl::string_view left, absl::string_view before, Decision& decision) const;
  SourcePlace PlaceOfWord(const std::string& class_name, const std::string& word) const;
  SourcePlace PlaceOfSimulated(const std::string& path, int line) const;
  void FindFeature(Decision& decision) const;

  const SiteFacts& facts_;
  const SiteFiles& files_;
  const std::string cf_path_;
  std::vector<std::string> lines_;            // of the configuration
  std::map<std::string, int> rulesets_;       // where they begin
  mutable std::map<int, std::string> texts_;  // of rules, by line, as far as they were needed
  std::map<std::string, int> features_;       // by name: the line of the .cf that says so
};

}  // namespace stagepost

#endif  // STAGEPOST_TOOLS_AUDIT_DECISION_H_
