// The resolver with a resolv.conf, and with servers that are old, sloppy or silent.
//
// A resolv.conf knows no ports, so the servers listen at port 53 of loopback addresses that nobody
// else uses, which needs root.
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "mta/dns/message.h"
#include "mta/posix/posix_test_util.h"
#include "mta/posix/unique_fd.h"

namespace stagepost {
namespace {

// What a server is asked, and how.
struct Asked {
  DnsMessage query;
  bool tcp = false;
};

// Answers queries as it is told, in a thread of its own.
class Server {
 public:
  // The bytes to answer with; nullopt: silence.
  using Answer = std::function<std::optional<std::string>(const Asked&)>;

  Server(const std::string& address, Answer answer, bool listens_tcp = true)
      : answer_(std::move(answer)) {
    sockaddr_in at = {};
    at.sin_family = AF_INET;
    at.sin_port = htons(53);
    at.sin_addr.s_addr = htonl(IpAddress::Parse(address)->v4());
    udp_.Reset(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    tcp_.Reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int yes = 1;
    ::setsockopt(tcp_.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    const auto* const generic = reinterpret_cast<const sockaddr*>(&at);
    listens_ = ::bind(udp_.get(), generic, sizeof at) == 0;
    if (listens_tcp) {
      listens_ =
          listens_ && ::bind(tcp_.get(), generic, sizeof at) == 0 && ::listen(tcp_.get(), 5) == 0;
    }
    thread_ = std::thread([this] { Serve(); });
  }
  ~Server() {
    stop_ = true;
    thread_.join();
  }

  // False: the address and port are somebody else's.
  bool listens() const { return listens_; }
  std::vector<Asked> asked() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return asked_;
  }

 private:
  void Serve() {
    std::array<pollfd, 2> ready = {{{udp_.get(), POLLIN, 0}, {tcp_.get(), POLLIN, 0}}};
    while (!stop_) {
      if (::poll(ready.data(), ready.size(), 10) <= 0) continue;
      if ((ready[0].revents & POLLIN) != 0) ServeUdp();
      if ((ready[1].revents & POLLIN) != 0) ServeTcp();
    }
  }
  void ServeUdp() {
    std::array<char, 4096> query;
    sockaddr_in from = {};
    socklen_t size = sizeof from;
    auto* const generic = reinterpret_cast<sockaddr*>(&from);
    const ssize_t got = ::recvfrom(udp_.get(), query.data(), query.size(), 0, generic, &size);
    if (got <= 0) return;
    const auto bytes = Ask(absl::string_view(query.data(), static_cast<size_t>(got)), false);
    if (bytes.has_value()) {
      (void)::sendto(udp_.get(), bytes->data(), bytes->size(), 0, generic, size);
    }
  }
  void ServeTcp() {
    const UniqueFd fd(::accept4(tcp_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    unsigned char length[2];
    if (::recv(fd.get(), length, 2, MSG_WAITALL) != 2) return;
    std::string query(static_cast<size_t>(length[0] << 8 | length[1]), '\0');
    const auto wanted = static_cast<ssize_t>(query.size());
    if (::recv(fd.get(), query.data(), query.size(), MSG_WAITALL) != wanted) return;
    auto bytes = Ask(query, true);
    if (!bytes.has_value()) return;
    const char size[2] = {static_cast<char>(bytes->size() >> 8), static_cast<char>(bytes->size())};
    bytes->insert(0, size, 2);
    (void)::send(fd.get(), bytes->data(), bytes->size(), MSG_NOSIGNAL);
  }
  std::optional<std::string> Ask(absl::string_view bytes, bool tcp) {
    auto query = ParseDnsMessage(bytes);
    if (!query.ok()) return std::nullopt;
    const Asked asked = {*std::move(query), tcp};
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      asked_.push_back(asked);
    }
    return answer_(asked);
  }

  const Answer answer_;
  UniqueFd udp_, tcp_;
  bool listens_ = false;
  std::atomic<bool> stop_ = false;
  mutable std::mutex mutex_;
  std::vector<Asked> asked_;
  std::thread thread_;
};

std::string Reply(DnsMessage message, DnsRcode rcode, bool truncated = false) {
  message.response = true;
  message.rcode = static_cast<uint8_t>(rcode);
  message.truncated = truncated;
  return *BuildDnsMessage(message);
}

// One TXT record that says so.
std::optional<std::string> Say(const Asked& asked, std::string text) {
  DnsMessage message = asked.query;
  DnsRecord& record = message.answers.emplace_back();
  record.owner = message.name;
  record.type = DnsType::kTxt;
  record.ttl = absl::Hours(1);
  record.text = {std::move(text)};
  return Reply(std::move(message), DnsRcode::kNoError);
}

Server::Answer Says(std::string text) {
  return [text](const Asked& asked) { return Say(asked, text); };
}
std::optional<std::string> Silence(const Asked&) { return std::nullopt; }

// What the query came to, as text.
Task<int> Ask(Environment& env, Arguments arguments) {
  const MonotonicTime began = env.clock().MonotonicNow();
  const auto answer = co_await env.resolver().Query("example.com", DnsType::kTxt);
  std::string text(absl::StatusCodeToString(answer.status().code()));
  if (answer.ok()) {
    text = answer->records.empty() ? absl::StrCat("rcode ", static_cast<int>(answer->rcode))
                                   : answer->records[0].text[0];
  }
  std::ofstream(arguments[1] + "/result") << text;
  std::ofstream(arguments[1] + "/seconds")
      << absl::ToDoubleSeconds(env.clock().MonotonicNow() - began);
  co_return 0;
}

Task<int> AskTwice(Environment& env, Arguments arguments) {
  (void)co_await Ask(env, arguments);
  const std::string first = FileText(arguments[1] + "/result");
  (void)co_await Ask(env, arguments);
  std::ofstream(arguments[1] + "/result", std::ios::app) << " " << first;
  co_return 0;
}

class ResolverRootTest : public PosixTest {
 protected:
  ResolverRootTest() {
    std::filesystem::create_directory(directory() + "/etc");
    options.private_root = directory();
  }
  void Configure(const std::string& text) {
    std::ofstream(directory() + "/etc/resolv.conf") << text;
  }
  // What a query comes to; `seconds` it took.
  std::string Result(Program program = &Ask) {
    options.arguments = {"resolver_root_test", directory()};
    EXPECT_EQ(Run(program), 0);
    seconds = std::stod(FileText(directory() + "/seconds"));
    return FileText(directory() + "/result");
  }
  double seconds = 0;
};

constexpr char kFirst[] = "127.83.71.1", kSecond[] = "127.83.71.2", kThird[] = "127.83.71.3",
               kFourth[] = "127.83.71.4";

// --- resolv.conf.

TEST_F(ResolverRootTest, TheServersOfTheFile) {
  Server first(kFirst, Says("first")), second(kSecond, Says("second"));
  ASSERT_TRUE(first.listens() && second.listens());
  Configure(absl::StrCat("search example.org\nnameserver ", kFirst, "\nnameserver ", kSecond));
  EXPECT_EQ(Result(), "first");
  EXPECT_TRUE(second.asked().empty());
  // It is read again for each query.
  Configure(absl::StrCat("nameserver ", kSecond, "\n"));
  EXPECT_EQ(Result(), "second");
  EXPECT_EQ(first.asked().size(), 1u);
}

TEST_F(ResolverRootTest, WithoutAFileTheServerHere) {
  Server server("127.0.0.1", Says("here"));
  if (!server.listens()) GTEST_SKIP() << "port 53 of 127.0.0.1 is taken on this machine";
  EXPECT_EQ(Result(), "here");
  Configure("");
  EXPECT_EQ(Result(), "here");
  std::filesystem::remove_all(directory() + "/etc");
  EXPECT_EQ(Result(), "here");
}

TEST_F(ResolverRootTest, TimeoutAndAttempts) {
  Server server(kFirst, &Silence);
  ASSERT_TRUE(server.listens());
  Configure(absl::StrCat("nameserver ", kFirst, "\noptions timeout:1 attempts:1\n"));
  EXPECT_EQ(Result(), "DEADLINE_EXCEEDED");
  EXPECT_EQ(server.asked().size(), 1u);
  EXPECT_GE(seconds, 0.9);
  EXPECT_LT(seconds, 3);
  Configure(absl::StrCat("nameserver ", kFirst, "\noptions timeout:1 attempts:2\n"));
  EXPECT_EQ(Result(), "DEADLINE_EXCEEDED");
  EXPECT_EQ(server.asked().size(), 3u);
  EXPECT_GE(seconds, 2.5) << "one second, then two";
}

TEST_F(ResolverRootTest, TheNextServerWhenTheFirstIsSilent) {
  Server first(kFirst, &Silence), second(kSecond, Says("second"));
  ASSERT_TRUE(first.listens() && second.listens());
  Configure(absl::StrCat("nameserver ", kFirst, "\nnameserver ", kSecond, "\noptions timeout:1\n"));
  EXPECT_EQ(Result(), "second");
  EXPECT_EQ(first.asked().size(), 1u);
  EXPECT_GE(seconds, 0.9);
}

TEST_F(ResolverRootTest, TheNextServerAtOnceWhenThereIsNoFirst) {
  Server second(kSecond, Says("second"));
  ASSERT_TRUE(second.listens());
  Configure(absl::StrCat("nameserver ", kFirst, "\nnameserver ", kSecond, "\n"));
  EXPECT_EQ(Result(), "second");
  EXPECT_LT(seconds, 2) << "port unreachable is an answer";
}

TEST_F(ResolverRootTest, OnlyThreeServersCount) {
  Server fourth(kFourth, Says("fourth"));
  ASSERT_TRUE(fourth.listens());
  Configure(absl::StrCat("nameserver ", kFirst, "\nnameserver ", kSecond, "\nnameserver ", kThird,
                         "\nnameserver ", kFourth, "\noptions timeout:1 attempts:1\n"));
  EXPECT_EQ(Result(), "DEADLINE_EXCEEDED");
  EXPECT_TRUE(fourth.asked().empty());
}

TEST_F(ResolverRootTest, InTurns) {
  Server first(kFirst, Says("first")), second(kSecond, Says("second"));
  ASSERT_TRUE(first.listens() && second.listens());
  const std::string servers = absl::StrCat("nameserver ", kFirst, "\nnameserver ", kSecond, "\n");
  Configure(servers + "options rotate\n");
  EXPECT_EQ(Result(&AskTwice), "second first");
  Configure(servers);
  EXPECT_EQ(Result(&AskTwice), "first first");
}

TEST_F(ResolverRootTest, OverTcpOnly) {
  Server server(kFirst, Says("first"));
  ASSERT_TRUE(server.listens());
  Configure(absl::StrCat("nameserver ", kFirst, "\noptions use-vc\n"));
  EXPECT_EQ(Result(), "first");
  ASSERT_EQ(server.asked().size(), 1u);
  EXPECT_TRUE(server.asked()[0].tcp);
}

// --- EDNS.

TEST_F(ResolverRootTest, WithoutEdnsIfTheServerDoesNotKnowIt) {
  Server server(kFirst, [](const Asked& asked) -> std::optional<std::string> {
    if (asked.query.udp_size == 0) return Say(asked, "plain");
    DnsMessage message = asked.query;
    message.udp_size = 0;  // who does not know it does not say it
    return Reply(std::move(message), DnsRcode::kFormErr);
  });
  ASSERT_TRUE(server.listens());
  Configure(absl::StrCat("nameserver ", kFirst, "\n"));
  EXPECT_EQ(Result(), "plain");
  ASSERT_EQ(server.asked().size(), 2u);
  EXPECT_EQ(server.asked()[0].query.udp_size, kEdnsUdpSize);
  EXPECT_EQ(server.asked()[1].query.udp_size, 0);
  EXPECT_EQ(server.asked()[1].query.name, "example.com");
  EXPECT_LT(seconds, 1);
}

// Who knows EDNS and still says FORMERR means it.
TEST_F(ResolverRootTest, AFormErrWithEdnsIsTheAnswer) {
  Server server(kFirst, [](const Asked& asked) { return Reply(asked.query, DnsRcode::kFormErr); });
  ASSERT_TRUE(server.listens());
  Configure(absl::StrCat("nameserver ", kFirst, "\n"));
  EXPECT_EQ(Result(), "rcode 1");
  EXPECT_EQ(server.asked().size(), 1u);
}

TEST_F(ResolverRootTest, AFormErrToThePlainQueryIsTheAnswer) {
  Server server(kFirst, [](const Asked& asked) {
    DnsMessage message = asked.query;
    message.udp_size = 0;
    return Reply(std::move(message), DnsRcode::kFormErr);
  });
  ASSERT_TRUE(server.listens());
  Configure(absl::StrCat("nameserver ", kFirst, "\n"));
  EXPECT_EQ(Result(), "rcode 1");
  EXPECT_EQ(server.asked().size(), 2u);
}

// --- Answers that were cut off.

std::optional<std::string> CutOffOverUdp(const Asked& asked) {
  if (asked.tcp) return Say(asked, std::string(200, 't'));
  return Reply(asked.query, DnsRcode::kNoError, /*truncated=*/true);
}

TEST_F(ResolverRootTest, OverTcpWhatWasCutOff) {
  Server server(kFirst, &CutOffOverUdp);
  ASSERT_TRUE(server.listens());
  Configure(absl::StrCat("nameserver ", kFirst, "\n"));
  EXPECT_EQ(Result(), std::string(200, 't'));
  ASSERT_EQ(server.asked().size(), 2u);
  EXPECT_FALSE(server.asked()[0].tcp);
  EXPECT_TRUE(server.asked()[1].tcp);
  EXPECT_EQ(server.asked()[1].query.udp_size, kEdnsUdpSize);
}

// Nothing can be said of what is in the answer, so it is as if there were none; the next server may
// do better.
TEST_F(ResolverRootTest, CutOffAndNobodyListensToTcp) {
  Server first(kFirst, &CutOffOverUdp, /*listens_tcp=*/false);
  ASSERT_TRUE(first.listens());
  Configure(absl::StrCat("nameserver ", kFirst, "\noptions timeout:1 attempts:1\n"));
  EXPECT_EQ(Result(), "DEADLINE_EXCEEDED");
  Server second(kSecond, Says("second"));
  ASSERT_TRUE(second.listens());
  Configure(absl::StrCat("nameserver ", kFirst, "\nnameserver ", kSecond, "\noptions timeout:1\n"));
  EXPECT_EQ(Result(), "second");
}

}  // namespace
}  // namespace stagepost
