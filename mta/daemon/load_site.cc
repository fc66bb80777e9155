#include "mta/daemon/load_site.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "mta/cf/default_user.h"
#include "mta/cf/diagnostic.h"
#include "mta/cf/not_implemented.h"
#include "mta/policy/load_limits.h"

namespace stagepost {
namespace {

bool IsError(const Diagnostic& diagnostic) {
  return diagnostic.severity == Diagnostic::Severity::kError ||
         diagnostic.severity == Diagnostic::Severity::kFatal;
}

ReadOptions ReadOptionsOf(const Settings& settings) {
  return {.file = settings.ConfigurationFile(),
          .long_options = settings.long_options,
          .short_options = settings.short_options,
          .macros = settings.macros,
          .mode = static_cast<char>(settings.mode)};
}

void LogDangerousPermissions(Environment& env, const Settings& settings) {
  env.log().Write(Severity::kCritical, absl::StrCat(settings.ConfigurationFile(),
                                                    ": WARNING: dangerous write permissions"));
}

}  // namespace

Task<LoadedSite> LoadAndReport(Environment& env, const Settings& settings, Reporter& reporter) {
  LoadedSite loaded = co_await LoadSite(env, ReadOptionsOf(settings));
  if (loaded.writable_by_others) {
    LogDangerousPermissions(env, settings);
    if (settings.is_daemon() || settings.mode == Mode::kRebuildAliases ||
        settings.mode == Mode::kCheckConfiguration) {
      co_await Print(
          env.process().standard_error(),
          absl::StrCat(settings.ConfigurationFile(), ": WARNING: dangerous write permissions\n"));
    }
  }
  for (const Diagnostic& diagnostic : loaded.diagnostics) {
    if (diagnostic.severity == Diagnostic::Severity::kNotImplemented) continue;
    std::string text = Render(diagnostic);
    if (IsError(diagnostic)) {
      co_await reporter.SystemError(
          std::move(text), diagnostic.exit_code == kExitSoftware ? "554 5.0.0" : "451 4.0.0");
    } else {
      co_await reporter.Remark(std::move(text));
    }
  }
  // Whoever looks at the queue, or anything else in passing, does not fill the log.
  const bool stays = settings.is_daemon() || settings.queue.interval.has_value();
  if (stays && loaded.site != nullptr && loaded.exit_code == 0) {
    LogNotImplemented(loaded.site->configuration(), env.log());
  }
  co_return loaded;
}

Task<LoadedSite> LoadAgain(Environment& env, const Settings& settings, Reporter& reporter) {
  LoadedSite loaded = co_await LoadSite(env, ReadOptionsOf(settings));
  if (loaded.writable_by_others) LogDangerousPermissions(env, settings);
  for (const Diagnostic& diagnostic : loaded.diagnostics) {
    if (IsError(diagnostic)) reporter.LogSystemError(Render(diagnostic));
  }
  if (loaded.exit_code != 0) loaded.site = nullptr;
  if (loaded.site != nullptr) LogNotImplemented(loaded.site->configuration(), env.log());
  co_return loaded;
}

absl::StatusOr<QueueLayout> QueueLayoutOf(Environment& env, const Configuration& configuration,
                                          std::vector<std::string>& warnings) {
  absl::StatusOr<QueueLayout> layout = MakeQueueLayout(configuration, warnings);
  if (!layout.ok()) return layout;
  const int processors = env.host().processors();
  layout->trusted_user = TrustedUser(configuration.options, env.accounts());
  layout->queue_load = LoadLimitsOf(configuration.options, PortOptions(), processors).queue;
  return layout;
}

}  // namespace stagepost
