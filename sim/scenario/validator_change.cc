// The rules of what changes a host.

#include <algorithm>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "mta/env/network.h"
#include "sim/scenario/validator_walk.h"

namespace stagepost {
namespace {

constexpr int32_t kMaxDriftPpm = 100'000;
constexpr double kMaxLoadAverage = 1e6;

}  // namespace

bool ScenarioValidator::ChangeRule(const ScenarioNode& node) {
  const auto& change = static_cast<const scenario::Change&>(node.message);
  const bool has_no_host = change.has_dns() || change.has_link();
  if (!has_no_host && !change.has_host()) {
    return Fail(node, "host", "required in Change, and missing");
  }
  if (change.has_dns() && change.has_host()) {
    return Fail(node, "host", "name servers answer all hosts alike; dns has no host");
  }
  if (change.has_link() && change.has_host()) {
    return Fail(node, "host", "a link has from and to, and no host");
  }
  return HostChangeRule(node);
}

bool ScenarioValidator::ClockRule(const ScenarioNode& node) {
  const auto& clock = static_cast<const scenario::ClockChange&>(node.message);
  if (clock.has_forward() && clock.has_back()) {
    return Fail(node, "back", "forward and back exclude each other");
  }
  if (!clock.has_forward() && !clock.has_back() && !clock.has_drift_ppm()) {
    return FailWhole(node, "needs one of forward, back, drift_ppm");
  }
  if (clock.drift_ppm() > kMaxDriftPpm || clock.drift_ppm() < -kMaxDriftPpm) {
    return Fail(node, "drift_ppm", absl::StrCat("at most ", kMaxDriftPpm, " either way"));
  }
  return true;
}

bool ScenarioValidator::HostChangeRule(const ScenarioNode& node) {
  const auto& change = static_cast<const scenario::Change&>(node.message);
  if (change.has_load_average() &&
      !(change.load_average() >= 0 && change.load_average() <= kMaxLoadAverage)) {
    return Fail(node, "load_average", "must be from 0 to 1000000");
  }
  if (!change.has_interface()) return true;
  const auto host = hosts_.find(change.host());
  const auto address = IpAddress::Parse(change.interface().address());
  // What is missing or no address is said elsewhere.
  if (host == hosts_.end() || !address.has_value()) return true;
  const auto& own = host->second->address();
  if (std::any_of(own.begin(), own.end(),
                  [&](const auto& text) { return IpAddress::Parse(text) == address; })) {
    return true;
  }
  return Fail(node, "interface",
              absl::StrCat(change.host(), " has no address ", address->ToString()));
}

}  // namespace stagepost
