#include "tools/compatibility_page.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "mta/cf/blame.h"
#include "mta/cf/command_line_tables.h"
#include "mta/cf/line_tables.h"
#include "mta/cf/mailer_tables.h"
#include "mta/cf/map_class_table.h"
#include "mta/cf/name_tables.h"
#include "mta/cf/option_table.h"
#include "mta/cf/port_tables.h"
#include "mta/cf/privacy.h"
#include "mta/cf/support.h"
#include "mta/cf/table_row.h"
#include "mta/cf/timeouts.h"
#include "tools/compatibility_differences.h"

namespace stagepost {
namespace {

constexpr absl::string_view kIntroduction =
    R"(<!-- Made by tools/compatibility out of the tables in mta/cf; a test compares. -->
# Compatibility with sendmail

Everything that sendmail 8.12 to 8.18 has a name for in its configuration and on its command line.
The column *here* says how far Stagepost does what a name asks for, today:

| here          | meaning                                                                        |
|---------------|--------------------------------------------------------------------------------|
| yes           | as sendmail does                                                               |
| partly        | the note says which part, or what is missing                                   |
| no            | read and checked, without effect: a warning when the configuration is loaded   |
| nothing to do | without meaning here; no warning                                               |
| refused       | a configuration that uses it is refused                                        |

Nothing is ignored silently: what is set without effect is logged once when a configuration is
loaded, and `stagepost lint FILE.cf` lists it with its line. *no (false)* means: acts as if it were
false; setting it to that needs no warning. *Since* is the release of sendmail that brought a name;
8.1 stands for that one and all before. Defaults are those of the program, not of the m4 files.
)";

// What would end a cell, or be taken for markup.
std::string Escape(absl::string_view text) {
  return absl::StrReplaceAll(text, {{"|", "\\|"}, {"*", "\\*"}, {"<", "\\<"}, {"_", "\\_"}});
}

std::string Code(absl::string_view text) {
  if (text.empty()) return "";
  return absl::StrCat("`", absl::StrReplaceAll(text, {{"|", "\\|"}}), "`");
}

// A table of Markdown; the first row has the heads.
class Table {
 public:
  explicit Table(std::vector<std::string> heads) { rows_.push_back(std::move(heads)); }

  void Add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }

  std::string Write() const {
    std::string text = Line(rows_[0]);
    std::vector<std::string> rule(rows_[0].size(), "---");
    absl::StrAppend(&text, "|", absl::StrJoin(rule, "|"), "|\n");
    for (size_t i = 1; i < rows_.size(); ++i) absl::StrAppend(&text, Line(rows_[i]));
    return text;
  }

 private:
  static std::string Line(const std::vector<std::string>& cells) {
    std::string line = "|";
    for (const std::string& cell : cells)
      absl::StrAppend(&line, " ", cell, cell.empty() ? "|" : " |");
    return absl::StrCat(line, "\n");
  }

  std::vector<std::vector<std::string>> rows_;
};

std::string Heading(absl::string_view text) { return absl::StrCat("\n## ", text, "\n\n"); }

// Meaning, and the note behind it.
std::string Says(absl::string_view meaning, absl::string_view note) {
  if (note.empty()) return Escape(meaning);
  return absl::StrCat(Escape(meaning), ". *", Escape(note), "*");
}

std::string Rows(absl::string_view heading, absl::string_view head,
                 absl::Span<const TableRow> rows) {
  Table table({std::string(head), "meaning, *note*", "since", "here"});
  for (const TableRow& row : rows) {
    table.Add({Code(row.name), Says(row.meaning, row.note), std::string(row.since),
               std::string(SupportName(row.support))});
  }
  return absl::StrCat(Heading(heading), table.Write());
}

std::string TypeOf(const OptionInfo& option) {
  switch (option.type) {
    case OptionType::kFlag:
      return "flag";
    case OptionType::kNumber:
      return option.unit.empty() ? "number" : std::string(option.unit);
    case OptionType::kMode:
      return "octal";
    case OptionType::kInterval:
      return absl::StrCat("time, ", option.unit);
    case OptionType::kCharacter:
      return "letter";
    case OptionType::kText:
      return "text";
    case OptionType::kSet:
      return "words";
    case OptionType::kEntry:
      return option.unit.empty() ? "entries" : absl::StrCat("entries, ", option.unit);
  }
  return "";
}

std::string Options() {
  std::vector<const OptionInfo*> options;
  for (const OptionInfo& option : AllOptions()) options.push_back(&option);
  std::sort(options.begin(), options.end(), [](const OptionInfo* a, const OptionInfo* b) {
    return std::pair(absl::AsciiStrToLower(a->name), a->letter) <
           std::pair(absl::AsciiStrToLower(b->name), b->letter);
  });
  Table table(
      {"option", "letter", "type, unit", "default", "meaning, *note*", "safe", "since", "here"});
  for (const OptionInfo* option : options) {
    const std::string letter(option->letter == '\0' ? 0 : 1, option->letter);
    std::string here(SupportName(option->support));
    if (!option->acts_as.empty()) absl::StrAppend(&here, " (", option->acts_as, ")");
    table.Add({Code(option->name), Code(letter), TypeOf(*option), Code(option->default_value),
               Says(option->meaning, option->note),
               option->privilege == Privilege::kKept ? "yes" : "", std::string(option->since),
               here});
  }
  return absl::StrCat(Heading("Options"),
                      "O lines, `-O` and `-o`. A time without a unit is in the one given. *Safe*: "
                      "users may set it on the command\nline without the program giving up its "
                      "privileges.\n\n",
                      table.Write());
}

std::string Timeouts() {
  Table table({"timeout", "unit", "default", "meaning", "since", "here"});
  for (const TimeoutInfo& timeout : AllTimeouts()) {
    table.Add({Code(timeout.name),
               timeout.unit == kPlainNumber ? "tries" : std::string(1, timeout.unit),
               Code(timeout.default_value), Escape(timeout.meaning), std::string(timeout.since),
               std::string(SupportName(timeout.support))});
  }
  return absl::StrCat(Heading("Timeout"), table.Write());
}

std::string Privacy() {
  Table table({"word", "meaning, *note*", "since", "here"});
  for (const PrivacyWord& word : PrivacyWords()) {
    table.Add({Code(word.name), Says(word.meaning, word.note), std::string(word.since),
               std::string(SupportName(word.support))});
  }
  return absl::StrCat(Heading("PrivacyOptions"), table.Write());
}

std::string Blame() {
  Table table({"word", "takes away the check, or allows", "since", "here"});
  for (const BlameWord& word : BlameWords()) {
    table.Add({Code(word.name), Escape(word.meaning), std::string(word.since),
               std::string(SupportName(word.support))});
  }
  return absl::StrCat(Heading("DontBlameSendmail"), "`Safe` takes all others away.\n\n",
                      table.Write());
}

std::string Maps() {
  Table table({"class", "file", "aliases", "meaning, *note*", "since", "here"});
  for (const MapClassInfo& map_class : MapClasses()) {
    table.Add({Code(map_class.name), std::string(map_class.suffix), map_class.aliases ? "yes" : "",
               Says(map_class.meaning, map_class.note), std::string(map_class.since),
               std::string(SupportName(map_class.support))});
  }
  return absl::StrCat(Heading("Classes of maps"), table.Write());
}

std::string OnPurpose() {
  Table table({"where", "sendmail 8.17", "here", "rule"});
  for (const Difference& difference : Differences()) {
    table.Add({std::string(difference.where), std::string(difference.sendmail),
               std::string(difference.here), std::string(difference.rule)});
  }
  return absl::StrCat(Heading("Other than sendmail, on purpose"),
                      "Everything recorded of sendmail 8.17 agrees; this is what was decided "
                      "otherwise where nothing was\nrecorded, or where sendmail 8.18 or a standard "
                      "is safer.\n\n",
                      table.Write());
}

}  // namespace

std::string CompatibilityPage() {
  return absl::StrCat(
      kIntroduction, OnPurpose(), Rows("Lines", "line", LineKindRows()), Options(), Timeouts(),
      Privacy(), Blame(), Rows("DaemonPortOptions and ClientPortOptions", "key", PortKeyRows()),
      Rows("Modifiers of ports", "letter", PortModifierRows()),
      Rows("Delivery modes", "mode", DeliveryModeRows()),
      Rows("Mailer flags", "flag", MailerFlagRows()),
      Rows("Mailer equates", "equate", MailerEquateRows()),
      Rows("Mailers with a meaning", "mailer", BuiltInMailerRows()), Maps(),
      Rows("Flags of maps", "flag", MapFlagRows()),
      Rows("Queue groups", "key", QueueGroupKeyRows()), Rows("Milters", "key", MilterKeyRows()),
      Rows("Rulesets the program calls", "ruleset", RulesetRows()),
      Rows("Macros the program sets", "macro", MacroRows()),
      Rows("Classes the program looks at", "class", ClassRows()),
      Rows("Operation modes", "mode", OperationModeRows()),
      Rows("Command line", "flag", CommandFlagRows()));
}

}  // namespace stagepost
