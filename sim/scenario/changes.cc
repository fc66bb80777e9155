#include "sim/scenario/changes.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "mta/base/check.h"
#include "sim/scenario/dns_values.h"
#include "sim/scenario/host_builder.h"
#include "sim/scenario/values.h"

namespace stagepost {
namespace {

absl::Status ApplyDns(const scenario::DnsChange& change, World& world) {
  if (change.has_zone()) {
    CHECK(world.core().dns.Put(BuildDnsZone(change.zone())).ok()) << change.zone().name();
    return absl::OkStatus();
  }
  if (world.core().dns.Remove(change.remove())) return absl::OkStatus();
  return absl::NotFoundError(absl::StrCat("there is no zone \"", change.remove(), "\""));
}

absl::Status ApplyClock(const scenario::ClockChange& change, SimHost& host) {
  if (change.has_forward()) host.StepClock(*ParseScenarioDuration(change.forward()));
  if (change.has_back()) host.StepClock(-*ParseScenarioDuration(change.back()));
  if (change.has_drift_ppm()) host.SetDrift(change.drift_ppm());
  return absl::OkStatus();
}

absl::Status ApplyInterface(const scenario::InterfaceChange& change, SimHost& host) {
  if (host.SetAddressUp(*IpAddress::Parse(change.address()), change.up())) return absl::OkStatus();
  return absl::NotFoundError(absl::StrCat(host.name(), " has no address ", change.address(),
                                          change.up() ? " that is down" : " that is up"));
}

absl::Status ApplyChown(const scenario::Chown& chown, SimHost& host) {
  DiskEditor editor = host.editor();
  const auto stat = editor.LinkStat(chown.path());
  if (!stat.ok()) return stat.status();
  return editor.ChangeOwner(chown.path(),
                            chown.has_owner() ? ScenarioUser(host, chown.owner()) : stat->owner,
                            chown.has_group() ? ScenarioGroup(host, chown.group()) : stat->group);
}

absl::Status ApplyToHost(const scenario::Change& change, SimHost& host) {
  DiskEditor editor = host.editor();
  switch (change.what_case()) {
    case scenario::Change::kWrite:
      return ApplyFile(change.write(), host);
    case scenario::Change::kRemove:
      return editor.RemoveAll(change.remove());
    case scenario::Change::kChmod:
      return editor.ChangeMode(change.chmod().path(), *ParseFileMode(change.chmod().mode()));
    case scenario::Change::kChown:
      return ApplyChown(change.chown(), host);
    case scenario::Change::kRename:
      return editor.Rename(change.rename().from(), change.rename().to());
    case scenario::Change::kClock:
      return ApplyClock(change.clock(), host);
    case scenario::Change::kLoadAverage:
      host.load_average = change.load_average();
      return absl::OkStatus();
    case scenario::Change::kInterface:
      return ApplyInterface(change.interface(), host);
    case scenario::Change::kQuota:
      ApplyQuota(change.quota(), host);
      return absl::OkStatus();
    case scenario::Change::kDns:   // of no host
    case scenario::Change::kLink:  // of two
    case scenario::Change::WHAT_NOT_SET:
      break;
  }
  return absl::InternalError("a change of nothing");
}

}  // namespace

absl::Status ApplyChange(const scenario::Change& change, World& world) {
  if (change.has_dns()) return ApplyDns(change.dns(), world);
  if (change.has_link()) {
    ApplyLink(change.link(), world);
    return absl::OkStatus();
  }
  SimHost* host = world.FindHost(change.host());
  CHECK(host != nullptr) << change.host();
  return ApplyToHost(change, *host);
}

}  // namespace stagepost
