// Programs of the machine, and their ends.
#ifndef STAGEPOST_MTA_POSIX_PROGRAMS_H_
#define STAGEPOST_MTA_POSIX_PROGRAMS_H_

#include <sys/types.h>

#include <memory>

#include "mta/base/intrusive_list.h"
#include "mta/env/programs.h"
#include "mta/posix/event_loop.h"
#include "mta/posix/private_root.h"
#include "mta/posix/start_program.h"
#include "mta/posix/thread_identity.h"

namespace stagepost {

class PosixPrograms final : public Programs {
 public:
  // All outlive it; it outlives its children.
  PosixPrograms(EventLoop& events, const PrivateRoot& root, const OwnIdentity& own);
  PosixPrograms(const PosixPrograms&) = delete;
  PosixPrograms& operator=(const PosixPrograms&) = delete;
  ~PosixPrograms() override;

  Operation<absl::StatusOr<std::unique_ptr<Child>>> Start(const ProgramRequest& request) override;

  // Programs started and not yet known to have ended.
  size_t running() const { return running_; }

 private:
  friend class PosixChild;
  class Reaper;

  absl::StatusOr<std::unique_ptr<Child>> DoStart(const ProgramRequest& request);
  // Kills a program that nobody waits for any more, and collects its end when it comes.
  void Abandon(StartedProgram program);

  EventLoop& events_;
  const PrivateRoot& root_;
  const OwnIdentity& own_;
  List<Reaper> reapers_;
  size_t running_ = 0;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_POSIX_PROGRAMS_H_
