// Makes a sendmail.cf of a sendmail.mc, with our m4, on the simulated machine.
#ifndef STAGEPOST_TOOLS_AUDIT_MC_FILE_H_
#define STAGEPOST_TOOLS_AUDIT_MC_FILE_H_

#include <string>

#include "absl/status/statusor.h"
#include "tools/audit/simulated_site.h"

namespace stagepost {

struct CompiledMc {
  std::string cf;
  std::string said;  // what m4 and sendmail's library had to say besides; may be empty
};

// `mc` is a file of the simulated disk. A text that does not include the library itself gets it in
// front, as "m4 m4/cf.m4 FILE" does. kInvalidArgument: what m4 says.
absl::StatusOr<CompiledMc> CompileMc(SimulatedSite& site, const std::string& mc);

}  // namespace stagepost

#endif  // STAGEPOST_TOOLS_AUDIT_MC_FILE_H_
