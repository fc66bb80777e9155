#include "mta/bin/sendmail.h"

#include <memory>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "mta/base/sysexits.h"
#include "mta/bin/address_test.h"
#include "mta/bin/start_daemon.h"
#include "mta/cf/macros.h"
#include "mta/cf/well_known_names.h"
#include "mta/daemon/identity.h"
#include "mta/daemon/load_site.h"
#include "mta/daemon/reporter.h"
#include "mta/daemon/settings.h"
#include "mta/site/site.h"

namespace stagepost {
namespace {

Task<int> ReportUsage(Environment& env, std::string program, UsageError error) {
  if (error.message.empty()) co_return error.exit_code;
  if (error.stream == UsageError::Stream::kOutput) {
    co_await Print(env.process().standard_output(), absl::StrCat(error.message, "\n"));
  } else {
    const std::string name = program.substr(program.rfind('/') + 1);
    co_await Print(env.process().standard_error(), absl::StrCat(name, ": ", error.message, "\n"));
  }
  co_return error.exit_code;
}

// What -bt says of itself to rules: mail of this user, delivered interactively.
void DefineTestMacros(Environment& env, Macros& macros) {
  macros.SetLiteral(OneCharacterName('_'), absl::StrCat(RealUserName(env), "@localhost"));
  macros.SetLiteral(well_known::kDeliveryMode, "i");
  macros.SetLiteral(well_known::kQuarantine, "");
}

// Modes for root and TrustedUser only.
bool NeedsTrust(const Settings& settings) {
  switch (settings.mode) {
    case Mode::kDaemon:
    case Mode::kForegroundDaemon:
    case Mode::kPurgeHostStatus:
    case Mode::kRebuildAliases:
      return true;
    case Mode::kDeliver:
      return settings.queue.interval.has_value();
    default:
      return false;
  }
}

Task<int> RunMode(Environment& env, const Settings& settings, Arguments arguments,
                  std::shared_ptr<Site> site, Reporter& reporter) {
  if (settings.is_daemon() || (settings.queue.given && settings.queue.interval.has_value())) {
    co_return co_await StartDaemon(env, settings, std::move(arguments), std::move(site), reporter);
  }
  if (settings.queue.given) co_return co_await RunQueueOnce(env, settings, site, reporter);
  const char letter = static_cast<char>(settings.mode);
  co_await reporter.UserError(absl::StrCat("-b", absl::string_view(&letter, 1),
                                           " is not implemented in this version of Stagepost"));
  co_return kExitUnavailable;
}

}  // namespace

Task<int> SendmailMain(Environment& env, Arguments arguments) {
  std::variant<Settings, UsageError> parsed = ParseCommandLine(arguments);
  if (auto* error = std::get_if<UsageError>(&parsed)) {
    const std::string program = arguments.empty() ? "sendmail" : arguments[0];
    co_return co_await ReportUsage(env, program, std::move(*error));
  }
  const Settings& settings = std::get<Settings>(parsed);
  if (!settings.log_tag.empty()) env.log().SetTag(settings.log_tag);
  Reporter reporter(env, settings.speaks_smtp());
  for (const std::string& remark : settings.remarks) co_await reporter.Remark(remark);
  LoadedSite loaded = co_await LoadAndReport(env, settings, reporter);
  if (settings.mode == Mode::kAddressTest && loaded.site != nullptr) {
    // It goes on with what could be read, whatever was wrong, so that it can be looked at.
    DefineTestMacros(env, loaded.site->configuration().macros);
    const int exit_code = co_await RunAddressTest(env, *loaded.site, settings.debug);
    co_return loaded.exit_code != 0 ? loaded.exit_code : exit_code;
  }
  if (loaded.exit_code != 0 || loaded.site == nullptr) co_return loaded.exit_code;
  const std::shared_ptr<Site> site = std::move(loaded.site);
  if (NeedsTrust(settings) && !IsTrusted(env, site->configuration().options)) {
    if (settings.is_daemon()) {
      env.log().Write(
          Severity::kAlert,
          absl::StrCat("user ", static_cast<uint32_t>(env.process().credentials().real_user),
                       " attempted to run daemon"));
    }
    co_await reporter.UserError("Permission denied (real uid not trusted)");
    co_return kExitUsage;
  }
  const int exit_code = co_await RunMode(env, settings, std::move(arguments), site, reporter);
  co_return exit_code != 0 ? exit_code : loaded.late_exit_code;
}

}  // namespace stagepost
