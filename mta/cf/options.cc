#include "mta/cf/options.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "mta/base/check.h"
#include "mta/base/sysexits.h"
#include "mta/cf/option_setter.h"

namespace stagepost {

Options::Options() {
  timeouts_.fill(kNoTimeout);
  const SourceLine nowhere;
  OptionSetter setter(*this, nowhere, Origin::kFile);
  for (const OptionInfo& option : AllOptions()) setter.SetDefault(option);
}

Diagnostics Options::SetLine(absl::string_view line, const SourceLine& where, Origin origin) {
  if (line.empty()) return SetShort('\0', "", where, origin);
  if (line[0] == ' ') return SetLong(line.substr(1), where, origin);
  return SetShort(line[0], line.substr(1), where, origin);
}

Diagnostics Options::SetLong(absl::string_view setting, const SourceLine& where, Origin origin) {
  OptionSetter setter(*this, where, origin);
  setter.SetLong(setting);
  return std::move(setter).TakeDiagnostics();
}

Diagnostics Options::SetShort(char letter, absl::string_view value, const SourceLine& where,
                              Origin origin) {
  // -o' Name=value' and the line `O Name=value` are the same to sendmail.
  if (letter == ' ') return SetLong(value, where, origin);
  OptionSetter setter(*this, where, origin);
  setter.SetShort(letter, value);
  return std::move(setter).TakeDiagnostics();
}

Diagnostics Options::CheckTogether() const {
  Diagnostics found;
  const auto say = [&](OptionId id, Diagnostic::Severity severity, int code, std::string text) {
    const auto where = where_.find(id);
    found.push_back({.severity = severity,
                     .where = where == where_.end() ? SourceLine() : where->second,
                     .text = std::move(text),
                     .exit_code = code,
                     .shows_line = false});
  };
  if (Character(OptionId::kSuperSafe) == 'i' && Character(OptionId::kDeliveryMode) != 'i') {
    say(OptionId::kSuperSafe, Diagnostic::Severity::kWarning, 0,
        "WARNING: SuperSafe=interactive should only be used with\n"
        "         DeliveryMode=interactive");
  }
  const std::string& database = Text(OptionId::kMailboxDatabase);
  // "ldap" is known to sendmail, but to no database of ours: see not_implemented.h.
  if (database != "pw" && database != "ldap") {
    say(OptionId::kMailboxDatabase, Diagnostic::Severity::kError, kExitUnavailable,
        absl::StrCat("Can't initialize mailbox database \"", database, "\": Service unavailable"));
  }
  if (Flag(OptionId::kSingleThreadDelivery) && Text(OptionId::kHostStatusDirectory).empty()) {
    say(OptionId::kSingleThreadDelivery, Diagnostic::Severity::kWarning, 0,
        "Warning: HostStatusDirectory required for SingleThreadDelivery");
  }
  return found;
}

const Options::Value& Options::Of(OptionId id, OptionType type) const {
  CHECK(InfoOf(id).type == type) << "option " << InfoOf(id).name << " is of another type";
  return Of(id);
}

bool Options::Flag(OptionId id) const { return Of(id, OptionType::kFlag).number != 0; }

int64_t Options::Number(OptionId id) const {
  const OptionType type = InfoOf(id).type;
  return Of(id, type == OptionType::kMode ? type : OptionType::kNumber).number;
}

absl::Duration Options::Interval(OptionId id) const {
  return absl::Seconds(Of(id, OptionType::kInterval).number);
}

char Options::Character(OptionId id) const {
  return static_cast<char>(Of(id, OptionType::kCharacter).number);
}

const std::string& Options::Text(OptionId id) const { return Of(id).text; }

std::vector<std::string> Options::List(OptionId id) const {
  std::vector<std::string> parts;
  for (absl::string_view part : absl::StrSplit(Text(id), absl::ByAnyChar(",;"))) {
    part = absl::StripAsciiWhitespace(part);
    if (!part.empty()) parts.emplace_back(part);
  }
  return parts;
}

absl::Duration Options::timeout(TimeoutId id) const {
  const int64_t seconds = timeouts_[static_cast<size_t>(id)];
  const bool is_time = AllTimeouts()[static_cast<size_t>(id)].unit != kPlainNumber;
  return is_time && seconds != kNoTimeout ? absl::Seconds(seconds) : absl::ZeroDuration();
}

std::optional<int> Options::tries(TimeoutId id) const {
  const int64_t number = timeouts_[static_cast<size_t>(id)];
  const bool is_time = AllTimeouts()[static_cast<size_t>(id)].unit != kPlainNumber;
  if (is_time || number == kNoTimeout) return std::nullopt;
  return static_cast<int>(number);
}

}  // namespace stagepost
