// What the command line says: sendmail(8). Everything else is in the configuration file.
//
//   std::variant<Settings, UsageError> parsed = ParseCommandLine(arguments);
//
// Arguments are read as sendmail reads them: letters may stand together ("-vi"), a value may follow
// at once or as the next argument, and -q, -d, -C and -Q may do without one.
#ifndef STAGEPOST_MTA_DAEMON_SETTINGS_H_
#define STAGEPOST_MTA_DAEMON_SETTINGS_H_

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "mta/base/sysexits.h"
#include "mta/env/process.h"

namespace stagepost {

inline constexpr absl::string_view kConfigurationFile = "/etc/mail/sendmail.cf";
inline constexpr absl::string_view kSubmissionFile = "/etc/mail/submit.cf";

// The letter of -b.
enum class Mode : char {
  kArpa = 'a',  // SMTP on standard input, as the ARPANET had it
  kCheckConfiguration = 'C',
  kDaemon = 'd',
  kForegroundDaemon = 'D',
  kHostStatus = 'h',
  kPurgeHostStatus = 'H',
  kRebuildAliases = 'i',
  kDeliver = 'm',
  kPrintQueue = 'p',
  kPrintQueueCounts = 'P',
  kSmtp = 's',
  kAddressTest = 't',
  kVerify = 'v',
};

// One of -qI, -qR, -qS, -qQ followed by text; with "!" in front it excludes.
struct QueueLimit {
  char field = 'I';
  std::string text;
  bool excludes = false;
};

// -q, and what stands behind it.
struct QueueRequest {
  bool given = false;
  std::optional<absl::Duration> interval;  // absent: once
  bool persistent = false;                 // -qp
  bool foreground = false;                 // -qf
  std::string group;                       // -qG
  bool quarantined = false;                // -qQ: Those messages only
  bool lost = false;                       // -qL
  std::vector<QueueLimit> limits;

  // Whether it names a subset of the queue.
  bool is_subset() const { return !limits.empty() || quarantined || lost; }
};

struct Settings {
  Mode mode = Mode::kDeliver;
  bool mode_given = false;
  std::string program;  // the last part of the name that it was called by
  std::string path;     // that name

  // -C; absent: as -A and the mode have it.
  std::optional<std::string> configuration_file;
  char submission = '\0';  // -A: 'c', 'm', or neither
  // -O, -o and their older forms, in order; -M; -d.
  std::vector<std::string> long_options, short_options, macros;
  std::vector<std::string> debug;
  std::string debug_file;  // -D
  std::string log_tag;     // -L; empty: sendmail

  QueueRequest queue;
  // What a message from the command line is to be.
  std::string body_type;                  // -B
  std::string full_name;                  // -F
  std::optional<std::string> sender;      // -f, -r
  int hop_count = 0;                      // -h
  std::string dsn_notify, dsn_return;     // -N, -R
  std::string envelope_id;                // -V
  std::string protocol, protocol_host;    // -p
  std::optional<std::string> quarantine;  // -Q
  std::string traffic_log;                // -X
  bool recipients_from_header = false;    // -t
  bool verbose = false;                   // -v
  bool do_not_expand = false;             // -n
  bool gateway = false;                   // -G
  std::vector<std::string> recipients;    // what is no option
  std::vector<std::string> remarks;       // complaints after which sendmail goes on
  int late_exit_code = 0;                 // for a program that has done what it could, besides

  bool is_daemon() const { return mode == Mode::kDaemon || mode == Mode::kForegroundDaemon; }
  // Whether messages on standard output are SMTP replies before the mode has begun.
  bool speaks_smtp() const {
    return mode == Mode::kDaemon || mode == Mode::kSmtp || mode == Mode::kArpa;
  }
  // The file to read: submit.cf only for -Ac.
  std::string ConfigurationFile() const;
};

// A command line that was not understood, or asks for something this version does not have.
struct UsageError {
  enum class Stream { kError, kOutput };
  std::string message;  // for standard error, with the program's name in front; empty: none
  int exit_code = kExitUsage;
  Stream stream = Stream::kError;
};

// Reads `arguments` ([0] is the program's name and chooses a mode, as sendmail's links do).
std::variant<Settings, UsageError> ParseCommandLine(const Arguments& arguments);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_DAEMON_SETTINGS_H_
