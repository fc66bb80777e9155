// The Resolver of simulated processes, and the cache that those of one host share.
//
// A host asks a recursive server of its own, which is always there: partitions do not reach it.
// What it finds in the world's zones goes through the same wire format and parser as an answer that
// comes from outside. How long that takes is drawn; now and then a packet is lost.
#ifndef STAGEPOST_SIM_WORLD_SIM_RESOLVER_H_
#define STAGEPOST_SIM_WORLD_SIM_RESOLVER_H_

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "mta/base/time.h"
#include "mta/env/resolver.h"
#include "sim/world/core.h"

namespace stagepost {

// Answers by question, until the least of their TTLs has passed. TTLs of what is taken from it have
// grown less meanwhile. Gone when the host crashes.
class DnsCache {
 public:
  static constexpr size_t kMaxEntries = 10'000;  // with more, it starts anew

  std::optional<DnsAnswer> Get(absl::string_view name, DnsType type, MonotonicTime now);
  void Put(absl::string_view name, DnsType type, const DnsAnswer& answer, MonotonicTime now,
           absl::Duration ttl);
  void Clear() { entries_.clear(); }
  size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    DnsAnswer answer;
    MonotonicTime kept;
    MonotonicTime expires;
  };
  std::map<std::pair<std::string, DnsType>, Entry> entries_;
};

// Who asks.
struct DnsClient {
  WorldCore& core;
  DnsCache& cache;
  uint32_t host;  // its index,
  uint32_t pid;   // for the trace
};

// As a live resolver with one server, two attempts and five seconds for the first.
inline constexpr absl::Duration kSimDnsRetry = absl::Seconds(5);
inline constexpr absl::Duration kSimDnsTimeOut = absl::Seconds(15);

// Resolver::Query() of a process that lives.
Operation<absl::StatusOr<DnsAnswer>> QuerySimulatedDns(const DnsClient& client,
                                                       absl::string_view name, DnsType type);

}  // namespace stagepost

#endif  // STAGEPOST_SIM_WORLD_SIM_RESOLVER_H_
