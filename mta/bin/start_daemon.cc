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

// A disk that is full is said at once; sessions refuse messages as long as it is.
Task<void> CheckRoom(Run& run, Queue& queue) {
  const absl::StatusOr<bool> room = co_await queue.HasRoom(queue.NewId(), "", 0);
  if (!room.ok() || *room) co_return;
  co_await run.reporter.Remark("452 4.4.5 Insufficient disk space; try again later");
  run.env.log().Write(Severity::kInfo,
                      absl::StrCat("rejecting new messages: min free: ",
                                   run.options().Number(OptionId::kMinFreeBlocks)));
}

bool StaysInForeground(const Settings& settings) {
  return settings.mode == Mode::kForegroundDaemon || settings.queue.foreground;
}

}  // namespace

Task<int> StartDaemon(Run& run) {
  Environment& env = run.env;
  run.reporter.set_speaks_smtp(true);
  // What is wrong with the queue is found while whoever started us still listens.
  std::unique_ptr<Queue> queue = co_await OpenQueueOf(run);
  if (queue == nullptr) co_return kExitConfiguration;
  if (!StaysInForeground(run.settings)) {
    if (const absl::Status status = env.process().Daemonise(); !status.ok()) {
      co_return co_await Fail(run.reporter, kExitOsError, status);
    }
  }
  LogStart(env, run.settings);
  // Ports below 1024 need root, the queue must not: in this order.
  std::vector<OpenPort> ports;
  if (run.settings.is_daemon()) {
    auto opened = co_await OpenPorts(env, PortsOf(run.options()), run.reporter);
    if (!opened.ok()) co_return kExitUnavailable;
    ports = *std::move(opened);
  }
  const std::string pid_file = run.options().Text(OptionId::kPidFile);
  co_await LeavePidFile(env, run.options(), run.command_line);
  if (!co_await DropPrivileges(run)) co_return kExitOsError;
  // Queue ids carry the process id, and what may be entered depends on the user: both have changed.
  queue = co_await OpenQueueOf(run);
  if (queue == nullptr) co_return kExitConfiguration;
  if (run.settings.is_daemon()) co_await CheckRoom(run, *queue);
  const absl::Status status = co_await RunDaemon(
      DaemonContext{env, run.settings, run.site, *queue, run.reporter}, std::move(ports));
  // Those who look for the daemon see that there is none.
  if (!pid_file.empty()) (void)co_await env.files().Unlink(pid_file);
  co_return status.ok() ? kExitOk : kExitOsError;
}

}  // namespace stagepost
