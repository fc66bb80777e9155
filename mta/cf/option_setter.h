// One setting of one option on its way into Options: what Options::SetLong() and SetShort() do.
#ifndef STAGEPOST_MTA_CF_OPTION_SETTER_H_
#define STAGEPOST_MTA_CF_OPTION_SETTER_H_

#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "mta/base/sysexits.h"
#include "mta/cf/diagnostic.h"
#include "mta/cf/option_table.h"
#include "mta/cf/options.h"

namespace stagepost {

class OptionSetter {
 public:
  OptionSetter(Options& options, const SourceLine& where, Options::Origin origin)
      : options_(options), where_(where), origin_(origin) {}

  void SetLong(absl::string_view setting);
  void SetShort(char letter, absl::string_view value);
  // The value an option has without being set.
  void SetDefault(const OptionInfo& option);

  Diagnostics TakeDiagnostics() && { return std::move(diagnostics_); }

 private:
  using Severity = Diagnostic::Severity;

  void Say(Severity severity, int exit_code, std::string text, bool shows_line);
  void Error(std::string text) { Say(Severity::kError, kExitSoftware, std::move(text), true); }
  void Warn(std::string text) { Say(Severity::kWarning, 0, std::move(text), false); }
  void Ignored(std::string text);

  // `sub` is what stands behind a dot; null data: nothing, not even a dot.
  void Set(const OptionInfo& option, absl::string_view sub, absl::string_view value);
  // Whether the command line has said otherwise.
  bool IsFixed(const OptionInfo& option) const;
  void Store(const OptionInfo& option, absl::string_view sub, absl::string_view value);
  void StoreCharacter(const OptionInfo& option, absl::string_view value);
  void StoreSet(const OptionInfo& option, absl::string_view value);
  void StoreEntry(const OptionInfo& option, absl::string_view sub, absl::string_view value);
  void CheckNumber(const OptionInfo& option, int64_t number);
  void StoreText(const OptionInfo& option, absl::string_view value);

  int64_t ReadTime(absl::string_view value, char unit);
  // "5m", which sets all, or "mail=5m, rcpt=10m".
  void SetTimeouts(absl::string_view value);
  void SetTimeout(absl::string_view name, absl::string_view value);
  void StoreTimeout(TimeoutId id, int64_t number);
  void SetQueueTimeout(absl::string_view value);

  void SetMilter(absl::string_view sub, absl::string_view value);
  void SetMimeLimits(absl::string_view value);
  void SetResolver(absl::string_view value);
  void AddPort(const OptionInfo& option, absl::string_view value);
  void AddAliasFiles(absl::string_view value);
  // "user", "user:group"; without `with_group` all of it is a user.
  void CheckUser(absl::string_view option, absl::string_view value, bool with_group);
  void CheckGroup(absl::string_view option, absl::string_view name);
  void CheckSslOptions(const OptionInfo& option, absl::string_view value);
  void CheckConnectOnlyTo(absl::string_view value);
  void NoteOperatorChars();

  Options::Value& ValueOf(OptionId id) { return options_.values_[static_cast<size_t>(id)]; }

  Options& options_;
  const SourceLine& where_;
  const Options::Origin origin_;
  bool is_default_ = false;
  Diagnostics diagnostics_;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_CF_OPTION_SETTER_H_
