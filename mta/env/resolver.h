// DNS queries, one name and one type at a time.
//
// Raw on purpose: search lists, CNAME chasing across answers, the service switch and /etc/hosts are
// sendmail's rules and live above the seam.
#ifndef STAGEPOST_MTA_ENV_RESOLVER_H_
#define STAGEPOST_MTA_ENV_RESOLVER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "mta/async/operation.h"
#include "mta/env/network.h"

namespace stagepost {

enum class DnsType : uint16_t {
  kA = 1,
  kNs = 2,
  kCname = 5,
  kSoa = 6,
  kPtr = 12,
  kMx = 15,
  kTxt = 16,
  kAaaa = 28,
  kSrv = 33,
  kTlsa = 52,
  kAny = 255,
};

enum class DnsRcode : uint8_t {
  kNoError = 0,
  kFormErr = 1,
  kServFail = 2,
  kNxDomain = 3,
  kNotImp = 4,
  kRefused = 5,
};

// One resource record. Only the fields of its type are set. Bytes of names that could be misread
// are written \. \\ or \DDD, as in zone files.
struct DnsRecord {
  std::string owner;  // as answered, without the final dot
  DnsType type = DnsType::kA;
  absl::Duration ttl;
  IpAddress address;        // A, AAAA
  uint16_t preference = 0;  // MX, SRV (priority)
  uint16_t weight = 0;      // SRV
  uint16_t port = 0;        // SRV
  std::string name;  // MX exchange, CNAME, NS, PTR and SRV target, without the final dot; "": root
  std::vector<std::string> text;  // TXT, one element a string
  std::string rdata;              // any other type: as on the wire, names of SOA uncompressed
};

struct DnsAnswer {
  DnsRcode rcode = DnsRcode::kNoError;
  bool authenticated = false;      // the AD flag
  std::vector<DnsRecord> records;  // the answer section, in its order
};

class Resolver {
 public:
  virtual ~Resolver() = default;

  // An answer with any rcode is OK; one without records and with kNoError says that the name has
  // none of this type, or leads elsewhere. Records of a CNAME chain come as the server sends them.
  // kDeadlineExceeded: no server answered within the resolver's own retries. kInvalidArgument: not
  // a name that can be asked for (too long, empty label). kDataLoss: an answer that makes no sense.
  // Cancelled: nothing has happened that matters.
  virtual Operation<absl::StatusOr<DnsAnswer>> Query(absl::string_view name, DnsType type) = 0;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_ENV_RESOLVER_H_
