// The files that say how hosts are found, and addresses as they stand in mail.
#include <optional>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "mta/dns/address_text.h"
#include "mta/dns/hosts_file.h"
#include "mta/dns/resolver_file.h"
#include "mta/dns/service_switch.h"

namespace stagepost {
namespace {

using Words = std::vector<std::string>;

TEST(HostsFileTest, Lines) {
  const auto lines = ParseHostsFile("# none\n127.0.0.1\tlocalhost # me\n\n::1 a b\r\n10.0.0.1\n");
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0].address, "127.0.0.1");
  EXPECT_EQ(lines[0].names, Words{"localhost"});
  EXPECT_EQ(lines[1].names, (Words{"a", "b"}));
}

TEST(ResolverFileTest, TheLastLineCounts) {
  EXPECT_EQ(ParseResolverFile("search a b\ndomain c.example. d\n", "x.y").search,
            Words{"c.example"});
  EXPECT_EQ(ParseResolverFile("domain c\nsearch a b c d e f g h\n", "x.y").search,
            (Words{"a", "b", "c", "d", "e", "f"}));
  EXPECT_EQ(ParseResolverFile("nameserver 127.0.0.1\n", "mx1.corp.example").search,
            Words{"corp.example"});
  EXPECT_EQ(ParseResolverFile("# search a\n;search b\n", "mx1").search, Words{});
  EXPECT_EQ(ParseResolverFile("options rotate ndots:99\n", "").dots, 15);
  EXPECT_EQ(ParseResolverFile("options ndots:x\n", "").dots, 1);
}

TEST(ServiceSwitchTest, Sources) {
  EXPECT_EQ(ServiceSources("# hosts nis\nhosts\tfiles dns # x\nhosts nis\n", "hosts"),
            (Words{"files", "dns"}));
  EXPECT_EQ(ServiceSources("hosts\n", "hosts"), Words{});
  EXPECT_EQ(ServiceSources(std::nullopt, "hosts"), (Words{"dns", "files"}));
  EXPECT_EQ(ServiceSources("hosts files\n", "aliases"), Words{"files"});
  EXPECT_EQ(ServiceSources("hosts files\n", "passwd"), Words{});
  EXPECT_EQ(ServiceSources("m a b c d e f g h i j k l m n\n", "m").size(), kMaxServiceSources);
}

TEST(ServiceSwitchTest, NameServiceSwitch) {
  EXPECT_EQ(NameServiceSources("passwd: files\nhosts: mdns files [NOTFOUND=return] dns\n", "hosts"),
            (Words{"files", "dns"}));
  EXPECT_EQ(NameServiceSources("hosts: dns\n", "hosts"), Words{"dns"});
  EXPECT_EQ(NameServiceSources(std::nullopt, "hosts"), (Words{"files", "dns"}));
}

std::string Read(absl::string_view text) {
  const std::optional<IpAddress> address = ParseAddressText(text);
  return address.has_value() ? address->ToString() : "none";
}

TEST(AddressTextTest, Reads) {
  EXPECT_EQ(Read("192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(Read("127.1"), "127.0.0.1");
  EXPECT_EQ(Read("10.1.258"), "10.1.1.2");
  EXPECT_EQ(Read("0x7f.0.0.010"), "127.0.0.8");
  EXPECT_EQ(Read("2130706433"), "127.0.0.1");
  for (const char* text : {"", "256.1.1.1", "1.2.3.4.5", "1.2.3.", "255.255.255.255", "0x", "08",
                           "1.16777216", "4294967296", "a", "1.2.3.4 ", "IPv6:1.2.3.4"}) {
    EXPECT_EQ(Read(text), "none") << text;
  }
  EXPECT_EQ(Read("IPv6:2001:db8::1"), "2001:db8::1");
  EXPECT_EQ(Read("ipv6:::1"), "::1");
  EXPECT_EQ(Read("::1"), "::1");
}

TEST(AddressTextTest, Writes) {
  const IpAddress v6 = *IpAddress::Parse("2001:db8::1");
  EXPECT_EQ(WriteAddressText(v6, false), "IPv6:2001:db8:0:0:0:0:0:1");
  EXPECT_EQ(WriteAddressText(v6, true), "IPv6:2001:db8::1");
  EXPECT_EQ(WriteAddressText(*IpAddress::Parse("192.0.2.1"), false), "192.0.2.1");
  EXPECT_EQ(ReverseName(*IpAddress::Parse("192.0.2.1")), "1.2.0.192.in-addr.arpa");
  EXPECT_EQ(ReverseName(v6),
            "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");
}

}  // namespace
}  // namespace stagepost
