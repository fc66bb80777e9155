#include "mta/bin/start_daemon.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "mta/base/sysexits.h"
#include "mta/base/version.h"
#include "mta/daemon/daemon.h"
#include "mta/daemon/identity.h"
#include "mta/daemon/pid_file.h"
#include "mta/daemon/ports.h"
#include "mta/daemon/time_interval.h"
#include "mta/deliver/deliver.h"
#include "mta/queue/queue.h"

namespace stagepost {
namespace {

constexpr absl::string_view kNeedsPrivilege =
    "Program mode requires special privileges, e.g., root or TrustedUser.\n";

// The queue of the site; null: it cannot be used, and that has been said.
Task<std::unique_ptr<Queue>> OpenQueueOf(Environment& env, Site& site, Reporter& reporter) {
  absl::StatusOr<std::unique_ptr<Queue>> queue =
      co_await OpenQueue(env, site.configuration().options.Text(OptionId::kQueueDirectory));
  if (queue.ok()) co_return *std::move(queue);
  co_await reporter.SystemError(std::string(queue.status().message()));
  if (env.process().credentials().effective_user != kRootUser) {
    co_await Print(env.process().standard_error(), std::string(kNeedsPrivilege));
  }
  co_return nullptr;
}

void LogStart(Environment& env, const Settings& settings) {
  if (settings.path.empty() || settings.path[0] != '/') {
    env.log().Write(Severity::kWarning, "daemon invoked without full pathname; kill -1 won't work");
  }
  std::string line = absl::StrCat("starting daemon (", kVersion, "): ");
  if (settings.is_daemon()) absl::StrAppend(&line, "SMTP");
  if (settings.queue.interval.has_value()) {
    absl::StrAppend(&line, settings.is_daemon() ? "+" : "",
                    settings.queue.persistent ? "persistent-" : "", "queueing@",
                    FormatInterval(*settings.queue.interval));
  }
  env.log().Write(Severity::kInfo, line);
}

Task<void> LeavePidFile(Environment& env, const Options& options, Arguments command_line) {
  const std::string& path = options.Text(OptionId::kPidFile);
  if (path.empty()) co_return;
  const absl::Status status = co_await WritePidFile(
      env, path, static_cast<FileMode>(options.Number(OptionId::kTempFileMode)),
      std::move(command_line));
  if (!status.ok()) {
    env.log().Write(Severity::kInfo,
                    absl::StrCat("unable to write pid to ", path, ": ", status.message()));
  }
}

Task<int> Fail(Reporter& reporter, int exit_code, absl::Status status) {
  co_await reporter.SystemError(std::string(status.message()));
  co_return exit_code;
}

}  // namespace

Task<int> StartDaemon(Environment& env, const Settings& settings, Arguments command_line,
                      std::shared_ptr<Site> site, Reporter& reporter) {
  const Options& options = site->configuration().options;
  reporter.set_speaks_smtp(true);
  // What is wrong with the queue is found while whoever started us still listens.
  std::unique_ptr<Queue> queue = co_await OpenQueueOf(env, *site, reporter);
  if (queue == nullptr) co_return kExitConfiguration;
  if (settings.mode != Mode::kForegroundDaemon && !settings.queue.foreground) {
    if (const absl::Status status = env.process().Daemonise(); !status.ok()) {
      co_return co_await Fail(reporter, kExitOsError, status);
    }
  }
  LogStart(env, settings);
  // Ports below 1024 need root, the queue must not: in this order.
  std::vector<OpenPort> ports;
  if (settings.is_daemon()) {
    auto opened = co_await OpenPorts(env, PortsOf(options), reporter);
    if (!opened.ok()) co_return kExitUnavailable;
    ports = *std::move(opened);
  }
  const std::string pid_file = options.Text(OptionId::kPidFile);
  co_await LeavePidFile(env, options, std::move(command_line));
  if (const absl::Status status = BecomeRunAsUser(env, options); !status.ok()) {
    co_return co_await Fail(reporter, kExitOsError, status);
  }
  // Queue ids carry the process id, and what may be entered depends on the user: both have changed.
  queue = co_await OpenQueueOf(env, *site, reporter);
  if (queue == nullptr) co_return kExitConfiguration;
  const absl::Status status =
      co_await RunDaemon(DaemonContext{env, settings, site, *queue, reporter}, std::move(ports));
  // Those who look for the daemon see that there is none.
  if (!pid_file.empty()) (void)co_await env.files().Unlink(pid_file);
  co_return status.ok() ? kExitOk : kExitOsError;
}

Task<int> RunQueueOnce(Environment& env, const Settings& settings, std::shared_ptr<Site> site,
                       Reporter& reporter) {
  if (settings.queue.is_subset() || !settings.queue.group.empty()) {
    co_await reporter.UserError("-q with a part of the queue is not implemented in this version");
    co_return kExitUnavailable;
  }
  if (const absl::Status status = BecomeRunAsUser(env, site->configuration().options);
      !status.ok()) {
    co_return co_await Fail(reporter, kExitOsError, status);
  }
  const std::unique_ptr<Queue> queue = co_await OpenQueueOf(env, *site, reporter);
  if (queue == nullptr) co_return kExitConfiguration;
  const absl::Status status = co_await RunQueue(env, *queue, LocalMailerFor(*site));
  if (!status.ok()) co_return co_await Fail(reporter, kExitOsError, status);
  co_return kExitOk;
}

}  // namespace stagepost
