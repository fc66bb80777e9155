// What a host knows about itself, against what sendmail found on hosts with the same names.
#include "mta/cf/own_names.h"
#include "mta/base/version.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gtest/gtest.h"
#include "mta/cf/reader.h"
#include "mta/cf/well_known_names.h"
#include "sim/testing/test_host.h"

namespace stagepost {
namespace {

class NoMaps final : public ClassQuery {
 public:
  Task<absl::StatusOr<std::string>> Query(absl::string_view, absl::string_view,
                                          absl::string_view) override {
    co_return absl::NotFoundError("map open failed");
  }
};

Task<int> ReadOwn(Environment& env, std::unique_ptr<Configuration>& configuration) {
  HostLookup hosts(env, HostLookupOptions());
  configuration = co_await InitialConfiguration(env, hosts);
  NoMaps maps;
  ReadResult read = co_await ReadConfiguration(env, std::move(configuration), ReadOptions(), maps);
  configuration = std::move(read.configuration);
  co_await ProbeInterfaces(env, hosts, *configuration);
  co_return 0;
}

class OwnNamesTest : public testing::Test {
 protected:
  // The host is mx1.corp.example and has no interfaces but what `hosts_file` says of its name.
  void Read(absl::string_view hosts_file, absl::string_view lines) {
    ASSERT_TRUE(host.disk().WriteFile("/etc/nsswitch.conf", "hosts: files\n").ok());
    ASSERT_TRUE(host.disk().WriteFile("/etc/hosts", hosts_file).ok());
    ASSERT_TRUE(
        host.disk()
            .WriteFile("/etc/mail/sendmail.cf", absl::StrCat("V10\nMlocal, P=/b, A=x $u\n", lines))
            .ok());
    ASSERT_EQ(host.Run(&ReadOwn, std::ref(configuration)), 0);
  }
  std::string Macro(char name) {
    const Text* const text = configuration->macros.Find(OneCharacterName(name));
    return text == nullptr ? "undefined" : WriteText(*text, configuration->names);
  }
  std::string Words(NameId name) { return absl::StrJoin(configuration->classes.Words(name), " "); }
  std::string Words(char name) { return Words(OneCharacterName(name)); }

  TestHost host;
  std::unique_ptr<Configuration> configuration;
};

TEST_F(OwnNamesTest, HostsFileGivesNamesAndAddresses) {
  Read("127.0.0.1 localhost\n10.0.0.1 mx1.corp.example mx1\n", "O DontProbeInterfaces=true\n");
  EXPECT_EQ(Macro('j'), "mx1.corp.example");
  EXPECT_EQ(Macro('w'), "mx1");
  EXPECT_EQ(Macro('m'), "corp.example");
  EXPECT_EQ(Macro('k'), "mx1.corp.example");
  EXPECT_EQ(Macro('n'), "MAILER-DAEMON");
  EXPECT_EQ(Macro('v'), kNameAndVersion);
  EXPECT_EQ(Words('w'), "[10.0.0.1] mx1 mx1.corp.example");
  EXPECT_EQ(Words('m'), "corp.example");
  EXPECT_EQ(Words('k'), "mx1.corp.example");
}

TEST_F(OwnNamesTest, Ipv6AddressesHideOthers) {
  Read("2001:db8:5::11 mx1.corp.example\n10.0.0.1 mx1.corp.example\n",
       "O DontProbeInterfaces=true\n");
  EXPECT_EQ(Words('w'), "[IPv6:2001:db8:5:0:0:0:0:11] mx1.corp.example");
}

TEST_F(OwnNamesTest, UnknownHostHasItsNameOnly) {
  Read("127.0.0.1 localhost\n", "O DontProbeInterfaces=true\n");
  EXPECT_EQ(Macro('j'), "mx1.corp.example");
  EXPECT_EQ(Words('w'), "mx1.corp.example");
}

TEST_F(OwnNamesTest, BuiltInMembers) {
  Read("10.0.0.1 mx1.corp.example\n", "O DontProbeInterfaces=true\n");
  EXPECT_EQ(Words('e'), "7bit 8bit binary");
  EXPECT_EQ(Words('n'), "multipart/signed");
  EXPECT_EQ(Words('s'), "rfc822");
  EXPECT_EQ(Words('q') + Words('b') + Words('t'), "");
  EXPECT_EQ(Words(well_known::kPersistentMacros), "_ r s {daemon_flags} {if_addr}");
  EXPECT_EQ(Words(well_known::kCheckMimeTextHeaders), "content-description");
  EXPECT_EQ(Words(well_known::kCheckMimeFieldHeaders), "content-disposition content-type");
  EXPECT_EQ(Words(well_known::kCheckMimeHeaders),
            "content-disposition content-id content-transfer-encoding content-type mime-version");
}

// The host has the loopback interface only.
class InterfacesTest : public OwnNamesTest {
 protected:
  void ReadWith(absl::string_view mode) {
    Read("127.0.0.1 localhost\n10.0.0.1 mx1.corp.example mx1\n192.0.2.7 other.example o\n",
         absl::StrCat("O DontProbeInterfaces=", mode, "\n"));
  }
};

TEST_F(InterfacesTest, LoopbackIsProbedUnlessToldOtherwise) {
  ReadWith("false");
  EXPECT_EQ(Words('w'), "[10.0.0.1] [127.0.0.1] [localhost] localhost mx1 mx1.corp.example");
  ReadWith("loopback");
  EXPECT_EQ(Words('w'), "[10.0.0.1] [127.0.0.1] mx1 mx1.corp.example");
  ReadWith("true");
  EXPECT_EQ(Words('w'), "[10.0.0.1] mx1 mx1.corp.example");
}

}  // namespace
}  // namespace stagepost
