// Names of hosts, with the simulated name service: what options, files and failures change. What
// sendmail itself found is in conformance/maps.
#include "mta/dns/host_lookup.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gtest/gtest.h"
#include "mta/async/deadline.h"
#include "mta/base/check.h"
#include "mta/env/same_file.h"
#include "sim/testing/test_host.h"
#include "sim/world/dns_zones.h"

namespace stagepost {
namespace {

using Said = std::vector<std::string>;

DnsRecord Record(absl::string_view owner, DnsType type) {
  DnsRecord record;
  record.owner = std::string(owner);
  record.type = type;
  record.ttl = absl::Minutes(5);
  return record;
}

DnsRecord A(absl::string_view owner, absl::string_view address) {
  const IpAddress parsed = *IpAddress::Parse(address);
  DnsRecord record = Record(owner, parsed.is_v4() ? DnsType::kA : DnsType::kAaaa);
  record.address = parsed;
  return record;
}

DnsRecord Named(absl::string_view owner, DnsType type, absl::string_view name) {
  DnsRecord record = Record(owner, type);
  record.name = std::string(name);
  return record;
}

DnsRecord Mx(absl::string_view owner, uint16_t preference, absl::string_view name) {
  DnsRecord record = Named(owner, DnsType::kMx, name);
  record.preference = preference;
  return record;
}

class HostLookupTest : public testing::Test {
 protected:
  HostLookupTest() {
    DnsZone zone;
    zone.records = {
        A("www.corp.example", "192.0.2.1"),
        A("www.corp.example", "2001:db8::1"),
        A("a.b.corp.example", "192.0.2.2"),
        A("host.home.example", "192.0.2.3"),
        Mx("mail.corp.example", 10, "mx1.corp.example"),
        Named("alias.example", DnsType::kCname, "www.corp.example"),
        Mx("three.example", 10, "b.example"),
        Mx("three.example", 10, "a.example"),
        Mx("three.example", 10, "c.example"),
        Mx("ours.example", 20, "MX1.corp.example"),
        Mx("ours.example", 5, "first.example"),
        Mx("ours.example", 20, "b.example"),
        Mx("ours.example", 30, "c.example"),
        Mx("best.example", 10, "mx1.corp.example"),
        Named("1.2.0.192.in-addr.arpa", DnsType::kPtr, "www.corp.example"),
        Named("1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa",
              DnsType::kPtr, "six.corp.example")};
    zone.names["slow.example"].fault = DnsFault::kTimeOut;
    zone.names["slow.corp.example"].fault = DnsFault::kTimeOut;
    zone.names["1.2.0.198.in-addr.arpa"].fault = DnsFault::kTimeOut;
    zone.names["form.example"].fault = DnsFault::kFormErr;
    CHECK(host_.host().core().dns.Put(std::move(zone)).ok());
    Write("/etc/hosts", "127.0.0.1 localhost\n10.0.0.1 mx1.corp.example mx1 mail\n10.0.0.9 odd\n");
    Write("/etc/resolv.conf", "search corp.example home.example\n");
    Write("/etc/mail/service.switch", "hosts files dns\n");
  }

  void Write(absl::string_view path, absl::string_view text) {
    CHECK(host_.disk().WriteFile(path, text).ok());
  }

  struct Question {
    HostLookupOptions options = {};
    std::string own_domain = "corp.example";
    Said names = {};
  };

  // "name", "name?" when not found, "name!" when it cannot be known now.
  static Task<int> AskNames(Environment& env, const Question& question, Said& said) {
    HostLookup hosts(env, question.options);
    for (const std::string& name : question.names) {
      const CanonicalName found = co_await hosts.Canonical(name, question.own_domain);
      said.push_back(absl::StrCat(found.name, found.status == LookupStatus::kFound      ? ""
                                              : found.status == LookupStatus::kNotFound ? "?"
                                                                                        : "!"));
    }
    co_return 0;
  }

  Said Canonical(Question question) {
    Said said;
    EXPECT_EQ(host_.Run(&AskNames, std::cref(question), std::ref(said)), 0);
    return said;
  }

  TestHost host_;
};

TEST_F(HostLookupTest, SearchList) {
  const Said names = {"www", "a.b", "host", "www.", "mail", "nowhere"};
  EXPECT_EQ(Canonical({.names = names}),
            (Said{"www.corp.example", "a.b.corp.example", "host.home.example", "www?",
                  "mx1.corp.example", "nowhere?"}));
  EXPECT_EQ(Canonical({.options = {.search_domains = false}, .names = names}),
            (Said{"www.corp.example", "a.b?", "host?", "www?", "mx1.corp.example", "nowhere?"}));
  EXPECT_EQ(
      Canonical({.options = {.search_domains = false, .default_domain = false}, .names = names}),
      (Said{"www?", "a.b?", "host?", "www?", "mx1.corp.example", "nowhere?"}));
  // Without a line the host's own domain is searched.
  Write("/etc/resolv.conf", "options ndots:3\n");
  EXPECT_EQ(Canonical({.names = {"www", "host"}}), (Said{"www.corp.example", "host?"}));
}

TEST_F(HostLookupTest, Sources) {
  Write("/etc/mail/service.switch", "# none\nhosts files\n");
  EXPECT_EQ(Canonical({.names = {"www", "mail", "odd", "odd.corp.example", "www."}}),
            (Said{"www?", "mx1.corp.example", "odd.corp.example", "odd.corp.example", "www.?"}));
  // A name without a dot is nothing as long as $m is not known.
  EXPECT_EQ(Canonical({.own_domain = "", .names = {"odd", "mail"}}),
            (Said{"odd?", "mx1.corp.example"}));
  Write("/etc/mail/service.switch", "hosts dns nis files\n");
  EXPECT_EQ(Canonical({.names = {"mail", "mx1"}}), (Said{"mail.corp.example", "mx1.corp.example"}));
}

TEST_F(HostLookupTest, Options) {
  EXPECT_EQ(Canonical({.options = {.expand_cnames = false}, .names = {"alias.example"}}),
            (Said{"alias.example"}));
  // Through the list, an MX record of a domain with a wildcard says nothing.
  Write("/etc/hosts", "");
  EXPECT_EQ(
      Canonical({.options = {.has_wildcard_mx = true}, .names = {"mail", "mail.corp.example"}}),
      (Said{"mail?", "mail.corp.example"}));
  EXPECT_EQ(Canonical({.names = {"mail"}}), (Said{"mail.corp.example"}));
}

TEST_F(HostLookupTest, Failures) {
  EXPECT_EQ(
      Canonical(
          {.names = {"slow.example", "slow", "form.example", "a..b", "", std::string(300, 'x')}}),
      (Said{"slow.example!", "slow!", "form.example?", "a..b?", "?", std::string(300, 'x') + "?"}));
}

Task<int> AskTwice(Environment& env, Said& said) {
  HostLookup hosts(env, {});
  for (const absl::Duration wait : {absl::ZeroDuration(), absl::Minutes(4), absl::Minutes(2)}) {
    (void)co_await Sleep(wait);
    for (const char* name : {"www", "[192.0.2.1]", "nowhere"}) {
      const CanonicalName found = co_await hosts.CachedCanonical(name, "corp.example");
      said.push_back(found.status == LookupStatus::kFound ? found.name : "?");
    }
    // What the name service says from now on counts when five minutes have passed.
    auto file = co_await env.files().Open("/etc/hosts", {.write = true, .truncate = true});
    CHECK(file.ok());
    CHECK((co_await (*file)->Write(0, "192.0.2.7 www.new.example www nowhere\n")).ok());
  }
  co_return 0;
}

TEST_F(HostLookupTest, AnswersAreKeptForTheirTtl) {
  Said said;
  EXPECT_EQ(host_.Run(&AskTwice, std::ref(said)), 0);
  EXPECT_EQ(said, (Said{"www.corp.example", "www.corp.example", "?", "www.corp.example",
                        "www.corp.example", "?", "www.new.example", "www.corp.example", "?"}));
}

Task<int> AskOften(Environment& env, TestHost& host, Said& said) {
  HostLookup hosts(env, {});
  for (int i = 0; i < 3; ++i) {
    host.ResetCalls();
    for (int j = 0; j < 3; ++j) {
      const HostAddresses found = co_await hosts.ByAddress(*IpAddress::Parse("10.0.0.1"));
      said.push_back(found.name);
    }
    if (i > 0) said.push_back(absl::StrCat(host.calls(), " calls"));
    CHECK((co_await Sleep(kFileGlance)).ok());
  }
  co_return 0;
}

TEST_F(HostLookupTest, FilesAreLookedAtOnceForMany) {
  Said said;
  EXPECT_EQ(host_.Run(&AskOften, std::ref(host_), std::ref(said)), 0);
  EXPECT_EQ(said, (Said{"mx1.corp.example", "mx1.corp.example", "mx1.corp.example",
                        "mx1.corp.example", "mx1.corp.example", "mx1.corp.example", "2 calls",
                        "mx1.corp.example", "mx1.corp.example", "mx1.corp.example", "2 calls"}));
}

std::string Show(const HostAddresses& host) {
  std::string text = absl::StrCat(static_cast<int>(host.status), " ", host.name);
  for (const std::string& alias : host.aliases) absl::StrAppend(&text, " +", alias);
  for (const IpAddress& address : host.addresses) absl::StrAppend(&text, " ", address.ToString());
  return text;
}

Task<int> AskLibrary(Environment& env, Said& said) {
  HostLookup hosts(env, {});
  for (const char* name : {"mx1", "www", "alias.example", "192.0.2.1", "nowhere", "slow.example"}) {
    said.push_back(Show(co_await hosts.ByName(name)));
  }
  for (const char* address : {"10.0.0.1", "192.0.2.1", "2001:db8::1", "192.0.2.99"}) {
    said.push_back(Show(co_await hosts.ByAddress(*IpAddress::Parse(address))));
  }
  co_return 0;
}

TEST_F(HostLookupTest, AsTheLibraryDoesIt) {
  Write("/etc/nsswitch.conf", "hosts: files mdns4_minimal [NOTFOUND=return] dns\n");
  Said said;
  EXPECT_EQ(host_.Run(&AskLibrary, std::ref(said)), 0);
  EXPECT_EQ(
      said,
      (Said{"0 mx1.corp.example +mx1 +mail 10.0.0.1", "0 www.corp.example 192.0.2.1 2001:db8::1",
            "0 www.corp.example +alias.example 192.0.2.1 2001:db8::1", "0 192.0.2.1 192.0.2.1",
            "1 ", "2 ", "0 mx1.corp.example +mx1 +mail 10.0.0.1", "0 www.corp.example 192.0.2.1",
            "0 six.corp.example 2001:db8::1", "1  192.0.2.99"}));
}

Task<int> AskMx(Environment& env, MxOptions options, Said& said) {
  HostLookup hosts(env, {});
  const auto is_local = [](absl::string_view name) {
    return absl::EqualsIgnoreCase(name, "mx1.corp.example");
  };
  for (const char* domain : {"ours.example", "best.example", "www.corp.example", "nowhere.example",
                             "slow.example", "[192.0.2.1]", "mail", "form.example"}) {
    const MxAnswer mx = co_await hosts.MailExchangers(domain, is_local, options);
    std::string text = absl::StrCat(static_cast<int>(mx.status), mx.saw_local_host ? " local" : "");
    for (const MxHost& host : mx.hosts)
      absl::StrAppend(&text, " ", host.preference, ":", host.name);
    said.push_back(std::move(text));
  }
  co_return 0;
}

TEST_F(HostLookupTest, MailExchangers) {
  Said said;
  EXPECT_EQ(host_.Run(&AskMx, MxOptions{.own_domain = "corp.example"}, std::ref(said)), 0);
  EXPECT_EQ(said, (Said{"0 local 5:first.example.", "0 local", "0 0:www.corp.example.", "1", "2",
                        "0 0:[192.0.2.1]", "0 local", "0"}));
  said.clear();
  EXPECT_EQ(
      host_.Run(&AskMx,
                MxOptions{.search = false, .drop_local_host = false, .own_domain = "corp.example"},
                std::ref(said)),
      0);
  EXPECT_EQ(said, (Said{"0 5:first.example. 20:MX1.corp.example. 20:b.example. 30:c.example.",
                        "0 10:mx1.corp.example.", "0 0:www.corp.example.", "1", "2",
                        "0 0:[192.0.2.1]", "1 0:mx1.corp.example.", "0"}));
}

Task<int> DrawMx(Environment& env, std::map<std::string, int>& orders) {
  HostLookup hosts(env, {});
  const auto nobody = [](absl::string_view) { return false; };
  for (int i = 0; i < 120; ++i) {
    const MxAnswer mx = co_await hosts.MailExchangers("three.example", nobody, {});
    std::string order;
    for (const MxHost& host : mx.hosts) absl::StrAppend(&order, host.name.substr(0, 1));
    ++orders[order];
  }
  co_return 0;
}

TEST_F(HostLookupTest, HostsOfOnePreferenceComeInAnyOrder) {
  std::map<std::string, int> orders;
  EXPECT_EQ(host_.Run(&DrawMx, std::ref(orders)), 0);
  EXPECT_EQ(orders.size(), 6u);
  for (const auto& [order, times] : orders) EXPECT_GE(times, 5) << order;
}

Task<absl::StatusOr<CanonicalName>> AskCache(HostLookup& hosts, absl::string_view name) {
  co_return co_await hosts.CachedCanonical(name, "");
}

Task<int> AskAgain(Environment& env, Said& said, std::string name) {
  HostLookup hosts(env, {});
  for (const absl::Duration patience : {absl::Seconds(1), absl::Hours(1), absl::Hours(1)}) {
    const MonotonicTime before = env.clock().MonotonicNow();
    const auto found = co_await WithDeadline(before + patience, AskCache(hosts, name));
    EXPECT_TRUE(found.ok() && found->status == LookupStatus::kTemporary);
    const absl::Duration took = env.clock().MonotonicNow() - before;
    said.push_back(took == absl::ZeroDuration() ? "at once" : took > patience ? "late" : "asked");
  }
  co_return 0;
}

TEST_F(HostLookupTest, WhoGaveUpLeavesNothingInTheCache) {
  for (const char* name : {"slow.example", "[198.0.2.1]"}) {
    Said said;
    EXPECT_EQ(host_.Run(&AskAgain, std::ref(said), std::string(name)), 0);
    EXPECT_EQ(said, (Said{"asked", "asked", "at once"})) << name;
  }
}

Task<int> AskWithoutDescriptors(Environment& env, DiskEditor disk, bool& none_left, Said& said) {
  HostLookup hosts(env, {});
  for (const bool none : {false, true, false}) {
    CHECK((co_await Sleep(kFileGlance)).ok());
    none_left = none;
    const CanonicalName found = co_await hosts.Canonical("mx1", "corp.example");
    said.push_back(found.status == LookupStatus::kFound ? found.name : "not found");
    CHECK(disk.WriteFile("/etc/hosts", "10.0.0.1 mx1.new.example mx1\n").ok());
    CHECK(disk.WriteFile("/etc/mail/service.switch", "hosts files\n").ok());
  }
  co_return 0;
}

TEST_F(HostLookupTest, FilesThatCannotBeReadForTheMomentStayAsTheyWere) {
  bool none_left = false;
  host_.fault = [&](FileCall call, absl::string_view) {
    return none_left && call == FileCall::kOpen ? Errno::kEMFILE : Errno::kOk;
  };
  Said said;
  EXPECT_EQ(host_.Run(&AskWithoutDescriptors, host_.disk(), std::ref(none_left), std::ref(said)),
            0);
  EXPECT_EQ(said, (Said{"mx1.corp.example", "mx1.corp.example", "mx1.new.example"}));
}

}  // namespace
}  // namespace stagepost
