// Child processes that talk in lines over pipes, and waiting for any of them.
#ifndef STAGEPOST_TOOLS_CHILD_PROCESS_H_
#define STAGEPOST_TOOLS_CHILD_PROCESS_H_

#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace stagepost {

class ChildProcess {
 public:
  // Runs the program that is running now, with these arguments (argv[0] included), through execve:
  // the kernel gives it other addresses. Its standard error is ours.
  static absl::StatusOr<std::unique_ptr<ChildProcess>> StartSelf(
      const std::vector<std::string>& arguments);
  // Closes its standard input, waits for its end; after kGrace kills it.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  // False if it has closed its standard input.
  bool Send(absl::string_view line);
  // Reads what there is, at least something or the end; then lines come from NextLine().
  void Receive();
  // A whole line, without its newline; nullopt: none yet.
  std::optional<std::string> NextLine();
  // As NextLine(), but waits; nullopt: the child has ended.
  std::optional<std::string> WaitForLine();
  // The child has closed its output, and every line has been taken.
  bool ended() const { return ended_; }
  // After ended(): "signal 6", "status 70".
  std::string HowItEnded();
  int output_fd() const { return output_; }

 private:
  static constexpr absl::Duration kGrace = absl::Seconds(5);

  ChildProcess(pid_t pid, int input, int output) : pid_(pid), input_(input), output_(output) {}

  pid_t pid_;  // 0: reaped
  int input_, output_;
  bool ended_ = false;
  std::string buffer_;
  size_t taken_ = 0;  // of buffer_
};

// Makes SIGINT and SIGTERM, which would end this process, something to wait for. Blocked in
// children, too. One at a time.
class Interrupts {
 public:
  Interrupts();
  ~Interrupts();
  int fd() const { return fd_; }
  // Takes what has come, so that the next one can be waited for.
  void Take();

 private:
  int fd_;
};

// Waits until one of the descriptors can be read, at most so long; gives them, -1 are ignored.
std::vector<int> WaitForInput(const std::vector<int>& fds, absl::Duration at_most);

}  // namespace stagepost

#endif  // STAGEPOST_TOOLS_CHILD_PROCESS_H_
