// A message on its way to three mailboxes, through the daemon as it is, with the power failing at
// each call that may change the disk: once before the call, and once after it.
#include <iostream>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gtest/gtest.h"
#include "sim/scenario/loader.h"
#include "sim/scenario/runner.h"

namespace stagepost {
namespace {

// Whether the client sees its 250 depends on the moment; so each turn may end with the connection.
constexpr absl::string_view kScenario = R"scenario(
name: "test/crash_points"
summary: "One message for three users; the host crashes at one call to its disk."
world {
  host {
    name: "mx.corp.example"
    address: "192.0.2.25"
    mta { local: "corp.example" queue_interval: "15m" }
    user { name: "alice" }
    user { name: "bob" }
    user { name: "carol" }
  }
  host { name: "client.outside.example" address: "198.51.100.7" }
}
step {
  smtp {
    from: "client.outside.example"
    to: "mx.corp.example"
    turn { say: "EHLO client.outside.example" expect: "250" }
    turn { say: "QUIT" expect: "221" }
  }
}
step {
  fault {
    host: "mx.corp.example"
    crash { restart_after: "30s" }
    on_file_call { number: NUMBER before: BEFORE }
  }
}
step {
  smtp {
    from: "client.outside.example"
    to: "mx.corp.example"
    turn { say: "EHLO client.outside.example" expect: "250|\\((timeout|reset|closed)\\)" }
    turn { say: "MAIL FROM:<x@outside.example>" expect: "250|\\((timeout|reset|closed)\\)" }
    turn { say: "RCPT TO:<alice@corp.example>" expect: "250|\\((timeout|reset|closed)\\)" }
    turn { say: "RCPT TO:<bob@corp.example>" expect: "250|\\((timeout|reset|closed)\\)" }
    turn { say: "RCPT TO:<carol@corp.example>" expect: "250|\\((timeout|reset|closed)\\)" }
    turn { say: "DATA" expect: "354|\\((timeout|reset|closed)\\)" }
    turn {
      say: "Subject: precious" say: "" say: "Do not lose this." say: "."
      expect: "250 2\\.0\\.0|\\((timeout|reset|closed)\\)"
    }
    turn { say: "QUIT" expect: "221|\\((timeout|reset|closed)\\)" }
  }
}
step { wait { for: "1m" } }
step { wait { until { queue { host: "mx.corp.example" messages: 0 } } limit: "2h" } }
expect { mailbox { host: "mx.corp.example" user: "alice" LIMIT } }
expect { mailbox { host: "mx.corp.example" user: "bob" LIMIT } }
expect { mailbox { host: "mx.corp.example" user: "carol" LIMIT } }
)scenario";

struct CrashPoint {
  uint64_t seed;
  int number;  // of the call, from MAIL on
  bool before;
};

RunResult RunWith(CrashPoint point, absl::string_view limit, bool canary = false) {
  const std::string text =
      absl::StrReplaceAll(kScenario, {{"NUMBER", absl::StrCat(point.number)},
                                      {"BEFORE", point.before ? "true" : "false"},
                                      {"LIMIT", limit}});
  const absl::StatusOr<LoadedScenario> scenario = LoadScenario("crash_points", text);
  EXPECT_TRUE(scenario.ok()) << scenario.status();
  if (!scenario.ok()) return {};
  absl::StatusOr<RunResult> result = RunScenario(
      *scenario, {.seed = point.seed, .keep_trace = TraceLog::Keep::kReadable, .canary = canary});
  EXPECT_TRUE(result.ok()) << result.status();
  return result.ok() ? *std::move(result) : RunResult();
}

bool Crashed(const RunResult& result) { return absl::StrContains(result.trace_text, "crash"); }

// What nobody has disturbed gets to each mailbox once. Every crash is judged by the invariants of
// all runs: who was promised the message has it, whole, and twice only since there was a crash.
TEST(CrashPoints, NoCallIsTheWrongMoment) {
  for (const uint64_t seed : {1, 2, 3}) {
    const RunResult undisturbed = RunWith({seed, 1'000'000, false}, "messages: 1");
    ASSERT_TRUE(undisturbed.held()) << undisturbed.failures[0].what;
    ASSERT_FALSE(Crashed(undisturbed));
    for (const bool before : {true, false}) {
      int number = 1;
      for (;; ++number) {
        const RunResult result = RunWith({seed, number, before}, "at_most: 2");
        for (const Failure& failure : result.failures) {
          ADD_FAILURE() << "seed " << seed << (before ? ", before" : ", after") << " call "
                        << number << ": " << failure.where << ": " << failure.what;
        }
        if (!Crashed(result)) break;
      }
      std::cout << "seed " << seed << ": the power failed " << (before ? "before" : "after")
                << " each of " << number - 1 << " calls\n";
      EXPECT_GT(number, 30);
    }
  }
}

// The same search finds a sync that was left out.
TEST(CrashPoints, FindASyncThatIsMissing) {
  int lost = 0;
  for (const uint64_t seed : {1, 2, 3}) {
    for (int number = 1;; ++number) {
      const RunResult result = RunWith({seed, number, false}, "at_most: 2", /*canary=*/true);
      if (!Crashed(result)) break;
      if (!result.held()) ++lost;
    }
  }
  EXPECT_GT(lost, 0);
}

}  // namespace
}  // namespace stagepost
