// The DNS of a simulated world, as its hosts see it through a recursive server: zones with records,
// and what is wrong with them.
//
// Plain data; no time passes here. Shared by all hosts. A name of no zone does not exist.
#ifndef STAGEPOST_SIM_WORLD_DNS_ZONES_H_
#define STAGEPOST_SIM_WORLD_DNS_ZONES_H_

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "mta/env/resolver.h"

namespace stagepost {

// What goes wrong with queries.
enum class DnsFault : uint8_t {
  kNone,
  kNxDomain,  // no such name, whatever records there are
  kNoData,    // the name exists, with nothing of the type asked for
  kFormErr,   // these four: the rcode of this name
  kServFail,
  kNotImp,
  kRefused,
  kTimeOut,    // nobody answers
  kLame,       // the zone's servers do not serve it: SERVFAIL, after a while
  kTruncated,  // answers are cut off over UDP and have to be fetched over TCP, which takes longer
  kMalformed,  // answers make no sense
};

struct DnsBehaviour {
  DnsFault fault = DnsFault::kNone;
  std::set<DnsType> types = {};  // what the fault befalls queries for; empty: all of them
  absl::Duration delay = {};          // of each answer that does not come from a cache
};

struct DnsZone {
  std::string name;            // "" is the root
  bool authenticated = false;  // the AD flag of its answers
  absl::Duration negative_ttl = absl::Minutes(5);
  DnsBehaviour behaviour;
  std::map<std::string, DnsBehaviour> names;  // instead of the zone's, by name
  std::vector<DnsRecord> records;  // owners are full names; "*" as first label is a wildcard
};

// What a recursive server finds.
struct DnsFinding {
  DnsAnswer answer;
  DnsFault fault = DnsFault::kNone;  // kTimeOut, kLame, kTruncated or kMalformed: of the way there
  absl::Duration delay;
  absl::Duration ttl;  // how long it may be kept; zero: not at all
};

class DnsZones {
 public:
  // A longer chain of CNAMEs, or one that comes round, is SERVFAIL.
  static constexpr int kMaxCnames = 16;
  // How long it is remembered that a name of no zone does not exist.
  static constexpr absl::Duration kNoZoneTtl = absl::Minutes(5);

  // Adds a zone, in place of one of the same name. kInvalidArgument: a name that is none, or an
  // owner outside of the zone.
  absl::Status Put(DnsZone zone);
  // False if there is none.
  bool Remove(absl::string_view name);

  // From now on every name fails in this way; kNone: no more.
  void SetOutage(DnsFault fault) { outage_ = fault; }

  // REQUIRES: `name` is one (DnsNameToWire()).
  DnsFinding Find(absl::string_view name, DnsType type) const;

 private:
  class Search;
  // A zone, by owner in canonical form.
  struct Served {
    DnsZone zone;
    std::map<std::string, std::vector<DnsRecord>, std::less<>> owners;
  };
  const Served* ZoneOf(absl::string_view name) const;
  static bool Exists(const Served& served, absl::string_view name);
  static std::vector<DnsRecord> RecordsOf(const Served& served, const std::string& name,
                                          bool& exists);

  DnsFault outage_ = DnsFault::kNone;
  std::map<std::string, Served, std::less<>> zones_;  // by name in canonical form
};

}  // namespace stagepost

#endif  // STAGEPOST_SIM_WORLD_DNS_ZONES_H_
