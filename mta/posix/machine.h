// The small parts of the Environment: time, chance, facts about the host.
#ifndef STAGEPOST_MTA_POSIX_MACHINE_H_
#define STAGEPOST_MTA_POSIX_MACHINE_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "mta/base/time.h"
#include "mta/env/clock.h"
#include "mta/env/host.h"
#include "mta/env/probes.h"
#include "mta/env/random.h"
#include "mta/env/trace.h"

namespace stagepost {

class PosixClock final : public Clock {
 public:
  absl::Time WallNow() const override;
  MonotonicTime MonotonicNow() const override;  // CLOCK_MONOTONIC
};

// getrandom(2).
class PosixRandom final : public Random {
 public:
  uint64_t Uniform(uint64_t range) override;
};

// What the kernel says of load and processors is asked for at most once in kFactsAge: commands of
// every session ask, and the kernel itself counts the load anew every five seconds.
class PosixHost final : public Host {
 public:
  static constexpr absl::Duration kFactsAge = absl::Seconds(1);

  std::string name() const override;
  std::vector<IpAddress> interface_addresses() const override;
  double load_average() const override;
  int processors() const override;
  absl::TimeZone time_zone() const override;  // TZ, else /etc/localtime

 private:
  struct Facts {
    double load_average;
    int processors;
    MonotonicTime known_at;
  };
  const Facts& facts() const;

  mutable std::optional<Facts> facts_;
  mutable std::optional<absl::TimeZone> time_zone_;  // of a process there is one
};

// Nothing is listening to events yet.
class InertTrace final : public Trace {
 public:
  void Record(const Event&) override {}
};

class InertProbes final : public Probes {
 public:
  bool Buggify(absl::string_view) override { return false; }
  void Reached(absl::string_view) override {}
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_POSIX_MACHINE_H_
