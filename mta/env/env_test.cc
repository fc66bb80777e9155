#include <string>

#include "gtest/gtest.h"
#include "mta/env/network.h"

namespace stagepost {
namespace {

TEST(IpAddress, RoundTrips) {
  for (const char* text :
       {"0.0.0.0", "192.0.2.25", "255.255.255.255", "::", "::1", "2001:db8::1", "fe80::1:0:0:1",
        "1:2:3:4:5:6:7:8", "::ffff:c000:219", "1:0:0:2::3", "0:1::"}) {
    const auto address = IpAddress::Parse(text);
    ASSERT_TRUE(address.has_value()) << text;
    EXPECT_EQ(address->ToString(), text);
  }
}

TEST(IpAddress, ReadsOtherForms) {
  EXPECT_EQ(IpAddress::Parse("::ffff:192.0.2.25")->ToString(), "::ffff:c000:219");
  EXPECT_EQ(IpAddress::Parse("2001:0DB8:0:0:0:0:0:1")->ToString(), "2001:db8::1");
}

TEST(IpAddress, RefusesWhatIsNone) {
  for (const char* text :
       {"", "1.2.3", "1.2.3.4.5", "01.2.3.4", "256.1.1.1", "1.2.3.-4", "a.b.c.d", ":", ":::",
        "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "::1::2", "12345::", "[::1]", "::1%eth0", "1.2.3.4:25",
        "::1.2.3", "1:2:3:4:5:6:7::8:9", "0x1::", "-1::", "+1::"}) {
    EXPECT_FALSE(IpAddress::Parse(text).has_value()) << text;
  }
}

TEST(IpAddress, KnowsSpecialOnes) {
  EXPECT_TRUE(IpAddress::Parse("127.8.8.8")->is_loopback());
  EXPECT_TRUE(IpAddress::Parse("::1")->is_loopback());
  EXPECT_FALSE(IpAddress::Parse("::2")->is_loopback());
  EXPECT_TRUE(IpAddress::Parse("::")->is_unspecified());
  EXPECT_EQ(IpAddress::Parse("10.0.0.1")->v4(), 0x0a000001u);
}

TEST(SocketAddress, BracketsV6) {
  EXPECT_EQ((SocketAddress{*IpAddress::Parse("::1"), 25}).ToString(), "[::1]:25");
  EXPECT_EQ((SocketAddress{*IpAddress::Parse("10.0.0.1"), 587}).ToString(), "10.0.0.1:587");
}

}  // namespace
}  // namespace stagepost
