// The values of all options of one configuration. Operations Guide, 5.6.
//
// What an option is called, holds and starts with is in option_table.h; Options knows which were
// set, to what, and by which line. Values are checked as sendmail checks them, with its messages,
// and as little: a number that is none counts as 0. Text stays as it is written: whoever uses an
// option whose macros are put in (SmtpGreetingMessage, ForwardPath, …) does so with ParseText() and
// Expand().
#ifndef STAGEPOST_MTA_CF_OPTIONS_H_
#define STAGEPOST_MTA_CF_OPTIONS_H_

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "mta/cf/blame.h"
#include "mta/cf/diagnostic.h"
#include "mta/cf/option_table.h"
#include "mta/cf/port_options.h"
#include "mta/cf/privacy.h"
#include "mta/cf/timeouts.h"
#include "mta/env/accounts.h"

namespace stagepost {

// Of one value; what all lines of an option add up to has the same limit.
inline constexpr size_t kMaxOptionValueBytes = 64 * 1024;

// One part of the option AliasFile: "hash:-o /etc/mail/aliases".
struct AliasFileSetting {
  std::string specification;
  SourceLine where;
};

class Options {
 public:
  // Where a setting comes from. What the command line has set, a file does not change any more; so
  // the command line is applied first.
  enum class Origin : uint8_t { kFile, kCommandLine };

  // Everything as it is without a configuration.
  Options();

  // Who RunAsUser, TrustedUser and DefaultUser are is looked up there; null: their names are taken
  // unchecked. Must outlive the settings made.
  void set_accounts(Accounts* accounts) { accounts_ = accounts; }

  // An O line without its O: " Name=value" or "xvalue".
  Diagnostics SetLine(absl::string_view line, const SourceLine& where,
                      Origin origin = Origin::kFile);
  // "Name=value", "Name", "Name.sub=value"; spaces around "=" do not count. -O and `O Name`.
  Diagnostics SetLong(absl::string_view setting, const SourceLine& where, Origin origin);
  // -o and Ox.
  Diagnostics SetShort(char letter, absl::string_view value, const SourceLine& where,
                       Origin origin);

  // A rule has been read: OperatorChars comes too late from now on.
  void NoteRulesRead() { operator_chars_used_ = true; }

  // What sendmail says after it has read everything: about options that do not fit together.
  Diagnostics CheckTogether() const;

  // These fail a CHECK when `id` is of another type.
  bool Flag(OptionId id) const;
  int64_t Number(OptionId id) const;  // kNumber, kMode
  absl::Duration Interval(OptionId id) const;
  // kCharacter: the letter of the mode ('b' of DeliveryMode, 't' or 'f' of SuperSafe, …).
  char Character(OptionId id) const;
  // Of any type: as it was written.
  const std::string& Text(OptionId id) const;
  // AliasFile, InputMailFilters, SameDomainOnly: their parts. Those of AliasFile add up.
  std::vector<std::string> List(OptionId id) const;

  // Whether a file or the command line has set it.
  bool IsSet(OptionId id) const { return where_.count(id) > 0; }
  // All that were set, by OptionId, with where they last were.
  const std::map<OptionId, SourceLine>& set_options() const { return where_; }

  // Timeouts that are tries (Timeout.resolver.retry) or not set have no length: zero.
  absl::Duration timeout(TimeoutId id) const;
  // Timeout.resolver.retry and its kind; nullopt: the resolver's own.
  std::optional<int> tries(TimeoutId id) const;
  const std::map<TimeoutId, SourceLine>& set_timeouts() const { return timeout_where_; }

  const PrivacyFlags& privacy() const { return privacy_; }
  bool Has(PrivacyFlag flag) const { return stagepost::Has(privacy_, flag); }
  const BlameFlags& blame() const { return blame_; }
  bool Has(BlameFlag flag) const { return stagepost::Has(blame_, flag); }

  // Empty: none was set; sendmail then listens on smtp.
  const std::vector<PortOptions>& daemon_ports() const { return daemon_ports_; }
  const std::vector<PortOptions>& client_ports() const { return client_ports_; }

  // AliasFile: what all of its lines have, in order, the wrong ones included.
  const std::vector<AliasFileSetting>& alias_files() const { return alias_files_; }

  // MaxMimeHeaderLength: of a field as a whole, and of one parameter; 0: no limit.
  int64_t max_mime_header_bytes() const { return max_mime_header_bytes_; }
  int64_t max_mime_parameter_bytes() const { return max_mime_parameter_bytes_; }

  // ResolverOptions by their names in lower case: true for "name" and "+name", false for "-name".
  const std::map<std::string, bool>& resolver() const { return resolver_; }

  // Milter.macros.EVENT -> names as written, and Milter.LogLevel; -1: that of LogLevel.
  const std::map<std::string, std::string>& milter_macros() const { return milter_macros_; }
  int milter_log_level() const { return milter_log_level_; }

  // "xvalue" and "{name}value" of every OM line: macros for the reader to define.
  const std::vector<std::string>& macro_definitions() const { return macro_definitions_; }

  // What sendmail drops without a word: suboptions of options that have none, items of
  // DaemonPortOptions without a value. Severity kNotImplemented.
  const Diagnostics& ignored() const { return ignored_; }

  // The command line has set an option that is not safe: a set-id program gives up its privileges.
  bool must_drop_privileges() const { return must_drop_privileges_; }

 private:
  friend class OptionSetter;
  struct Value {
    int64_t number = 0;  // also flags, characters, and intervals in seconds
    std::string text;
  };
  static constexpr int64_t kNoTimeout = INT64_MIN;

  const Value& Of(OptionId id) const { return values_[static_cast<size_t>(id)]; }
  const Value& Of(OptionId id, OptionType type) const;

  std::array<Value, kOptionCount> values_;
  std::map<OptionId, SourceLine> where_;
  std::set<OptionId> sticky_;

  std::array<int64_t, kTimeoutCount> timeouts_;  // seconds or tries, or kNoTimeout
  std::map<TimeoutId, SourceLine> timeout_where_;
  std::set<TimeoutId> sticky_timeouts_;

  std::vector<AliasFileSetting> alias_files_;
  PrivacyFlags privacy_;
  BlameFlags blame_;
  std::vector<PortOptions> daemon_ports_;
  std::vector<PortOptions> client_ports_;
  int64_t max_mime_header_bytes_ = 0;
  int64_t max_mime_parameter_bytes_ = 0;
  std::map<std::string, bool> resolver_;
  std::map<std::string, std::string> milter_macros_;
  int milter_log_level_ = -1;
  std::vector<std::string> macro_definitions_;
  Diagnostics ignored_;
  bool must_drop_privileges_ = false;
  bool operator_chars_used_ = false;
  Accounts* accounts_ = nullptr;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_CF_OPTIONS_H_
