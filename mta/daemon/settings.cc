#include "mta/daemon/settings.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "mta/daemon/time_interval.h"

namespace stagepost {
namespace {

using Outcome = std::optional<UsageError>;  // nullopt: fine

UsageError NotAvailable(absl::string_view what) {
  return UsageError{absl::StrCat(what, " is not available in this version of Stagepost")};
}

// Flags of sendmail(8) that take their value from the next argument if it is not attached.
constexpr absl::string_view kFlagsWithValue = "BCDFLMNORVXbfhopr";

// Timeout.command=1h and its kind.
Outcome SetTimeout(absl::string_view option, absl::string_view value, absl::Duration& timeout) {
  // sendmail reads a timeout without a unit as minutes.
  const absl::StatusOr<absl::Duration> parsed = ParseInterval(value, 'm');
  if (!parsed.ok() || value.empty()) {
    return UsageError{absl::StrCat("option ", option, ": ",
                                   value.empty() ? "no value" : parsed.status().message())};
  }
  // 0 is sendmail's way to say: no limit.
  timeout = *parsed == absl::ZeroDuration() ? absl::InfiniteDuration() : *parsed;
  return std::nullopt;
}

Outcome SetPortKey(char key, absl::string_view value, DaemonPort& port, absl::string_view& address,
                   absl::string_view& family) {
  switch (key) {
    case 'P': {
      int number = 0;
      if (value == "smtp") number = kSmtpPort;
      if (number == 0 && (!absl::SimpleAtoi(value, &number) || number < 1 || number > 65535)) {
        return UsageError{absl::StrCat("DaemonPortOptions: unknown port ", value)};
      }
      port.address.port = static_cast<uint16_t>(number);
      return std::nullopt;
    }
    case 'A':
      address = value;
      return std::nullopt;
    case 'N':
      port.name = std::string(value);
      return std::nullopt;
    case 'F':
      family = value;
      return std::nullopt;
    default:
      return NotAvailable(absl::StrCat("DaemonPortOptions key ", absl::string_view(&key, 1)));
  }
}

// "Port=2525, Addr=127.0.0.1, Name=MTA, Family=inet"; keys count by their first letter.
Outcome AddPort(absl::string_view text, Settings& settings) {
  if (settings.ports.size() >= kMaxPorts) return UsageError{"too many daemons defined"};
  DaemonPort port;
  if (!settings.ports.empty()) port.name = absl::StrCat("Daemon", settings.ports.size());
  absl::string_view address, family = "inet";
  for (absl::string_view part : absl::StrSplit(text, ',')) {
    part = absl::StripAsciiWhitespace(part);
    if (part.empty()) continue;
    const size_t equals = part.find('=');
    if (equals == absl::string_view::npos) {
      return UsageError{absl::StrCat("DaemonPortOptions: `=' expected in ", part)};
    }
    if (auto error = SetPortKey(absl::ascii_toupper(part[0]), part.substr(equals + 1), port,
                                address, family)) {
      return error;
    }
  }
  if (family != "inet" && family != "inet6") {
    return UsageError{absl::StrCat("DaemonPortOptions: unknown address family ", family)};
  }
  const bool v6 = family == "inet6";
  if (v6) port.address.address = IpAddress::V6({});
  if (!address.empty()) {
    const std::optional<IpAddress> parsed = IpAddress::Parse(address);
    if (!parsed.has_value() || parsed->is_v4() == v6) {
      return UsageError{absl::StrCat("DaemonPortOptions: ", address, " is no ", family,
                                     " address (host names need a resolver)")};
    }
    port.address.address = *parsed;
  }
  settings.ports.push_back(std::move(port));
  return std::nullopt;
}

// -O Name=value
Outcome SetOption(absl::string_view text, Settings& settings) {
  const size_t equals = text.find('=');
  if (equals == absl::string_view::npos) {
    return UsageError{absl::StrCat("option ", text, " has no value")};
  }
  const absl::string_view name = absl::StripAsciiWhitespace(text.substr(0, equals));
  const absl::string_view value = absl::StripAsciiWhitespace(text.substr(equals + 1));
  if (absl::EqualsIgnoreCase(name, "QueueDirectory")) {
    if (!absl::StartsWith(value, "/") || absl::StrContains(value, '*')) {
      return UsageError{"option QueueDirectory needs one absolute path"};
    }
    settings.queue_directory = std::string(value);
  } else if (absl::EqualsIgnoreCase(name, "DaemonPortOptions")) {
    return AddPort(value, settings);
  } else if (absl::EqualsIgnoreCase(name, "RunAsUser")) {
    settings.run_as_user = std::string(value);
  } else if (absl::EqualsIgnoreCase(name, "MaxMessageSize")) {
    if (!absl::SimpleAtoi(value, &settings.max_message_bytes) || settings.max_message_bytes < 0) {
      return UsageError{absl::StrCat("option MaxMessageSize: ", value, " is no number of bytes")};
    }
  } else if (absl::EqualsIgnoreCase(name, "MaxDaemonChildren")) {
    if (!absl::SimpleAtoi(value, &settings.max_children) || settings.max_children < 0) {
      return UsageError{absl::StrCat("option MaxDaemonChildren: ", value, " is no number")};
    }
  } else if (absl::EqualsIgnoreCase(name, "Timeout.command")) {
    return SetTimeout(name, value, settings.timeouts.command);
  } else if (absl::EqualsIgnoreCase(name, "Timeout.datablock")) {
    return SetTimeout(name, value, settings.timeouts.data_block);
  } else {
    return NotAvailable(absl::StrCat("option ", name));
  }
  return std::nullopt;
}

Outcome SetMode(absl::string_view value, std::optional<Settings::Mode>& mode) {
  if (value == "d") {
    mode = Settings::Mode::kDaemon;
  } else if (value == "D") {
    mode = Settings::Mode::kForegroundDaemon;
  } else if (value == "t") {
    mode = Settings::Mode::kAddressTest;
  } else if (value.size() == 1 && absl::StrContains("ahHimpPsv", value)) {
    return NotAvailable(absl::StrCat("-b", value));
  } else {
    return UsageError{absl::StrCat("Invalid operation mode ", value), 64, true};
  }
  return std::nullopt;
}

// -q, -q30m. What else may stand behind -q (queue groups, subsets, -qp, -qf) is refused.
Outcome SetQueueInterval(absl::string_view value, bool& one_run, Settings& settings) {
  if (value.empty()) {
    one_run = true;
    return std::nullopt;
  }
  if (absl::ascii_isupper(value[0]) || value[0] == '!' || value[0] == 'p' || value[0] == 'f') {
    return NotAvailable(absl::StrCat("-q", value));
  }
  const absl::StatusOr<absl::Duration> interval = ParseInterval(value, 'm');
  if (!interval.ok()) return UsageError{std::string(interval.status().message()), 64, true};
  if (*interval == absl::ZeroDuration()) {
    one_run = true;
  } else {
    settings.queue_interval = *interval;
  }
  return std::nullopt;
}

// State of a walk over the arguments.
struct CommandLine {
  Settings settings;
  std::optional<Settings::Mode> mode;
  bool one_queue_run = false;
  bool named_configuration = false;
};

Outcome ApplyFlag(char flag, absl::string_view value, CommandLine& line) {
  switch (flag) {
    case 'b':
      return SetMode(value, line.mode);
    case 'q':
      return SetQueueInterval(value, line.one_queue_run, line.settings);
    case 'L':
      line.settings.log_tag = std::string(value);
      return std::nullopt;
    case 'O':
      line.settings.long_options.emplace_back(value);
      return std::nullopt;
    case 'o':
      line.settings.short_options.emplace_back(value);
      return std::nullopt;
    case 'M':
      line.settings.macros.emplace_back(value);
      return std::nullopt;
    case 'C':
      line.settings.configuration_file = std::string(value);
      line.named_configuration = true;
      return std::nullopt;
    case 'd':
      line.settings.debug.emplace_back(value);
      return std::nullopt;
    default:
      return NotAvailable(absl::StrCat("-", absl::string_view(&flag, 1)));
  }
}

// The names sendmail is linked under stand for modes.
Outcome CheckProgramName(absl::string_view path) {
  const absl::string_view name = path.substr(path.rfind('/') + 1);
  for (const absl::string_view other : {"mailq", "newaliases", "hoststat", "purgestat"}) {
    if (name == other) return NotAvailable(other);
  }
  return std::nullopt;
}

// Options, and what only -bt understands, for modes that read no configuration file.
Outcome ApplyWithoutFile(const CommandLine& line, Settings& settings) {
  if (line.named_configuration) {
    return UsageError{
        "-C: only -bt reads configuration files in this version of Stagepost; options are set with "
        "-O"};
  }
  if (!settings.short_options.empty()) return NotAvailable("-o");
  if (!settings.macros.empty()) return NotAvailable("-M");
  if (!settings.debug.empty()) return NotAvailable("-d");
  for (const std::string& option : settings.long_options) {
    if (auto error = SetOption(option, settings)) return error;
  }
  return std::nullopt;
}

std::variant<Settings, UsageError> Conclude(CommandLine line) {
  Settings& settings = line.settings;
  if (line.mode == Settings::Mode::kAddressTest) {
    settings.mode = *line.mode;
    return std::move(settings);
  }
  if (auto error = ApplyWithoutFile(line, settings)) return *std::move(error);
  if (line.mode.has_value()) {
    settings.mode = *line.mode;
    if (line.one_queue_run) return NotAvailable("-q without an interval beside -bd or -bD");
  } else if (line.one_queue_run) {
    settings.mode = Settings::Mode::kQueueRun;
  } else if (settings.queue_interval.has_value()) {
    return NotAvailable("-q with an interval, but without -bd or -bD,");
  } else {
    return NotAvailable("Submission of mail on the command line");
  }
  if (settings.ports.empty()) settings.ports.push_back(DaemonPort());
  return std::move(settings);
}

}  // namespace

std::variant<Settings, UsageError> ParseCommandLine(const Arguments& arguments) {
  CommandLine line;
  if (!arguments.empty()) {
    if (auto error = CheckProgramName(arguments[0])) return *std::move(error);
  }
  for (size_t i = 1; i < arguments.size(); ++i) {
    const absl::string_view argument = arguments[i];
    if (argument.size() < 2 || argument[0] != '-') {
      return NotAvailable("Submission of mail on the command line");
    }
    const char flag = argument[1];
    absl::string_view value = argument.substr(2);
    if (value.empty() && absl::StrContains(kFlagsWithValue, flag)) {
      if (++i == arguments.size()) {
        return UsageError{
            absl::StrCat("option requires an argument -- ", absl::string_view(&flag, 1))};
      }
      value = arguments[i];
    }
    if (auto error = ApplyFlag(flag, value, line)) return *std::move(error);
  }
  return Conclude(std::move(line));
}

}  // namespace stagepost
