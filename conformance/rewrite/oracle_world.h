// The machine on which the oracle's recordings were made, simulated: its name, addresses, users,
// /etc/hosts and name service. conformance/oracle/common/smenv.py builds the same on Linux.
#ifndef STAGEPOST_CONFORMANCE_REWRITE_ORACLE_WORLD_H_
#define STAGEPOST_CONFORMANCE_REWRITE_ORACLE_WORLD_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "mta/env/environment.h"
#include "mta/env/process.h"
#include "sim/choice/choices.h"
#include "sim/trace/trace.h"
#include "sim/world/world.h"

namespace stagepost {

class OracleWorld {
 public:
  OracleWorld();

  // conformance/oracle/common/zone.json; the schema is in the head of dnsd.py beside it.
  absl::Status AddZones(absl::string_view json);
  // A file of root's, mode 0644.
  void WriteFile(absl::string_view path, absl::string_view content);

  struct Result {
    int exit_code = -1;  // -1: killed, or not ended within a day
    std::string output;  // standard output and error, in the order in which they were written
  };
  // Runs one of our programs as root, to its end.
  Result Run(Program program, Arguments arguments, std::string input);

  World& world() { return *world_; }
  SimHost& host() { return *host_; }

 private:
  Choices choices_;
  TraceLog trace_;
  std::unique_ptr<World> world_;
  SimHost* host_;
};

}  // namespace stagepost

#endif  // STAGEPOST_CONFORMANCE_REWRITE_ORACLE_WORLD_H_
