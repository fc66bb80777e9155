#include "sim/world/sim_resolver.h"

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "mta/async/deadline.h"
#include "mta/env/env_test_util.h"
#include "sim/trace/render.h"
#include "sim/world/dns_zones.h"
#include "sim/world/world_test_util.h"

namespace stagepost {
namespace {

DnsRecord Record(std::string owner, DnsType type, absl::Duration ttl = absl::Hours(1)) {
  DnsRecord record;
  record.owner = std::move(owner);
  record.type = type;
  record.ttl = ttl;
  return record;
}
DnsRecord Address(std::string owner, absl::string_view address,
                  absl::Duration ttl = absl::Hours(1)) {
  DnsRecord record = Record(std::move(owner), DnsType::kA, ttl);
  record.address = Ip(address);
  return record;
}
DnsRecord Cname(std::string owner, std::string target, absl::Duration ttl = absl::Hours(1)) {
  DnsRecord record = Record(std::move(owner), DnsType::kCname, ttl);
  record.name = std::move(target);
  return record;
}

DnsZone ExampleZone() {
  DnsZone zone;
  zone.name = "Example.com";
  zone.negative_ttl = absl::Minutes(2);
  zone.records = {Address("mx.example.com", "192.0.2.25", absl::Seconds(60)),
                  Cname("www.example.com", "mx.example.com", absl::Seconds(30)),
                  Cname("dangling.example.com", "none.example.com"),
                  Cname("out.example.com", "host.example.org"),
                  Cname("loop.example.com", "pool.example.com"),
                  Cname("pool.example.com", "loop.example.com"),
                  Address("a.b.example.com", "192.0.2.1"),
                  Address("*.wild.example.com", "192.0.2.9"),
                  Address("zero.example.com", "192.0.2.3", absl::ZeroDuration())};
  return zone;
}

TEST(DnsZones, Find) {
  DnsZones zones;
  ASSERT_TRUE(zones.Put(ExampleZone()).ok());
  const struct {
    const char* name;
    DnsRcode rcode;
    size_t records;
    absl::Duration ttl;
  } cases[] = {
      {"MX.example.com.", DnsRcode::kNoError, 1, absl::Seconds(60)},
      {"www.example.com", DnsRcode::kNoError, 2, absl::Seconds(30)},
      {"example.com", DnsRcode::kNoError, 0, absl::Minutes(2)},
      {"b.example.com", DnsRcode::kNoError, 0, absl::Minutes(2)},  // an empty non-terminal
      {"none.example.com", DnsRcode::kNxDomain, 0, absl::Minutes(2)},
      {"dangling.example.com", DnsRcode::kNxDomain, 1, absl::Minutes(2)},
      {"out.example.com", DnsRcode::kNxDomain, 1, absl::Minutes(5)},
      {"loop.example.com", DnsRcode::kServFail, 0, absl::ZeroDuration()},
      {"x.y.wild.example.com", DnsRcode::kNoError, 1, absl::Hours(1)},
      {"wild.example.com", DnsRcode::kNoError, 0, absl::Minutes(2)},
      {"notexample.com", DnsRcode::kNxDomain, 0, absl::Minutes(5)},
      {".", DnsRcode::kNxDomain, 0, absl::Minutes(5)},
  };
  for (const auto& c : cases) {
    const DnsFinding found = zones.Find(c.name, DnsType::kA);
    EXPECT_EQ(found.answer.rcode, c.rcode) << c.name;
    EXPECT_EQ(found.answer.records.size(), c.records) << c.name;
    EXPECT_EQ(found.ttl, c.ttl) << c.name;
  }
  EXPECT_EQ(zones.Find("x.wild.example.com", DnsType::kA).answer.records[0].owner,
            "x.wild.example.com");
  EXPECT_EQ(zones.Find("www.example.com", DnsType::kCname).answer.records.size(), 1u);
  EXPECT_TRUE(zones.Remove("EXAMPLE.com"));
  EXPECT_FALSE(zones.Remove("example.com"));
  EXPECT_EQ(zones.Find("mx.example.com", DnsType::kA).answer.rcode, DnsRcode::kNxDomain);
}

TEST(DnsZones, AuthenticatedOnlyIfTheWholeWayIs) {
  DnsZones zones;
  DnsZone zone = ExampleZone();
  zone.authenticated = true;
  ASSERT_TRUE(zones.Put(zone).ok());
  DnsZone other;
  other.name = "example.org";
  other.records = {Address("host.example.org", "192.0.2.4")};
  ASSERT_TRUE(zones.Put(other).ok());
  EXPECT_TRUE(zones.Find("mx.example.com", DnsType::kA).answer.authenticated);
  EXPECT_TRUE(zones.Find("none.example.com", DnsType::kA).answer.authenticated);
  EXPECT_FALSE(zones.Find("out.example.com", DnsType::kA).answer.authenticated);
}

TEST(DnsZones, RefusesWhatItCannotServe) {
  DnsZones zones;
  DnsZone zone = ExampleZone();
  zone.records.push_back(Address("example.org", "192.0.2.1"));
  EXPECT_EQ(zones.Put(zone).code(), absl::StatusCode::kInvalidArgument);
  zone.records.back().owner = "a..example.com";
  EXPECT_EQ(zones.Put(zone).code(), absl::StatusCode::kInvalidArgument);
}

struct Answered {
  absl::StatusOr<DnsAnswer> answer = absl::UnknownError("not asked");
  absl::Duration took;
};

Task<int> Ask(Environment& env, std::string name, DnsType type, Answered* answered) {
  const MonotonicTime before = env.clock().MonotonicNow();
  answered->answer = co_await env.resolver().Query(name, type);
  answered->took = env.clock().MonotonicNow() - before;
  co_return 0;
}

Answered AskFrom(TestWorld& world, SimHost& host, const std::string& name,
                 DnsType type = DnsType::kA) {
  Answered answered;
  EXPECT_TRUE(world.RunToEnd(world.Run(host, &Ask, name, type, &answered)));
  return answered;
}

TEST(SimResolver, AnEmptyWorldKnowsNoName) {
  TestWorld world;
  const Answered answered = AskFrom(world, world.a, "example.com", DnsType::kMx);
  ASSERT_TRUE(answered.answer.ok()) << answered.answer.status();
  EXPECT_EQ(answered.answer->rcode, DnsRcode::kNxDomain);
}

// A change of a zone is seen when what a host remembers of it has expired, and not before.
TEST(SimResolver, RemembersForTheTtl) {
  TestWorld world;
  ASSERT_TRUE(world.world.core().dns.Put(ExampleZone()).ok());
  EXPECT_EQ(AskFrom(world, world.a, "mx.example.com").answer->records[0].ttl, absl::Seconds(60));
  EXPECT_EQ(AskFrom(world, world.a, "none.example.com").answer->rcode, DnsRcode::kNxDomain);

  DnsZone changed = ExampleZone();
  changed.records[0] = Address("mx.example.com", "192.0.2.99", absl::Seconds(60));
  changed.records.push_back(Address("none.example.com", "192.0.2.98"));
  ASSERT_TRUE(world.world.core().dns.Put(changed).ok());
  world.RunFor(absl::Seconds(40));
  const Answered kept = AskFrom(world, world.a, "MX.example.com.");
  EXPECT_EQ(kept.answer->records[0].address, Ip("192.0.2.25"));
  EXPECT_LE(kept.answer->records[0].ttl, absl::Seconds(20));
  EXPECT_LT(kept.took, absl::Milliseconds(1));
  EXPECT_EQ(AskFrom(world, world.b, "mx.example.com").answer->records[0].address, Ip("192.0.2.99"));

  world.RunFor(absl::Seconds(21));
  EXPECT_EQ(AskFrom(world, world.a, "mx.example.com").answer->records[0].address, Ip("192.0.2.99"));
  EXPECT_EQ(AskFrom(world, world.a, "none.example.com").answer->rcode, DnsRcode::kNxDomain);
  world.RunFor(absl::Minutes(1));
  EXPECT_EQ(AskFrom(world, world.a, "none.example.com").answer->rcode, DnsRcode::kNoError);
}

TEST(SimResolver, RemembersNothingWithoutCacheOrTtlOrAfterACrash) {
  TestWorld world;
  ASSERT_TRUE(world.world.core().dns.Put(ExampleZone()).ok());
  AskFrom(world, world.a, "zero.example.com");
  EXPECT_EQ(world.a.dns_cache.size(), 0u);
  AskFrom(world, world.a, "mx.example.com");
  EXPECT_EQ(world.a.dns_cache.size(), 1u);
  world.a.Crash();
  world.a.Boot();
  EXPECT_EQ(world.a.dns_cache.size(), 0u);
  world.world.core().dns_cache = false;
  AskFrom(world, world.a, "mx.example.com");
  EXPECT_EQ(world.a.dns_cache.size(), 0u);
}

TEST(SimResolver, Faults) {
  TestWorld world;
  DnsZone zone = ExampleZone();
  const std::pair<const char*, DnsFault> faults[] = {
      {"nx", DnsFault::kNxDomain},     {"nodata", DnsFault::kNoData}, {"fail", DnsFault::kServFail},
      {"refused", DnsFault::kRefused}, {"out", DnsFault::kTimeOut},   {"lame", DnsFault::kLame},
      {"cut", DnsFault::kTruncated},   {"bad", DnsFault::kMalformed}};
  for (const auto& [label, fault] : faults) {
    zone.records.push_back(Address(absl::StrCat(label, ".example.com"), "192.0.2.8"));
    zone.names[absl::StrCat(label, ".example.com")].fault = fault;
  }
  zone.names["slow.example.com"].delay = absl::Seconds(9);
  zone.names["slower.example.com"].delay = absl::Seconds(20);
  ASSERT_TRUE(world.world.core().dns.Put(zone).ok());
  EXPECT_EQ(AskFrom(world, world.a, "nx.example.com").answer->rcode, DnsRcode::kNxDomain);
  EXPECT_TRUE(AskFrom(world, world.a, "nodata.example.com").answer->records.empty());
  EXPECT_EQ(AskFrom(world, world.a, "fail.example.com").answer->rcode, DnsRcode::kServFail);
  EXPECT_EQ(AskFrom(world, world.a, "refused.example.com").answer->rcode, DnsRcode::kRefused);
  EXPECT_EQ(AskFrom(world, world.a, "lame.example.com").answer->rcode, DnsRcode::kServFail);
  EXPECT_EQ(AskFrom(world, world.a, "cut.example.com").answer->records.size(), 1u);
  EXPECT_EQ(AskFrom(world, world.a, "bad.example.com").answer.status().code(),
            absl::StatusCode::kDataLoss);
  EXPECT_GE(AskFrom(world, world.a, "slow.example.com").took, absl::Seconds(9));
  for (const char* name : {"out.example.com", "slower.example.com"}) {
    const Answered answered = AskFrom(world, world.a, name);
    EXPECT_EQ(answered.answer.status().code(), absl::StatusCode::kDeadlineExceeded) << name;
    EXPECT_EQ(answered.took, kSimDnsTimeOut) << name;
  }
}

TEST(SimResolver, AProcessThatDiesTakesItsQueryAlong) {
  TestWorld world;
  Answered answered;
  const TestProgram& program = world.Run(world.a, &Ask, "example.com", DnsType::kA, &answered);
  world.RunFor(absl::Microseconds(10));
  world.Kill(world.a, program);
  world.RunFor(absl::Minutes(1));
  EXPECT_EQ(answered.answer.status().code(), absl::StatusCode::kUnknown);
}

TEST(SimResolver, QueriesAreInTheTrace) {
  TestWorld world(1, TraceLog::Keep::kReadable);
  ASSERT_TRUE(world.world.core().dns.Put(ExampleZone()).ok());
  AskFrom(world, world.a, "www.example.com");
  EXPECT_TRUE(absl::StrContains(RenderTrace(world.trace),
                                "www.example.com type=1 rcode=0 CNAME mx.example.com., 192.0.2.25"))
      << RenderTrace(world.trace);
}

}  // namespace
}  // namespace stagepost
