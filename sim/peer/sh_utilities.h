// The utilities of a simulated host: built into /bin/sh, and programs of their own in /bin.
//
//   cat [FILE...]                      kill [-SIG] PID...            rm [-rf] FILE...
//   chmod MODE FILE...                 ln [-sf] TARGET [NAME]        sleep NUMBER[smhd]
//   chown USER[:GROUP] FILE...         mkdir [-p] [-m MODE] DIR...   true
//   cp [-p] FILE... TO                 mv [-f] FILE... TO            false
//   echo [-n] WORD...                  printf FORMAT [WORD...]           rmdir DIR...
//
// POSIX's XCU says what they do; messages are theirs in kind, not in wording. Options beyond these
// end with status 2 and a message that names them. All file operations are those of the caller's
// Environment: its identity, its permissions, its faults.
#ifndef STAGEPOST_SIM_PEER_SH_UTILITIES_H_
#define STAGEPOST_SIM_PEER_SH_UTILITIES_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "mta/async/task.h"
#include "mta/env/environment.h"
#include "sim/peer/sh_streams.h"

namespace stagepost {

// One utility at work. References are to objects of the caller, who awaits it.
struct ShCall {
  Environment& env;
  const ShStreams& streams;
  const Arguments& arguments;  // [0]: the utility's name
};

using ShUtility = Task<int> (*)(const ShCall& call);

// Null if there is none of that name.
ShUtility FindShUtility(absl::string_view name);
std::vector<absl::string_view> ShUtilityNames();

// A utility as a program; argv[0] says which.
Task<int> ShUtilityMain(Environment& env, Arguments arguments);

// --- For the utilities themselves.

// Writes "NAME: WHAT\n" to standard error; gives `status`.
Task<int> ShComplain(const ShCall& call, absl::string_view what, int status = 1);
// Writes to standard output; the exit status: 0, 1 after a message, or 141 where a reader that is
// gone would have killed a process.
Task<int> ShPrint(const ShCall& call, absl::string_view text);

struct ShOptions {
  std::string flags;                 // those given, in their order
  std::optional<std::string> value;  // of the one that takes a value
  std::vector<std::string> operands;
  std::string unknown;  // "-x": one that is not there
};
// `known` has the letters; one with a ':' after it takes a value.
ShOptions ParseShOptions(const Arguments& arguments, absl::string_view known);

// The mode that `text` ("640", "u+x,go-w") makes of `old`.
std::optional<FileMode> ParseShMode(absl::string_view text, FileMode old, bool directory,
                                    FileMode umask);

// The file utilities, in sh_file_utilities.cc and sh_move_utilities.cc.
Task<int> ShChmod(const ShCall& call);
Task<int> ShChown(const ShCall& call);
Task<int> ShCp(const ShCall& call);
Task<int> ShLn(const ShCall& call);
Task<int> ShMkdir(const ShCall& call);
Task<int> ShRmdir(const ShCall& call);
Task<int> ShMv(const ShCall& call);
Task<int> ShRm(const ShCall& call);

}  // namespace stagepost

#endif  // STAGEPOST_SIM_PEER_SH_UTILITIES_H_
