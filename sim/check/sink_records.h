// What the sinks of a world have heard, and when: for expectations.
#ifndef STAGEPOST_SIM_CHECK_SINK_RECORDS_H_
#define STAGEPOST_SIM_CHECK_SINK_RECORDS_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "sim/scenario/scenario.pb.h"
#include "sim/trace/trace.h"
#include "sim/world/world.h"

namespace stagepost {

// Watches the trace of one world from the beginning.
class SinkRecords final : public TraceObserver {
 public:
  struct Line {
    absl::Duration when;  // since the run began
    std::string text;     // a command line, or "(connected)"
  };

  // Both outlive this.
  SinkRecords(const scenario::Scenario& scenario, World& world);
  ~SinkRecords() override;
  SinkRecords(const SinkRecords&) = delete;
  SinkRecords& operator=(const SinkRecords&) = delete;

  void OnEvent(const TraceEvent& event) override;

  // In order; empty for a host that is no sink. When a connection has come about is when the client
  // knows of it.
  const std::vector<Line>& Of(const std::string& host) const;

 private:
  World& world_;
  const std::vector<Line> none_;
  std::map<std::string, std::string> sinks_;  // host by address and port
  std::map<std::string, std::vector<Line>> lines_;
};

}  // namespace stagepost

#endif  // STAGEPOST_SIM_CHECK_SINK_RECORDS_H_
