// sendmail -bv: says where addresses would be delivered. sendmail(8); Operations Guide, 4.
#ifndef STAGEPOST_MTA_EXPAND_VERIFY_H_
#define STAGEPOST_MTA_EXPAND_VERIFY_H_

#include <string>
#include <vector>

#include "mta/async/task.h"
#include "mta/cf/macros.h"
#include "mta/site/site.h"

namespace stagepost {

struct VerifyOptions {
  bool verbose = false;     // -v: remarks are printed, too ("team... aliased to alice, bob")
  bool no_aliases = false;  // -n
  std::string id;           // the envelope's, for log lines
};

// Prints to the process's standard output and logs, as sendmail does, and gives the exit code.
// `addresses` are the arguments of the command line; each may be a comma list.
Task<int> VerifyAddresses(Site& site, Macros& macros, std::vector<std::string> addresses,
                          VerifyOptions options);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_EXPAND_VERIFY_H_
