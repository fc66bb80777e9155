// `stagepost lint FILE.cf...`: reads configurations as sendmail would, on this host, and shows what
// is wrong with them, what is odd, and what has no effect in this version. docs/stagepost.md.
#ifndef STAGEPOST_TOOLS_STAGEPOST_LINT_H_
#define STAGEPOST_TOOLS_STAGEPOST_LINT_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mta/async/task.h"
#include "mta/cf/diagnostic.h"
#include "mta/env/environment.h"

namespace stagepost {

struct LintOptions {
  bool json = false;
  bool help = false;
  std::vector<std::string> files;  // at least one unless help
};

// `words` are those after "lint". kInvalidArgument: one line, for a user.
absl::StatusOr<LintOptions> ParseLintOptions(const std::vector<std::string>& words);

absl::string_view LintHelp();

// What was found in one file.
struct LintedFile {
  std::string file;
  Diagnostics findings;     // in the order in which they are to be shown
  bool unreadable = false;  // it could not be opened
  bool cut_short = false;   // a fatal error ended the reading

  bool clean() const { return findings.empty(); }
};

// Lines for people, and a last one with the sums. What came from a file is made printable.
std::string LintText(const std::vector<LintedFile>& files);
// One JSON object; docs/stagepost.md names what is in it.
std::string LintJson(const std::vector<LintedFile>& files);
// 0: clean. 1: something was found. 65: a file could not be read to its end. 66: one not at all.
int LintExitCode(const std::vector<LintedFile>& files);

// The program; `arguments` begin with "lint" itself.
Task<int> LintMain(Environment& env, Arguments arguments);

}  // namespace stagepost

#endif  // STAGEPOST_TOOLS_STAGEPOST_LINT_H_
