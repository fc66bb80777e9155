// Words for classes from files and programs. Operations Guide, 5.3; for what F lines say, see
// class_line.h.
//
// A line begins a comment with a sharp sign in its first column. What a pattern yields of a line is
// words between blanks, each a member. Lines are cut into pieces of kMaxClassLineBytes, each of
// which counts as a line, as sendmail's buffer has it.
#ifndef STAGEPOST_MTA_CF_CLASS_FILE_H_
#define STAGEPOST_MTA_CF_CLASS_FILE_H_

#include <map>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "mta/async/task.h"
#include "mta/cf/classes.h"
#include "mta/cf/options.h"
#include "mta/cf/scan_format.h"
#include "mta/env/environment.h"
#include "mta/policy/safe_file.h"

namespace stagepost {

inline constexpr size_t kMaxClassLineBytes = 2047;
inline constexpr size_t kMaxClassFileBytes = 256 << 20;
// A program that takes longer is killed, and what it has printed counts.
inline constexpr absl::Duration kMaxClassProgramTime = absl::Minutes(5);

// Cuts text that comes in pieces into lines, and those into words of a class.
class ClassWords {
 public:
  // `pattern` null: the first word of every line.
  ClassWords(Classes& classes, NameId name, const ScanFormat* pattern)
      : classes_(classes), name_(name), pattern_(pattern) {}

  void Append(absl::string_view text);
  void Finish();

 private:
  void AddLine(absl::string_view line);

  Classes& classes_;
  const NameId name_;
  const ScanFormat* const pattern_;
  std::string partial_;
};

// `blame`: what DontBlameSendmail lets pass. Errors as OpenSafely().
Task<absl::Status> ReadClassFile(Environment& env, std::string path, BlameFlags blame,
                                 ClassWords& words);

// "fileclass: cannot open 'PATH': Permission denied": what sendmail says of an error.
std::string ClassFileError(absl::string_view path, const absl::Status& status);

// Runs a program without arguments, as `identity`, in /tmp. Errors are of starting it and of
// reading what it prints; how it ends does not count.
Task<absl::Status> ReadClassProgram(Environment& env, std::string path,
                                    std::optional<Identity> identity, ClassWords& words);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_CF_CLASS_FILE_H_
