// What is particular to the live side; the rest is conformance/contract/resolver_contract.cc.

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <string>
#include <thread>

#include "mta/dns/message.h"
#include "mta/posix/posix_test_util.h"
#include "mta/posix/unique_fd.h"

namespace stagepost {
namespace {

// A UDP socket on the loopback interface where every query gets the same rcode.
class OneRcodeServer {
 public:
  explicit OneRcodeServer(DnsRcode rcode) {
    socket_.Reset(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
    address_ = {IpAddress::V4(INADDR_LOOPBACK), ntohs(address.sin_port)};
    const timeval look = {.tv_sec = 0, .tv_usec = 10'000};
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &look, sizeof look);
    thread_ = std::thread([this, rcode] {
      while (!stop_) AnswerOne(rcode);
    });
  }
  ~OneRcodeServer() {
    stop_ = true;
    thread_.join();
  }
  SocketAddress address() const { return address_; }

 private:
  void AnswerOne(DnsRcode rcode) {
    std::array<char, 4096> query;
    sockaddr_in from = {};
    socklen_t size = sizeof from;
    auto* const generic = reinterpret_cast<sockaddr*>(&from);
    const ssize_t got = ::recvfrom(socket_.get(), query.data(), query.size(), 0, generic, &size);
    if (got <= 0) return;
    auto message = ParseDnsMessage(absl::string_view(query.data(), static_cast<size_t>(got)));
    if (!message.ok()) return;
    message->response = true;
    message->rcode = static_cast<uint8_t>(rcode);
    const std::string answer = *BuildDnsMessage(*message);
    (void)::sendto(socket_.get(), answer.data(), answer.size(), 0, generic, size);
  }

  UniqueFd socket_;
  SocketAddress address_;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

class ResolverTest : public PosixTest {};

Task<int> AskForRcode(Environment& env, Arguments) {
  const auto answer = co_await env.resolver().Query("example.com", DnsType::kMx);
  EXPECT_TRUE(answer.ok()) << answer.status();
  co_return answer.ok() ? static_cast<int>(answer->rcode) : -1;
}

TEST_F(ResolverTest, AnotherServerIsAskedWhenTheFirstRefuses) {
  OneRcodeServer first(DnsRcode::kRefused), second(DnsRcode::kNxDomain);
  options.resolver.name_servers = {first.address(), second.address()};
  EXPECT_EQ(Run(&AskForRcode), static_cast<int>(DnsRcode::kNxDomain));
}

TEST_F(ResolverTest, WhenNobodyKnowsTheFirstRefusalCounts) {
  OneRcodeServer first(DnsRcode::kServFail), second(DnsRcode::kRefused);
  options.resolver.name_servers = {first.address(), second.address()};
  EXPECT_EQ(Run(&AskForRcode), static_cast<int>(DnsRcode::kServFail));
}

Task<int> AskNobody(Environment& env, Arguments) {
  const absl::Status status = (co_await env.resolver().Query("example.com", DnsType::kMx)).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded) << status;
  co_return 0;
}

TEST_F(ResolverTest, NoServerThere) {
  // Nobody listens at port 1.
  options.resolver.name_servers = {{IpAddress::V4(INADDR_LOOPBACK), 1}};
  options.resolver.timeout = absl::Milliseconds(50);
  EXPECT_EQ(Run(&AskNobody), 0);
}

}  // namespace
}  // namespace stagepost
