// Where mail goes, with the simulated name service. What sendmail does is in the recordings of
// conformance/oracle/smtp-routes; here are the draws, and what no recording shows.
#include "mta/deliver/route.h"

#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gtest/gtest.h"
#include "mta/base/check.h"
#include "sim/scenario/default_configuration.h"
#include "sim/testing/test_host.h"
#include "sim/world/dns_zones.h"

namespace stagepost {
namespace {

using Said = std::vector<std::string>;

DnsRecord Mx(absl::string_view owner, uint16_t preference, absl::string_view name) {
  DnsRecord record;
  record.owner = std::string(owner);
  record.type = DnsType::kMx;
  record.ttl = absl::Minutes(5);
  record.preference = preference;
  record.name = std::string(name);
  return record;
}

DnsRecord A(absl::string_view owner, absl::string_view address) {
  DnsRecord record;
  record.owner = std::string(owner);
  record.address = *IpAddress::Parse(address);
  record.type = record.address.is_v4() ? DnsType::kA : DnsType::kAaaa;
  record.ttl = absl::Minutes(5);
  return record;
}

DnsZone TestZone() {
  DnsZone zone;
  zone.name = "test";
  zone.records = {Mx("three.test", 10, "a.test"), Mx("three.test", 10, "b.test"),
                  Mx("three.test", 10, "c.test"), Mx("three.test", 20, "last.test"),
                  Mx("one.test", 10, "d.test"),   Mx("null.test", 0, ""),
                  A("both.test", "192.0.2.1"),    A("both.test", "2001:db8::1"),
                  A("both.test", "192.0.2.2"),    A("broken6.test", "192.0.2.1")};
  for (int i = 0; i < 200; ++i) {
    zone.records.push_back(Mx("many.test", 500 - i, absl::StrCat("h", i, ".test")));
  }
  for (int i = 0; i < 60; ++i)
    zone.records.push_back(A("wide.test", absl::StrCat("198.51.100.", i)));
  zone.names["broken6.test"] = {.fault = DnsFault::kServFail, .types = {DnsType::kAaaa}};
  zone.names["nomx.test"] = {.fault = DnsFault::kServFail, .types = {DnsType::kMx}};
  zone.records.push_back(A("nomx.test", "192.0.2.3"));
  return zone;
}

void Prepare(TestHost& host, absl::string_view options) {
  std::string text(DefaultConfiguration());
  text.insert(text.find("Troot"), absl::StrCat("O DontProbeInterfaces=True\n", options));
  CHECK(host.disk().WriteFile("/etc/mail/sendmail.cf", text).ok());
  CHECK(host.host().core().dns.Put(TestZone()).ok());
}

std::string Show(const Route& route) {
  Said hosts;
  for (const std::string& host : route.hosts) {
    const auto unusable = route.unusable.find(host);
    hosts.push_back(unusable == route.unusable.end()
                        ? host
                        : absl::StrCat(host, "!", unusable->second.result.dsn));
  }
  return absl::StrJoin(hosts, " ");
}

Task<int> RouteTask(Environment& env, Said lists, Said& said) {
  const LoadedSite loaded = co_await LoadSite(env, {});
  const Mailer* const mailer = loaded.site->configuration().FindMailer("esmtp");
  for (const std::string& list : lists) {
    said.push_back(Show(co_await FindRoute(*loaded.site, *mailer, list)));
  }
  co_return 0;
}

Said RoutesOf(const Said& lists, absl::string_view options = "", uint64_t seed = 1) {
  TestHost host(seed);
  Prepare(host, options);
  Said said;
  EXPECT_EQ(host.Run(&RouteTask, lists, std::ref(said)), 0);
  return said;
}

TEST(Route, EqualPreferencesShareTheLoad) {
  std::map<std::string, int> first;
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    const std::string route = RoutesOf({"three.test."}, "", seed)[0];
    EXPECT_EQ(route.substr(route.rfind(' ')), " last.test.");
    ++first[route.substr(0, route.find(' '))];
  }
  ASSERT_EQ(first.size(), 3u);
  // 20 each; fewer than 8 of 60 has a chance of one in ten thousand.
  for (const auto& [host, times] : first) EXPECT_GE(times, 8) << host;
}

TEST(Route, ListsWithCommasAreOneList) {
  std::map<std::string, int> first;
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    const std::string route = RoutesOf({"one.test.,three.test."}, "", seed)[0];
    EXPECT_EQ(route.substr(route.rfind(' ')), " last.test.");
    ++first[route.substr(0, route.find(' '))];
  }
  EXPECT_EQ(first.size(), 4u);
  EXPECT_EQ(
      RoutesOf({"one.test.:null.test.:[192.0.2.7]:[IPv6:2001:db8::1]", ":::", "::one.test."}),
      (Said{"d.test. null.test.!5.1.10 [192.0.2.7] [IPv6:2001:db8::1]", ":::!5.1.2", "d.test."}));
}

TEST(Route, IsBounded) {
  const std::string many = RoutesOf({"many.test."})[0];
  EXPECT_EQ(std::count(many.begin(), many.end(), ' '), 98);
  std::string list;
  for (int i = 0; i < 5000; ++i) absl::StrAppend(&list, "[192.0.2.1]:");
  const std::string listed = RoutesOf({list})[0];
  EXPECT_EQ(std::count(listed.begin(), listed.end(), ' '), 99);
}

TEST(Route, WithoutANameServer) {
  EXPECT_EQ(RoutesOf({"nomx.test.", "gone.test."}), (Said{"nomx.test.!4.0.0", "gone.test.!5.1.2"}));
  EXPECT_EQ(RoutesOf({"nomx.test.", "gone.test.", "null.test."}, "O FallbackMXhost=one.test\n"),
            (Said{"d.test.", "d.test.", "null.test.!5.1.10"}));
}

Task<int> AddressTask(Environment& env, Said hosts, Said& said) {
  const LoadedSite loaded = co_await LoadSite(env, {});
  for (const std::string& host : hosts) {
    const RouteAddresses found = co_await AddressesOf(*loaded.site, host);
    Said addresses;
    for (const IpAddress& address : found.addresses) addresses.push_back(address.ToString());
    if (found.failure.has_value()) addresses.push_back(found.failure->stat);
    said.push_back(absl::StrJoin(addresses, " "));
  }
  co_return 0;
}

Said AddressesIn(const Said& hosts, absl::string_view options = "") {
  TestHost host;
  Prepare(host, options);
  CHECK(host.disk().WriteFile("/etc/hosts", "192.0.2.9 infile.test infile\n").ok());
  CHECK(host.disk().WriteFile("/etc/nsswitch.conf", "hosts: files dns\n").ok());
  Said said;
  EXPECT_EQ(host.Run(&AddressTask, hosts, std::ref(said)), 0);
  return said;
}

TEST(Route, AddressesOfBothFamilies) {
  EXPECT_EQ(AddressesIn({"both.test.", "[both.test]", "[192.0.2.5]", "192.0.2.5.", "infile.test.",
                         "[ipv6:2001:db8::7]"}),
            (Said{"2001:db8::1 192.0.2.1 192.0.2.2", "2001:db8::1 192.0.2.1 192.0.2.2", "192.0.2.5",
                  "192.0.2.5", "192.0.2.9", "2001:db8::7"}));
  EXPECT_EQ(AddressesIn({"gone.test.", "three.test.", ".", "[192.0.2", "[300.1.1.1]"}),
            (Said{"Host unknown (Name server: gone.test.: host not found)",
                  "Host unknown (Name server: three.test.: no data known)",
                  "Host unknown (Name server: .: non-recoverable error)", "Host unknown",
                  "Host unknown (Name server: [300.1.1.1]: host not found)"}));
  const std::string wide = AddressesIn({"wide.test."})[0];
  EXPECT_EQ(static_cast<size_t>(std::count(wide.begin(), wide.end(), ' ')) + 1, kMaxHostAddresses);
}

TEST(Route, AnAnswerThatIsMissingForIPv6) {
  EXPECT_EQ(AddressesIn({"broken6.test."}),
            (Said{"Deferred: Name server: broken6.test.: host name lookup failure"}));
  EXPECT_EQ(AddressesIn({"broken6.test."}, "O ResolverOptions=WorkAroundBrokenAAAA\n"),
            (Said{"192.0.2.1"}));
}

Task<int> PortTask(Environment& env, std::string argument, Said& said) {
  LoadedSite loaded = co_await LoadSite(env, {});
  Configuration& configuration = loaded.site->configuration();
  Mailer mailer = *configuration.FindMailer("esmtp");
  mailer.arguments.resize(2);
  mailer.arguments.push_back(Literal(argument));
  const auto port = co_await PortOf(*loaded.site, mailer, configuration.macros);
  CHECK(port.ok());
  said.push_back(
      absl::StrCat(port->number, port->system_error.empty() ? "" : " ", port->system_error));
  co_return 0;
}

TEST(Route, PortsOfMailers) {
  Said said;
  for (const char* argument : {"2525", "submission", "msa", "nosuch", "0", "25x", "99999"}) {
    TestHost host;
    Prepare(host, "");
    CHECK(host.disk()
              .WriteFile("/etc/services",
                         "smtp 25/tcp mail\nsubmission 587/tcp msa # tail\nmsa 1/udp")
              .ok());
    EXPECT_EQ(host.Run(&PortTask, std::string(argument), std::ref(said)), 0);
  }
  EXPECT_EQ(said, (Said{"2525", "587", "587", "25 Service nosuch unknown", "25 Service 0 unknown",
                        "25", "25 Service 99999 unknown"}));
}

}  // namespace
}  // namespace stagepost
