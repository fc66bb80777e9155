#include "mta/bin/sendmail.h"

#include <memory>
#include <optional>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "mta/base/errno.h"
#include "mta/base/sysexits.h"
#include "mta/bin/address_test.h"
#include "mta/bin/debug_level.h"
#include "mta/bin/modes.h"
#include "mta/bin/run.h"
#include "mta/bin/self_report.h"
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

// Where -d output goes: -D's file, opened by whoever runs us, or standard output.
class DebugOutput {
 public:
  explicit DebugOutput(Environment& env) : env_(env) {}

  Task<absl::Status> Open(std::string path) {
    OpenOptions options;
    options.write = options.create = options.append = true;
    options.non_blocking = true;
    options.mode = 0644;
    absl::StatusOr<std::unique_ptr<File>> file = co_await env_.files().Open(path, options);
    if (!file.ok()) {
      co_return absl::UnavailableError(
          absl::StrCat("cannot open ", path, ": ", ErrnoText(ErrnoOf(file.status()))));
    }
    file_ = *std::move(file);
    co_return absl::OkStatus();
  }

  Task<void> Write(std::string text) {
    if (file_ == nullptr) {
      co_await Print(env_.process().standard_output(), std::move(text));
      co_return;
    }
    for (size_t written = 0; written < text.size();) {
      const absl::StatusOr<size_t> some =
          co_await file_->Write(0, absl::string_view(text).substr(written));
      if (!some.ok()) co_return;
      written += *some;
    }
  }

 private:
  Environment& env_;
  std::unique_ptr<File> file_;
};

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
      return settings.queue.interval.has_value() || settings.quarantine.has_value();
    default:
      return false;
  }
}

// False: whoever started us may not run this mode, and has been told so.
Task<bool> CheckTrust(Run& run) {
  if (!NeedsTrust(run.settings) || IsTrusted(run.env, run.options())) co_return true;
  if (run.settings.is_daemon()) {
    const UserId user = run.env.process().credentials().real_user;
    run.env.log().Write(Severity::kAlert, absl::StrCat("user ", static_cast<uint32_t>(user),
                                                       " attempted to run daemon"));
  } else if (run.settings.mode == Mode::kRebuildAliases) {
    const UserId user = run.env.process().credentials().real_user;
    run.env.log().Write(Severity::kAlert, absl::StrCat("user ", static_cast<uint32_t>(user),
                                                       " attempted to rebuild the alias map"));
  }
  co_await run.reporter.UserError("Permission denied (real uid not trusted)");
  co_return false;
}

// Submission is by submit.cf where there is one, unless -Am or -C say otherwise.
Task<void> ChooseConfiguration(Environment& env, Settings& settings) {
  const bool submits = settings.mode == Mode::kSmtp || settings.mode == Mode::kArpa ||
                       (settings.mode == Mode::kDeliver && !settings.queue.given);
  if (settings.configuration_file.has_value() || settings.submission != '\0' || !submits) co_return;
  const std::string path(kSubmissionFile);
  const absl::StatusOr<FileStat> stat = co_await env.files().Stat(path);
  if (stat.ok()) settings.configuration_file = path;
}

// Whether the command line names what a set-id program must not touch for somebody else.
bool AsksForMore(const Settings& settings) {
  return settings.configuration_file.has_value() || !settings.debug_file.empty() ||
         !settings.traffic_log.empty() || !settings.macros.empty();
}

// False: privileges could not be given up, which has been said.
Task<bool> GiveUp(Environment& env, Reporter& reporter) {
  if (env.process().credentials().real_user == kRootUser) co_return true;
  const absl::Status status = GiveUpSetIds(env);
  if (status.ok()) co_return true;
  co_await reporter.SystemError(absl::StrCat("drop_privileges: ", status.message()));
  co_return false;
}

// What a submission program, one with UseMSP, is not to do; nullopt: nothing is wrong.
Task<std::optional<int>> CheckSubmission(Environment& env, const Settings& settings,
                                         const Options& options, Reporter& reporter) {
  if (settings.submission != 'c' || !options.Flag(OptionId::kUseMSP)) co_return std::nullopt;
  if (settings.is_daemon()) {
    co_await reporter.UserError("Mail submission program cannot be used as daemon");
    co_return kExitUsage;
  }
  const absl::StatusOr<std::optional<Identity>> identity = RunAsIdentity(env, options);
  const bool as_root = !identity.ok() || !identity->has_value() || (*identity)->user == kRootUser;
  if (!as_root || env.process().credentials().real_user != kRootUser) co_return std::nullopt;
  co_await reporter.UserError("Mail submission program must have RunAsUser set to non root user");
  co_return kExitConfiguration;
}

Task<int> RunWithSite(Run& run) {
  if (run.options().must_drop_privileges() && !co_await GiveUp(run.env, run.reporter)) {
    co_return kExitOsError;
  }
  if (!co_await CheckTrust(run)) co_return kExitUsage;
  const Settings& settings = run.settings;
  const bool runs_queue = settings.mode == Mode::kDeliver && settings.queue.interval.has_value();
  if (settings.is_daemon() || runs_queue) {
    co_return co_await StartDaemon(run);
  }
  co_return co_await RunMode(run);
}

}  // namespace

Task<int> SendmailMain(Environment& env, Arguments arguments) {
  std::variant<Settings, UsageError> parsed = ParseCommandLine(arguments);
  if (auto* error = std::get_if<UsageError>(&parsed)) {
    const std::string program = arguments.empty() ? "sendmail" : arguments[0];
    co_return co_await ReportUsage(env, program, std::move(*error));
  }
  Settings& settings = std::get<Settings>(parsed);
  Reporter reporter(env, settings.speaks_smtp());
  if (AsksForMore(settings) && !co_await GiveUp(env, reporter)) co_return kExitOsError;
  co_await ChooseConfiguration(env, settings);
  // Whatever the program was called by.
  env.log().SetTag(settings.log_tag.empty() ? "sendmail" : settings.log_tag);
  DebugOutput debug(env);
  if (!settings.debug_file.empty()) {
    if (const absl::Status status = co_await debug.Open(settings.debug_file); !status.ok()) {
      co_await Print(env.process().standard_output(), absl::StrCat(status.message(), "\n"));
      co_return kExitCannotCreate;
    }
  }
  const int level = DebugLevel(settings.debug, 0);
  if (level > 0) {
    std::string report = co_await ReportBeforeReading(env, settings, level);
    co_await debug.Write(std::move(report));
  }
  for (const std::string& remark : settings.remarks) co_await reporter.Remark(remark);
  LoadedSite loaded = co_await LoadAndReport(env, settings, reporter);
  if (loaded.site == nullptr) co_return loaded.exit_code;
  const bool tests = settings.mode == Mode::kAddressTest;
  if (!tests) {
    const std::optional<int> wrong =
        co_await CheckSubmission(env, settings, loaded.site->configuration().options, reporter);
    if (wrong.has_value()) co_return *wrong;
    if (loaded.exit_code != 0) co_return loaded.exit_code;
  }
  if (level > 0) co_await debug.Write(ReportAfterReading(loaded.site->configuration()));
  if (tests) {
    // It goes on with what could be read, whatever was wrong, so that it can be looked at.
    DefineTestMacros(env, loaded.site->configuration().macros);
    const int exit_code = co_await RunAddressTest(env, *loaded.site, settings.debug);
    co_return loaded.exit_code != 0 ? loaded.exit_code : exit_code;
  }
  Run run{env, settings, std::move(arguments), std::move(loaded.site), reporter};
  const int exit_code = co_await RunWithSite(run);
  if (exit_code != 0) co_return exit_code;
  co_return loaded.late_exit_code != 0 ? loaded.late_exit_code : settings.late_exit_code;
}

}  // namespace stagepost
