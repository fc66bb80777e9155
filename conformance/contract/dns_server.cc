#include "conformance/contract/dns_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "mta/base/check.h"
#include "mta/dns/message.h"

namespace stagepost {
namespace {

constexpr int kPortsToTry = 20;

bool ReadExactly(int fd, char* to, size_t size) {
  while (size > 0) {
    const ssize_t got = ::recv(fd, to, size, 0);
    if (got <= 0) return false;
    to += got;
    size -= static_cast<size_t>(got);
  }
  return true;
}

}  // namespace

DnsServer::DnsServer(DnsZones zones) : zones_(std::move(zones)) {
  bool listens = false;
  for (int i = 0; i < kPortsToTry && !listens; ++i) listens = Listen();
  CHECK(listens) << "no port is free for both UDP and TCP";
  CHECK(::pipe(stop_) == 0);
  thread_ = std::thread([this] { Serve(); });
}

DnsServer::~DnsServer() {
  ::close(stop_[1]);
  thread_.join();
  for (const int fd : {udp_, tcp_, stop_[0]}) ::close(fd);
}

// TCP at the port that UDP has got, which somebody else may have.
bool DnsServer::Listen() {
  for (const int fd : {udp_, tcp_}) {
    if (fd >= 0) ::close(fd);
  }
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  udp_ = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  tcp_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  CHECK(udp_ >= 0 && tcp_ >= 0);
  CHECK(::bind(udp_, generic, size) == 0);
  CHECK(::getsockname(udp_, generic, &size) == 0);
  address_ = {IpAddress::V4(INADDR_LOOPBACK), ::ntohs(address.sin_port)};
  return ::bind(tcp_, generic, size) == 0 && ::listen(tcp_, 10) == 0;
}

void DnsServer::Serve() {
  while (true) {
    std::array<pollfd, 3> ready = {{{udp_, POLLIN, 0}, {tcp_, POLLIN, 0}, {stop_[0], POLLIN, 0}}};
    if (::poll(ready.data(), ready.size(), -1) <= 0) continue;
    if (ready[2].revents != 0) return;
    if (ready[0].revents != 0) ServeUdp();
    if (ready[1].revents != 0) ServeTcp();
  }
}

void DnsServer::ServeUdp() {
  std::array<char, 4096> query;
  sockaddr_in from = {};
  socklen_t size = sizeof from;
  auto* const generic = reinterpret_cast<sockaddr*>(&from);
  const ssize_t got = ::recvfrom(udp_, query.data(), query.size(), 0, generic, &size);
  if (got <= 0) return;
  const std::string answer =
      AnswerTo(absl::string_view(query.data(), static_cast<size_t>(got)), false);
  if (!answer.empty()) (void)::sendto(udp_, answer.data(), answer.size(), 0, generic, size);
}

// One query for each connection.
void DnsServer::ServeTcp() {
  const int fd = ::accept4(tcp_, nullptr, nullptr, SOCK_CLOEXEC);
  if (fd < 0) return;
  unsigned char length[2];
  if (ReadExactly(fd, reinterpret_cast<char*>(length), 2)) {
    std::string query(static_cast<size_t>(length[0] << 8 | length[1]), '\0');
    if (ReadExactly(fd, query.data(), query.size())) {
      std::string answer = AnswerTo(query, true);
      const char size[2] = {static_cast<char>(answer.size() >> 8),
                            static_cast<char>(answer.size())};
      answer.insert(0, size, 2);
      // In two parts, as a network may bring them.
      const size_t first = std::min<size_t>(answer.size(), 1000);
      (void)::send(fd, answer.data(), first, MSG_NOSIGNAL);
      (void)::send(fd, answer.data() + first, answer.size() - first, MSG_NOSIGNAL);
    }
  }
  ::close(fd);
}

std::string DnsServer::AnswerTo(absl::string_view query, bool tcp) const {
  absl::StatusOr<DnsMessage> message = ParseDnsMessage(query);
  if (!message.ok() || message->response) return "";
  const size_t limit = std::max<size_t>(message->udp_size, kMaxDnsUdpMessage);
  DnsFinding found = zones_.Find(message->name.empty() ? "." : message->name, message->type);
  if (found.fault == DnsFault::kTimeOut) return "";
  message->response = true;
  message->authenticated = found.answer.authenticated;
  message->rcode = static_cast<uint8_t>(found.answer.rcode);
  const std::string nothing = *BuildDnsMessage(*message);
  message->answers = std::move(found.answer.records);
  std::string answer = *BuildDnsMessage(*message);
  if (found.fault == DnsFault::kMalformed) {
    answer = nothing;
    answer[7] = 5;  // answers that are not there
    return answer;
  }
  if (tcp || (found.fault != DnsFault::kTruncated && answer.size() <= limit)) return answer;
  message->answers.clear();
  message->truncated = true;
  return *BuildDnsMessage(*message);
}

}  // namespace stagepost
