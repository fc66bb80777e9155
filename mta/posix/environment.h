// The Environment of a live program: one event loop, one thread of control, the machine around it.
//
// Made by RunProgram(); tests make their own. One at a time owns the process's signals and standard
// streams.
#ifndef STAGEPOST_MTA_POSIX_ENVIRONMENT_H_
#define STAGEPOST_MTA_POSIX_ENVIRONMENT_H_

#include <cstddef>
#include <map>
#include <optional>
#include <string>

#include "mta/async/executor.h"
#include "mta/env/environment.h"
#include "mta/posix/accounts.h"
#include "mta/posix/databases.h"
#include "mta/posix/event_loop.h"
#include "mta/posix/file_services.h"
#include "mta/posix/file_system.h"
#include "mta/posix/machine.h"
#include "mta/posix/network.h"
#include "mta/posix/private_root.h"
#include "mta/posix/process.h"
#include "mta/posix/programs.h"
#include "mta/posix/resolver.h"
#include "mta/posix/system_log.h"
#include "mta/posix/title.h"
#include "mta/posix/working_directory.h"

namespace stagepost {

struct PosixOptions {
  Arguments arguments;  // [0] names the program in the system log
  std::map<std::string, std::string> variables;
  std::string private_root;  // see PrivateRoot
  TitleArea title;
  PosixResolverOptions resolver;
};

class PosixEnvironment final : public Environment {
 public:
  // Threads for syncs and long directories; see WorkerPool.
  static constexpr size_t kWorkers = 68;

  // Standard streams 0, 1 and 2 are open.
  explicit PosixEnvironment(PosixOptions options);

  // Runs `main` with the arguments until it has finished; gives its exit code.
  int Run(Program main);

  Clock& clock() override { return clock_; }
  Random& random() override { return random_; }
  Network& network() override { return network_; }
  FileSystem& files() override { return files_; }
  Databases& databases() override { return databases_; }
  Resolver& resolver() override { return resolver_; }
  Accounts& accounts() override { return accounts_; }
  Programs& programs() override { return programs_; }
  Process& process() override { return process_; }
  Host& host() override { return host_; }
  SystemLog& log() override { return log_; }
  Trace& trace() override { return trace_; }
  Probes& probes() override { return probes_; }

  // How many flushes the disk has been asked for; for tests and benchmarks.
  uint64_t flushes() const { return syncs_.flushes(); }

 private:
  const Arguments arguments_;
  const PrivateRoot root_;
  OwnIdentity own_;
  EventLoop events_;
  WorkerPool workers_;
  SyncService syncs_;
  LockQueue locks_;
  WorkingDirectory working_directory_;
  const FileServices file_services_;
  PosixClock clock_;
  PosixRandom random_;
  PosixNetwork network_;
  PosixFileSystem files_;
  PosixDatabases databases_;
  PosixResolver resolver_;
  PosixAccounts accounts_;
  PosixPrograms programs_;
  PosixProcess process_;
  PosixHost host_;
  PosixSystemLog log_;
  InertTrace trace_;
  InertProbes probes_;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_POSIX_ENVIRONMENT_H_
