// A conversation on standard input and output: lines in, text out.
//
// Output is collected and written when the next line has to be waited for, so that a person sees a
// prompt and a pipe is filled in large pieces. At most kMaxPendingOutput bytes are kept.
#ifndef STAGEPOST_MTA_BIN_CONSOLE_H_
#define STAGEPOST_MTA_BIN_CONSOLE_H_

#include <string>

#include "absl/strings/string_view.h"
#include "mta/async/task.h"
#include "mta/env/process.h"

namespace stagepost {

class Console {
 public:
  explicit Console(Process& process) : process_(process) {}

  // What is to be printed is appended here.
  std::string& out() { return out_; }

  // Puts the next line, without its end, into `line`, which is valid until the next Wait(); what
  // exceeds `limit` bytes comes as the next one. False: it is not there yet, or output has to be
  // written first; Wait() comes next.
  bool TakeLine(absl::string_view& line, size_t limit);
  // Writes what there is; unless that was a lot, waits for more input. False: the input has ended,
  // or the output cannot be written.
  Task<bool> Wait();
  // Writes what there is. False: the reader is gone, or the disk is full.
  Task<bool> Flush();

 private:
  static constexpr size_t kMaxPendingOutput = 64 * 1024;
  static constexpr size_t kInputBytes = 64 * 1024;

  Process& process_;
  std::string out_;
  std::string input_;
  size_t position_ = 0;  // in input_
  bool ended_ = false;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_BIN_CONSOLE_H_
