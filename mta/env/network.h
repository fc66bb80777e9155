// The network as byte streams: TCP over IPv4 and IPv6.
//
// Errors carry an Errno (mta/base/errno.h): kECONNREFUSED, kETIMEDOUT, kECONNRESET, kEHOSTUNREACH, …
// Nothing here has a time-out of its own beyond the kernel's; put calls under WithDeadline.
#ifndef STAGEPOST_MTA_ENV_NETWORK_H_
#define STAGEPOST_MTA_ENV_NETWORK_H_

#include <array>
#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mta/async/operation.h"
#include "mta/env/stream.h"

namespace stagepost {

// An IPv4 or IPv6 address; IPv4-mapped IPv6 addresses are kept apart from IPv4 ones.
class IpAddress {
 public:
  // 0.0.0.0
  IpAddress() = default;
  static IpAddress V4(uint32_t host_order);
  static IpAddress V6(const std::array<uint8_t, 16>& network_order);
  // "192.0.2.1", "2001:db8::1"; nullopt for anything else, brackets, zones and ports included.
  static std::optional<IpAddress> Parse(absl::string_view text);

  bool is_v4() const { return v4_; }
  bool is_loopback() const;    // 127.0.0.0/8, ::1
  bool is_unspecified() const;  // 0.0.0.0, ::
  uint32_t v4() const;          // host order. REQUIRES: is_v4()
  const std::array<uint8_t, 16>& bytes() const { return bytes_; }  // v4: the first four

  // RFC 5952 form.
  std::string ToString() const;

  friend auto operator<=>(const IpAddress&, const IpAddress&) = default;

 private:
  bool v4_ = true;
  std::array<uint8_t, 16> bytes_ = {};
};

struct SocketAddress {
  IpAddress address;
  uint16_t port = 0;

  // "192.0.2.1:25", "[2001:db8::1]:25"
  std::string ToString() const;
  friend auto operator<=>(const SocketAddress&, const SocketAddress&) = default;
};

// One established connection. Destroying it closes both directions in order; what was written before
// is still delivered. Read and Write may be pending at the same time, one each.
class Connection : public ByteSource, public ByteSink {
 public:
  virtual SocketAddress local() const = 0;
  virtual SocketAddress peer() const = 0;
  // Half-close: the peer reads end of stream; reading goes on.
  virtual absl::Status ShutdownWrite() = 0;
  // Drops the connection with a reset; what is under way may be lost.
  virtual void Reset() = 0;
};

class Listener {
 public:
  // Stops listening; connections not yet accepted are reset.
  virtual ~Listener() = default;
  // Waits for the next connection. Errors that concern one connection only are retried inside; an
  // error here concerns the listener (kEMFILE, kENFILE: try again later). Cancelled: none was taken.
  virtual Operation<absl::StatusOr<std::unique_ptr<Connection>>> Accept() = 0;
  virtual SocketAddress local() const = 0;  // with the real port when 0 was asked for
};

struct ListenOptions {
  SocketAddress address;
  int backlog = 10;       // sendmail's default for DaemonPortOptions Listen=
  bool v6_only = true;
};

class Network {
 public:
  virtual ~Network() = default;

  // Binds and listens. kEADDRINUSE, kEADDRNOTAVAIL, kEACCES (port below 1024 without privilege).
  virtual absl::StatusOr<std::unique_ptr<Listener>> Listen(const ListenOptions& options) = 0;

  // Connects to `to`, from `from` when given. Cancelled: no connection is left.
  virtual Operation<absl::StatusOr<std::unique_ptr<Connection>>> Connect(
      const SocketAddress& to, const std::optional<IpAddress>& from) = 0;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_ENV_NETWORK_H_
