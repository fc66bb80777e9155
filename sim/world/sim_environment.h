// The Environment of a simulated process: every part of the seam, bound to that process.
//
// When the process is inert every call returns at once, has no effect and leaves no trace.
#ifndef STAGEPOST_SIM_WORLD_SIM_ENVIRONMENT_H_
#define STAGEPOST_SIM_WORLD_SIM_ENVIRONMENT_H_

#include <memory>

#include "mta/env/environment.h"
#include "sim/world/sim_process.h"

namespace stagepost {

class SimEnvironment final : public Environment {
 public:
  // Owned by `process`.
  explicit SimEnvironment(SimProcess& process);
  ~SimEnvironment() override;

  Clock& clock() override;
  Random& random() override;
  Network& network() override;
  FileSystem& files() override;
  Databases& databases() override;
  Resolver& resolver() override;
  Accounts& accounts() override;
  Programs& programs() override;
  Process& process() override;
  Host& host() override;
  SystemLog& log() override;
  Trace& trace() override;
  Probes& probes() override;

  // For simulated programs that must know more than the seam tells.
  SimProcess& simulated_process() { return process_; }

 private:
  SimProcess& process_;
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace stagepost

#endif  // STAGEPOST_SIM_WORLD_SIM_ENVIRONMENT_H_
