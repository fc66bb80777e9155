// The process itself, on Linux.
#ifndef STAGEPOST_MTA_POSIX_PROCESS_H_
#define STAGEPOST_MTA_POSIX_PROCESS_H_

#include <map>
#include <optional>
#include <string>

#include "mta/env/process.h"
#include "mta/posix/event_loop.h"
#include "mta/posix/fd_stream.h"
#include "mta/posix/private_root.h"
#include "mta/posix/programs.h"
#include "mta/posix/signals.h"
#include "mta/posix/thread_identity.h"
#include "mta/posix/title.h"
#include "mta/posix/worker_pool.h"
#include "mta/posix/working_directory.h"

namespace stagepost {

class PosixProcess final : public Process {
 public:
  // All outlive it.
  struct Parts {
    EventLoop& events;
    WorkerPool& workers;
    const PosixPrograms& programs;
    const PrivateRoot& root;
    OwnIdentity& own;
    WorkingDirectory& working_directory;
  };

  PosixProcess(const Parts& parts, std::map<std::string, std::string> variables, TitleArea title);

  ProcessId pid() const override;
  const Credentials& credentials() const override { return parts_.own.credentials(); }
  // For all threads, and proved afterwards: a change that could be undone ends the process.
  absl::Status BecomePermanently(const Identity& identity) override;
  FileMode SetUmask(FileMode mask) override;
  Operation<absl::Status> ChangeDirectory(absl::string_view path) override;
  std::string working_directory() const override;
  std::optional<std::string> EnvironmentVariable(absl::string_view name) const override;
  ByteSource& standard_input() override { return input_; }
  ByteSink& standard_output() override { return output_; }
  ByteSink& standard_error() override { return error_; }
  bool standard_error_is_terminal() const override;
  Operation<absl::StatusOr<Signal>> NextSignal() override { return signals_.Next(); }
  void SetTitle(absl::string_view title) override { title_.Set(title); }
  // Also kFailedPrecondition: programs started by this process run (they would lose it), or
  // something waits on a standard stream. Locks of kind kFcntl belong to the process and are lost.
  absl::Status Daemonise() override;

 private:
  // Before anything is changed, so that a refusal leaves all as it was.
  bool MayBecome(const Identity& identity) const;
  // All or nothing.
  absl::Status SetAllIds(const Identity& identity);
  absl::Status StreamsToNull();

  const Parts parts_;
  const std::map<std::string, std::string> variables_;
  TitleArea title_;
  SignalQueue signals_;
  FdSource input_;
  FdSink output_, error_;
  bool daemonised_ = false;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_POSIX_PROCESS_H_
