// The language of the simulated shell: text to commands, and nothing run.
//
//   script    = pipeline { (";" | newline | "&&" | "||") pipeline }
//   pipeline  = command { "|" command }
//   command   = words and redirections:  < > >>  of descriptors 0, 1, 2;  2>&1  1>&2  >&2
//   words     : '…'  "…"  \c  #comment  $NAME ${NAME} $? $$ $# $0 … $9
//
// That is a part of POSIX's XCU chapter 2. Everything else that a real shell knows (loops,
// substitution, patterns, here documents, …) is refused by name, never read as something else.
#ifndef STAGEPOST_SIM_PEER_SH_PARSER_H_
#define STAGEPOST_SIM_PEER_SH_PARSER_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace stagepost {

inline constexpr size_t kMaxShScriptBytes = 64 << 10;
inline constexpr size_t kMaxShWords = 10'000;  // in one script
inline constexpr size_t kMaxShStages = 32;     // in one pipeline

// A piece of a word.
struct ShPart {
  enum class Kind { kText, kVariable };
  Kind kind = Kind::kText;
  std::string text;  // or the variable's name: "HOME", "?", "$", "#", "0" to "9"
  bool quoted = false;
};

struct ShWord {
  std::vector<ShPart> parts;
};

struct ShRedirection {
  enum class Kind { kRead, kWrite, kAppend, kDuplicate };
  Kind kind = Kind::kRead;
  int descriptor = 0;  // 0 for kRead, 1 or 2 for the others
  ShWord target;       // of all but kDuplicate
  int source = 0;      // of kDuplicate: 1 or 2
};

struct ShCommand {
  int line = 1;
  std::vector<ShWord> words;                // may be empty if there are redirections
  std::vector<ShRedirection> redirections;  // in their order
};

struct ShPipeline {
  enum class When { kAlways, kIfSucceeded, kIfFailed };
  When when = When::kAlways;  // with regard to the status so far
  std::vector<ShCommand> commands;
};

// kInvalidArgument: not a script; the message is "LINE: syntax error: …", or "LINE: CONSTRUCT
// (column N) is not available in the simulated shell".
absl::StatusOr<std::vector<ShPipeline>> ParseShell(absl::string_view text);

// What is said of all that this shell leaves out.
inline constexpr char kNotInSimulatedShell[] = "is not available in the simulated shell";

// Whether an unquoted `text` would be a pattern for file names.
bool IsShellPattern(absl::string_view text);

}  // namespace stagepost

#endif  // STAGEPOST_SIM_PEER_SH_PARSER_H_
