#include "mta/daemon/settings.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "mta/base/sysexits.h"
#include "mta/daemon/queue_request.h"

namespace stagepost {
namespace {

using Outcome = std::optional<UsageError>;  // nullopt: fine

// Flags of sendmail(8) that take their value from the next argument if it is not attached, and
// those that have none.
constexpr absl::string_view kFlagsWithValue = "ABbCDdeFfhLMNOopQqRrVX";
constexpr absl::string_view kFlagsWithout = "cGIimnsTtUv";
// Those that may stand without a value, and what they mean then.
struct LoneFlag {
  char flag;
  absl::string_view value;
};
constexpr LoneFlag kLoneFlags[] = {
    {'b', ""}, {'C', "sendmail.cf"}, {'q', "0"}, {'Q', ""}, {'d', "0-99.1"}};

UsageError Said(absl::string_view message) {
  return UsageError{std::string(message), kExitUsage, UsageError::Stream::kOutput};
}

std::string ProgramName(const Arguments& arguments) {
  if (arguments.empty()) return "sendmail";
  return arguments[0].substr(arguments[0].rfind('/') + 1);
}

Mode ModeOfName(absl::string_view program) {
  if (program == "newaliases") return Mode::kRebuildAliases;
  if (program == "mailq") return Mode::kPrintQueue;
  if (program == "smtpd") return Mode::kDaemon;
  if (program == "hoststat") return Mode::kHostStatus;
  if (program == "purgestat") return Mode::kPurgeHostStatus;
  return Mode::kDeliver;
}

Outcome SetMode(absl::string_view value, Settings& settings) {
  const char letter = value.empty() ? ' ' : value[0];
  if (letter == 'z') return Said("Frozen configurations unsupported");
  if (!absl::StrContains("aCdDhHimpPstv", letter)) {
    return Said(absl::StrCat("Invalid operation mode ", absl::string_view(&letter, 1)));
  }
  settings.mode = static_cast<Mode>(letter);
  settings.mode_given = true;
  return std::nullopt;
}

Outcome SetNotify(absl::string_view value, Settings& settings) {
  if (!absl::EqualsIgnoreCase(value, "never")) {
    for (const absl::string_view word : absl::StrSplit(value, ',')) {
      if (!absl::EqualsIgnoreCase(word, "success") && !absl::EqualsIgnoreCase(word, "failure") &&
          !absl::EqualsIgnoreCase(word, "delay")) {
        return Said("Invalid -N argument");
      }
    }
  }
  settings.dsn_notify = std::string(value);
  return std::nullopt;
}

// RFC 3461, section 4: printable, and "+" only in front of two hexadecimal digits.
bool IsXtext(absl::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] <= ' ' || text[i] > '~' || text[i] == '=') return false;
    if (text[i] != '+') continue;
    if (i + 2 >= text.size() || !absl::ascii_isxdigit(text[i + 1]) ||
        !absl::ascii_isxdigit(text[i + 2])) {
      return false;
    }
    i += 2;
  }
  return true;
}

// The flags that say what a message from the command line is to be.
Outcome ApplyMessageFlag(char flag, absl::string_view value, Settings& settings) {
  switch (flag) {
    case 'B':
      if (!absl::EqualsIgnoreCase(value, "7bit") && !absl::EqualsIgnoreCase(value, "8bitmime")) {
        settings.remarks.push_back(absl::StrCat("Illegal body type ", value));
        settings.late_exit_code = kExitUsage;
      } else {
        settings.body_type = std::string(value);
      }
      return std::nullopt;
    case 'F':
      settings.full_name = std::string(value);
      return std::nullopt;
    case 'f':
    case 'r':
      if (settings.sender.has_value()) return Said("More than one \"from\" person");
      settings.sender = std::string(value);
      return std::nullopt;
    case 'h':
      if (absl::SimpleAtoi(value, &settings.hop_count)) return std::nullopt;
      return Said(absl::StrCat("Bad hop count (", value, ")"));
    case 'N':
      return SetNotify(value, settings);
    case 'R':
      if (!absl::EqualsIgnoreCase(value, "full") && !absl::EqualsIgnoreCase(value, "hdrs")) {
        return Said("Invalid -R value");
      }
      settings.dsn_return = std::string(value);
      return std::nullopt;
    case 'V':
      if (!IsXtext(value)) return Said("Invalid syntax in -V flag");
      settings.envelope_id = std::string(value);
      return std::nullopt;
    case 'p': {
      const size_t colon = value.find(':');
      settings.protocol = std::string(value.substr(0, colon));
      if (colon != value.npos) settings.protocol_host = std::string(value.substr(colon + 1));
      return std::nullopt;
    }
    case 'Q':
      if (value == ".") return Said("Can not use -Q.");
      settings.quarantine = std::string(value);
      return std::nullopt;
    default:
      return UsageError{"", kExitUsage};
  }
}

Outcome ApplyFlagWithValue(char flag, absl::string_view value, Settings& settings) {
  switch (flag) {
    case 'A':
      if (value == "c" || value == "m") settings.submission = value[0];
      return std::nullopt;
    case 'b':
      return SetMode(value, settings);
    case 'C':
      settings.configuration_file = std::string(value);
      return std::nullopt;
    case 'D':
      settings.debug_file = std::string(value);
      return std::nullopt;
    case 'd':
      settings.debug.emplace_back(value);
      return std::nullopt;
    case 'e':
      settings.short_options.push_back(absl::StrCat("e", value));
      return std::nullopt;
    case 'L':
      settings.log_tag = std::string(value);
      return std::nullopt;
    case 'M':
      settings.macros.emplace_back(value);
      return std::nullopt;
    case 'O':
      settings.long_options.emplace_back(value);
      return std::nullopt;
    case 'o':
      settings.short_options.emplace_back(value);
      return std::nullopt;
    case 'q':
      if (auto wrong = ReadQueueRequest(value, settings.queue)) return Said(*wrong);
      return std::nullopt;
    case 'X':
      settings.traffic_log = std::string(value);
      return std::nullopt;
    default:
      return ApplyMessageFlag(flag, value, settings);
  }
}

Outcome ApplyPlainFlag(char flag, Settings& settings) {
  switch (flag) {
    case 'G':
      settings.gateway = true;
      return std::nullopt;
    case 'n':
      settings.do_not_expand = true;
      return std::nullopt;
    case 't':
      settings.recipients_from_header = true;
      return std::nullopt;
    case 'v':
      settings.verbose = true;
      settings.short_options.emplace_back("vT");
      return std::nullopt;
    case 'c':
    case 'i':
    case 'm':
    case 's':
    case 'T':
      settings.short_options.push_back(absl::StrCat(absl::string_view(&flag, 1), "T"));
      return std::nullopt;
    default:
      return UsageError{"", kExitUsage};  // sendmail says no more
  }
}

// What a flag without anything behind it stands for; nullopt: it takes the next argument.
std::optional<absl::string_view> LoneValue(char flag, bool last, absl::string_view next) {
  for (const LoneFlag& lone : kLoneFlags) {
    if (lone.flag != flag) continue;
    // A debugging level stands at its flag; anything else may follow, unless it is a flag itself.
    if (flag == 'd' || last || absl::StartsWith(next, "-")) return lone.value;
  }
  return std::nullopt;
}

// One argument that begins with "-": letters together, the last one perhaps with a value.
Outcome ReadFlags(const Arguments& arguments, size_t& i, Settings& settings) {
  const absl::string_view argument = arguments[i];
  for (size_t at = 1; at < argument.size(); ++at) {
    const char flag = argument[at];
    const absl::string_view letter = argument.substr(at, 1);
    if (absl::StrContains(kFlagsWithout, flag)) {
      if (auto error = ApplyPlainFlag(flag, settings)) return error;
      continue;
    }
    if (!absl::StrContains(kFlagsWithValue, flag)) {
      return UsageError{absl::StrCat("illegal option -- ", letter)};
    }
    absl::string_view value = argument.substr(at + 1);
    if (value.empty()) {
      const bool last = i + 1 == arguments.size();
      const auto lone = LoneValue(flag, last, last ? absl::string_view() : arguments[i + 1]);
      if (!lone.has_value() && last) {
        return UsageError{absl::StrCat("option requires an argument -- ", letter)};
      }
      value = lone.has_value() ? *lone : absl::string_view(arguments[++i]);
    }
    return ApplyFlagWithValue(flag, value, settings);
  }
  return std::nullopt;
}

// What does not go together.
Outcome Conclude(Settings& settings) {
  const Mode mode = settings.mode;
  const absl::string_view letter(reinterpret_cast<const char*>(&mode), 1);
  const bool prints = mode == Mode::kPrintQueue || mode == Mode::kPrintQueueCounts;
  if (settings.queue.given && !settings.is_daemon() && !prints && mode != Mode::kDeliver) {
    return Said(absl::StrCat("Can not use -q with -b", letter));
  }
  if (settings.quarantine.has_value() && mode != Mode::kDeliver) {
    return Said(absl::StrCat("Can not use -Q with -b", letter));
  }
  return std::nullopt;
}

}  // namespace

std::string Settings::ConfigurationFile() const {
  if (configuration_file.has_value()) return *configuration_file;
  return std::string(submission == 'c' ? kSubmissionFile : kConfigurationFile);
}

std::variant<Settings, UsageError> ParseCommandLine(const Arguments& arguments) {
  Settings settings;
  settings.program = ProgramName(arguments);
  settings.path = arguments.empty() ? settings.program : arguments[0];
  settings.mode = ModeOfName(settings.program);
  size_t i = 1;
  for (; i < arguments.size(); ++i) {
    const absl::string_view argument = arguments[i];
    if (argument.size() < 2 || argument[0] != '-') break;
    if (argument == "--") {
      ++i;
      break;
    }
    if (auto error = ReadFlags(arguments, i, settings)) {
      if (settings.speaks_smtp() && error->stream == UsageError::Stream::kOutput) {
        error->message = absl::StrCat("550 ", error->message, "\r");
      }
      return *std::move(error);
    }
  }
  for (; i < arguments.size(); ++i) settings.recipients.push_back(arguments[i]);
  if (auto error = Conclude(settings)) {
    if (settings.speaks_smtp()) error->message = absl::StrCat("550 ", error->message, "\r");
    return *std::move(error);
  }
  return settings;
}

}  // namespace stagepost
