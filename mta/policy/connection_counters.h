// How many connections a client has, and how many it made lately: ${client_connections},
// ${client_rate}, ${total_rate}. Operations Guide, 5.2; cf/README, "Connection Rate Throttling".
//
// One for a daemon; sessions hold tickets. A window has six parts, as sendmail's has, and moves on
// by a part at a time: the rate is what was opened in this part and the five before it.
//
// Memory is bounded: clients without an open connection are forgotten when their window is over,
// and at most kMaxCountedClients are remembered; one that finds no room counts as if it were alone.
#ifndef STAGEPOST_MTA_POLICY_CONNECTION_COUNTERS_H_
#define STAGEPOST_MTA_POLICY_CONNECTION_COUNTERS_H_

#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/time/time.h"
#include "mta/cf/macros.h"
#include "mta/env/clock.h"
#include "mta/env/network.h"

namespace stagepost {

inline constexpr size_t kMaxCountedClients = 65'536;

class ConnectionCounters {
 public:
  // Rates are over `window`, the option ConnectionRateWindowSize; one below six seconds has parts
  // of a second.
  ConnectionCounters(const Clock& clock, absl::Duration window);
  ~ConnectionCounters();

  // The same from now on, whatever was counted by another window is forgotten.
  void set_window(absl::Duration window);

  struct State;
  struct Counts {
    int connections = 0;  // of this client, open now, this one included
    int rate = 0;         // that it has made in the window
    int total_rate = 0;   // that everybody has
  };
  // One open connection; its end is counted when it is destroyed. Outlived by the counters.
  class Ticket {
   public:
    ~Ticket();
    Ticket(const Ticket&) = delete;
    Ticket& operator=(const Ticket&) = delete;
    const Counts& counts() const { return counts_; }  // when it was opened

   private:
    friend class ConnectionCounters;
    Ticket(State& state, IpAddress client) : state_(state), client_(client) {}
    State& state_;
    const IpAddress client_;
    Counts counts_;
    bool remembered_ = true;
  };
  // `client` is not mapped into IPv6: see Unmapped() in client.h.
  std::unique_ptr<Ticket> Open(const IpAddress& client);

 private:
  std::unique_ptr<State> state_;
};

void DefineCounterMacros(const ConnectionCounters::Counts& counts, Macros& macros);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_POLICY_CONNECTION_COUNTERS_H_
