// Who clients are, with the simulated name service.
#include "mta/policy/client.h"

#include <functional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "mta/base/check.h"
#include "mta/cf/well_known_names.h"
#include "sim/testing/test_host.h"
#include "sim/world/dns_zones.h"

namespace stagepost {
namespace {

DnsRecord Address(absl::string_view owner, absl::string_view address) {
  DnsRecord record;
  record.owner = std::string(owner);
  record.address = *IpAddress::Parse(address);
  record.type = record.address.is_v4() ? DnsType::kA : DnsType::kAaaa;
  record.ttl = absl::Minutes(5);
  return record;
}

DnsRecord Pointer(absl::string_view address, absl::string_view name) {
  DnsRecord record;
  record.owner = std::string(address);
  record.type = DnsType::kPtr;
  record.ttl = absl::Minutes(5);
  record.name = std::string(name);
  return record;
}

class ClientTest : public testing::Test {
 protected:
  ClientTest() {
    DnsZone zone;
    zone.records = {Address("host.outside.example", "192.0.2.33"),
                    Pointer("33.2.0.192.in-addr.arpa", "host.outside.example"),
                    Address("mail.outside.example", "192.0.2.200"),
                    Pointer("88.2.0.192.in-addr.arpa", "mail.outside.example"),
                    Pointer("89.2.0.192.in-addr.arpa", "slow.example"),
                    Pointer("90.2.0.192.in-addr.arpa", "[192.0.2.33] (trust me)"),
                    Pointer("91.2.0.192.in-addr.arpa", "-option.example")};
    zone.names["99.2.0.192.in-addr.arpa"].fault = DnsFault::kServFail;
    zone.names["slow.example"].fault = DnsFault::kServFail;
    CHECK(host_.host().core().dns.Put(std::move(zone)).ok());
    CHECK(host_.disk()
              .WriteFile("/etc/hosts",
                         "127.0.0.1 localhost\n::1 localhost\n10.0.0.1 mx1.corp.example mx1\n")
              .ok());
  }

  static Task<int> Identify(Environment& env, std::string peer, std::string local, Client& client) {
    HostLookup hosts(env, {});
    client = co_await IdentifyClient(hosts, {*IpAddress::Parse(peer), 40'000},
                                     {*IpAddress::Parse(local), 25});
    co_return 0;
  }

  // "RESOLUTION name ptr addr: relay"
  std::string Seen(absl::string_view peer, absl::string_view local = "10.0.0.1") {
    EXPECT_EQ(host_.Run(&Identify, std::string(peer), std::string(local), std::ref(client_)), 0);
    return absl::StrCat(ResolutionName(client_.resolution), " ", client_.name, " ", client_.ptr,
                        " ", client_.address_text(), ": ", client_.relay());
  }

  TestHost host_;
  Client client_;
};

TEST_F(ClientTest, NamesThatLeadBackAreBelieved) {
  EXPECT_EQ(Seen("192.0.2.33"),
            "OK host.outside.example host.outside.example 192.0.2.33: "
            "host.outside.example [192.0.2.33]");
  EXPECT_EQ(client_.local_name, "mx1.corp.example");
  EXPECT_EQ(Seen("::1", "::1"),
            "OK localhost localhost IPv6:0:0:0:0:0:0:0:1: localhost [IPv6:0:0:0:0:0:0:0:1]");
}

TEST_F(ClientTest, OthersAreNot) {
  EXPECT_EQ(Seen("192.0.2.88"),
            "FORGED [192.0.2.88] mail.outside.example 192.0.2.88: "
            "mail.outside.example [192.0.2.88] (may be forged)");
  EXPECT_EQ(Seen("192.0.2.77"), "FAIL [192.0.2.77] [192.0.2.77] 192.0.2.77: [192.0.2.77]");
  EXPECT_EQ(Seen("192.0.2.99"), "TEMP [192.0.2.99] [192.0.2.99] 192.0.2.99: [192.0.2.99]");
  EXPECT_EQ(Seen("192.0.2.89"),
            "FORGED [192.0.2.89] slow.example 192.0.2.89: "
            "slow.example [192.0.2.89] (may be forged)");
  EXPECT_EQ(Seen("2001:db8:5::7", "2001:db8:5::7"),
            "FAIL [IPv6:2001:db8:5:0:0:0:0:7] [IPv6:2001:db8:5:0:0:0:0:7] "
            "IPv6:2001:db8:5:0:0:0:0:7: [IPv6:2001:db8:5:0:0:0:0:7]");
  EXPECT_EQ(client_.local_name, "[IPv6:2001:db8:5:0:0:0:0:7]");
}

TEST_F(ClientTest, WhatIsNoHostNameIsNone) {
  EXPECT_EQ(Seen("192.0.2.90"), "FAIL [192.0.2.90] [192.0.2.90] 192.0.2.90: [192.0.2.90]");
  EXPECT_EQ(Seen("192.0.2.91"), "FAIL [192.0.2.91] [192.0.2.91] 192.0.2.91: [192.0.2.91]");
}

TEST_F(ClientTest, MappedAddressesAreThoseOfIpv4) {
  EXPECT_EQ(Seen("::ffff:192.0.2.33", "::ffff:10.0.0.1"),
            "OK host.outside.example host.outside.example 192.0.2.33: "
            "host.outside.example [192.0.2.33]");
  EXPECT_EQ(Unmapped(*IpAddress::Parse("::1:ffff:192.0.2.33")),
            *IpAddress::Parse("::1:ffff:192.0.2.33"));
}

std::string Value(const Macros& macros, NameId name) {
  const Names names;
  const Text* const value = macros.Find(name);
  return value == nullptr ? "(none)" : WriteText(*value, names);
}

TEST_F(ClientTest, MacrosSayAllOfIt) {
  Seen("192.0.2.88");
  Macros macros;
  DefineClientMacros(client_, macros);
  EXPECT_EQ(Value(macros, OneCharacterName('_')),
            "mail.outside.example [192.0.2.88] (may be forged)");
  EXPECT_EQ(Value(macros, well_known::kClientName), "[192.0.2.88]");
  EXPECT_EQ(Value(macros, well_known::kClientPtr), "mail.outside.example");
  EXPECT_EQ(Value(macros, well_known::kClientPort), "40000");
  EXPECT_EQ(Value(macros, well_known::kIfAddr), "10.0.0.1");
  EXPECT_EQ(Value(macros, well_known::kIfFamily), "2");
  EXPECT_EQ(Value(macros, well_known::kIfName), "mx1.corp.example");
  Seen("127.0.0.1", "127.0.0.1");
  DefineClientMacros(client_, macros);
  EXPECT_EQ(Value(macros, well_known::kIfAddr), "");
  EXPECT_EQ(Value(macros, well_known::kIfFamily), "");
  EXPECT_EQ(Value(macros, well_known::kIfName), "localhost");
}

TEST_F(ClientTest, ALocalProcessIsLocalhost) {
  const Client client = LocalProcessClient("alice");
  EXPECT_EQ(client.relay(), "alice@localhost");
  EXPECT_EQ(client.name, "localhost");
  EXPECT_EQ(client.address_text(), "0");
}

TEST_F(ClientTest, PortsHaveMacros) {
  PortOptions port;
  port.name = "v6";
  port.family = "inet6";
  port.address = "2001:db8:5::7";
  port.modifier_letters = "uCr";
  Macros macros;
  DefinePortMacros(port, macros);
  EXPECT_EQ(Value(macros, well_known::kDaemonFlags), "u CC r");
  EXPECT_EQ(Value(macros, well_known::kDaemonAddr), "IPv6:2001:db8:5:0:0:0:0:7");
  EXPECT_EQ(Value(macros, well_known::kDaemonPort), "25");
  DefinePortMacros({}, macros);
  EXPECT_EQ(Value(macros, well_known::kDaemonAddr), "0.0.0.0");
}

}  // namespace
}  // namespace stagepost
