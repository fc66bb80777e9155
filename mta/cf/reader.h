// Reads sendmail.cf. Operations Guide, chapter 5.
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

// Asks a map for the words of a class: F{name}key@class:spec. Made by whoever knows maps (they
// stand above this folder).
class ClassQuery {
 public:
  virtual ~ClassQuery() = default;
  // The value found, to be split into words; errors in sendmail's words.
  virtual Task<absl::StatusOr<std::string>> Query(absl::string_view map_class,
                                                  absl::string_view spec,
                                                  absl::string_view key) = 0;
};

struct ReadOptions {
  std::string file = "/etc/mail/sendmail.cf";
  // -O name=value and -o letter value, applied after the file, in order.
  std::vector<std::string> long_options;
  std::vector<std::string> short_options;
  // -M x value and -M {name}value: macros of the command line.
  std::vector<std::string> macros;
};

struct ReadResult {
  // Null after a fatal error (the last of the diagnostics).
  std::unique_ptr<Configuration> configuration;
  Diagnostics diagnostics;  // in the order in which sendmail prints them
  // 0, or what the program must end with after it has printed the diagnostics.
  int exit_code = 0;
};

// Reads the file and everything it names (class files, programs). `initial` holds what is known
// before: names, macros and classes of this host (own_names.h). Never throws anything away silently.
Task<ReadResult> ReadConfiguration(Environment& env, std::unique_ptr<Configuration> initial,
                                   ReadOptions options, ClassQuery& query);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_CF_READER_H_
