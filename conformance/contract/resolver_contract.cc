// Resolver: the same zones, served by the simulator and by a name server on the loopback interface.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "conformance/contract/contract_host.h"
#include "gtest/gtest.h"
#include "mta/async/deadline.h"
#include "mta/async/scope.h"
#include "mta/dns/name.h"
#include "mta/env/env_test_util.h"
#include "sim/world/dns_zones.h"

namespace stagepost {
namespace {

using std::string_literals::operator""s;

constexpr DnsType kPrivateType = static_cast<DnsType>(65280);

DnsRecord& Add(DnsZone& zone, std::string owner, DnsType type, std::string name = "") {
  DnsRecord& record = zone.records.emplace_back();
  record.owner = std::move(owner);
  record.type = type;
  record.ttl = absl::Hours(1);
  record.name = std::move(name);
  return record;
}

void AddAddress(DnsZone& zone, std::string owner, absl::string_view text) {
  const IpAddress address = *IpAddress::Parse(text);
  Add(zone, std::move(owner), address.is_v4() ? DnsType::kA : DnsType::kAaaa).address = address;
}

void AddNames(DnsZone& zone) {
  AddAddress(zone, "mx.example.com", "192.0.2.25");
  AddAddress(zone, "mx.example.com", "192.0.2.26");
  AddAddress(zone, "mx.example.com", "2001:db8::25");
  Add(zone, "example.com", DnsType::kMx, "mx.example.com").preference = 10;
  Add(zone, "example.com", DnsType::kMx, "backup.example.net").preference = 20;
  Add(zone, "nomail.example.com", DnsType::kMx, "");
  Add(zone, "www.example.com", DnsType::kCname, "Web.example.com");
  Add(zone, "web.example.com", DnsType::kCname, "mx.example.com");
  Add(zone, "dangling.example.com", DnsType::kCname, "none.example.com");
  Add(zone, "loop.example.com", DnsType::kCname, "loop.example.com");
  Add(zone, "example.com", DnsType::kNs, "ns.example.com");
  Add(zone, "_smtp._tcp.example.com", DnsType::kSrv, "mx.example.com").port = 25;
  Add(zone, "*.wild.example.com", DnsType::kMx, "mx.example.com");
}

void AddData(DnsZone& zone) {
  Add(zone, "example.com", DnsType::kTxt).text = {"v=spf1 ", "-all", std::string(255, 'x')};
  Add(zone, "example.com", DnsType::kSoa).rdata =
      "\2ns\7example\3com\0\4root\7example\3com\0"s + std::string(20, '\1');
  Add(zone, "_25._tcp.mx.example.com", DnsType::kTlsa).rdata = "\3\1\1"s + std::string(32, '\xaa');
  Add(zone, "odd.example.com", kPrivateType).rdata = "\0\1\2"s;
  for (int i = 0; i < 200; ++i) {
    Add(zone, "long.example.com", DnsType::kTxt).text = {
        absl::StrCat("text ", i, std::string(200, '.'))};
  }
  DnsRecord& short_lived = Add(zone, "ttl.example.com", DnsType::kTxt);
  short_lived.text = {""};
  short_lived.ttl = absl::Seconds(1234);
}

DnsZones Zones() {
  DnsZone zone;
  zone.name = "example.com";
  AddNames(zone);
  AddData(zone);
  const std::pair<const char*, DnsFault> faults[] = {
      {"formerr", DnsFault::kFormErr},    {"servfail", DnsFault::kServFail},
      {"notimp", DnsFault::kNotImp},      {"refused", DnsFault::kRefused},
      {"nodata", DnsFault::kNoData},      {"timeout", DnsFault::kTimeOut},
      {"lame", DnsFault::kLame},          {"truncated", DnsFault::kTruncated},
      {"malformed", DnsFault::kMalformed}};
  for (const auto& [label, fault] : faults) {
    const std::string name = absl::StrCat(label, ".example.com");
    AddAddress(zone, name, "192.0.2.1");
    zone.names[name].fault = fault;
  }
  DnsZone reverse;
  reverse.name = "2.0.192.in-addr.arpa";
  reverse.authenticated = true;
  Add(reverse, "25.2.0.192.in-addr.arpa", DnsType::kPtr, "mx.example.com");
  DnsZones zones;
  EXPECT_OK(zones.Put(std::move(zone)));
  EXPECT_OK(zones.Put(std::move(reverse)));
  return zones;
}

class ResolverContract : public ContractTest {
 protected:
  int Run(Program program) {
    const std::unique_ptr<ContractHost> host = GetParam().make();
    host->ServeDns(Zones());
    return host->Run(program);
  }
};

// The answer, which must be there, with `code` and so many records.
Task<DnsAnswer> Ask(Environment& env, std::string name, DnsType type, DnsRcode code,
                    size_t records) {
  absl::StatusOr<DnsAnswer> answer = co_await env.resolver().Query(name, type);
  EXPECT_TRUE(answer.ok()) << name << ": " << answer.status();
  if (!answer.ok()) co_return DnsAnswer{{}, {}, std::vector<DnsRecord>(records)};
  EXPECT_EQ(answer->rcode, code) << name;
  EXPECT_EQ(answer->records.size(), records) << name;
  answer->records.resize(records);
  co_return *std::move(answer);
}

Task<absl::Status> Fail(Environment& env, std::string name, DnsType type) {
  co_return (co_await env.resolver().Query(name, type)).status();
}

CONTRACT_TEST(ResolverContract, Addresses) {
  const DnsAnswer four = co_await Ask(env, "mx.example.com", DnsType::kA, DnsRcode::kNoError, 2);
  EXPECT_EQ(four.records[0].address.ToString(), "192.0.2.25");
  EXPECT_EQ(four.records[1].address.ToString(), "192.0.2.26");
  EXPECT_EQ(four.records[0].owner, "mx.example.com");
  EXPECT_EQ(four.records[0].type, DnsType::kA);
  EXPECT_EQ(four.records[0].ttl, absl::Hours(1));
  EXPECT_FALSE(four.authenticated);
  const DnsAnswer six = co_await Ask(env, "mx.example.com", DnsType::kAaaa, DnsRcode::kNoError, 1);
  EXPECT_EQ(six.records[0].address.ToString(), "2001:db8::25");
  co_return 0;
}

CONTRACT_TEST(ResolverContract, MailExchangers) {
  const DnsAnswer answer = co_await Ask(env, "example.com", DnsType::kMx, DnsRcode::kNoError, 2);
  EXPECT_EQ(answer.records[0].preference, 10);
  EXPECT_EQ(answer.records[0].name, "mx.example.com");
  EXPECT_EQ(answer.records[1].preference, 20);
  EXPECT_EQ(answer.records[1].name, "backup.example.net");
  co_return 0;
}

CONTRACT_TEST(ResolverContract, NullMailExchanger) {
  const DnsAnswer answer =
      co_await Ask(env, "nomail.example.com", DnsType::kMx, DnsRcode::kNoError, 1);
  EXPECT_EQ(answer.records[0].preference, 0);
  EXPECT_EQ(answer.records[0].name, "");
  co_return 0;
}

CONTRACT_TEST(ResolverContract, ChainOfAliases) {
  const DnsAnswer answer =
      co_await Ask(env, "www.example.com", DnsType::kAaaa, DnsRcode::kNoError, 3);
  EXPECT_EQ(answer.records[0].type, DnsType::kCname);
  EXPECT_TRUE(SameDnsName(answer.records[0].name, "web.example.com"));
  EXPECT_EQ(answer.records[1].type, DnsType::kCname);
  EXPECT_EQ(answer.records[2].type, DnsType::kAaaa);
  EXPECT_EQ(answer.records[2].owner, "mx.example.com");
  co_return 0;
}

CONTRACT_TEST(ResolverContract, AnAliasAskedForIsNotFollowed) {
  const DnsAnswer answer =
      co_await Ask(env, "www.example.com", DnsType::kCname, DnsRcode::kNoError, 1);
  EXPECT_EQ(answer.records[0].owner, "www.example.com");
  co_return 0;
}

CONTRACT_TEST(ResolverContract, AliasOfNothing) {
  const DnsAnswer answer =
      co_await Ask(env, "dangling.example.com", DnsType::kA, DnsRcode::kNxDomain, 1);
  EXPECT_EQ(answer.records[0].name, "none.example.com");
  co_return 0;
}

CONTRACT_TEST(ResolverContract, AliasOfItself) {
  co_await Ask(env, "loop.example.com", DnsType::kA, DnsRcode::kServFail, 0);
  co_return 0;
}

CONTRACT_TEST(ResolverContract, Wildcard) {
  const DnsAnswer answer =
      co_await Ask(env, "a.b.wild.example.com", DnsType::kMx, DnsRcode::kNoError, 1);
  EXPECT_EQ(answer.records[0].owner, "a.b.wild.example.com");
  co_return 0;
}

CONTRACT_TEST(ResolverContract, ReverseAndAuthenticated) {
  const DnsAnswer answer =
      co_await Ask(env, "25.2.0.192.in-addr.arpa", DnsType::kPtr, DnsRcode::kNoError, 1);
  EXPECT_EQ(answer.records[0].name, "mx.example.com");
  EXPECT_TRUE(answer.authenticated);
  co_return 0;
}

CONTRACT_TEST(ResolverContract, Texts) {
  const DnsAnswer answer = co_await Ask(env, "example.com", DnsType::kTxt, DnsRcode::kNoError, 1);
  EXPECT_EQ(answer.records[0].text,
            (std::vector<std::string>{"v=spf1 ", "-all", std::string(255, 'x')}));
  const DnsAnswer lived =
      co_await Ask(env, "ttl.example.com", DnsType::kTxt, DnsRcode::kNoError, 1);
  EXPECT_EQ(lived.records[0].ttl, absl::Seconds(1234));
  EXPECT_EQ(lived.records[0].text, std::vector<std::string>{""});
  co_return 0;
}

CONTRACT_TEST(ResolverContract, OtherTypes) {
  const DnsAnswer servers = co_await Ask(env, "example.com", DnsType::kNs, DnsRcode::kNoError, 1);
  EXPECT_EQ(servers.records[0].name, "ns.example.com");
  const DnsAnswer authority =
      co_await Ask(env, "example.com", DnsType::kSoa, DnsRcode::kNoError, 1);
  EXPECT_EQ(authority.records[0].rdata,
            "\2ns\7example\3com\0\4root\7example\3com\0"s + std::string(20, '\1'));
  const DnsAnswer service =
      co_await Ask(env, "_smtp._tcp.example.com", DnsType::kSrv, DnsRcode::kNoError, 1);
  EXPECT_EQ(service.records[0].port, 25);
  EXPECT_EQ(service.records[0].name, "mx.example.com");
  const DnsAnswer certificate =
      co_await Ask(env, "_25._tcp.mx.example.com", DnsType::kTlsa, DnsRcode::kNoError, 1);
  EXPECT_EQ(certificate.records[0].rdata, "\3\1\1"s + std::string(32, '\xaa'));
  const DnsAnswer odd = co_await Ask(env, "odd.example.com", kPrivateType, DnsRcode::kNoError, 1);
  EXPECT_EQ(odd.records[0].rdata, "\0\1\2"s);
  co_await Ask(env, "mx.example.com", DnsType::kAny, DnsRcode::kNoError, 3);
  co_return 0;
}

CONTRACT_TEST(ResolverContract, ResponseCodes) {
  co_await Ask(env, "none.example.com", DnsType::kA, DnsRcode::kNxDomain, 0);
  co_await Ask(env, "example.org", DnsType::kMx, DnsRcode::kNxDomain, 0);
  co_await Ask(env, "formerr.example.com", DnsType::kA, DnsRcode::kFormErr, 0);
  co_await Ask(env, "servfail.example.com", DnsType::kA, DnsRcode::kServFail, 0);
  co_await Ask(env, "notimp.example.com", DnsType::kA, DnsRcode::kNotImp, 0);
  co_await Ask(env, "refused.example.com", DnsType::kA, DnsRcode::kRefused, 0);
  co_await Ask(env, "lame.example.com", DnsType::kA, DnsRcode::kServFail, 0);
  co_return 0;
}

CONTRACT_TEST(ResolverContract, NoDataIsAnEmptyAnswer) {
  co_await Ask(env, "nodata.example.com", DnsType::kA, DnsRcode::kNoError, 0);
  co_await Ask(env, "mx.example.com", DnsType::kMx, DnsRcode::kNoError, 0);
  co_await Ask(env, "wild.example.com", DnsType::kMx, DnsRcode::kNoError, 0);
  co_return 0;
}

CONTRACT_TEST(ResolverContract, LongAnswersComeOverTcp) {
  const DnsAnswer answer =
      co_await Ask(env, "long.example.com", DnsType::kTxt, DnsRcode::kNoError, 200);
  EXPECT_EQ(answer.records[199].text[0], "text 199" + std::string(200, '.'));
  co_return 0;
}

CONTRACT_TEST(ResolverContract, CutOffAnswersAreFetchedOverTcp) {
  const DnsAnswer answer =
      co_await Ask(env, "truncated.example.com", DnsType::kA, DnsRcode::kNoError, 1);
  EXPECT_EQ(answer.records[0].address.ToString(), "192.0.2.1");
  co_return 0;
}

CONTRACT_TEST(ResolverContract, MalformedAnswersAreErrors) {
  const absl::Status status = co_await Fail(env, "malformed.example.com", DnsType::kA);
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
  co_return 0;
}

CONTRACT_TEST(ResolverContract, SilenceIsATimeOut) {
  const absl::Status status = co_await Fail(env, "timeout.example.com", DnsType::kA);
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded) << status;
  co_return 0;
}

CONTRACT_TEST(ResolverContract, NamesThatAreNone) {
  const std::string label = std::string(63, 'a') + ".";
  for (const std::string& name : std::vector<std::string>{
           "", "..", ".example.com", "a..example.com", "example.com..",
           std::string(64, 'a') + ".com", label + label + label + label, "a\\"}) {
    const absl::Status status = co_await Fail(env, name, DnsType::kA);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << name << ": " << status;
  }
  co_return 0;
}

CONTRACT_TEST(ResolverContract, NamesThatAreOdd) {
  const std::string label = std::string(61, 'a') + ".";
  co_await Ask(env, "MX.Example.COM.", DnsType::kA, DnsRcode::kNoError, 2);
  co_await Ask(env, ".", DnsType::kNs, DnsRcode::kNxDomain, 0);
  co_await Ask(env, label + label + label + label + "b.cd", DnsType::kA, DnsRcode::kNxDomain, 0);
  co_await Ask(env, "a b\\.c\\000\xff.example.com", DnsType::kA, DnsRcode::kNxDomain, 0);
  co_return 0;
}

CONTRACT_TEST(ResolverContract, Deadline) {
  const MonotonicTime deadline = env.clock().MonotonicNow() + absl::Milliseconds(20);
  const absl::Status status =
      (co_await WithDeadline(deadline, env.resolver().Query("timeout.example.com", DnsType::kA)))
          .status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded) << status;
  EXPECT_GE(env.clock().MonotonicNow(), deadline);
  EXPECT_LT(env.clock().MonotonicNow(), deadline + absl::Milliseconds(70));
  co_return 0;
}

Task<absl::Status> AskForSilence(Environment& env, absl::Status& status) {
  status = co_await Fail(env, "timeout.example.com", DnsType::kA);
  co_return absl::OkStatus();
}

CONTRACT_TEST(ResolverContract, Cancellation) {
  absl::Status status;
  TaskScope scope(co_await CurrentContext(), "queries", TaskScope::Policy::kSupervise, 1);
  EXPECT_OK(scope.Spawn(&AskForSilence, std::ref(env), std::ref(status)));
  (void)co_await Sleep(absl::Milliseconds(10));
  scope.RequestStop();
  EXPECT_OK(co_await scope.Join());
  EXPECT_EQ(status.code(), absl::StatusCode::kCancelled) << status;
  co_await Ask(env, "mx.example.com", DnsType::kA, DnsRcode::kNoError, 2);
  co_return 0;
}

Task<absl::Status> AskForAddress(Environment& env, int i, int& answered) {
  const bool silent = i % 5 == 0;
  const auto answer =
      co_await env.resolver().Query(silent ? "timeout.example.com" : "mx.example.com", DnsType::kA);
  EXPECT_EQ(answer.ok(), !silent) << answer.status();
  ++answered;
  co_return absl::OkStatus();
}

CONTRACT_TEST(ResolverContract, ManyAtATime) {
  int answered = 0;
  TaskScope scope(co_await CurrentContext(), "queries", TaskScope::Policy::kSupervise, 50);
  for (int i = 0; i < 50; ++i) {
    EXPECT_OK(scope.Spawn(&AskForAddress, std::ref(env), i, std::ref(answered)));
  }
  EXPECT_OK(co_await scope.Join());
  EXPECT_EQ(answered, 50);
  co_return 0;
}

INSTANTIATE_CONTRACT(ResolverContract);

}  // namespace
}  // namespace stagepost
