// Messages of DNS (RFC 1035, section 4), parsed and built.
//
// What is parsed comes from the network: every length is checked, a compression pointer may only
// point backwards, and a name ends after 255 bytes, so that the work is linear in what was
// received. The transport is somebody else's.
#ifndef STAGEPOST_MTA_DNS_MESSAGE_H_
#define STAGEPOST_MTA_DNS_MESSAGE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mta/env/resolver.h"

namespace stagepost {

inline constexpr size_t kMaxDnsMessage = 65535;
// What a UDP message may have without EDNS, and what our queries say that we take with it: as much
// as fits into any path's packet.
inline constexpr size_t kMaxDnsUdpMessage = 512;
inline constexpr uint16_t kEdnsUdpSize = 1232;

// A message with one question of class IN.
struct DnsMessage {
  uint16_t id = 0;
  bool response = false;
  bool authoritative = false;
  bool truncated = false;
  bool recursion_desired = true;
  bool authenticated = false;  // AD: in a query, that the answer's is wanted (RFC 6840, 5.7)
  uint8_t rcode = 0;           // the header's four bits
  std::string name;            // of the question, without the final dot; the root is ""
  DnsType type = DnsType::kA;
  std::vector<DnsRecord> answers;
  std::vector<DnsRecord> authority;
  // Of EDNS(0): what UDP message the sender takes; 0: no EDNS.
  uint16_t udp_size = 0;
};

// Reads a message, query or response. kDataLoss: it is malformed, or has not exactly one question.
// Records of classes other than IN, and those of the additional section except EDNS, are left out.
absl::StatusOr<DnsMessage> ParseDnsMessage(absl::string_view bytes);

// Reads the response to a query for (name, type). kDataLoss: malformed, or the response to another.
absl::StatusOr<DnsAnswer> ParseDnsResponse(absl::string_view bytes, absl::string_view name,
                                           DnsType type);

// Builds a message, with owner names compressed. kInvalidArgument: something that is no name, a
// text longer than 255 bytes; kOutOfRange: it is longer than 65535 bytes.
absl::StatusOr<std::string> BuildDnsMessage(const DnsMessage& message);

// The query that a program of ours sends: recursion desired, AD wanted, EDNS.
absl::StatusOr<std::string> BuildDnsQuery(uint16_t id, absl::string_view name, DnsType type);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_DNS_MESSAGE_H_
