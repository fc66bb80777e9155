#include "tools/audit/stagepost_audit.h"

#include <sysexits.h>

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "sim/scenario/suggest.h"
#include "sim/trace/one_line.h"

namespace stagepost {
namespace {

constexpr absl::string_view kHelp =
    R"(usage: stagepost audit [--config DIR|FILE.mc|FILE.cf] [OPTION...]

Finds out whether a configuration relays mail for strangers, and which line of
which file lets them. The site is simulated: nothing is sent, nothing is
changed, no rights are needed but to read its files.

  --config PATH   the site's /etc/mail, or a copy of it; or a .mc or .cf in such
                  a directory. /etc/mail if not given
  --name NAME     the host is called so
  --address IP    the host has this address (may be given again)
  --inside NET    a network of the site's own, such as 198.51.100.0/22 (again)
  --json          the results as one JSON object
  --help          this text

Exit status: 0 clean, 1 strangers may relay, 2 it could not be audited, 64 wrong
command line, 74 the output could not be written.
)";

// The value of an option: behind "=", or the next word. False: there is none.
bool TakeValue(const std::vector<std::string>& words, size_t& at, std::string& value) {
  const size_t sign = words[at].find('=');
  if (sign != std::string::npos) {
    value = words[at].substr(sign + 1);
    return !value.empty();
  }
  if (at + 1 == words.size()) return false;
  value = words[++at];
  return !value.empty();
}

absl::Status SetOption(const std::string& name, const std::string& value, AuditRequest& request) {
  if (name == "--config") {
    request.config = value;
  } else if (name == "--name") {
    request.hints.name = value;
  } else if (name == "--address") {
    const auto address = IpAddress::Parse(value);
    if (!address.has_value()) {
      return absl::InvalidArgumentError(
          absl::StrCat("\"", OneLine(value, 80), "\" is no IP address"));
    }
    request.hints.addresses.push_back(*address);
  } else {
    const auto range = ParseRange(value);
    if (!range.has_value()) {
      return absl::InvalidArgumentError(
          absl::StrCat("\"", OneLine(value, 80), "\" is no network like 192.0.2.0/24"));
    }
    request.hints.inside.push_back(*range);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<AuditOptions> ParseAuditOptions(const std::vector<std::string>& words) {
  static const std::vector<std::string> kValues = {"--config", "--name", "--address", "--inside"};
  AuditOptions options;
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string name = words[i].substr(0, words[i].find('='));
    std::string value;
    if (words[i] == "--json") {
      options.json = true;
    } else if (words[i] == "--help" || words[i] == "-h") {
      options.help = true;
    } else if (std::find(kValues.begin(), kValues.end(), name) == kValues.end()) {
      return absl::InvalidArgumentError(absl::StrCat(
          absl::StartsWith(name, "-") ? "unknown option \"" : "unexpected word \"",
          OneLine(words[i], 80), "\"",
          DidYouMean(name, {"--config", "--name", "--address", "--inside", "--json", "--help"})));
    } else if (!TakeValue(words, i, value)) {
      return absl::InvalidArgumentError(absl::StrCat(name, " needs a value"));
    } else if (const absl::Status set = SetOption(name, value, options.request); !set.ok()) {
      return set;
    }
  }
  return options;
}

absl::string_view AuditHelp() { return kHelp; }

int RunAuditCommand(const std::vector<std::string>& words, const AuditSources& sources,
                    std::ostream& out, std::ostream& err) {
  const absl::StatusOr<AuditOptions> options = ParseAuditOptions({words.begin() + 1, words.end()});
  if (!options.ok()) {
    err << "stagepost audit: " << std::string(options.status().message())
        << "\nTry: stagepost audit --help\n";
    return EX_USAGE;
  }
  int exit_code = 0;
  if (options->help) {
    out << std::string(kHelp);
  } else {
    const AuditReport report = AuditSite(sources, options->request);
    exit_code = report.exit_code();
    if (options->json) {
      out << AuditJson(report);
    } else {
      (report.error.empty() ? out : err) << AuditText(report);
    }
  }
  out.flush();
  if (out) return exit_code;
  err << "stagepost audit: standard output cannot be written\n";
  return EX_IOERR;
}

}  // namespace stagepost
