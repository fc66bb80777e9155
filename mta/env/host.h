// Facts about the machine.
#ifndef STAGEPOST_MTA_ENV_HOST_H_
#define STAGEPOST_MTA_ENV_HOST_H_

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "mta/env/network.h"

namespace stagepost {

class Host {
 public:
  virtual ~Host() = default;

  // gethostname(2) as it stands, qualified or not.
  virtual std::string name() const = 0;
  // Addresses of all interfaces that are up, loopback included.
  virtual std::vector<IpAddress> interface_addresses() const = 0;
  // The load average of the last minute.
  virtual double load_average() const = 0;
  // Processors that may be used: default limits of the load average follow their number.
  virtual int processors() const { return 1; }
  // The zone that local times are written in.
  virtual absl::TimeZone time_zone() const = 0;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_ENV_HOST_H_
