#include "mta/posix/machine.h"

#include <fcntl.h>
#include <ifaddrs.h>
#include <limits.h>
#include <net/if.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <limits>
#include <optional>

#include "absl/strings/numbers.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "mta/base/check.h"
#include "mta/posix/event_loop.h"
#include "mta/posix/socket_address.h"
#include "mta/posix/thread_identity.h"
#include "mta/posix/unique_fd.h"

namespace stagepost {
namespace {

uint64_t RandomWord() {
  uint64_t word;
  const ssize_t got = Retry([&] { return ::getrandom(&word, sizeof(word), 0); });
  CHECK(got == sizeof(word)) << "getrandom: errno " << errno;
  return word;
}

}  // namespace

absl::Time PosixClock::WallNow() const { return absl::Now(); }

MonotonicTime PosixClock::MonotonicNow() const { return MachineMonotonicNow(); }

uint64_t PosixRandom::Uniform(uint64_t range) {
  CHECK(range > 0);
  // Words beyond the last whole multiple of `range` would favour small numbers.
  constexpr uint64_t kMax = std::numeric_limits<uint64_t>::max();
  const uint64_t excess = (kMax % range + 1) % range;
  uint64_t word = RandomWord();
  while (word > kMax - excess) word = RandomWord();
  return word % range;
}

std::string PosixHost::name() const {
  std::array<char, HOST_NAME_MAX + 1> name = {};
  if (::gethostname(name.data(), name.size() - 1) != 0 || name[0] == '\0') return "localhost";
  return name.data();
}

std::vector<IpAddress> PosixHost::interface_addresses() const {
  std::vector<IpAddress> addresses;
  ifaddrs* interfaces = nullptr;
  if (::getifaddrs(&interfaces) != 0) return addresses;
  for (const ifaddrs* i = interfaces; i != nullptr; i = i->ifa_next) {
    if ((i->ifa_flags & IFF_UP) == 0) continue;
    if (std::optional<SocketAddress> address = FromKernel(i->ifa_addr)) {
      addresses.push_back(address->address);
    }
  }
  ::freeifaddrs(interfaces);
  return addresses;
}

namespace {

double MachineLoadAverage() {
  // What /proc says may be another host's or container's load than what the kernel tells; sendmail
  // reads the file.
  std::array<char, 64> text;
  const UniqueFd file(Retry([] { return ::open("/proc/loadavg", O_RDONLY | O_CLOEXEC); }));
  if (file.valid()) {
    const ssize_t got = Retry([&] { return ::read(file.get(), text.data(), text.size()); });
    const absl::string_view line(text.data(), std::max<ssize_t>(got, 0));
    double average = 0;
    if (absl::SimpleAtod(line.substr(0, line.find(' ')), &average)) return average;
  }
  double average = 0;
  if (::getloadavg(&average, 1) != 1) return 0;
  return average;
}

int MachineProcessors() {
  return static_cast<int>(std::clamp(::sysconf(_SC_NPROCESSORS_ONLN), 1L, 65'536L));
}

}  // namespace

const PosixHost::Facts& PosixHost::facts() const {
  const MonotonicTime now = MachineMonotonicNow();
  if (!facts_.has_value() || now - facts_->known_at >= kFactsAge) {
    ActAsOneself();
    facts_ = {MachineLoadAverage(), MachineProcessors(), now};
  }
  return *facts_;
}

double PosixHost::load_average() const { return facts().load_average; }

int PosixHost::processors() const { return facts().processors; }

absl::TimeZone PosixHost::time_zone() const {
  if (!time_zone_.has_value()) {
    ActAsOneself();
    time_zone_ = absl::LocalTimeZone();
  }
  return *time_zone_;
}

}  // namespace stagepost
