// What the readers of single lines work on.
#ifndef STAGEPOST_MTA_CF_LOAD_CONTEXT_H_
#define STAGEPOST_MTA_CF_LOAD_CONTEXT_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "mta/base/sysexits.h"
#include "mta/cf/configuration.h"
#include "mta/cf/diagnostic.h"
#include "mta/cf/text.h"

namespace stagepost {

// Both references are outlived by what they refer to.
struct LoadContext {
  Configuration& configuration;
  Diagnostics& diagnostics;
  SourceLine where;  // the line in hand

  void Error(std::string text, int exit_code = kExitSoftware);
  // sendmail goes on, and ends with `exit_code` if nothing worse happens.
  void Complain(std::string text, int exit_code);
  // Without file and line.
  void Warn(std::string text);

  // Takes a macro's or class's name from the front of `rest`; nullopt: an error was reported.
  std::optional<NameId> TakeName(absl::string_view& rest);

  // Parses a part of the line; its errors were reported with the line as a whole.
  Text Parse(absl::string_view part);
};

// The line as sendmail shows it in messages: a character \001 stands for each dollar sign that
// means something.
std::string Shown(absl::string_view line, Names& names);

// Words between blanks, tabs and line ends.
std::vector<absl::string_view> WordsOf(absl::string_view text);

absl::string_view TrimmedStart(absl::string_view text);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_CF_LOAD_CONTEXT_H_
