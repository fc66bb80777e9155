// Networks, public domains and forms of addresses.
#include "gtest/gtest.h"
#include "tools/audit/address_range.h"
#include "tools/audit/public_domain.h"
#include "tools/audit/relay_forms.h"

namespace stagepost {
namespace {

std::string Range(absl::string_view key) {
  const auto range = RangeOfKey(key);
  return range.has_value() ? range->ToString() : "none";
}

TEST(AddressRangeTest, ReadsKeysOfTheAccessMap) {
  EXPECT_EQ(Range("198.51"), "198.51.0.0/16");
  EXPECT_EQ(Range("10"), "10.0.0.0/8");
  EXPECT_EQ(Range("192.0.2.7"), "192.0.2.7/32");
  EXPECT_EQ(Range("IPv6:2001:db8"), "2001:db8::/32");
  EXPECT_EQ(Range("ipv6:2001:0db8:5:"), "2001:db8:5::/48");
  EXPECT_EQ(Range("IPv6:2001:db8::7"), "2001:db8::7/128");
  for (const char* none : {"", "256", "1.2.3.4.5", "com", "1.x", "IPv6:", "IPv6:12345", "-1",
                           "IPv6:1.2.3.4", "IPv6:1:2:3:4:5:6:7:8:9"}) {
    EXPECT_EQ(Range(none), "none") << none;
  }
}

TEST(AddressRangeTest, KnowsWhatIsInside) {
  const AddressRange wide = *ParseRange("198.51.0.0/16");
  EXPECT_TRUE(wide.Contains(*IpAddress::Parse("198.51.100.66")));
  EXPECT_FALSE(wide.Contains(*IpAddress::Parse("198.52.0.1")));
  EXPECT_FALSE(wide.Contains(*IpAddress::Parse("2001:db8::1")));
  EXPECT_TRUE(wide.Contains(*ParseRange("198.51.7.0/24")));
  EXPECT_FALSE(wide.Contains(*ParseRange("198.0.0.0/8")));
  EXPECT_EQ(wide.At(0x4242).ToString(), "198.51.66.66");
  EXPECT_EQ(ParseRange("192.0.2.4/30")->At(77).ToString(), "192.0.2.7");
  EXPECT_EQ(RangeAround(*IpAddress::Parse("2001:db8:5::7"), 48).ToString(), "2001:db8:5::/48");
  EXPECT_TRUE(ParseRange("0.0.0.0/0")->Contains(*IpAddress::Parse("8.8.8.8")));
  for (const char* bad : {"192.0.2.0/33", "192.0.2.0/-1", "192.0.2.0/8/8", "x", "192.0.2/24"}) {
    EXPECT_FALSE(ParseRange(bad).has_value()) << bad;
  }
}

TEST(AddressRangeTest, KnowsWhatIsPrivate) {
  for (const char* inside : {"10.0.0.0/8", "172.16.0.0/12", "192.168.7.0/24", "127.0.0.1",
                             "100.64.0.0/10", "fd00::/8", "fe80::1", "::1"}) {
    EXPECT_TRUE(IsPrivate(*ParseRange(inside))) << inside;
  }
  for (const char* outside : {"172.0.0.0/8", "192.0.0.0/8", "11.0.0.0/8", "2001:db8::/32"}) {
    EXPECT_FALSE(IsPrivate(*ParseRange(outside))) << outside;
  }
}

TEST(PublicDomainTest, IsWhereAnybodyMayRegister) {
  for (const char* all : {"com", ".org", "test", "example.", "co.uk", "com.au", "", "DE"}) {
    EXPECT_TRUE(IsPublicDomain(all)) << all;
  }
  for (const char* own : {"corp.example", "a.co.uk", "local", "lan", "10", "192.0.2", "com.example",
                          "localhost", "user@com", "[192.0.2.1]"}) {
    EXPECT_FALSE(IsPublicDomain(own)) << own;
  }
}

TEST(RelayFormsTest, FillsFormsIn) {
  const std::map<std::string, std::string> values = {{"user", "u"}, {"foreign", "f.example"}};
  EXPECT_EQ(FillInForm("{user}%{foreign}@x", values), "<u%f.example@x>");
  EXPECT_EQ(FillInForm("={user}@{foreign}", values), "u@f.example");
  EXPECT_EQ(FillInForm("{USER}@{Foreign}", values), "<U@F.EXAMPLE>");
  EXPECT_EQ(FillInForm("u> ORCPT=rfc822;{user}", values), "<u> ORCPT=rfc822;u");
  EXPECT_EQ(FillInForm("", values), "<>");
  EXPECT_GE(RelayForms().size(), 50U);
  EXPECT_TRUE(RelayForms().front().Uses("{foreign}"));
}

}  // namespace
}  // namespace stagepost
