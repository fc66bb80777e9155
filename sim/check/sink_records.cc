#include "sim/check/sink_records.h"

#include "mta/env/network.h"

namespace stagepost {

SinkRecords::SinkRecords(const scenario::Scenario& scenario, World& world) : world_(world) {
  for (const scenario::Host& host : scenario.world().host()) {
    if (!host.has_sink()) continue;
    lines_[host.name()];
    for (const std::string& address : host.address()) {
      const SocketAddress listens{*IpAddress::Parse(address),
                                  static_cast<uint16_t>(host.sink().port())};
      sinks_[listens.ToString()] = host.name();
    }
  }
  if (!lines_.empty()) world_.core().trace.AddObserver(this);
}

SinkRecords::~SinkRecords() {
  if (!lines_.empty()) world_.core().trace.RemoveObserver(this);
}

void SinkRecords::OnEvent(const TraceEvent& event) {
  const absl::Duration when = absl::Nanoseconds(event.time_ns);
  if (event.event.kind == EventKind::kConnectionOpened) {
    const auto sink = sinks_.find(std::string(event.event.detail));
    if (sink != sinks_.end()) lines_[sink->second].push_back({when, "(connected)"});
    return;
  }
  if (event.event.kind != EventKind::kSmtpCommand) return;
  const auto lines = lines_.find(world_.core().trace.HostName(event.host));
  if (lines != lines_.end()) lines->second.push_back({when, std::string(event.event.detail)});
}

const std::vector<SinkRecords::Line>& SinkRecords::Of(const std::string& host) const {
  const auto lines = lines_.find(host);
  return lines == lines_.end() ? none_ : lines->second;
}

}  // namespace stagepost
