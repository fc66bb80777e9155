// One simulated host for tests of the MTA's parts that need an Environment: queue, delivery,
// mail.local.
//
//   TestHost host;
//   EXPECT_EQ(host.Run(&SomeTask, std::ref(results)), 0);   // Task<int> SomeTask(Environment&, …)
//
// The host has /var/spool/mqueue (0700), /var/mail (1777), /tmp (1777) and the users alice (2001)
// and bob (2002). Everything runs as root unless told otherwise. Counts the file calls of its
// processes, and can let one of them go wrong.
#ifndef STAGEPOST_SIM_TESTING_TEST_HOST_H_
#define STAGEPOST_SIM_TESTING_TEST_HOST_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "mta/base/errno.h"
#include "mta/env/network.h"
#include "sim/choice/choices.h"
#include "sim/trace/trace.h"
#include "sim/world/sim_file_caller.h"
#include "sim/world/world.h"

namespace stagepost {

class TestHost final : public FileFaults {
 public:
  explicit TestHost(uint64_t seed = 1, std::vector<IpAddress> addresses = {},
                    DiskOptions disk_options = {});
  ~TestHost() override;

  SimHost& host() { return *host_; }
  World& world() { return *world_; }
  DiskEditor disk() { return host_->editor(); }
  // The file, or "(none)".
  std::string Read(absl::string_view path) { return disk().ReadFile(path).value_or("(none)"); }

  // How the next processes are started.
  struct Start {
    Identity identity;
    std::string input;
    Arguments arguments = {"test"};
    std::map<std::string, std::string> environment;
  };
  Start start;

  // Runs f(environment, args...), a Task<int>, in a new process until it ends or the host is down,
  // for at most `limit` of virtual time. The exit code; -1: killed, crashed, or not ended.
  template <class F, class... Args>
  int Run(F f, Args... args) {
    SimProcess& process = NewProcess();
    process.StartTask(f, std::ref(process.environment()), std::move(args)...);
    return Wait();
  }

  std::string output, error_output;  // of the last process
  absl::Duration limit = absl::Hours(3);
  // Log lines of all processes, without tags.
  std::string Log() const;

  // File calls since the last ResetCalls().
  int calls() const { return calls_; }
  void ResetCalls() { calls_ = 0; }
  // At call number `fail_at` (from 0): fails with `fail_with`, and so do all that follow if
  // `fail_on`; kOk: the host crashes at that call instead.
  int fail_at = -1;
  Errno fail_with = Errno::kEIO;
  bool fail_on = false;
  // Or: fails every call for which this gives an error.
  std::function<Errno(FileCall, absl::string_view path)> fault;

 private:
  FileFault OnCall(FileCall call, absl::string_view path) override;
  SimProcess& NewProcess();
  int Wait();

  Choices choices_;
  TraceLog trace_;
  std::unique_ptr<World> world_;
  SimHost* host_ = nullptr;
  int calls_ = 0;
  std::optional<ExitStatus> exit_;
};

}  // namespace stagepost

#endif  // STAGEPOST_SIM_TESTING_TEST_HOST_H_
