// The audited host, simulated: one machine with Stagepost's programs and the site's files.
#ifndef STAGEPOST_TOOLS_AUDIT_SIMULATED_SITE_H_
#define STAGEPOST_TOOLS_AUDIT_SIMULATED_SITE_H_

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "mta/env/programs.h"
#include "sim/choice/choices.h"
#include "sim/trace/trace.h"
#include "sim/world/world.h"
#include "tools/audit/site_files.h"

namespace stagepost {

struct SiteMachine {
  std::string name;  // "mx.corp.example"
  std::vector<IpAddress> addresses;
  std::vector<std::string> users;  // besides the system accounts
};

// Accounts that options of a sendmail.cf name (RunAsUser, …) and that no system has by itself.
std::vector<std::string> AccountsOf(absl::string_view cf);

class SimulatedSite {
 public:
  // An error: the machine cannot be made of this. `files` outlives the site.
  static absl::StatusOr<std::unique_ptr<SimulatedSite>> Make(const SiteMachine& machine,
                                                             SiteFiles& files);
  ~SimulatedSite();
  SimulatedSite(const SimulatedSite&) = delete;

  SimHost& host() { return *host_; }
  World& world() { return world_; }
  TraceLog& trace() { return trace_; }

  struct Result {
    std::optional<ExitStatus> exit;  // nullopt: it has not ended in time
    std::string output, errors;

    bool ok() const { return exit.has_value() && exit->ok(); }
  };
  // Runs an installed program as root to its end, for at most an hour of virtual time.
  Result Run(Arguments arguments, absl::string_view input = "");
  // Runs f(environment, args...), a Task<int>, likewise.
  template <class F, class... Args>
  Result RunTask(F f, Args... args) {
    Result result;
    SimProcess& process = NewProcess(result);
    process.StartTask(f, std::ref(process.environment()), std::move(args)...);
    Wait(result);
    return result;
  }
  // Lets so much virtual time pass, or less if nothing is left to do.
  void Pass(absl::Duration time);

 private:
  explicit SimulatedSite();
  SimProcess& NewProcess(Result& result);
  void Wait(Result& result);

  Choices choices_;
  TraceLog trace_;
  World world_;
  SimHost* host_ = nullptr;
};

}  // namespace stagepost

#endif  // STAGEPOST_TOOLS_AUDIT_SIMULATED_SITE_H_
