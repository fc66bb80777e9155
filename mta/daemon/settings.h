// What the command line says, and what is the default where it says nothing.
//
// Only -bt reads a configuration file so far. The other modes go by sendmail's defaults, the
// options below, and two class files (class_file.h).
#ifndef STAGEPOST_MTA_DAEMON_SETTINGS_H_
#define STAGEPOST_MTA_DAEMON_SETTINGS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "mta/base/sysexits.h"
#include "mta/deliver/deliver.h"
#include "mta/env/network.h"
#include "mta/env/process.h"
#include "mta/smtp/timeouts.h"

namespace stagepost {

inline constexpr uint16_t kSmtpPort = 25;

// DaemonPortOptions on one command line.
inline constexpr size_t kMaxPorts = 10;

// Sessions at a time when MaxDaemonChildren does not say less: a process has that many descriptors.
inline constexpr int kMaxSessions = 1000;
// Delivery jobs at a time; each has a mailer program running.
inline constexpr int kMaxDeliveries = 20;

// One DaemonPortOptions.
struct DaemonPort {
  std::string name = "MTA";  // with a number behind it from the second nameless one on
  SocketAddress address{IpAddress(), kSmtpPort};
};

struct Settings {
  enum class Mode {
    kDaemon,            // -bd
    kForegroundDaemon,  // -bD
    kQueueRun,          // -q without an interval and without -bd: one queue run in the foreground
    kAddressTest,       // -bt
  };
  Mode mode = Mode::kDaemon;
  // -C, -O, -o and -M as given, for reading a configuration file; -d, as given.
  std::string configuration_file = "/etc/mail/sendmail.cf";
  std::vector<std::string> long_options, short_options, macros;
  std::vector<std::string> debug;
  std::string log_tag;  // -L; empty: the program's name

  std::vector<DaemonPort> ports;                 // never empty with a daemon
  std::optional<absl::Duration> queue_interval;  // -q30m; absent: no queue runs
  std::string queue_directory = "/var/spool/mqueue";
  std::string run_as_user;  // RunAsUser, as it was written: "user", "user:group"; empty: stay
  int64_t max_message_bytes = 0;
  int max_children = 0;  // MaxDaemonChildren; 0: kMaxSessions
  SmtpTimeouts timeouts;
  LocalMailer local_mailer;

  std::string local_host_names_file = "/etc/mail/local-host-names";
  std::string relay_domains_file = "/etc/mail/relay-domains";
};

// A command line that was not understood, or asks for something this version does not have.
struct UsageError {
  std::string message;  // for stderr, without the program's name
  int exit_code = kExitUsage;
  bool on_stdout = false;  // sendmail prints most messages of its own there
};

// Reads `arguments` ([0] is the program's name and chooses a mode, as sendmail's links do).
std::variant<Settings, UsageError> ParseCommandLine(const Arguments& arguments);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_DAEMON_SETTINGS_H_
