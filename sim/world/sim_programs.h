// Starting programs from a simulated process.
#ifndef STAGEPOST_SIM_WORLD_SIM_PROGRAMS_H_
#define STAGEPOST_SIM_WORLD_SIM_PROGRAMS_H_

#include "mta/env/programs.h"
#include "sim/world/sim_process.h"

namespace stagepost {

class SimPrograms final : public Programs {
 public:
  // `process` is the one that starts programs; it outlives this.
  explicit SimPrograms(SimProcess& process) : process_(process) {}
  Operation<absl::StatusOr<std::unique_ptr<Child>>> Start(const ProgramRequest& request) override;

 private:
  SimProcess& process_;
};

}  // namespace stagepost

#endif  // STAGEPOST_SIM_WORLD_SIM_PROGRAMS_H_
