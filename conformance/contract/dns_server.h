// A name server on the loopback interface, for the Linux side of contract cases: the zones that the
// simulator serves, over real UDP and TCP.
//
// Faults are those of DnsZones: no answer, a cut-off one over UDP, a malformed one, and so on.
// Delays are not waited for.
#ifndef STAGEPOST_CONFORMANCE_CONTRACT_DNS_SERVER_H_
#define STAGEPOST_CONFORMANCE_CONTRACT_DNS_SERVER_H_

#include <string>
#include <thread>

#include "absl/strings/string_view.h"
#include "mta/env/network.h"
#include "sim/world/dns_zones.h"

namespace stagepost {

class DnsServer {
 public:
  // Serves from now on, in a thread of its own.
  explicit DnsServer(DnsZones zones);
  ~DnsServer();

  // Where it listens: 127.0.0.1 and a port.
  SocketAddress address() const { return address_; }

 private:
  bool Listen();
  void Serve();
  void ServeUdp();
  void ServeTcp();
  // What to answer; empty: nothing.
  std::string AnswerTo(absl::string_view query, bool tcp) const;

  const DnsZones zones_;
  SocketAddress address_;
  int udp_ = -1;
  int tcp_ = -1;
  int stop_[2] = {-1, -1};  // a pipe; its end is the sign
  std::thread thread_;
};

}  // namespace stagepost

#endif  // STAGEPOST_CONFORMANCE_CONTRACT_DNS_SERVER_H_
