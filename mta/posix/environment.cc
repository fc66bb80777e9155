#include "mta/posix/environment.h"

#include <functional>
#include <utility>

namespace stagepost {

PosixEnvironment::PosixEnvironment(PosixOptions options)
    : arguments_(std::move(options.arguments)),
      root_(options.private_root),
      own_(root_.active()),
      workers_(events_, kWorkers),
      syncs_(events_, workers_),
      locks_(events_.loop()),
      file_services_{root_, own_, workers_, syncs_, locks_, working_directory_},
      network_(events_),
      files_(file_services_),
      resolver_(events_, random_, root_, std::move(options.resolver)),
      accounts_(root_),
      programs_(events_, root_, own_),
      process_({events_, workers_, programs_, root_, own_, working_directory_},
               std::move(options.variables), options.title),
      log_(root_, clock_, host_, arguments_.empty() ? "stagepost" : arguments_[0]) {}

int PosixEnvironment::Run(Program main) {
  int exit_code = 0;
  Executor executor(events_.loop());
  executor.Start([&exit_code](int code) { exit_code = code; }, main,
                 std::ref(static_cast<Environment&>(*this)), arguments_);
  while (executor.live() > 0) events_.Turn();
  return exit_code;
}

}  // namespace stagepost
