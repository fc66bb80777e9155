// Maps that have to wait: how long, and what becomes of those who wait at the same time.
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "mta/async/deadline.h"
#include "mta/async/scope.h"
#include "mta/env/stream.h"
#include "mta/maps/netstring.h"
#include "sim/testing/maps_test_util.h"
#include "sim/testing/test_host.h"
#include "sim/world/dns_zones.h"

namespace stagepost {
namespace {

// Holds the exclusive lock of a database for a while, as makemap does.
Task<int> HoldLock(Environment& env) {
  auto file = co_await env.files().Open("/etc/mail/h.db", {.read = true});
  CHECK(file.ok());
  CHECK((co_await (*file)->Lock(LockKind::kFlock, LockMode::kExclusive, LockWait::kYes)).ok());
  (void)co_await Sleep(absl::Seconds(20));
  co_return 0;
}

Task<int> MakeOne(Environment& env) {
  co_return co_await BuildDatabase(env, "/etc/mail/h.db", DatabaseType::kHash, {{"one", "1"}});
}

Task<int> AskLocked(Environment& env, Said& said, SimHost& host) {
  Maps maps(env);
  maps.Declare("h hash /etc/mail/h");
  SimProcess& holder = host.Spawn({}, [](const ExitStatus&) {});
  holder.StartTask(&HoldLock, std::ref(holder.environment()));
  (void)co_await Sleep(absl::Seconds(1));
  const MonotonicTime before = env.clock().MonotonicNow();
  said.push_back(co_await maps.Look("h", "one"));
  EXPECT_GE(env.clock().MonotonicNow() - before, absl::Seconds(18));
  // What has been read under the lock needs none.
  said.push_back(co_await maps.Look("h", "one"));
  EXPECT_LT(env.clock().MonotonicNow() - before, absl::Seconds(21));
  co_return 0;
}

TEST(MapsTest, WaitsForWhoeverWritesADatabase) {
  TestHost host;
  ASSERT_TRUE(host.disk().MakeDirectories("/etc/mail").ok());
  ASSERT_EQ(host.Run(&MakeOne), 0);
  Said said;
  EXPECT_EQ(host.Run(&AskLocked, std::ref(said), std::ref(host.host())), 0);
  EXPECT_EQ(said, (Said{"1", "1"}));
}

Task<int> AskSlowServers(Environment& env, Said& said) {
  Maps maps(env);
  for (const char* line : {"h host -d1s -r2", "d dns -R A -d1s -r1 -T.temporary"}) {
    EXPECT_EQ(maps.Declare(line), "");
    const MonotonicTime before = env.clock().MonotonicNow();
    said.push_back(co_await maps.Look(std::string(1, line[0]), "slow.example"));
    const absl::Duration took = env.clock().MonotonicNow() - before;
    said.push_back(absl::StrCat(absl::ToInt64Seconds(took), " s"));
  }
  co_return 0;
}

TEST(MapsTest, FlagsSayHowLongServersAreWaitedFor) {
  TestHost host;
  DnsZone zone;
  zone.names["slow.example"].fault = DnsFault::kTimeOut;
  ASSERT_TRUE(host.host().core().dns.Put(std::move(zone)).ok());
  Said said;
  EXPECT_EQ(host.Run(&AskSlowServers, std::ref(said)), 0);
  EXPECT_EQ(said, (Said{"slow.example: Name server timeout\n(75)", "3 s",
                        "slow.example.temporary(75)", "1 s"}));
}

Task<absl::StatusOr<std::string>> LookAt(Maps& maps, std::string name, std::string key) {
  co_return co_await maps.Look(name, key);
}

Task<int> AskImpatiently(Environment& env, Said& said, SimHost& host) {
  SimProcess& holder = host.Spawn({}, [](const ExitStatus&) {});
  holder.StartTask(&HoldLock, std::ref(holder.environment()));
  (void)co_await Sleep(absl::Seconds(1));
  Maps maps(env);
  for (const char* flags : {"", "-o "}) {
    maps.Declare(absl::StrCat("h", flags[0] == '-' ? "o" : "", " hash ", flags, "/etc/mail/h"));
  }
  for (const char* name : {"h", "ho"}) {
    const MonotonicTime deadline = env.clock().MonotonicNow() + absl::Seconds(1);
    said.push_back((co_await WithDeadline(deadline, LookAt(maps, name, "one"))).value_or("none"));
  }
  (void)co_await Sleep(absl::Minutes(1));
  for (const char* name : {"h", "ho"}) said.push_back(co_await maps.Look(name, "one"));
  co_return 0;
}

TEST(MapWaitsTest, WhoGaveUpLeavesTheMapToOthers) {
  TestHost host;
  ASSERT_TRUE(host.disk().MakeDirectories("/etc/mail").ok());
  ASSERT_EQ(host.Run(&MakeOne), 0);
  Said said;
  EXPECT_EQ(host.Run(&AskImpatiently, std::ref(said), std::ref(host.host())), 0);
  EXPECT_EQ(said, (Said{"(75)", "(75)", "1", "1"}));
  EXPECT_EQ(host.Log(), "");
}

Task<int> HoldLockForAnHour(Environment& env) {
  auto file = co_await env.files().Open("/etc/mail/h.db", {.read = true});
  CHECK(file.ok());
  CHECK((co_await (*file)->Lock(LockKind::kFlock, LockMode::kExclusive, LockWait::kYes)).ok());
  (void)co_await Sleep(absl::Hours(1));
  co_return 0;
}

Task<int> AskLockedForever(Environment& env, Said& said, SimHost& host) {
  SimProcess& holder = host.Spawn({}, [](const ExitStatus&) {});
  holder.StartTask(&HoldLockForAnHour, std::ref(holder.environment()));
  (void)co_await Sleep(absl::Seconds(1));
  Maps maps(env);
  maps.Declare("h hash -o /etc/mail/h");
  const MonotonicTime before = env.clock().MonotonicNow();
  said.push_back(co_await maps.Look("h", "one"));
  EXPECT_LE(env.clock().MonotonicNow() - before, absl::Minutes(3));
  (void)co_await Sleep(absl::Hours(1));
  said.push_back(co_await maps.Look("h", "one"));
  co_return 0;
}

TEST(MapWaitsTest, NobodyKeepsADatabaseLockedForever) {
  TestHost host;
  ASSERT_TRUE(host.disk().MakeDirectories("/etc/mail").ok());
  ASSERT_EQ(host.Run(&MakeOne), 0);
  Said said;
  EXPECT_EQ(host.Run(&AskLockedForever, std::ref(said), std::ref(host.host())), 0);
  EXPECT_EQ(said, (Said{"Cannot lock /etc/mail/h.db: deadline exceeded\n(75)", "1"}));
}

// Never ends; prints for ever, too, when asked to.
Task<int> EndlessProgram(Environment& env, Arguments arguments) {
  while (true) {
    if (arguments.back() == "print") {
      (void)co_await WriteAll(env.process().standard_output(), std::string(10'000, 'x'));
    }
    if (!(co_await Sleep(absl::Milliseconds(100))).ok()) co_return 1;
  }
}

Task<int> AskEndlessPrograms(Environment& env, Said& said) {
  Maps maps(env);
  maps.Declare("p program /bin/endless");
  for (const char* key : {"print", "wait"}) {
    const MonotonicTime before = env.clock().MonotonicNow();
    said.push_back(co_await maps.Look("p", key));
    said.push_back(absl::FormatDuration(env.clock().MonotonicNow() - before));
  }
  co_return 0;
}

TEST(MapWaitsTest, ProgramsThatDoNotEndAreKilled) {
  TestHost host;
  ASSERT_TRUE(host.disk().WriteFile("/bin/endless", "", {.mode = 0755}).ok());
  host.host().InstallProgram("/bin/endless", &EndlessProgram);
  Said said;
  EXPECT_EQ(host.Run(&AskEndlessPrograms, std::ref(said)), 0);
  const std::string killed = "prog_map_lookup(p): deadline exceeded\n(75)";
  EXPECT_EQ(said, (Said{killed, "5m", killed, "5m"}));
}

// Answers every question, the first one on each connection once too often.
Task<absl::Status> ServeOne(Environment&, std::unique_ptr<Connection> connection) {
  std::vector<char> buffer(1000);
  for (int i = 0;; ++i) {
    NetstringReader question;
    while (!question.complete()) {
      const absl::StatusOr<size_t> read = co_await connection->Read(absl::MakeSpan(buffer));
      if (!read.ok() || *read == 0) co_return absl::OkStatus();
      absl::string_view bytes(buffer.data(), *read);
      if (!question.Take(bytes).ok()) co_return absl::OkStatus();
    }
    std::string answer = MakeNetstring(absl::StrCat("OK ", question.text()));
    if (i == 0) answer += MakeNetstring("OK nobody asked for");
    (void)co_await WriteAll(*connection, answer);
  }
}

Task<int> OddServer(Environment& env) {
  auto listener = env.network().Listen({.address = {*IpAddress::Parse("127.0.0.1"), 7777}});
  CHECK(listener.ok());
  TaskScope scope(co_await CurrentContext(), "server", TaskScope::Policy::kSupervise, 10);
  while (true) {
    auto connection = co_await (*listener)->Accept();
    if (!connection.ok()) break;
    (void)scope.Spawn(&ServeOne, std::ref(env), *std::move(connection));
  }
  scope.RequestStop();
  (void)co_await scope.Join();
  co_return 0;
}

Task<absl::Status> AskAtOnce(Maps& maps, Said& said, std::string key) {
  said.push_back(co_await maps.Look("s", key));
  co_return absl::OkStatus();
}

Task<int> AskTogether(Environment& env, Said& said) {
  (void)co_await Sleep(absl::Seconds(1));
  Maps maps(env);
  // Each finds the server's addresses anew if it comes before the map is open.
  maps.Declare("s socket inet:7777@server.example");
  TaskScope scope(co_await CurrentContext(), "lookers", TaskScope::Policy::kSupervise, 10);
  for (const char* key : {"a", "b", "c"}) {
    (void)scope.Spawn(&AskAtOnce, std::ref(maps), std::ref(said), std::string(key));
    (void)co_await Sleep(absl::Milliseconds(1));
  }
  (void)co_await scope.Join();
  said.push_back(co_await maps.Look("s", "d"));
  co_return 0;
}

TEST(MapWaitsTest, ServersAreFoundOnceForAllWhoWait) {
  TestHost host;
  SimProcess& server = host.host().Spawn({}, [](const ExitStatus&) {});
  server.StartTask(&OddServer, std::ref(server.environment()));
  // Nothing listens at the first address.
  ASSERT_TRUE(host.disk()
                  .WriteFile("/etc/hosts", "127.0.0.9 server.example\n127.0.0.1 server.example\n")
                  .ok());
  Said said;
  EXPECT_EQ(host.Run(&AskTogether, std::ref(said)), 0);
  EXPECT_EQ(said, (Said{"s a", "s b", "s c", "s d"}));
}

}  // namespace
}  // namespace stagepost
