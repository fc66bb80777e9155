// resolv.conf(5), as far as raw queries need it: which name servers are asked, how long, how often.
//
// As the C library reads it: `nameserver` lines, of which the first three count, and of `options`
// timeout, attempts, rotate and use-vc. Everything else is about names that are completed or
// addresses that are sorted, which is done elsewhere or not at all. What cannot be understood
// counts for nothing, address by address and option by option.
#ifndef STAGEPOST_MTA_POSIX_RESOLV_CONF_H_
#define STAGEPOST_MTA_POSIX_RESOLV_CONF_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "mta/env/network.h"

namespace stagepost {

struct ResolvConf {
  static constexpr size_t kMaxNameServers = 3;
  static constexpr int kMaxAttempts = 5;
  static constexpr int kMaxTimeoutSeconds = 30;
  static constexpr size_t kMaxBytes = 64 * 1024;  // what is behind does not count

  // In order; without any in the file, 127.0.0.1.
  std::vector<IpAddress> name_servers;
  std::optional<int> attempts;            // 1 to kMaxAttempts
  std::optional<absl::Duration> timeout;  // 1 to kMaxTimeoutSeconds
  bool rotate = false;
  bool use_tcp = false;  // use-vc
};

ResolvConf ParseResolvConf(absl::string_view text);
// Of a file that cannot be read: as if it were empty.
ResolvConf ReadResolvConf(const std::string& path);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_POSIX_RESOLV_CONF_H_
