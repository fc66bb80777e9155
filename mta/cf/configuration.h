// What one sendmail.cf says, checked and typed: the value that everything above works from.
//
// Made by reader.h, then constant but for macros and classes, which -bt and the macro map change.
// A daemon that re-reads its file makes a new Configuration; running sessions keep theirs.
// Operations Guide, chapter 5.
#ifndef STAGEPOST_MTA_CF_CONFIGURATION_H_
#define STAGEPOST_MTA_CF_CONFIGURATION_H_

#include <bitset>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "mta/cf/classes.h"
#include "mta/cf/diagnostic.h"
#include "mta/cf/macros.h"
#include "mta/cf/names.h"
#include "mta/cf/options.h"
#include "mta/cf/text.h"
#include "mta/env/identity.h"

namespace stagepost {

// sendmail's numbers for rulesets: 0 to 199, named ones count down from the top.
inline constexpr int kMaxRulesets = 200;

// One R line. Both sides have had their macros put in ($x, not $&x) as of that line.
struct RuleSource {
  SourceLine where;
  Text left;
  Text right;
};

struct RulesetSource {
  int number = 0;
  std::string name;  // the first one; empty: only a number
  std::vector<RuleSource> rules;
};

// One K line.
struct MapDeclaration {
  SourceLine where;
  std::string name;       // as written; case does not count
  std::string map_class;  // "hash", "sequence", …
  std::string arguments;  // flags and file, as they stand, macros put in
};

// One M line. Operations Guide, 5.5.
struct Mailer {
  SourceLine where;
  std::string name;
  std::string path;         // P=, as written: its macros are not put in
  std::bitset<256> flags;   // F=, by character
  int envelope_sender = 0;  // S=, ruleset number; 0: none
  int header_sender = 0;
  int envelope_recipient = 0;  // R=
  int header_recipient = 0;
  std::string end_of_line = "\n";  // E=, as written: its macros are put in when it is used
  int64_t max_message_bytes = 0;   // M=; 0: no limit
  int max_messages = 0;            // m=
  int max_recipients = 100;        // r=
  int line_limit = 0;              // L=; 0: none
  std::vector<Text> arguments;     // A=
  std::string address_type;        // T=, three parts
  std::string diagnostic_type;
  std::string mta_type;
  std::string charset;            // C=
  std::string directory;          // D=, a search path with macros
  std::string user;               // U=, user[:group]
  std::optional<UserId> user_id;  // what U= stands for
  std::optional<GroupId> group_id;
  int nice = 0;              // N=
  std::string queue_group;   // Q=
  std::string root;          // /=
  int64_t wait_seconds = 0;  // W=

  bool Has(char flag) const { return flags[static_cast<unsigned char>(flag)]; }
};

// One H line.
struct HeaderDefinition {
  SourceLine where;
  std::string name;
  std::string mailer_flags;  // ?flags?; empty: always
  NameId if_macro{};         // ?${macro}?
  bool conditional = false;  // has flags or a macro
  Text value;
  std::string ruleset;                  // $>name; empty: none
  bool ruleset_strips_comments = true;  // $>, not $>+
};

struct QueueGroup {
  SourceLine where;
  std::string name;
  std::map<char, std::string> equates;  // checked, by their first letter
};

struct MilterDeclaration {
  SourceLine where;
  std::string name;
  std::string socket;
  std::map<char, std::string> equates;
};

struct Configuration {
  std::string file;
  int version_level = 0;  // V
  std::string vendor;

  Names names;
  Macros macros;
  Classes classes;
  Options options;

  std::vector<RulesetSource> rulesets;  // by first appearance, S= and the like included
  // All names, several for one number where S lines say so.
  std::map<std::string, int, std::less<>> ruleset_numbers;
  std::vector<MapDeclaration> maps;  // K, in order
  std::vector<Mailer> mailers;       // in order; [0] … are prog, *file*, *include*, …
  std::vector<HeaderDefinition> headers;
  std::map<std::string, int> precedences;  // P
  std::vector<QueueGroup> queue_groups;    // Q
  std::vector<MilterDeclaration> milters;  // X
  // E: what children get in their environment. "Ename" alone takes the value of our own.
  std::map<std::string, std::string> environment;

  const Mailer* FindMailer(absl::string_view name) const;
  // Case counts.
  const RulesetSource* FindRuleset(absl::string_view name_or_number) const;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_CF_CONFIGURATION_H_
