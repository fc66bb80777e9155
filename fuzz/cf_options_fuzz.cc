// Options of a configuration. The input is lines: those that begin with "-" come from the command
// line ("-O Name=value" without the O, "-xvalue"), the others are O lines without their O.
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "mta/base/check.h"
#include "mta/cf/not_implemented.h"
#include "mta/cf/option_table.h"
#include "mta/cf/option_value.h"
#include "mta/cf/options.h"

namespace {

using stagepost::Diagnostic;
using stagepost::Diagnostics;
using stagepost::OptionInfo;
using stagepost::Options;
using stagepost::OptionType;

Diagnostics Apply(Options& options, absl::string_view line, int number) {
  const bool command = absl::ConsumePrefix(&line, "-");
  return options.SetLine(line, {"fuzz.cf", number},
                         command ? Options::Origin::kCommandLine : Options::Origin::kFile);
}

void CheckValues(const Options& options) {
  const absl::Duration longest = absl::Seconds(stagepost::kMaxIntervalSeconds);
  size_t bytes = 0;
  for (const OptionInfo& option : stagepost::AllOptions()) {
    bytes += options.Text(option.id).size();
    if (option.type == OptionType::kInterval) {
      CHECK(absl::AbsDuration(options.Interval(option.id)) <= longest) << option.name;
    } else if (option.type == OptionType::kNumber) {
      CHECK(options.Number(option.id) <= int64_t{1} << 53) << option.name;
    } else if (option.type == OptionType::kMode) {
      CHECK(options.Number(option.id) <= 07777) << option.name;
    }
  }
  CHECK(bytes <= stagepost::kOptionCount * stagepost::kMaxOptionValueBytes);
  for (const stagepost::TimeoutInfo& timeout : stagepost::AllTimeouts()) {
    CHECK(absl::AbsDuration(options.timeout(timeout.id)) <= longest) << timeout.name;
  }
  CHECK(options.daemon_ports().size() <= stagepost::kMaxDaemonPorts);
  CHECK(options.max_mime_header_bytes() >= 0 && options.max_mime_parameter_bytes() >= 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view input(reinterpret_cast<const char*>(data), size);
  Options once, twice;
  std::vector<std::string> said;
  int number = 0;
  for (const absl::string_view line : absl::StrSplit(input, '\n')) {
    ++number;
    const Diagnostics first = Apply(once, line, number);
    const Diagnostics second = Apply(twice, line, number);
    CHECK(first.size() == second.size());
    // sendmail reads most times twice, and tells of a bad unit each time.
    CHECK(first.size() <= 2 * line.size() + 2 && first.size() <= 1000) << line;
    for (size_t i = 0; i < first.size(); ++i) {
      CHECK(stagepost::Render(first[i]) == stagepost::Render(second[i]));
      CHECK(!first[i].text.empty() && first[i].text.size() <= line.size() + 200);
      CHECK(first[i].severity != Diagnostic::Severity::kNotImplemented);
    }
  }
  CheckValues(once);
  for (const Diagnostic& diagnostic : stagepost::NotImplemented(once)) {
    CHECK(diagnostic.severity == Diagnostic::Severity::kNotImplemented);
    CHECK(diagnostic.where.line >= 1 && diagnostic.where.line <= number) << diagnostic.text;
  }
  CHECK(once.CheckTogether().size() == twice.CheckTogether().size());
  return 0;
}
