// DNS live: c-ares brings a query to the name servers and an answer back; what is asked and what is
// understood is ours (mta/dns).
//
// Each query has a c-ares channel, and so sockets and source ports, of its own: a changed
// /etc/resolv.conf (resolv_conf.h) counts from the next query on, and a query that is dropped
// leaves nothing behind. c-ares retries, goes to the next server after SERVFAIL, NOTIMP, REFUSED
// and silence, asks again without EDNS a server that does not know it, and over TCP when an answer
// was cut off.
#ifndef STAGEPOST_MTA_POSIX_RESOLVER_H_
#define STAGEPOST_MTA_POSIX_RESOLVER_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "mta/env/random.h"
#include "mta/env/resolver.h"
#include "mta/posix/event_loop.h"
#include "mta/posix/private_root.h"

namespace stagepost {

struct PosixResolverOptions {
  // Instead of those of /etc/resolv.conf.
  std::vector<SocketAddress> name_servers;
  // How often a server is asked, and how long the first answer may take; the second may take twice
  // as long, and so on. Instead of what /etc/resolv.conf says, and without that 2 and 5 s, as
  // resolv.conf(5) has it.
  std::optional<int> attempts = std::nullopt;
  std::optional<absl::Duration> timeout = std::nullopt;
};

class PosixResolver final : public Resolver {
 public:
  PosixResolver(EventLoop& events, Random& random, const PrivateRoot& root,
                PosixResolverOptions options)
      : events_(events), random_(random), root_(root), options_(std::move(options)) {}

  Operation<absl::StatusOr<DnsAnswer>> Query(absl::string_view name, DnsType type) override;

 private:
  class PendingQuery;

  // What counts for one query.
  struct Servers {
    std::vector<SocketAddress> addresses;
    int attempts = 2;
    absl::Duration timeout = absl::Seconds(5);
    bool use_tcp = false;
  };
  Servers ServersOfNow();

  EventLoop& events_;
  Random& random_;
  const PrivateRoot& root_;
  const PosixResolverOptions options_;
  size_t first_server_ = 0;  // with `options rotate`: which is asked first
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_POSIX_RESOLVER_H_
