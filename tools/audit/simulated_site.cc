#include "tools/audit/simulated_site.h"

#include <algorithm>
#include <memory>

#include "absl/time/time.h"
#include "mta/base/status_macros.h"
#include "re2/re2.h"
#include "sim/scenario/host_builder.h"
#include "sim/scenario/scenario.pb.h"
#include "sim/scenario/values.h"
#include "sim/world/sim_pipe.h"

namespace stagepost {
namespace {

// Any day would do; the same one every time.
constexpr int64_t kStart = 1795156412;  // 2026-11-20 06:33:32 UTC
constexpr absl::Duration kProgramLimit = absl::Hours(1);
constexpr uint32_t kFirstUser = 2001;

}  // namespace

std::vector<std::string> AccountsOf(absl::string_view cf) {
  static const RE2 kOption("(?m)^O (?:RunAsUser|TrustedUser|DefaultUser) ?= ?([a-z_][a-z0-9_-]*)");
  std::vector<std::string> accounts;
  re2::StringPiece rest(cf.data(), cf.size());
  std::string name;
  while (RE2::FindAndConsume(&rest, kOption, &name)) {
    const auto system = SystemAccounts();
    const bool known = std::any_of(system.begin(), system.end(), [&](const SystemAccount& one) {
      return one.name == name || one.group == name;
    });
    if (!known && std::find(accounts.begin(), accounts.end(), name) == accounts.end()) {
      accounts.push_back(name);
    }
  }
  return accounts;
}

SimulatedSite::SimulatedSite()
    : choices_(Choices::FromSeed(1)), world_(choices_, trace_, absl::FromUnixSeconds(kStart)) {}

SimulatedSite::~SimulatedSite() {
  if (host_ != nullptr) host_->file_faults = nullptr;
}

absl::StatusOr<std::unique_ptr<SimulatedSite>> SimulatedSite::Make(const SiteMachine& machine,
                                                                   SiteFiles& files) {
  std::unique_ptr<SimulatedSite> site(new SimulatedSite);
  scenario::Host spec;
  spec.set_name(machine.name);
  for (const IpAddress& address : machine.addresses) spec.add_address(address.ToString());
  uint32_t id = kFirstUser;
  for (const std::string& name : machine.users) {
    scenario::User& user = *spec.add_user();
    user.set_name(name);
    user.set_uid(id);
    user.set_gid(id++);
    user.set_home("/home/" + name);
  }
  ASSIGN_OR_RETURN(site->host_, BuildHost(spec, "", site->world_));
  RETURN_IF_ERROR(files.Attach(*site->host_));
  return site;
}

SimulatedSite::Result SimulatedSite::Run(Arguments arguments, absl::string_view input) {
  Result result;
  ProcessSpec spec;
  spec.path = arguments[0];
  spec.arguments = std::move(arguments);
  spec.input = MakeTextSource(std::string(input));
  spec.output = MakeCapturingSink(&result.output);
  spec.error = MakeCapturingSink(&result.errors);
  const auto started = host_->Execute(
      std::move(spec), [&result](const ExitStatus& status) { result.exit = status; });
  if (!started.ok()) {
    result.errors = std::string(started.status().message());
    result.exit = ExitStatus{127, std::nullopt};
  }
  Wait(result);
  return result;
}

SimProcess& SimulatedSite::NewProcess(Result& result) {
  ProcessSpec spec;
  spec.path = "audit";
  spec.arguments = {"audit"};
  spec.output = MakeCapturingSink(&result.output);
  spec.error = MakeCapturingSink(&result.errors);
  return host_->Spawn(std::move(spec),
                      [&result](const ExitStatus& status) { result.exit = status; });
}

void SimulatedSite::Wait(Result& result) {
  world_.RunUntil([&result] { return result.exit.has_value(); }, world_.now() + kProgramLimit);
}

void SimulatedSite::Pass(absl::Duration time) {
  world_.RunUntil([] { return false; }, world_.now() + time);
}

}  // namespace stagepost
