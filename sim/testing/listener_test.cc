#include "mta/daemon/listener.h"

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "mta/async/deadline.h"
#include "mta/base/errno.h"
#include "mta/base/status_macros.h"
#include "sim/testing/test_host.h"

namespace stagepost {
namespace {

// Greets everybody, and waits until they have gone.
class Greeter final : public ConnectionHandler {
 public:
  Task<absl::Status> Serve(std::unique_ptr<Connection> connection, const PortOptions& port,
                           int64_t /*number*/) override {
    const std::string greeting = absl::StrCat(port.name, "\r\n");
    CO_RETURN_IF_ERROR(co_await WriteAll(*connection, greeting));
    char byte;
    (void)co_await connection->Read(absl::MakeSpan(&byte, 1));
    co_return absl::OkStatus();
  }
  const Options& options() const override { return settings; }
  void SetTitle(absl::string_view text) override { title = std::string(text); }

  Options settings;
  std::string title;
};

// A daemon's listeners on a host, and clients of them.
struct Scene {
  TestHost host;
  Greeter greeter;
  std::vector<PortOptions> ports;
  std::vector<std::unique_ptr<Connection>> connections;
  Listeners* listeners = nullptr;  // while they run

  void Set(absl::string_view setting) {
    ASSERT_TRUE(greeter.settings.SetLong(setting, {}, Options::Origin::kFile).empty());
  }
  void AddPort(absl::string_view value) {
    Diagnostics diagnostics;
    ports.push_back(ParseDaemonPort(value, ports.size(), {}, diagnostics));
    ASSERT_TRUE(diagnostics.empty());
  }
};

using Script = Task<void> (*)(Environment&, Scene&);

// What a client sees within a tenth of a second: "refused", "MTA", or "waits".
Task<std::string> Knock(Environment& env, Scene& scene, uint16_t port = 25) {
  const SocketAddress to = {*IpAddress::Parse("127.0.0.1"), port};
  absl::StatusOr<std::unique_ptr<Connection>> connection =
      co_await env.network().Connect(to, std::nullopt);
  if (!connection.ok()) {
    co_return ErrnoOf(connection.status()) == Errno::kECONNREFUSED ? "refused" : "error";
  }
  scene.connections.push_back(*std::move(connection));
  const MonotonicTime patience = env.clock().MonotonicNow() + absl::Milliseconds(100);
  std::string greeting;
  while (!absl::EndsWith(greeting, "\r\n")) {
    char byte;
    const absl::StatusOr<size_t> got =
        co_await WithDeadline(patience, scene.connections.back()->Read(absl::MakeSpan(&byte, 1)));
    if (!got.ok()) co_return "waits";
    if (*got == 0) co_return "closed";
    greeting += byte;
  }
  co_return greeting.substr(0, greeting.size() - 2);
}

Task<absl::Status> Listen(Listeners& listeners) {
  const absl::Status status = co_await listeners.Run();
  co_await listeners.EndSessions();
  co_return status;
}

Task<absl::Status> Play(TaskScope& scope, Environment& env, Scene& scene, Script script,
                        Listeners& listeners) {
  CO_RETURN_IF_ERROR(scope.Spawn(&Listen, std::ref(listeners)));
  CO_RETURN_IF_ERROR(co_await Sleep(absl::Milliseconds(10)));
  co_await script(env, scene);
  scene.connections.clear();
  scope.RequestStop();
  co_return absl::OkStatus();
}

Task<int> Program(Environment& env, Scene& scene, Script script) {
  Reporter reporter(env, false);
  absl::StatusOr<std::vector<OpenPort>> ports = co_await OpenPorts(env, scene.ports, reporter);
  if (!ports.ok()) co_return 1;
  Listeners listeners(env, scene.greeter, reporter, *std::move(ports), co_await CurrentContext());
  scene.listeners = &listeners;
  const absl::Status status =
      co_await WithScope("test", TaskScope::Policy::kSupervise, 2, &Play, std::ref(env),
                         std::ref(scene), script, std::ref(listeners));
  co_return status.ok() ? 0 : 2;
}

TEST(Listeners, TakeClientsUntilTheyStop) {
  Scene scene;
  scene.AddPort("Name=MTA");
  scene.AddPort("Name=MSA, Port=587");
  const Script script = +[](Environment& env, Scene& s) -> Task<void> {
    EXPECT_EQ(co_await Knock(env, s), "MTA");
    EXPECT_EQ(co_await Knock(env, s, 587), "MSA");
    EXPECT_EQ(co_await Knock(env, s, 26), "refused");
    EXPECT_EQ(s.greeter.title, "accepting connections");
  };
  EXPECT_EQ(scene.host.Run(&Program, std::ref(scene), script), 0);
}

TEST(Listeners, RefuseAtMaxDaemonChildren) {
  Scene scene;
  scene.Set("MaxDaemonChildren=2");
  scene.AddPort("Name=MTA");
  scene.AddPort("Name=MSA, Port=587");
  const Script script = +[](Environment& env, Scene& s) -> Task<void> {
    EXPECT_EQ(co_await Knock(env, s), "MTA");
    EXPECT_EQ(co_await Knock(env, s, 587), "MSA");
    EXPECT_EQ(co_await Knock(env, s), "refused");
    EXPECT_EQ(co_await Knock(env, s, 587), "refused");
    EXPECT_EQ(s.greeter.title, "rejecting connections on daemon MSA: 2 children, max 2");
    s.connections.clear();
    EXPECT_TRUE((co_await Sleep(absl::Seconds(10))).ok());
    EXPECT_EQ(co_await Knock(env, s), "refused");
    EXPECT_TRUE((co_await Sleep(absl::Seconds(6))).ok());
    EXPECT_EQ(co_await Knock(env, s), "MTA");
  };
  EXPECT_EQ(scene.host.Run(&Program, std::ref(scene), script), 0);
  EXPECT_EQ(scene.host.Log(),
            "rejecting connections on daemon MTA: 2 children, max 2\n"
            "rejecting connections on daemon MSA: 2 children, max 2\n"
            "accepting connections again for daemon MTA\n"
            "accepting connections again for daemon MSA\n");
}

Task<absl::Status> KnockAside(Environment& env, Scene& scene, uint16_t port) {
  (void)co_await Knock(env, scene, port);
  co_return absl::OkStatus();
}

Task<absl::Status> KnockAtBoth(TaskScope& scope, Environment& env, Scene& scene) {
  for (const uint16_t port : {uint16_t{25}, uint16_t{587}}) {
    CO_RETURN_IF_ERROR(scope.Spawn(&KnockAside, std::ref(env), std::ref(scene), port));
  }
  co_return absl::OkStatus();
}

// The last place is taken through one port while a client comes to the other.
TEST(Listeners, TakeClientsAgainAfterThereWasNoPlaceLeft) {
  Scene scene;
  scene.AddPort("Name=MTA");
  scene.AddPort("Name=MSA, Port=587");
  const Script script = +[](Environment& env, Scene& s) -> Task<void> {
    for (int i = 1; i < kMaxSessions; ++i) {
      EXPECT_EQ(co_await Knock(env, s), "MTA");
      if (testing::Test::HasFailure()) co_return;
    }
    EXPECT_TRUE((co_await WithScope("both", TaskScope::Policy::kSupervise, 2, &KnockAtBoth,
                                    std::ref(env), std::ref(s)))
                    .ok());
    s.connections.clear();
    EXPECT_TRUE((co_await Sleep(absl::Seconds(30))).ok());
    EXPECT_EQ(co_await Knock(env, s), "MTA");
    EXPECT_EQ(co_await Knock(env, s, 587), "MSA");
  };
  EXPECT_EQ(scene.host.Run(&Program, std::ref(scene), script), 0);
}

TEST(Listeners, RefuseAtTheChildrenOfOnePort) {
  Scene scene;
  scene.AddPort("Name=MTA, children=1");
  scene.AddPort("Name=MSA, Port=587");
  const Script script = +[](Environment& env, Scene& s) -> Task<void> {
    EXPECT_EQ(co_await Knock(env, s), "MTA");
    EXPECT_EQ(co_await Knock(env, s), "refused");
    EXPECT_EQ(co_await Knock(env, s, 587), "MSA");
  };
  EXPECT_EQ(scene.host.Run(&Program, std::ref(scene), script), 0);
  EXPECT_EQ(scene.host.Log(), "rejecting connections on daemon MTA: 1 children, max 1\n");
}

TEST(Listeners, CountChildrenThatBeganBeforeAChange) {
  Scene scene;
  scene.AddPort("Name=MTA, children=2");
  const Script script = +[](Environment& env, Scene& s) -> Task<void> {
    EXPECT_EQ(co_await Knock(env, s), "MTA");
    std::vector<PortOptions> changed = s.ports;
    changed[0].name = "New";
    s.listeners->Reconfigure(changed);
    EXPECT_TRUE((co_await Sleep(absl::Seconds(1))).ok());
    EXPECT_EQ(co_await Knock(env, s), "New");
    EXPECT_EQ(co_await Knock(env, s), "refused");
    s.connections.erase(s.connections.begin());
    EXPECT_TRUE((co_await Sleep(absl::Seconds(21))).ok());
    EXPECT_EQ(co_await Knock(env, s), "New");
    EXPECT_EQ(co_await Knock(env, s), "refused");
  };
  EXPECT_EQ(scene.host.Run(&Program, std::ref(scene), script), 0);
  EXPECT_TRUE(absl::StrContains(scene.host.Log(),
                                "rejecting connections on daemon New: 2 children, max 2\n"));
}

TEST(Listeners, RefuseWhenTheHostIsBusy) {
  Scene scene;
  scene.Set("RefuseLA=30");
  scene.Set("RejectLogInterval=10s");
  scene.AddPort("Name=MTA");
  const Script script = +[](Environment& env, Scene& s) -> Task<void> {
    EXPECT_EQ(co_await Knock(env, s), "MTA");
    s.host.host().load_average = 30.7;
    EXPECT_TRUE((co_await Sleep(absl::Seconds(6))).ok());
    EXPECT_EQ(co_await Knock(env, s), "refused");
    EXPECT_TRUE((co_await Sleep(absl::Seconds(30))).ok());
    s.host.host().load_average = 29.4;
    EXPECT_TRUE((co_await Sleep(absl::Seconds(15))).ok());
    EXPECT_EQ(co_await Knock(env, s), "MTA");
  };
  EXPECT_EQ(scene.host.Run(&Program, std::ref(scene), script), 0);
  EXPECT_EQ(scene.host.Log(),
            "rejecting connections on daemon MTA: load average: 31\n"
            "rejecting connections on daemon MTA: load average: 31\n"
            "have been rejecting connections on daemon MTA for 00:00:15\n"
            "rejecting connections on daemon MTA: load average: 31\n"
            "have been rejecting connections on daemon MTA for 00:00:30\n"
            "accepting connections again for daemon MTA\n");
}

TEST(Listeners, DelayWhatComesTooFast) {
  Scene scene;
  scene.Set("ConnectionRateThrottle=2");
  scene.AddPort("Name=MTA");
  const Script script = +[](Environment& env, Scene& s) -> Task<void> {
    for (int i = 0; i < 4; ++i) EXPECT_EQ(co_await Knock(env, s), "MTA");
    EXPECT_EQ(co_await Knock(env, s), "waits");
    EXPECT_TRUE((co_await Sleep(absl::Seconds(1))).ok());
    EXPECT_EQ(co_await Knock(env, s), "MTA");
  };
  EXPECT_EQ(scene.host.Run(&Program, std::ref(scene), script), 0);
  EXPECT_TRUE(
      absl::StrContains(scene.host.Log(), "deferring connections on daemon MTA: 2 per second\n"));
}

TEST(Listeners, DelayClientsOfABusyHost) {
  Scene scene;
  scene.Set("DelayLA=10");
  scene.Set("RefuseLA=0");
  scene.AddPort("Name=MTA");
  const Script script = +[](Environment& env, Scene& s) -> Task<void> {
    s.host.host().load_average = 21;
    EXPECT_EQ(co_await Knock(env, s), "MTA");  // the port was waiting already
    EXPECT_EQ(co_await Knock(env, s), "waits");
    EXPECT_TRUE((co_await Sleep(absl::Seconds(1))).ok());
  };
  EXPECT_EQ(scene.host.Run(&Program, std::ref(scene), script), 0);
  EXPECT_EQ(scene.host.Log(), "delaying connections on daemon MTA: load average=21 >= 10\n");
}

TEST(Listeners, KeepASocketThatTheyCouldNotHaveBack) {
  Scene scene;
  scene.Set("MaxDaemonChildren=1");
  scene.AddPort("Name=MTA");
  const Script script = +[](Environment& env, Scene& s) -> Task<void> {
    const Identity alice = {UserId(2001), GroupId(2001), {}};
    EXPECT_TRUE(env.process().BecomePermanently(alice).ok());
    EXPECT_EQ(co_await Knock(env, s), "MTA");
    EXPECT_EQ(co_await Knock(env, s), "waits");
    s.connections.erase(s.connections.begin());
    EXPECT_TRUE((co_await Sleep(absl::Seconds(16))).ok());
    char byte;
    EXPECT_TRUE((co_await s.connections[0]->Read(absl::MakeSpan(&byte, 1))).ok());
  };
  EXPECT_EQ(scene.host.Run(&Program, std::ref(scene), script), 0);
}

TEST(Listeners, FindTheAddressOfAHost) {
  Scene scene;
  ASSERT_TRUE(scene.host.disk().WriteFile("/etc/hosts", "127.0.0.1 own.example\n").ok());
  scene.AddPort("Name=byname, Addr=own.example");
  const Script script = +[](Environment& env, Scene& s) -> Task<void> {
    EXPECT_EQ(co_await Knock(env, s), "byname");
  };
  EXPECT_EQ(scene.host.Run(&Program, std::ref(scene), script), 0);

  Scene nowhere;
  nowhere.AddPort("Name=byname, Addr=nosuch.example");
  EXPECT_EQ(nowhere.host.Run(&Program, std::ref(nowhere), script), 1);
  EXPECT_EQ(nowhere.host.Log(),
            "NOQUEUE: SYSERR(root): opendaemonsocket: daemon byname: cannot bind: host "
            "\"nosuch.example\" unknown\n"
            "daemon byname: problem creating SMTP socket\n"
            "NOQUEUE: SYSERR(root): opendaemonsocket: daemon byname: server SMTP socket wedged: "
            "exiting\n");
}

TEST(Listeners, MayDoWithoutAnOptionalPort) {
  Scene scene;
  scene.AddPort("Name=MTA");
  scene.AddPort("Name=opt, Addr=10.99.99.99, Modify=O");
  scene.AddPort("Name=smtps, Port=465, Modify=s");
  const Script script = +[](Environment& env, Scene& s) -> Task<void> {
    EXPECT_EQ(co_await Knock(env, s), "MTA");
    EXPECT_EQ(co_await Knock(env, s, 465), "closed");
  };
  EXPECT_EQ(scene.host.Run(&Program, std::ref(scene), script), 0);
  EXPECT_EQ(scene.host.Log(), "NOQUEUE: smtps: TLS not available, exiting\n");
}

}  // namespace
}  // namespace stagepost
