#include "mta/daemon/daemon_options.h"

#include <limits>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "mta/cf/diagnostic.h"
#include "mta/cf/not_implemented.h"
#include "mta/cf/options.h"

namespace stagepost {
namespace {

using Outcome = std::optional<UsageError>;  // nullopt: fine

// All that was said, if any of it is an error. sendmail goes on after a bad unit of time, and ends
// with EX_USAGE; a daemon had better not start.
Outcome ErrorIn(const Diagnostics& said) {
  std::string text;
  int exit_code = 0;
  for (const Diagnostic& diagnostic : said) {
    absl::StrAppend(&text, text.empty() ? "" : "\n", Render(diagnostic));
    if (exit_code == 0) exit_code = diagnostic.exit_code;
  }
  if (exit_code == 0) return std::nullopt;
  return UsageError{std::move(text), exit_code, true};
}

// sendmail takes "Timeout.command=" and "LogLevel" without a word; nobody means that.
Outcome RequireValue(absl::string_view setting) {
  const size_t equals = setting.find('=');
  if (equals == absl::string_view::npos) {
    return UsageError{absl::StrCat("option ", setting, " has no value")};
  }
  const absl::string_view name = absl::StripTrailingAsciiWhitespace(setting.substr(0, equals));
  if (absl::StartsWithIgnoreCase(name, "Timeout.") &&
      absl::StripLeadingAsciiWhitespace(setting.substr(equals + 1)).empty()) {
    return UsageError{absl::StrCat("option ", name, ": no value")};
  }
  return std::nullopt;
}

Outcome SetAll(const Settings& settings, Options& options) {
  const SourceLine command_line;
  for (const std::string& setting : settings.long_options) {
    const Diagnostics said = options.SetLong(setting, command_line, Options::Origin::kCommandLine);
    if (auto error = ErrorIn(said)) return error;
    if (auto error = RequireValue(setting)) return error;
  }
  for (const std::string& setting : settings.short_options) {
    const char letter = setting.empty() ? '\0' : setting[0];
    const Diagnostics said = options.SetShort(letter, absl::string_view(setting).substr(1),
                                              command_line, Options::Origin::kCommandLine);
    if (auto error = ErrorIn(said)) return error;
  }
  return ErrorIn(options.CheckTogether());
}

Outcome RefuseNotImplemented(const Options& options) {
  if (!options.macro_definitions().empty()) {
    return UsageError{"option M is not available in this version of Stagepost"};
  }
  for (const Diagnostic& found : NotImplemented(options)) {
    absl::string_view what = found.text;
    if (absl::ConsumeSuffix(&what, " not implemented")) {
      return UsageError{absl::StrCat(what, " not available in this version of Stagepost")};
    }
    return UsageError{std::string(what)};
  }
  return std::nullopt;
}

// sendmail reads "1k" as 1.
Outcome ReadWhole(const Options& options, OptionId id, absl::string_view what, int64_t& number) {
  if (!options.IsSet(id)) return std::nullopt;
  const absl::string_view text = absl::StripAsciiWhitespace(options.Text(id));
  if (!absl::SimpleAtoi(text, &number) || number < 0) {
    return UsageError{absl::StrCat("option ", InfoOf(id).name, ": ", text, " is no ", what)};
  }
  number = options.Number(id);
  return std::nullopt;
}

Outcome AddPorts(const Options& options, Settings& settings) {
  for (const PortOptions& entry : options.daemon_ports()) {
    if (settings.ports.size() >= kMaxPorts) return UsageError{"too many daemons defined"};
    DaemonPort port;
    port.name = entry.name;
    if (entry.family == "inet6") port.address.address = IpAddress::V6({});
    if (!entry.address.empty()) {
      absl::string_view numeric = entry.address;
      absl::ConsumePrefix(&numeric, "IPv6:");
      port.address.address = *IpAddress::Parse(numeric);
    }
    port.address.port = entry.port.value_or(kSmtpPort);
    if (port.address.port == 0) return UsageError{"DaemonPortOptions: unknown port 0"};
    settings.ports.push_back(std::move(port));
  }
  return std::nullopt;
}

absl::Duration TimeoutOf(const Options& options, TimeoutId id) {
  const absl::Duration timeout = options.timeout(id);
  // 0 is sendmail's way to say: no limit.
  return timeout <= absl::ZeroDuration() ? absl::InfiniteDuration() : timeout;
}

}  // namespace

std::optional<UsageError> ApplyOptions(Settings& settings) {
  Options options;
  if (auto error = SetAll(settings, options)) return error;
  if (options.IsSet(OptionId::kQueueDirectory)) {
    settings.queue_directory = options.Text(OptionId::kQueueDirectory);
    if (!absl::StartsWith(settings.queue_directory, "/") ||
        absl::StrContains(settings.queue_directory, '*')) {
      return UsageError{"option QueueDirectory needs one absolute path"};
    }
  }
  if (auto error = RefuseNotImplemented(options)) return error;
  if (auto error = AddPorts(options, settings)) return error;
  settings.run_as_user = options.Text(OptionId::kRunAsUser);
  int64_t children = settings.max_children;
  if (auto error = ReadWhole(options, OptionId::kMaxDaemonChildren, "number", children)) {
    return error;
  }
  settings.max_children = static_cast<int>(children);
  if (auto error = ReadWhole(options, OptionId::kMaxMessageSize, "number of bytes",
                             settings.max_message_bytes)) {
    return error;
  }
  settings.timeouts.command = TimeoutOf(options, TimeoutId::kCommand);
  settings.timeouts.data_block = TimeoutOf(options, TimeoutId::kDataBlock);
  return std::nullopt;
}

}  // namespace stagepost
