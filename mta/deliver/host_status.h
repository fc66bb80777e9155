// What is known of hosts that mail has gone to, or could not: a host that was down is not asked
// again by the same run over the queue, nor, with HostStatusDirectory, by anybody within
// Timeout.hoststatus. Operations Guide, 5.6 (HostStatusDirectory, SingleThreadDelivery), 2.3.
//
// In memory for one process; with HostStatusDirectory also in a file for each host, which hoststat
// prints and purgestat removes.
#ifndef STAGEPOST_MTA_DELIVER_HOST_STATUS_H_
#define STAGEPOST_MTA_DELIVER_HOST_STATUS_H_

#include <map>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "mta/async/task.h"
#include "mta/deliver/delivery_result.h"
#include "mta/site/site.h"

namespace stagepost {

// Hosts that one table remembers; the ones not used for longest are forgotten first.
inline constexpr size_t kMaxKnownHosts = 10'000;

class HostStatus {
 public:
  // `in_memory`: whether failures count within this process: in a run over the queue.
  HostStatus(Environment& env, bool in_memory) : env_(env), in_memory_(in_memory) {}

  // Why `host` ("mail.corp.example.", "[192.0.2.1]") need not be tried now; nullopt: try it.
  Task<std::optional<DeliveryResult>> FailureOf(Site& site, std::string host);

  // What a connection to it has come to: `failure` of connecting or greeting, nullopt if that went
  // well. `reply` is what hoststat shows: "250 2.0.0 accepted", "Connection refused".
  Task<void> Note(Site& site, std::string host, std::optional<DeliveryResult> failure,
                  std::string reply);

 private:
  struct Known {
    DeliveryResult failure;
    absl::Time at;
  };

  Environment& env_;
  const bool in_memory_;
  std::map<std::string, Known> failures_;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_DELIVER_HOST_STATUS_H_
