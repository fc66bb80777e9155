// resolv.conf: whatever stands there, there is a server to ask, and numbers keep their bounds.
#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "mta/base/check.h"
#include "mta/posix/resolv_conf.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using stagepost::ResolvConf;
  const ResolvConf conf =
      stagepost::ParseResolvConf(absl::string_view(reinterpret_cast<const char*>(data), size));
  CHECK(!conf.name_servers.empty());
  CHECK(conf.name_servers.size() <= ResolvConf::kMaxNameServers);
  const int attempts = conf.attempts.value_or(1);
  CHECK(attempts >= 1 && attempts <= ResolvConf::kMaxAttempts);
  const absl::Duration timeout = conf.timeout.value_or(absl::Seconds(1));
  CHECK(timeout >= absl::Seconds(1));
  CHECK(timeout <= absl::Seconds(ResolvConf::kMaxTimeoutSeconds));
  return 0;
}
