// The rules of faults, and of links.

#include <string>

#include "absl/strings/str_cat.h"
#include "sim/scenario/validator_walk.h"
#include "sim/scenario/values.h"

namespace stagepost {
namespace {

constexpr uint32_t kMaxKbitPerSecond = 100'000'000;

}  // namespace

bool ScenarioValidator::FaultRule(const ScenarioNode& node) {
  const auto& fault = static_cast<const scenario::Fault&>(node.message);
  const bool needs_mta = fault.has_kill_mta() || fault.has_on_phase();
  const bool needs_server = fault.has_on_reply() || fault.has_on_command();
  if (fault.has_partition() || fault.has_forget() || fault.has_reset() || fault.has_dns_outage()) {
    if (fault.has_on_reply() || fault.has_on_command() || fault.has_on_file_call() ||
        fault.has_on_phase()) {
      if (fault.host_size() == 0) return FailWhole(node, "its trigger needs a host");
    } else if (fault.host_size() > 0) {
      return Fail(node, "host",
                  "partition, forget, reset and dns_outage have no host unless their trigger has");
    }
  } else if (fault.host_size() == 0) {
    return FailWhole(node, "needs at least one host");
  }
  if (fault.has_on_file_call() && fault.on_file_call().before() && !fault.has_crash()) {
    return Fail(node, "on_file_call", "only a crash comes before a call");
  }
  if (fault.has_on_file_call() && fault.on_file_call().number() == 0) {
    return Fail(node, "on_file_call", "calls are counted from 1 on");
  }
  for (int i = 0; needs_mta && i < fault.host_size(); ++i) {
    if (!HasMta(node, fault.host(i), i)) return false;
  }
  for (int i = 0; needs_server && i < fault.host_size(); ++i) {
    if (!hosts_.at(fault.host(i))->has_sink() && !HasMta(node, fault.host(i), i)) return false;
  }
  return true;
}

bool ScenarioValidator::ResetRule(const ScenarioNode& node) {
  const auto& reset = static_cast<const scenario::Reset&>(node.message);
  return reset.from() != reset.to() || Fail(node, "to", "is the same host as from");
}

bool ScenarioValidator::PartitionRule(const ScenarioNode& node) {
  const auto& partition = static_cast<const scenario::Partition&>(node.message);
  return partition.from() != partition.to() || Fail(node, "to", "is the same host as from");
}

bool ScenarioValidator::ForgetRule(const ScenarioNode& node) {
  const auto& forget = static_cast<const scenario::Forget&>(node.message);
  return forget.from() != forget.to() || Fail(node, "to", "is the same host as from");
}

bool ScenarioValidator::FileErrorRule(const ScenarioNode& node) {
  const auto& error = static_cast<const scenario::FileError&>(node.message);
  if (error.per_mille() >= 1 && error.per_mille() <= 1000) return true;
  return Fail(node, "per_mille", "is 1 to 1000");
}

bool ScenarioValidator::FileStallRule(const ScenarioNode& node) {
  const auto& stall = static_cast<const scenario::FileStall&>(node.message);
  if (stall.call() == "chdir") return Fail(node, "call", "chdir cannot be stalled");
  if (stall.per_mille() < 1 || stall.per_mille() > 1000) {
    return Fail(node, "per_mille", "is 1 to 1000");
  }
  return *ParseScenarioDuration(stall.stall()) > absl::ZeroDuration() ||
         Fail(node, "stall", "must be more than nothing");
}

bool ScenarioValidator::LinkRule(const ScenarioNode& node) {
  const auto& link = static_cast<const scenario::Link&>(node.message);
  if (link.from() == link.to()) return Fail(node, "to", "is the same host as from");
  if (!link.has_kbit_per_second()) {
    return !link.has_queue_bytes() || Fail(node, "queue_bytes", "needs kbit_per_second");
  }
  if (link.kbit_per_second() >= 1 && link.kbit_per_second() <= kMaxKbitPerSecond) return true;
  return Fail(node, "kbit_per_second", absl::StrCat("is 1 to ", kMaxKbitPerSecond));
}

}  // namespace stagepost
