// The seam: everything a program may know or touch, in one object.
//
// Every program of Stagepost is a function `Task<int> Main(Environment&, Arguments)`. Live the
// Environment is mta/posix, in simulation sim/world; a program cannot tell which. It outlives the
// program's tasks. The returned int is the exit code (sysexits.h where sendmail uses them).
#ifndef STAGEPOST_MTA_ENV_ENVIRONMENT_H_
#define STAGEPOST_MTA_ENV_ENVIRONMENT_H_

#include "mta/async/task.h"
#include "mta/env/accounts.h"
#include "mta/env/clock.h"
#include "mta/env/databases.h"
#include "mta/env/file_system.h"
#include "mta/env/host.h"
#include "mta/env/network.h"
#include "mta/env/probes.h"
#include "mta/env/process.h"
#include "mta/env/programs.h"
#include "mta/env/random.h"
#include "mta/env/resolver.h"
#include "mta/env/system_log.h"
#include "mta/env/trace.h"

namespace stagepost {

class Environment {
 public:
  virtual ~Environment() = default;

  virtual Clock& clock() = 0;
  virtual Random& random() = 0;
  virtual Network& network() = 0;
  virtual FileSystem& files() = 0;
  virtual Databases& databases() = 0;
  virtual Resolver& resolver() = 0;
  virtual Accounts& accounts() = 0;
  virtual Programs& programs() = 0;
  virtual Process& process() = 0;
  virtual Host& host() = 0;
  virtual SystemLog& log() = 0;
  virtual Trace& trace() = 0;
  virtual Probes& probes() = 0;
};

using Program = Task<int> (*)(Environment&, Arguments);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_ENV_ENVIRONMENT_H_
