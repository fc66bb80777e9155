// What is wrong, or odd, in a configuration: file, line and sendmail's words.
#ifndef STAGEPOST_MTA_CF_DIAGNOSTIC_H_
#define STAGEPOST_MTA_CF_DIAGNOSTIC_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "mta/base/sysexits.h"

namespace stagepost {

struct SourceLine {
  std::string file;  // empty: the command line, or none
  int line = 0;      // from 1; of a continued line the last one, as sendmail counts
};

struct Diagnostic {
  enum class Severity : uint8_t {
    kWarning,  // sendmail prints it and goes on
    kError,    // the rest of the file is still read, then the program ends with `exit_code`
    kFatal,    // reading ends here
    // Known to sendmail, not implemented here: logged once at load, shown by `stagepost lint`.
    kNotImplemented,
  };
  Severity severity = Severity::kError;
  SourceLine where;
  std::string text;  // without "FILE: line N: "
  // EX_SOFTWARE, as sendmail after most errors in its configuration. Of a warning: 0 or, rarely,
  // what a program that goes on ends with at last.
  int exit_code = kExitSoftware;
  bool shows_line = true;  // false: sendmail prints the text alone, whatever the line
};

using Diagnostics = std::vector<Diagnostic>;

// "FILE: line N: text", or the text alone where there is no file or it is not to be shown.
std::string Render(const Diagnostic& diagnostic);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_CF_DIAGNOSTIC_H_
