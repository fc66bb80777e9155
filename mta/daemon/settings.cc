#include "mta/daemon/settings.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "mta/base/sysexits.h"
#include "mta/daemon/daemon_options.h"
#include "mta/daemon/time_interval.h"

namespace stagepost {
namespace {

using Outcome = std::optional<UsageError>;  // nullopt: fine

UsageError NotAvailable(absl::string_view what) {
  return UsageError{absl::StrCat(what, " is not available in this version of Stagepost")};
}

// Flags of sendmail(8) that take their value from the next argument if it is not attached.
constexpr absl::string_view kFlagsWithValue = "BCDFLMNORVXbfhopr";

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
    return UsageError{absl::StrCat("Invalid operation mode ", value), kExitUsage, true};
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
  if (!interval.ok()) return UsageError{std::string(interval.status().message()), kExitUsage, true};
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
  if (!settings.macros.empty()) return NotAvailable("-M");
  if (!settings.debug.empty()) return NotAvailable("-d");
  return ApplyOptions(settings);
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
