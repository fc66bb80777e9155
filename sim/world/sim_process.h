// One simulated process: its Environment, its executor, and its death.
//
// Owned by its SimHost. Death happens in a kernel's order: the Environment becomes inert (every
// call returns at once, has no effect and is not traced), the world releases the process's sockets
// and locks, and only then are its coroutine frames destroyed.
#ifndef STAGEPOST_SIM_WORLD_SIM_PROCESS_H_
#define STAGEPOST_SIM_WORLD_SIM_PROCESS_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "mta/async/executor.h"
#include "mta/env/environment.h"
#include "sim/world/core.h"
#include "sim/world/sim_network.h"

namespace stagepost {

class SimHost;
class SimEnvironment;
class SignalOperation;

// How a process begins.
struct ProcessSpec {
  std::string path;  // of the program file
  Arguments arguments;
  std::map<std::string, std::string> environment;
  Credentials credentials;
  std::string working_directory = "/";  // where it starts; must exist
  FileMode umask = 022;
  // Null: /dev/null.
  std::unique_ptr<ByteSource> input;
  std::unique_ptr<ByteSink> output;
  std::unique_ptr<ByteSink> error;
  ProgramLimits limits = {};
  // The process whose death this one does not survive; 0: none.
  uint32_t parent = 0;
};

class SimProcess final : public SocketOwner {
 public:
  // Called once, when the process has ended or, as far as whoever started it can see, daemonised.
  using OnExit = std::function<void(const ExitStatus&)>;

  SimProcess(SimHost& host, uint32_t pid, ProcessSpec spec, OnExit on_exit);
  ~SimProcess();

  SimHost& host() const { return host_; }
  WorldCore& core() const;
  Environment& environment();
  const std::string& path() const { return spec_.path; }
  ProcessSpec& spec() { return spec_; }
  const std::string& title() const { return title_; }
  void set_title(absl::string_view title);

  // Dead, or about to be destroyed: the Environment has no effect any more.
  bool inert() const { return inert_; }

  // Makes the Environment inert, as the first step of death together with others.
  void FallSilent() { inert_ = true; }

  // A task of it has been run for a while. What that takes of processor time is modelled: the same
  // for every turn.
  static constexpr absl::Duration kCpuOfTurn = absl::Microseconds(10);
  absl::Duration cpu_time() const { return static_cast<int64_t>(turns_) * kCpuOfTurn; }
  void TurnDone() {
    if (++turns_ >= turns_allowed_) CpuLimitReached();
  }

  // Makes the program's main function ready.
  void Start(Program program) { StartTask(program, std::ref(environment()), spec_.arguments); }
  // The same for any f(args...) that returns Task<int>, the exit code: the scenario's own actors.
  template <class F, class... Args>
  void StartTask(F f, Args... args) {
    executor_.Start([this](int code) { Ended(code); }, f, std::move(args)...);
  }
  // Delivers a signal: to NextSignal(), or by its default action.
  void Deliver(Signal signal);
  // Ends the process where it stands. `crashed`: together with its host, so that peers hear
  // nothing. REQUIRES: it is not running now.
  void Die(const ExitStatus& status, bool crashed);

  // Used by the Environment.
  Operation<absl::StatusOr<Signal>> NextSignal();
  absl::Status Daemonise();
  void Record(const Event& event);

 private:
  friend class SignalOperation;
  void Ended(int code);
  void CpuLimitReached();

  SimHost& host_;
  ProcessSpec spec_;
  OnExit on_exit_;
  std::string title_;
  bool inert_ = false;
  bool dead_ = false;
  bool daemonised_ = false;
  bool handles_signals_ = false;
  uint64_t turns_ = 0;
  uint64_t turns_allowed_ = UINT64_MAX;
  std::vector<Signal> pending_signals_;
  SignalOperation* signal_waiter_ = nullptr;
  std::unique_ptr<SimEnvironment> environment_;
  Executor executor_;
};

}  // namespace stagepost

#endif  // STAGEPOST_SIM_WORLD_SIM_PROCESS_H_
