// Every trigger and every fault: each strikes once, and ends when it should.
#include "sim/scenario/faults.h"

#include <cstdint>
#include <functional>
#include <iterator>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "mta/async/deadline.h"
#include "sim/scenario/network_phases.h"
#include "sim/scenario/scenario_test_util.h"
#include "sim/scenario/values.h"
#include "sim/world/dns_zones.h"
#include "sim/world/sim_file_caller.h"

namespace stagepost {
namespace {

constexpr char kHosts[] = R"(
  host { name: "a" address: "192.0.2.1" mta { local: "corp.example" start: false } }
  host { name: "b" address: "192.0.2.2" mta { start: false } }
  host { name: "c" address: "192.0.2.3" mta { start: false } })";

Task<int> SleepForEver(Environment&) {
  while (true) (void)co_await Sleep(absl::Hours(1));
}

class FaultsTest : public testing::Test {
 protected:
  explicit FaultsTest(uint64_t seed = 1) : scene(kHosts, "", seed) {
    plan = std::make_unique<FaultPlan>(scene.world, patterns, [this](SimHost& host) {
      restarted += host.name();
      StartMtaStandIn(host);
    });
  }

  // Faults live as long as the test, as those of a scenario do.
  void Arm(absl::string_view fault) {
    scenarios.push_back(std::make_unique<LoadedScenario>(
        ScenarioWorld::Load(kHosts, absl::StrCat("step { fault { ", fault, " } }"))));
    plan->Arm(scenarios.back()->scenario.step(0).fault());
  }
  void StartMtaStandIn(SimHost& host) {
    ProcessSpec spec;
    spec.path = kSendmailPath;
    SimProcess& process = host.Spawn(std::move(spec), nullptr);
    process.StartTask(&SleepForEver, std::ref(process.environment()));
  }
  void Record(absl::string_view host, EventKind kind, absl::string_view subject,
              absl::string_view detail, int64_t number = 0) {
    scene.world.core().Record(scene.host(host).index(), 1, {kind, subject, detail, number});
  }
  void RunFor(absl::Duration duration) {
    scene.world.RunUntil([] { return false; }, scene.world.now() + duration);
  }
  // Whether a crash, the fault of most of these tests, has struck; the host is up again then.
  bool Struck(absl::string_view name = "a") {
    RunFor(absl::ZeroDuration());
    SimHost& host = scene.host(name);
    if (host.up()) return false;
    host.Boot();
    return true;
  }
  // The error of a file call on host a.
  Errno FileCallError(FileCall call, absl::string_view path) {
    FileFaults* faults = scene.host("a").file_faults;
    return faults == nullptr ? Errno::kOk : faults->OnCall(call, path).error;
  }
  absl::Duration FileCallStall(FileCall call, absl::string_view path) {
    FileFaults* faults = scene.host("a").file_faults;
    return faults == nullptr ? absl::ZeroDuration() : faults->OnCall(call, path).stall;
  }
  bool Blocked(absl::string_view from, absl::string_view to) {
    return scene.world.fabric().Blocked(scene.host(from).node(), scene.host(to).node());
  }

  std::vector<std::unique_ptr<LoadedScenario>> scenarios;
  ScenarioWorld scene;
  PatternCache patterns;
  std::string restarted;
  std::unique_ptr<FaultPlan> plan;
};

// --- Triggers.

TEST_F(FaultsTest, WithoutATriggerAtOnce) {
  Arm(R"(host: "a" host: "c" crash {})");
  EXPECT_FALSE(scene.host("a").up());
  EXPECT_TRUE(scene.host("b").up());
  EXPECT_FALSE(scene.host("c").up());
}

// What a host that sends mail says and hears, as the wire shows it; each phase strikes a host of
// its own. Only what sendmail itself has connected counts.
TEST_F(FaultsTest, PhasesOfADialogueWithANextHop) {
  StartMtaStandIn(scene.host("a"));
  const uint32_t pid = MtaProcesses(scene.host("a")).front();
  const auto a = [&](EventKind kind, absl::string_view subject, absl::string_view detail,
                     int64_t number, int64_t number2 = 0) {
    scene.world.core().Record(scene.host("a").index(), pid,
                              {kind, subject, detail, number, number2});
  };
  const auto sent = [&](absl::string_view bytes) {
    a(EventKind::kBytesSent, "192.0.2.1:4000", bytes, 1, 7);
  };
  const auto heard = [&](absl::string_view bytes) {
    scene.world.core().Record(scene.host("b").index(), 9,
                              {EventKind::kBytesSent, "192.0.2.2:25", bytes, 1, 7});
  };
  const auto expect = [&](absl::string_view phase, const std::function<void()>& happens) {
    Arm(absl::StrCat("host: \"a\" partition { from: \"b\" to: \"c\" duration: \"1s\" } ",
                     "on_phase: \"", phase, "\""));
    RunFor(absl::Seconds(2));
    EXPECT_FALSE(Blocked("b", "c")) << phase;
    happens();
    RunFor(absl::ZeroDuration());
    EXPECT_TRUE(Blocked("b", "c")) << phase;
    RunFor(absl::Seconds(2));
  };
  expect("dns", [&] { a(EventKind::kDnsQuery, "b.example", "192.0.2.2", 1); });
  expect("connected",
         [&] { a(EventKind::kConnectionOpened, "192.0.2.1:4000", "192.0.2.2:25", 7); });
  expect("greeted", [&] { heard("220 b\r\n"); });
  expect("helo", [&] { sent("EHLO a\r\n"); });
  heard("250 b\r\n");
  expect("mail", [&] { sent("MAIL From:<>\r\n"); });
  expect("rcpt", [&] { sent("RCPT To:<x@b>\r\nDATA\r\n"); });
  expect("data", [&] { sent("DATA\r\n"); });
  heard("250 ok\r\n354 go\r\n");
  expect("dot", [&] {
    sent("MAIL is what this line begins with\r\n.\r");
    sent("\n");
  });
  expect("answered", [&] { heard("250 ok\r\n"); });
  expect("quit", [&] { sent("QUIT\r\n"); });
  // A client that is no MTA.
  scene.world.core().Record(scene.host("a").index(), 1,
                            {EventKind::kConnectionOpened, "192.0.2.1:4001", "192.0.2.2:25", 8});
  Arm(R"(host: "a" crash {} on_phase: "connected")");
  EXPECT_FALSE(Struck());
}

TEST_F(FaultsTest, NamesFailForAWhile) {
  Arm(R"(dns_outage { fails: "SERVFAIL" duration: "10s" })");
  EXPECT_EQ(scene.world.core().dns.Find("x.example", DnsType::kA).answer.rcode,
            DnsRcode::kServFail);
  Arm(R"(dns_outage { duration: "5s" })");
  EXPECT_EQ(scene.world.core().dns.Find("x.example", DnsType::kA).fault, DnsFault::kTimeOut);
  RunFor(absl::Seconds(6));
  EXPECT_EQ(scene.world.core().dns.Find("x.example", DnsType::kA).answer.rcode,
            DnsRcode::kServFail);
  RunFor(absl::Seconds(5));
  EXPECT_EQ(scene.world.core().dns.Find("x.example", DnsType::kA).answer.rcode,
            DnsRcode::kNxDomain);
}

TEST_F(FaultsTest, AfterAWhileOnce) {
  Arm(R"(host: "a" crash {} after: "10s")");
  RunFor(absl::Seconds(9));
  EXPECT_FALSE(Struck());
  RunFor(absl::Seconds(1));
  EXPECT_TRUE(Struck());
  RunFor(absl::Hours(1));
  EXPECT_FALSE(Struck());
}

TEST_F(FaultsTest, OnReplyOnce) {
  Arm(R"(host: "a" host: "b" crash {} on_reply: "250 2\\.0\\.0")");
  Record("a", EventKind::kSmtpReply, "peer", "250 2.1.0 ok");
  Record("a", EventKind::kSmtpCommand, "peer", "250 2.0.0 ok");
  Record("a", EventKind::kSmtpReply, "peer", "x 250 2.0.0 ok");
  Record("c", EventKind::kSmtpReply, "peer", "250 2.0.0 ok");
  EXPECT_FALSE(Struck());
  Record("b", EventKind::kSmtpReply, "peer", "250 2.0.0 ok");
  EXPECT_TRUE(Struck("a"));
  EXPECT_TRUE(Struck("b"));
  Record("a", EventKind::kSmtpReply, "peer", "250 2.0.0 ok");
  EXPECT_FALSE(Struck());
}

TEST_F(FaultsTest, OnCommandOnce) {
  Arm(R"(host: "a" crash {} on_command: "(?i)DATA")");
  Record("a", EventKind::kSmtpReply, "peer", "DATA");
  EXPECT_FALSE(Struck());
  Record("a", EventKind::kSmtpCommand, "peer", "data");
  EXPECT_TRUE(Struck());
  Record("a", EventKind::kSmtpCommand, "peer", "data");
  EXPECT_FALSE(Struck());
}

TEST_F(FaultsTest, OnFileCallOnce) {
  Arm(R"(host: "a" crash {} on_file_call { call: "rename" path: "/var/spool/mqueue/.*" })");
  Record("a", EventKind::kFileCall, "rename", "/x/var/spool/mqueue/tfA");
  Record("a", EventKind::kFileCall, "unlink", "/var/spool/mqueue/tfA");
  EXPECT_FALSE(Struck());
  Record("a", EventKind::kFileCall, "rename", "/var/spool/mqueue/tfA");
  EXPECT_TRUE(Struck());
  Record("a", EventKind::kFileCall, "rename", "/var/spool/mqueue/tfA");
  EXPECT_FALSE(Struck());
}

TEST_F(FaultsTest, OnTheThirdCallThatChangesADisk) {
  Arm(R"(host: "a" crash {} on_file_call { number: 3 })");
  Record("a", EventKind::kFileCall, "open", "/f");
  Record("a", EventKind::kFileCall, "read", "/f");
  Record("a", EventKind::kFileCall, "lstat", "/f");
  Record("a", EventKind::kFileWritten, "/f", "text");
  Record("b", EventKind::kFileCall, "fsync", "/f");
  EXPECT_EQ(FileCallStall(FileCall::kStat, "/f"), absl::ZeroDuration());
  EXPECT_FALSE(Struck());
  Record("a", EventKind::kFileCall, "fsync", "/f");
  // Nothing happens any more until the host is down.
  EXPECT_EQ(FileCallStall(FileCall::kStat, "/f"), absl::InfiniteDuration());
  EXPECT_TRUE(Struck());
  EXPECT_EQ(FileCallStall(FileCall::kRename, "/f"), absl::ZeroDuration());
}

TEST_F(FaultsTest, BeforeAFileCall) {
  Arm(R"(host: "a" crash {} on_file_call { call: "rename" path: "/q/.*" number: 2 before: true })");
  EXPECT_EQ(FileCallStall(FileCall::kRename, "/q/tfA"), absl::ZeroDuration());
  EXPECT_EQ(FileCallStall(FileCall::kUnlink, "/q/tfA"), absl::ZeroDuration());
  EXPECT_EQ(FileCallStall(FileCall::kRename, "/x/tfA"), absl::ZeroDuration());
  Record("a", EventKind::kFileCall, "rename", "/q/tfA");
  EXPECT_FALSE(Struck());
  EXPECT_EQ(FileCallStall(FileCall::kRename, "/q/tfB"), absl::InfiniteDuration());
  EXPECT_TRUE(Struck());
  EXPECT_EQ(FileCallStall(FileCall::kRename, "/q/tfB"), absl::ZeroDuration());
}

TEST_F(FaultsTest, OnAFileCallByARelativePath) {
  ASSERT_TRUE(scene.host("a").editor().MakeDirectories("/var/spool/q").ok());
  ProcessSpec spec;
  spec.working_directory = "/var/spool/q";
  const uint32_t pid = scene.host("a").Spawn(std::move(spec), nullptr).pid();
  Arm(R"(host: "a" crash {} on_file_call { call: "rename" path: "/var/spool/q/tf.*" })");
  const uint32_t host = scene.host("a").index();
  scene.world.core().Record(host, pid, {EventKind::kFileCall, "rename", "dfA"});
  EXPECT_FALSE(Struck());
  scene.world.core().Record(host, pid, {EventKind::kFileCall, "rename", "tfA"});
  EXPECT_TRUE(Struck());
}

TEST_F(FaultsTest, OnPhaseOnce) {
  Arm(R"(host: "a" crash {} on_phase: "delivered")");
  Record("a", EventKind::kEnvelopeAccepted, "id", "delivered");
  EXPECT_FALSE(Struck());
  Record("a", EventKind::kRecipientDelivered, "id", "alice");
  EXPECT_TRUE(Struck());
  Record("a", EventKind::kRecipientDelivered, "id", "bob");
  EXPECT_FALSE(Struck());
}

TEST_F(FaultsTest, EveryPhaseHasAnEvent) {
  const std::pair<absl::string_view, EventKind> phases[] = {
      {"accepted", EventKind::kEnvelopeAccepted},    {"delivering", EventKind::kProcessStarted},
      {"delivered", EventKind::kRecipientDelivered}, {"deferred", EventKind::kRecipientDeferred},
      {"bounced", EventKind::kRecipientBounced},     {"done", EventKind::kEnvelopeDone}};
  EXPECT_EQ(PhaseNames().size(), std::size(phases) + NetworkPhaseNames().size());
  for (const auto& [phase, kind] : phases) {
    Arm(absl::StrCat("host: \"a\" crash {} on_phase: \"", phase, "\""));
    EXPECT_FALSE(Struck()) << phase;
    Record("a", kind, kMailLocalPath, "");
    EXPECT_TRUE(Struck()) << phase;
  }
}

TEST_F(FaultsTest, OnWrite) {
  Arm(R"(host: "a" crash {} on_file_call { call: "write" path: "/x" })");
  Record("a", EventKind::kFileWritten, "/y", "bytes");
  EXPECT_FALSE(Struck());
  Record("a", EventKind::kFileWritten, "/x", "bytes");
  EXPECT_TRUE(Struck());
}

TEST_F(FaultsTest, TwoOnOneEvent) {
  Arm(R"(host: "a" crash {} on_command: "DATA")");
  Arm(R"(host: "b" crash {} on_command: "DATA")");
  Arm(R"(partition { from: "a" to: "c" } host: "a" on_command: "DATA")");
  Record("a", EventKind::kSmtpCommand, "peer", "DATA");
  EXPECT_TRUE(Struck("a"));
  EXPECT_FALSE(Struck("b")) << "armed for commands on b";
  EXPECT_TRUE(Blocked("a", "c"));
}

TEST(Faults, ADelayIsDrawn) {
  std::set<MonotonicTime> times;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    ScenarioWorld scene(kHosts, R"(step { fault { host: "a" crash {} delay_up_to: "1s" } })", seed);
    PatternCache patterns;
    FaultPlan plan(scene.world, patterns, [](SimHost&) {});
    plan.Arm(scene.loaded.scenario.step(0).fault());
    ASSERT_TRUE(scene.world.RunUntil([&] { return !scene.host("a").up(); },
                                     MonotonicTime() + absl::Seconds(1)));
    times.insert(scene.world.now());
  }
  EXPECT_GT(times.size(), 15u);
}

// --- Faults.

TEST_F(FaultsTest, ACrashThatIsRestarted) {
  Arm(R"(host: "a" crash { restart_after: "5m" })");
  EXPECT_FALSE(scene.host("a").up());
  EXPECT_TRUE(plan->restarts_pending());
  RunFor(absl::Minutes(4));
  EXPECT_FALSE(scene.host("a").up());
  plan->Heal();
  RunFor(absl::Minutes(2));
  EXPECT_TRUE(scene.host("a").up());
  EXPECT_EQ(restarted, "a");
  EXPECT_FALSE(plan->restarts_pending());
}

TEST_F(FaultsTest, KillsOnlyTheMta) {
  StartMtaStandIn(scene.host("a"));
  SimProcess& other = scene.Pretend("a", "/usr/sbin/sink");
  Arm(R"(host: "a" kill_mta { restart_after: "1m" } after: "1s")");
  RunFor(absl::Seconds(2));
  EXPECT_TRUE(MtaProcesses(scene.host("a")).empty());
  EXPECT_EQ(scene.host("a").ProcessIds(), std::vector<uint32_t>{other.pid()});
  EXPECT_TRUE(plan->restarts_pending());
  RunFor(absl::Minutes(1));
  EXPECT_EQ(restarted, "a");
  EXPECT_EQ(MtaProcesses(scene.host("a")).size(), 1u);
  RunFor(absl::Hours(1));
  EXPECT_EQ(restarted, "a");
}

TEST_F(FaultsTest, AKilledMtaMayStayDown) {
  StartMtaStandIn(scene.host("a"));
  Arm(R"(host: "a" kill_mta {})");
  plan->Heal();
  RunFor(absl::Hours(1));
  EXPECT_TRUE(scene.host("a").ProcessIds().empty());
  EXPECT_EQ(restarted, "");
}

TEST_F(FaultsTest, PartitionsEndByThemselvesOrByHealing) {
  Arm(R"(partition { from: "a" to: "b" duration: "1m" })");
  Arm(R"(partition { from: "a" to: "b" both: false })");
  EXPECT_TRUE(Blocked("a", "b"));
  EXPECT_TRUE(Blocked("b", "a"));
  EXPECT_FALSE(Blocked("a", "c"));
  RunFor(absl::Minutes(2));
  EXPECT_TRUE(Blocked("a", "b"));
  EXPECT_FALSE(Blocked("b", "a"));
  plan->Heal();
  EXPECT_FALSE(Blocked("a", "b"));
  RunFor(absl::Hours(1));
  EXPECT_FALSE(Blocked("a", "b"));
}

TEST_F(FaultsTest, HealingEndsWhatWouldEndLaterOnce) {
  Arm(R"(partition { from: "a" to: "b" duration: "1m" })");
  plan->Heal();
  // Another cut, by somebody else, is not ended when the first one's time has come.
  scene.world.fabric().SetBlocked(scene.host("a").node(), scene.host("b").node(), true);
  RunFor(absl::Minutes(2));
  EXPECT_TRUE(Blocked("a", "b"));
}

TEST_F(FaultsTest, FileErrors) {
  Arm(R"(host: "a" file_error { call: "rename" path: "/spool/.*" error: "EIO" duration: "1m" })");
  EXPECT_EQ(FileCallError(FileCall::kRename, "/spool/tf"), Errno::kEIO);
  EXPECT_EQ(FileCallError(FileCall::kRename, "/spool/tf"), Errno::kEIO);
  EXPECT_EQ(FileCallError(FileCall::kRename, "/x/spool/tf"), Errno::kOk);
  EXPECT_EQ(FileCallError(FileCall::kUnlink, "/spool/tf"), Errno::kOk);
  EXPECT_EQ(scene.host("b").file_faults, nullptr);
  Arm(R"(host: "a" file_error { error: "EACCES" })");
  EXPECT_EQ(FileCallError(FileCall::kUnlink, "/spool/tf"), Errno::kEACCES);
  RunFor(absl::Minutes(2));
  EXPECT_EQ(FileCallError(FileCall::kRename, "/spool/tf"), Errno::kEACCES);
  plan->Heal();
  EXPECT_EQ(FileCallError(FileCall::kRename, "/spool/tf"), Errno::kOk);
  EXPECT_EQ(scene.host("a").file_faults, nullptr);
}

TEST_F(FaultsTest, FileErrorsByChance) {
  Arm(R"(host: "a" file_error { error: "EIO" per_mille: 100 })");
  int failed = 0;
  for (int i = 0; i < 1000; ++i) {
    failed += FileCallError(FileCall::kRead, "/x") == Errno::kEIO;
  }
  EXPECT_GT(failed, 50);
  EXPECT_LT(failed, 150);
}

TEST_F(FaultsTest, FileStalls) {
  Arm(R"(host: "a" file_stall { call: "open" path: "/spool/.*" stall: "9s" duration: "1m" })");
  EXPECT_EQ(FileCallStall(FileCall::kOpen, "/spool/tf"), absl::Seconds(9));
  EXPECT_EQ(FileCallStall(FileCall::kOpen, "/x/spool/tf"), absl::ZeroDuration());
  EXPECT_EQ(FileCallStall(FileCall::kUnlink, "/spool/tf"), absl::ZeroDuration());
  EXPECT_EQ(scene.host("b").file_faults, nullptr);
  Arm(R"(host: "a" file_stall { stall: "2s" })");
  Arm(R"(host: "a" file_error { call: "read" error: "EIO" duration: "2m" })");
  EXPECT_EQ(FileCallStall(FileCall::kUnlink, "/x"), absl::Seconds(2));
  EXPECT_EQ(FileCallStall(FileCall::kChangeDirectory, "/x"), absl::ZeroDuration());
  EXPECT_EQ(FileCallError(FileCall::kRead, "/x"), Errno::kEIO);
  RunFor(absl::Minutes(3));
  EXPECT_EQ(FileCallStall(FileCall::kOpen, "/spool/tf"), absl::Seconds(2));
  EXPECT_EQ(FileCallError(FileCall::kRead, "/x"), Errno::kOk);
  plan->Heal();
  EXPECT_EQ(scene.host("a").file_faults, nullptr);
}

Task<int> Greet(Environment& env, int& greeted) {
  const auto listener = env.network().Listen({.address = {*IpAddress::Parse("192.0.2.1"), 25}});
  while (true) {
    auto connection = co_await (*listener)->Accept();
    (void)co_await Sleep(absl::Seconds(10));
    (void)co_await WriteAll(**connection, "220");
    ++greeted;
  }
}

Task<int> WaitForGreeting(Environment& env, std::string& got) {
  auto connection =
      co_await env.network().Connect({*IpAddress::Parse("192.0.2.1"), 25}, std::nullopt);
  char buffer[10];
  const auto n = co_await WithDeadline(env.clock().MonotonicNow() + absl::Hours(1),
                                       (*connection)->Read(absl::MakeSpan(buffer)));
  got = n.ok() ? std::string(buffer, *n) : std::string(n.status().message());
  co_return 0;
}

TEST_F(FaultsTest, ForgottenConnectionsAreHalfOpen) {
  int greeted = 0;
  std::string first, second;
  const auto start = [&](absl::string_view host, auto main, auto& seen) {
    SimProcess& process = scene.host(host).Spawn(ProcessSpec(), nullptr);
    process.StartTask(main, std::ref(process.environment()), std::ref(seen));
  };
  start("a", &Greet, greeted);
  RunFor(absl::Milliseconds(1));
  start("b", &WaitForGreeting, first);
  Arm(R"(forget { from: "b" to: "a" } after: "5s")");
  RunFor(absl::Minutes(30));
  EXPECT_EQ(greeted, 1) << "the server has said what it had to say";
  EXPECT_EQ(first, "") << "the client waits for it";
  start("b", &WaitForGreeting, second);
  RunFor(absl::Minutes(1));
  EXPECT_EQ(second, "220");
  RunFor(absl::Hours(1));
  EXPECT_EQ(first, "deadline exceeded");
}

TEST_F(FaultsTest, AFullDisk) {
  DiskEditor editor = scene.host("a").editor();
  ASSERT_TRUE(editor.WriteFile("/tmp/old", "text").ok());
  Arm(R"(host: "a" disk_full { duration: "1m" })");
  Arm(R"(host: "a" disk_full { duration: "2m" })");
  const auto writes = [&](absl::string_view path, absl::string_view text) {
    return ErrnoOf(editor.WriteFile(path, text));
  };
  EXPECT_EQ(writes("/tmp/new", ""), Errno::kENOSPC);
  EXPECT_EQ(ErrnoOf(editor.MakeDirectories("/tmp/dir")), Errno::kENOSPC);
  EXPECT_EQ(ErrnoOf(editor.Rename("/tmp/old", "/tmp/other")), Errno::kOk);
  EXPECT_EQ(writes("/tmp/other", "longer text"), Errno::kENOSPC);
  EXPECT_EQ(scene.host("b").editor().WriteFile("/tmp/new", ""), absl::OkStatus());
  RunFor(absl::Seconds(90));
  EXPECT_EQ(writes("/tmp/new", ""), Errno::kENOSPC);
  RunFor(absl::Seconds(60));
  EXPECT_EQ(writes("/tmp/new", "text"), Errno::kOk);
}

// --- The end.

TEST_F(FaultsTest, HealingDisarms) {
  Arm(R"(host: "a" crash {} on_command: "DATA")");
  Arm(R"(host: "a" crash {} after: "1m")");
  Arm(R"(host: "a" crash {} delay_up_to: "1m")");
  plan->Heal();
  Record("a", EventKind::kSmtpCommand, "peer", "DATA");
  RunFor(absl::Hours(1));
  EXPECT_FALSE(Struck());
}

TEST_F(FaultsTest, ATriggerThatIsPulledAsThePlanEnds) {
  Arm(R"(host: "a" crash {} on_command: "DATA")");
  Arm(R"(host: "a" file_error { error: "EIO" })");
  Record("a", EventKind::kSmtpCommand, "peer", "DATA");
  plan.reset();
  EXPECT_EQ(scene.host("a").file_faults, nullptr);
}

}  // namespace
}  // namespace stagepost
