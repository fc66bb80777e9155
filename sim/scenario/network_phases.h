// What a host's MTA has come to with those that it sends mail to, as the wire shows it.
#ifndef STAGEPOST_SIM_SCENARIO_NETWORK_PHASES_H_
#define STAGEPOST_SIM_SCENARIO_NETWORK_PHASES_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "sim/trace/trace.h"
#include "sim/world/world.h"

namespace stagepost {

// In the order in which they come; see Fault.on_phase of scenario.proto.
absl::Span<const absl::string_view> NetworkPhaseNames();

// Follows the connections that sendmail processes open. Those that are open when it first hears of
// an event it does not know.
class NetworkPhases {
 public:
  // `world` outlives it.
  explicit NetworkPhases(World& world) : world_(world) {}

  // The phases that begin with this event, and the host whose MTA sends mail.
  struct Begun {
    uint32_t host = 0;
    std::vector<absl::string_view> phases;
  };
  Begun OnEvent(const TraceEvent& event);

 private:
  struct Dialogue {
    uint32_t client = 0;
    std::string address;  // of the client
    bool greeted = false;
    bool message = false;  // 354 has come, the final dot has not
    bool dot = false;      // it has, and no reply
    std::string tail;      // of the message so far
  };

  bool IsSendmail(const TraceEvent& event) const;
  static void ClientSends(Dialogue& dialogue, absl::string_view bytes, Begun& begun);
  static void ServerSends(Dialogue& dialogue, absl::string_view bytes, Begun& begun);

  World& world_;
  std::map<int64_t, Dialogue> dialogues_;  // by connection
};

}  // namespace stagepost

#endif  // STAGEPOST_SIM_SCENARIO_NETWORK_PHASES_H_
