#include "tools/audit/audit_run.h"

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "mta/base/status_macros.h"
#include "sim/scenario/host_builder.h"
#include "sim/world/sim_pipe.h"
#include "tools/audit/audit_client.h"
#include "tools/audit/audit_sink.h"
#include "tools/audit/audit_watcher.h"
#include "tools/audit/simulated_site.h"

namespace stagepost {
namespace {

constexpr char kQueue[] = "/var/spool/mqueue";
constexpr absl::Duration kStartLimit = absl::Minutes(5);
constexpr absl::Duration kPartyLimit = absl::Hours(72);
// For what is still under way in the end.
constexpr absl::Duration kLast = absl::Minutes(10);

class Run {
 public:
  Run(const AuditPlan& plan, const SiteFacts& facts, SiteFiles& files, std::string cf_path)
      : plan_(plan),
        files_(files),
        cf_path_(cf_path),
        decisions_(facts, files, std::move(cf_path)) {}

  absl::StatusOr<AuditRun> Execute() {
    ASSIGN_OR_RETURN(site_, SimulatedSite::Make({.name = plan_.site.name,
                                                 .addresses = plan_.site.addresses,
                                                 .users = AccountsOf(*files_.Find(cf_path_))},
                                                files_));
    for (const DnsZone& zone : plan_.zones) {
      RETURN_IF_ERROR(world().core().dns.Put(zone));
    }
    world().core().trace_rules = true;
    watcher_.emplace(site_->trace(), site_->host().index());
    AddOthers();
    RETURN_IF_ERROR(StartDaemon());
    for (size_t party = 0; party < plan_.parties.size(); ++party) PlayParty(party);
    site_->Pass(kLast);
    Conclude();
    return std::move(run_);
  }

 private:
  World& world() { return site_->world(); }

  // Strangers and victims share one machine; those inside have another.
  void AddOthers() {
    std::vector<IpAddress> outside, inside;
    const auto is_own = [&](const IpAddress& address) {
      const auto& own = plan_.site.addresses;
      return std::find(own.begin(), own.end(), address) != own.end();
    };
    const auto add = [&](const IpAddress& address, std::vector<IpAddress>& to) {
      const bool known = std::find(outside.begin(), outside.end(), address) != outside.end() ||
                         std::find(inside.begin(), inside.end(), address) != inside.end();
      if (!known && !is_own(address) && !address.is_loopback()) to.push_back(address);
    };
    for (const IpAddress& address : plan_.outside) add(address, outside);
    for (const Party& party : plan_.parties) add(party.address, inside);
    outside_ = &world().AddHost({.name = "internet", .addresses = outside});
    inside_ = &world().AddHost({.name = "inside", .addresses = inside});
    for (SimHost* host : {outside_, inside_}) {
      ProcessSpec spec;
      spec.path = "sink";
      spec.arguments = {"sink"};
      SimProcess& process = host->Spawn(std::move(spec), nullptr);
      process.StartTask(&ServeAuditSink, std::ref(process.environment()), std::ref(sink_));
    }
  }

  absl::Status StartDaemon() {
    ProcessSpec spec;
    spec.path = kSendmailPath;
    spec.arguments = {kSendmailPath, "-L",
                      "sm-mta",      "-bD",
                      "-O",          absl::StrCat("QueueDirectory=", kQueue),
                      "-O",          "PidFile=/var/run/sendmail.pid"};
    spec.output = MakeCapturingSink(&daemon_output_);
    spec.error = MakeCapturingSink(&daemon_output_);
    const auto started = site_->host().Execute(
        std::move(spec), [this](const ExitStatus& status) { daemon_exit_ = status; });
    RETURN_IF_ERROR(started.status());
    const auto& listeners = site_->host().node().listeners;
    world().RunUntil([&] { return daemon_exit_.has_value() || !listeners.empty(); },
                     world().now() + kStartLimit);
    // A port that cannot be had is tried again for a while.
    site_->Pass(kStartLimit);
    if (daemon_exit_.has_value() || listeners.empty()) {
      return absl::FailedPreconditionError(absl::StrCat("the daemon does not start: ", Said()));
    }
    for (const auto& [address, listener] : listeners) {
      listens_.push_back(address);
      run_.listens.push_back(address.ToString());
    }
    return absl::OkStatus();
  }

  // What the daemon has last said, if it is about errors.
  std::string Said() const {
    // Ports are tried again and again, with the same words.
    std::vector<std::string> lines;
    for (const absl::string_view line :
         absl::StrSplit(daemon_output_, absl::ByAnyChar("\r\n"), absl::SkipEmpty())) {
      if (lines.empty() || lines.back() != line) lines.emplace_back(line);
    }
    if (!lines.empty()) return absl::StrJoin(lines, "; ");
    const std::vector<LogLine>& log = site_->host().log();
    for (auto line = log.rbegin(); line != log.rend(); ++line) {
      if (line->severity <= Severity::kError) return line->text;
    }
    return "it listens nowhere";
  }

  // Where the party finds the daemon, one place for each port.
  std::vector<SocketAddress> PlacesFor(const Party& party) const {
    std::map<uint16_t, SocketAddress> places;
    for (const SocketAddress& listens : listens_) {
      IpAddress to = listens.address;
      // A socket of IPv6 may take IPv4, too.
      const bool both = !to.is_v4() && to.is_unspecified() && party.address.is_v4();
      if (to.is_v4() != party.address.is_v4() && !both) continue;
      if (to.is_unspecified()) {
        to = party.address.is_v4() ? plan_.site.address4 : plan_.site.address6;
        if (party.kind == "loopback") to = party.address;
      }
      if (to.is_loopback() != (party.kind == "loopback")) continue;
      places.emplace(listens.port, SocketAddress{to, listens.port});
    }
    std::vector<SocketAddress> list;
    for (const auto& [port, place] : places) list.push_back(place);
    return list;
  }

  SimHost& HostOf(const Party& party) {
    if (party.kind == "loopback") return site_->host();
    return party.kind == "inside" ? *inside_ : *outside_;
  }

  void PlayParty(size_t index) {
    const Party& party = plan_.parties[index];
    for (const SocketAddress& place : PlacesFor(party)) {
      if (party.stranger()) run_.reached_by_strangers = true;
      errands_.push_back({party, plan_.envelopes[index], place, *watcher_, decisions_, {}});
      ClientErrand& errand = errands_.back();
      for (size_t i = 0; i < errand.envelopes.size(); ++i) {
        ProbeResult& result = results_.emplace_back();
        result.party = index;
        result.envelope = i;
        result.port = place.port;
        errand.results.push_back(&result);
      }
      ProcessSpec spec;
      spec.path = "audit-client";
      spec.arguments = {"audit-client"};
      SimProcess& process = HostOf(party).Spawn(std::move(spec), nullptr);
      if (party.kind == "loopback") watcher_->Leave(process.pid());
      process.StartTask(&RunAuditClient, std::ref(process.environment()), std::ref(errand));
      world().RunUntil([&] { return errand.done; }, world().now() + kPartyLimit);
    }
  }

  // Who of an envelope's user shows in these lines.
  static std::vector<std::string> Naming(const std::string& user,
                                         const std::vector<std::string>& lines) {
    std::vector<std::string> found;
    for (const std::string& line : lines) {
      // Some forms are in capitals.
      if (absl::StrContains(absl::AsciiStrToLower(line), user)) found.push_back(line);
    }
    return found;
  }

  std::vector<std::string> QueuedRecipients() {
    std::vector<std::string> queued;
    const auto entries = site_->host().editor().Snapshot(kQueue);
    if (!entries.ok()) return queued;
    for (const DiskEditor::SnapshotEntry& entry : *entries) {
      const std::string name = entry.path.substr(entry.path.rfind('/') + 1);
      if (!absl::StartsWith(name, "qf") && !absl::StartsWith(name, "hf") &&
          !absl::StartsWith(name, "Qf")) {
        continue;
      }
      for (const absl::string_view line : absl::StrSplit(entry.bytes, '\n')) {
        const size_t colon = line.find(':');
        if (absl::StartsWith(line, "R") && colon != absl::string_view::npos) {
          queued.emplace_back(line.substr(colon + 1));
        }
      }
    }
    return queued;
  }

  void Conclude() {
    const std::vector<std::string> queued = QueuedRecipients();
    run_.connections = watcher_->connections();
    run_.messages_out = sink_.messages;
    for (ProbeResult& result : results_) {
      const AuditEnvelope& envelope = plan_.envelopes[result.party][result.envelope];
      if (result.sent) {
        result.delivered_to = Naming(envelope.user, sink_.recipients);
        result.queued = Naming(envelope.user, queued);
        result.resolved = watcher_->ResolvedOf(result.queue_id);
      }
      run_.results.push_back(std::move(result));
    }
  }

  const AuditPlan& plan_;
  SiteFiles& files_;
  const std::string cf_path_;
  const DecisionReader decisions_;
  // What processes of the world write to stays where it is, and lives longer than the world.
  AuditSink sink_;
  std::string daemon_output_;
  std::optional<ExitStatus> daemon_exit_;
  std::deque<ClientErrand> errands_;
  std::deque<ProbeResult> results_;
  std::unique_ptr<SimulatedSite> site_;
  std::optional<AuditWatcher> watcher_;
  SimHost* outside_ = nullptr;
  SimHost* inside_ = nullptr;
  std::vector<SocketAddress> listens_;
  AuditRun run_;
};

}  // namespace

absl::StatusOr<AuditRun> RunAudit(const AuditPlan& plan, const SiteFacts& facts, SiteFiles& files,
                                  const std::string& cf_path) {
  return Run(plan, facts, files, cf_path).Execute();
}

}  // namespace stagepost
