// What an audit asks of the machine it runs on.
#include <fcntl.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tools/audit/stagepost_audit.h"
#include "tools/scenario_files.h"

namespace stagepost {
namespace {

// Progress is told after so many seconds, not before.
constexpr double kPatience = 2;

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  // A FIFO would keep us waiting.
  const int fd = open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
  if (fd < 0) {
    const std::string why = std::strerror(errno);
    if (errno == ENOENT || errno == ENOTDIR) return absl::NotFoundError(why);
    if (errno == EACCES || errno == EPERM) return absl::PermissionDeniedError(why);
    return absl::UnavailableError(why);
  }
  struct stat info;
  std::string bytes;
  absl::Status status = absl::OkStatus();
  if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
    status = absl::InvalidArgumentError("not a regular file");
  } else if (info.st_size > static_cast<off_t>(kMaxAuditedBytes)) {
    status = absl::ResourceExhaustedError("too large");
  }
  std::array<char, 65536> chunk;
  while (status.ok()) {
    const ssize_t n = read(fd, chunk.data(), chunk.size());
    if (n == 0) break;
    if (n < 0 && errno != EINTR) status = absl::UnavailableError(std::strerror(errno));
    if (n > 0) bytes.append(chunk.data(), static_cast<size_t>(n));
    if (bytes.size() > kMaxAuditedBytes) status = absl::ResourceExhaustedError("too large");
  }
  close(fd);
  if (!status.ok()) return status;
  return bytes;
}

std::vector<IpAddress> InterfaceAddresses() {
  std::vector<IpAddress> addresses;
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return addresses;
  for (const ifaddrs* one = list; one != nullptr; one = one->ifa_next) {
    if (one->ifa_addr == nullptr) continue;
    IpAddress address;
    if (one->ifa_addr->sa_family == AF_INET) {
      sockaddr_in v4;
      std::memcpy(&v4, one->ifa_addr, sizeof v4);
      address = IpAddress::V4(ntohl(v4.sin_addr.s_addr));
    } else if (one->ifa_addr->sa_family == AF_INET6) {
      sockaddr_in6 v6;
      std::memcpy(&v6, one->ifa_addr, sizeof v6);
      std::array<uint8_t, 16> bytes;
      std::memcpy(bytes.data(), v6.sin6_addr.s6_addr, bytes.size());
      address = IpAddress::V6(bytes);
    } else {
      continue;
    }
    // Link-local addresses are the same everywhere.
    if (!address.is_loopback() && !ParseRange("fe80::/10")->Contains(address)) {
      addresses.push_back(address);
    }
  }
  freeifaddrs(list);
  return addresses;
}

double Now() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double>(now).count();
}

}  // namespace

AuditSources MachineSources(std::ostream& err) {
  auto files = std::make_shared<ScenarioFiles>();
  AuditSources sources;
  sources.read = &ReadFile;
  sources.is_directory = [](const std::string& path) {
    struct stat info;
    return stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
  };
  sources.library = [files] { return files->Library(); };
  sources.host_name = [] {
    std::array<char, 256> name = {};
    if (gethostname(name.data(), name.size() - 1) != 0) return std::string();
    return std::string(name.data());
  };
  sources.addresses = &InterfaceAddresses;
  sources.now = &Now;
  sources.progress = [&err, begin = Now()](const std::string& line) {
    if (Now() - begin >= kPatience) err << "stagepost audit: " << line << "\n" << std::flush;
  };
  return sources;
}

}  // namespace stagepost
