// Reads sendmail.cf. Operations Guide, chapter 5.
//
//   ReadResult read = co_await ReadConfiguration(env, std::move(initial), options, query);
//   … maps and rules are compiled, each with Diagnostics of its own …
//   for (const Diagnostic& d : InPrintingOrder(read, others)) print Render(d);
//   if (int code = ExitCodeOf(…)) …
#ifndef STAGEPOST_MTA_CF_READER_H_
#define STAGEPOST_MTA_CF_READER_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mta/async/task.h"
#include "mta/cf/configuration.h"
#include "mta/cf/diagnostic.h"
#include "mta/env/environment.h"

namespace stagepost {

// Limits of one configuration: hostile until parsed.
inline constexpr size_t kMaxConfigurationBytes = 16 << 20;
inline constexpr size_t kMaxConfigurationLineBytes = 64 * 1024;  // with its continuations
// sendmail's version of the configuration language.
inline constexpr int kConfigurationLevel = 10;

// Asks a map for the words of a class: F{name}key@class:spec. Made by whoever knows maps (they
// stand above this folder).
class ClassQuery {
 public:
  virtual ~ClassQuery() = default;
  // The value found, to be split into words; empty: nothing was found. Errors in sendmail's words
  // behind "fileclass: F{x}: ", such as "map open failed".
  virtual Task<absl::StatusOr<std::string>> Query(absl::string_view map_class,
                                                  absl::string_view spec,
                                                  absl::string_view key) = 0;
};

struct ReadOptions {
  std::string file = "/etc/mail/sendmail.cf";
  // -O name=value, -o with its letter and value, in order. Applied before the file, which does not
  // change what they have set.
  std::vector<std::string> long_options;
  std::vector<std::string> short_options;
  // -M: "xvalue", "{name}value". Defined before the file is read, which may define them anew.
  std::vector<std::string> macros;
  // The letter of -b, which ${opMode} shows from the first line on; '\0': none.
  char mode = '\0';
};

struct ReadResult {
  // Null after a fatal error (the last of the diagnostics).
  std::unique_ptr<Configuration> configuration;
  // In the order in which sendmail prints them.
  Diagnostics diagnostics;
  // What it says when everything, maps and rules included, has been read.
  Diagnostics last_diagnostics;
  // 0, or what the program must end with after it has printed the diagnostics; only -bt goes on
  // before that.
  int exit_code = 0;
  // 0, or what the program must end with after it has done its work, unless there is worse.
  int late_exit_code = 0;
  // The file is writable by its group or by anybody: "FILE: WARNING: dangerous write permissions"
  // is what -bd, -bi and -bC say on standard error; all modes log it.
  bool writable_by_others = false;
};

// Reads the file and everything it names (class files, programs). `initial` holds what is known
// before: names, macros and classes of this host (own_names.h). Nothing is dropped silently.
Task<ReadResult> ReadConfiguration(Environment& env, std::unique_ptr<Configuration> initial,
                                   ReadOptions options, ClassQuery& query);

// The diagnostics of a file and those of the maps and rules in it, by line, and the last ones.
Diagnostics InPrintingOrder(const ReadResult& read, const Diagnostics& of_maps_and_rules);

// The exit code of the first error; 0: there is none.
int ExitCodeOf(const Diagnostics& diagnostics);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_CF_READER_H_
