#include "mta/cf/not_implemented.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "mta/cf/line_tables.h"
#include "mta/cf/mailer_tables.h"
#include "mta/cf/map_class_table.h"
#include "mta/cf/option_value.h"
#include "mta/cf/port_tables.h"

namespace stagepost {
namespace {

std::string Written(const OptionInfo& option) {
  return option.name.empty() ? std::string(1, option.letter) : std::string(option.name);
}

// Whether what was set is what happens anyway.
bool HappensAnyway(const Options& options, const OptionInfo& option) {
  if (option.id == OptionId::kDontBlameSendmail) return options.blame().none();
  if (option.acts_as.empty()) return false;
  const absl::string_view acts_as = option.acts_as;
  std::vector<std::string> ignored;
  switch (option.type) {
    case OptionType::kFlag:
      return options.Flag(option.id) == ReadFlag(acts_as);
    case OptionType::kNumber:
      return options.Number(option.id) == ReadNumber(acts_as, INT32_MAX);
    case OptionType::kMode:
      return options.Number(option.id) == ReadOctal(acts_as);
    case OptionType::kInterval:
      return options.Interval(option.id) ==
             absl::Seconds(ReadInterval(acts_as, option.unit[0], ignored));
    case OptionType::kCharacter:
      return options.Character(option.id) == acts_as[0];
    case OptionType::kText:
    case OptionType::kSet:
    case OptionType::kEntry:
      return absl::EqualsIgnoreCase(options.Text(option.id), acts_as);
  }
  return false;
}

// "queuereturn.urgent" is part of "queuereturn".
bool IsPartOf(absl::string_view name, absl::string_view whole) {
  return !whole.empty() && absl::ConsumePrefix(&name, whole) && absl::StartsWith(name, ".");
}

class Finder {
 public:
  explicit Finder(const Options& options) : options_(options) {}

  void FindOptions();
  void FindLines(const Configuration& configuration);
  Diagnostics Take() && { return std::move(found_); }

 private:
  void Add(const SourceLine& where, std::string what) {
    found_.push_back({.severity = Diagnostic::Severity::kNotImplemented,
                      .where = where,
                      .text = absl::StrCat(what, " not implemented"),
                      .exit_code = 0});
  }
  // Without an effect here, though it asks for one.
  bool Lacks(Support support) const {
    return support == Support::kNo || support == Support::kRefused;
  }
  // A name that is in no table has no effect either.
  bool Lacks(absl::Span<const TableRow> rows, absl::string_view name) const {
    for (const TableRow& row : rows) {
      if (row.name == name) return Lacks(row.support);
    }
    return true;
  }

  void FindTimeouts();
  void FindPrivacy(const SourceLine& where);
  void FindBlame(const SourceLine& where);
  void FindPort(const PortOptions& port, absl::string_view option);
  void FindMailer(const Mailer& mailer);

  const Options& options_;
  Diagnostics found_;
};

void Finder::FindOptions() {
  for (const auto& [id, where] : options_.set_options()) {
    const OptionInfo& option = InfoOf(id);
    if (id == OptionId::kTimeout || id == OptionId::kQueueTimeout) continue;
    if (id == OptionId::kPrivacyOptions) {
      FindPrivacy(where);
    } else if (id == OptionId::kDontBlameSendmail) {
      FindBlame(where);
    } else if (id == OptionId::kDaemonPortOptions) {
      for (const PortOptions& port : options_.daemon_ports()) FindPort(port, option.name);
    } else if (Lacks(option.support) && !HappensAnyway(options_, option)) {
      Add(where, absl::StrCat("option ", Written(option), " is"));
    }
  }
  FindTimeouts();
  found_.insert(found_.end(), options_.ignored().begin(), options_.ignored().end());
}

void Finder::FindTimeouts() {
  // "queuereturn" stands for all four behind it.
  absl::string_view last;
  int last_line = 0;
  for (const auto& [id, where] : options_.set_timeouts()) {
    const TimeoutInfo& timeout = AllTimeouts()[static_cast<size_t>(id)];
    if (IsPartOf(timeout.name, last) && where.line == last_line) continue;
    // Nobody is asked for an ident.
    const bool off = id == TimeoutId::kIdent && options_.timeout(id) == absl::ZeroDuration();
    if (!Lacks(timeout.support) || off) continue;
    Add(where, absl::StrCat("option Timeout.", timeout.name, " is"));
    last = timeout.name;
    last_line = where.line;
  }
}

void Finder::FindPrivacy(const SourceLine& where) {
  for (const PrivacyWord& word : PrivacyWords()) {
    const PrivacyFlags flags(word.flags);
    if (flags.count() == 1 && (options_.privacy() & flags).any() && Lacks(word.support)) {
      Add(where, absl::StrCat("PrivacyOptions=", word.name, " is"));
    }
  }
}

void Finder::FindBlame(const SourceLine& where) {
  for (const BlameWord& word : BlameWords()) {
    if (options_.Has(word.flag) && Lacks(word.support)) {
      Add(where, absl::StrCat("DontBlameSendmail=", word.name, " is"));
    }
  }
}

void Finder::FindPort(const PortOptions& port, absl::string_view option) {
  const auto key = [&](bool set, absl::string_view name) {
    if (set && Lacks(PortKeyRows(), name)) {
      Add(port.where, absl::StrCat(option, " ", name, "= is"));
    }
  };
  key(port.backlog.has_value(), "Listen");
  key(port.send_buffer_bytes.has_value(), "SndBufSize");
  key(port.receive_buffer_bytes.has_value(), "RcvBufSize");
  key(port.max_children.has_value(), "children");
  key(port.delivery_mode != '\0', "DeliveryMode");
  key(port.delay_load.has_value(), "delayLA");
  key(port.queue_load.has_value(), "queueLA");
  key(port.refuse_load.has_value(), "refuseLA");
  key(!port.input_mail_filters.empty(), "InputMailFilters");
  if (port.family == "local") Add(port.where, absl::StrCat(option, " Family=local is"));
  for (const char modifier : port.modifier_letters) {
    const std::string name(1, modifier);
    if (Lacks(PortModifierRows(), name)) {
      Add(port.where, absl::StrCat(option, " Modifier=", name, " is"));
    }
  }
}

void Finder::FindMailer(const Mailer& mailer) {
  std::vector<std::string> flags;
  for (const TableRow& row : MailerFlagRows()) {
    if (mailer.Has(row.name[0]) && Lacks(row.support)) flags.emplace_back(row.name);
  }
  for (int c = 0; c < 256; ++c) {
    const std::string name(1, static_cast<char>(c));
    const bool in_table = std::any_of(MailerFlagRows().begin(), MailerFlagRows().end(),
                                      [&](const TableRow& row) { return row.name == name; });
    if (mailer.flags[c] && !in_table && c > ' ') flags.push_back(name);
  }
  if (!flags.empty()) {
    Add(mailer.where, absl::StrCat("mailer ", mailer.name, ": F=", absl::StrJoin(flags, ""),
                                   flags.size() == 1 ? " is" : " are"));
  }
  const Mailer plain;
  const auto equate = [&](bool set, absl::string_view name) {
    if (set && Lacks(MailerEquateRows(), name)) {
      Add(mailer.where, absl::StrCat("mailer ", mailer.name, ": ", name, " is"));
    }
  };
  equate(mailer.max_message_bytes != 0, "M=");
  equate(mailer.max_messages != 0, "m=");
  equate(mailer.max_recipients != plain.max_recipients, "r=");
  equate(mailer.line_limit != 0, "L=");
  equate(!mailer.charset.empty(), "C=");
  equate(!mailer.directory.empty(), "D=");
  equate(!mailer.user.empty(), "U=");
  equate(mailer.nice != 0, "N=");
  equate(!mailer.queue_group.empty(), "Q=");
  equate(!mailer.root.empty(), "/=");
  equate(mailer.wait_seconds != 0, "W=");
}

void Finder::FindLines(const Configuration& configuration) {
  const auto line = [&](absl::string_view kind, const SourceLine& where, std::string what) {
    if (Lacks(LineKindRows(), kind)) Add(where, std::move(what));
  };
  const SourceLine nowhere{configuration.file, 0};
  if (!configuration.environment.empty()) line("E", nowhere, "E lines are");
  if (!configuration.precedences.empty()) line("P", nowhere, "P lines are");
  for (const HeaderDefinition& header : configuration.headers) {
    line("H", header.where, absl::StrCat("H line for ", header.name, " is"));
  }
  for (const QueueGroup& group : configuration.queue_groups) {
    line("Q", group.where, absl::StrCat("queue group ", group.name, " is"));
    for (const TableRow& key : QueueGroupKeyRows()) {
      if (group.equates.count(key.name[0]) == 0 || !Lacks(key.support)) continue;
      Add(group.where, absl::StrCat("queue group ", group.name, ": ", key.name, "= is"));
    }
  }
  for (const MilterDeclaration& milter : configuration.milters) {
    line("X", milter.where, absl::StrCat("milter ", milter.name, " is"));
  }
  for (const MapDeclaration& map : configuration.maps) {
    const MapClassInfo* const map_class = FindMapClass(map.map_class);
    if (map_class == nullptr || Lacks(map_class->support)) {
      Add(map.where, absl::StrCat("map ", map.name, ": class ", map.map_class, " is"));
    }
  }
  for (const Mailer& mailer : configuration.mailers) {
    if (mailer.where.line != 0) FindMailer(mailer);
  }
}

}  // namespace

Diagnostics NotImplemented(const Options& options) {
  Finder finder(options);
  finder.FindOptions();
  return std::move(finder).Take();
}

Diagnostics NotImplemented(const Configuration& configuration) {
  Finder finder(configuration.options);
  finder.FindOptions();
  finder.FindLines(configuration);
  std::multimap<int, Diagnostic> by_line;
  for (Diagnostic& found : std::move(finder).Take()) {
    const int line = found.where.line;
    by_line.emplace(line, std::move(found));
  }
  Diagnostics sorted;
  for (auto& [line, found] : by_line) sorted.push_back(std::move(found));
  return sorted;
}

void LogNotImplemented(const Configuration& configuration, SystemLog& log) {
  for (const Diagnostic& found : NotImplemented(configuration)) {
    log.Write(Severity::kWarning, Render(found));
  }
}

}  // namespace stagepost
