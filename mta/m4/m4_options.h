// The command line of m4.
#ifndef STAGEPOST_MTA_M4_M4_OPTIONS_H_
#define STAGEPOST_MTA_M4_M4_OPTIONS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mta/env/process.h"

namespace stagepost {

// Files, definitions and the ends of definitions take effect in the order in which they stand.
struct M4Step {
  enum class Kind : uint8_t { kFile, kDefine, kUndefine };
  Kind kind = Kind::kFile;
  std::string name;   // of a macro or a file; "-" is standard input
  std::string value;  // of kDefine
};

struct M4Options {
  std::vector<M4Step> steps;              // with one file at least, "-" where none was given
  std::vector<std::string> include_path;  // of -I
  bool allow_commands = false;
  bool terse = false;
  bool help = false;
};

// `arguments`: [0] is the program. kInvalidArgument: one line, for a user.
absl::StatusOr<M4Options> ParseM4Options(const Arguments& arguments);

absl::string_view M4Help();

}  // namespace stagepost

#endif  // STAGEPOST_MTA_M4_M4_OPTIONS_H_
