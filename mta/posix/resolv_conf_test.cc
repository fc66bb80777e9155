#include "mta/posix/resolv_conf.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace stagepost {
namespace {

std::string ServersOf(absl::string_view text) {
  std::string all;
  for (const IpAddress& server : ParseResolvConf(text).name_servers) {
    absl::StrAppend(&all, server.ToString(), " ");
  }
  return all;
}

TEST(ResolvConf, NameServers) {
  EXPECT_EQ(ServersOf("nameserver 192.0.2.1\nnameserver\t2001:db8::1 # ours\n"),
            "192.0.2.1 2001:db8::1 ");
  EXPECT_EQ(ServersOf("nameserver 192.0.2.1\r\nnameserver 192.0.2.2"), "192.0.2.1 192.0.2.2 ");
  EXPECT_EQ(ServersOf("nameserver 192.0.2.1\nnameserver 192.0.2.2\nnameserver 192.0.2.3\n"
                      "nameserver 192.0.2.4\n"),
            "192.0.2.1 192.0.2.2 192.0.2.3 ");
}

TEST(ResolvConf, WithoutNameServersTheLocalOne) {
  for (const absl::string_view text :
       {"", "\n", "search example.org\n", "# nameserver 192.0.2.1\n", ";nameserver 192.0.2.1\n",
        " nameserver 192.0.2.1\n", "nameserver\n", "nameserver ns.example.org\n",
        "nameserver 192.0.2.256\n", "nameservers 192.0.2.1\n"}) {
    EXPECT_EQ(ServersOf(text), "127.0.0.1 ") << text;
  }
}

TEST(ResolvConf, Options) {
  const ResolvConf none = ParseResolvConf("nameserver 192.0.2.1\noptions ndots:2 edns0\n");
  EXPECT_FALSE(none.attempts.has_value());
  EXPECT_FALSE(none.timeout.has_value());
  EXPECT_FALSE(none.rotate);
  EXPECT_FALSE(none.use_tcp);
  const ResolvConf all =
      ParseResolvConf("options timeout:3 attempts:1\noptions rotate use-vc timeout:4\n");
  EXPECT_EQ(all.attempts, 1);
  EXPECT_EQ(all.timeout, absl::Seconds(4));
  EXPECT_TRUE(all.rotate);
  EXPECT_TRUE(all.use_tcp);
}

TEST(ResolvConf, NumbersHaveBounds) {
  const auto conf = [](absl::string_view options) {
    return ParseResolvConf(absl::StrCat("options ", options));
  };
  EXPECT_EQ(conf("timeout:0").timeout, absl::Seconds(1));
  EXPECT_EQ(conf("timeout:31").timeout, absl::Seconds(30));
  EXPECT_EQ(conf("timeout:99999999999999999999").timeout, absl::Seconds(30));
  EXPECT_EQ(conf("attempts:0").attempts, 1);
  EXPECT_EQ(conf("attempts:6").attempts, 5);
  for (const absl::string_view wrong : {"timeout:", "timeout:x", "timeout:-1", "timeout:1s",
                                        "timeout", "timeout: 1", "timeout:+1"}) {
    EXPECT_FALSE(conf(wrong).timeout.has_value()) << wrong;
  }
}

TEST(ResolvConf, AFileThatIsNotThere) {
  EXPECT_EQ(ReadResolvConf("/none/at/all").name_servers.size(), 1u);
  EXPECT_EQ(ReadResolvConf("/").name_servers.size(), 1u);
}

TEST(ResolvConf, IsBounded) {
  std::string text = absl::StrCat(std::string(ResolvConf::kMaxBytes, '\n'), "options rotate\n");
  EXPECT_FALSE(ParseResolvConf(text).rotate);
  EXPECT_TRUE(ParseResolvConf(absl::string_view(text).substr(100)).rotate);
}

}  // namespace
}  // namespace stagepost
