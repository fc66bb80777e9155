// A small world for tests of sessions: virtual time, a list of users, a log and a trace in memory.
//
//   TestWorld world;
//   world.Run(&RunServerSession, context, std::move(connection), 1);   // to its end, or to
//   idleness
//
// What a session must not touch (files, programs, the process itself) is not there: using it ends
// the test. The simulator is for everything bigger.
#ifndef STAGEPOST_MTA_SMTP_TESTING_TEST_ENVIRONMENT_H_
#define STAGEPOST_MTA_SMTP_TESTING_TEST_ENVIRONMENT_H_

#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "mta/async/executor.h"
#include "mta/async/loop.h"
#include "mta/base/check.h"
#include "mta/env/environment.h"

namespace stagepost {

// 2026-11-20 06:33:32 UTC, when the transcripts of sendmail were recorded.
inline absl::Time TestStart() { return absl::FromUnixSeconds(1'795'156'412); }

class TestClock final : public Clock {
 public:
  explicit TestClock(Loop& loop) : loop_(loop) {}
  absl::Time WallNow() const override { return TestStart() + (loop_.now() - MonotonicTime()); }
  MonotonicTime MonotonicNow() const override { return loop_.now(); }

 private:
  Loop& loop_;
};

class TestAccounts final : public Accounts {
 public:
  absl::StatusOr<User> FindUser(absl::string_view name) override {
    if (unavailable) return absl::UnavailableError("nss");
    for (const std::string& user : users) {
      if (user == name) return User{user, UserId{1000}, GroupId{1000}, "", "/home", "/bin/sh"};
    }
    return absl::NotFoundError("no such user");
  }
  absl::StatusOr<User> FindUser(UserId) override { return absl::NotFoundError("no such user"); }
  absl::StatusOr<User> FindUserWhere(absl::FunctionRef<bool(const User&)>) override {
    return absl::NotFoundError("no such user");
  }
  absl::StatusOr<Group> FindGroup(absl::string_view) override { return absl::NotFoundError(""); }
  absl::StatusOr<Group> FindGroup(GroupId) override { return absl::NotFoundError(""); }
  absl::StatusOr<Identity> IdentityOf(const User& user) override {
    return Identity{user.id, user.group, {}};
  }

  std::vector<std::string> users = {"alice", "bob", "carol", "dave.d", "eve", "root", "mail"};
  bool unavailable = false;
};

class TestHost final : public Host {
 public:
  std::string name() const override { return "mx1.corp.example"; }
  std::vector<IpAddress> interface_addresses() const override { return {}; }
  double load_average() const override { return 0; }
  absl::TimeZone time_zone() const override { return absl::UTCTimeZone(); }
};

class TestLog final : public SystemLog {
 public:
  void SetTag(absl::string_view) override {}
  void Write(Severity, absl::string_view text) override { lines.emplace_back(text); }
  std::vector<std::string> lines;
};

class TestTrace final : public Trace {
 public:
  void Record(const Event& event) override {
    events.push_back(absl::StrCat(static_cast<int>(event.kind), " ", event.subject, " ",
                                  event.detail, " ", event.number, " ", event.number2));
  }
  std::vector<std::string> events;
};

class TestProbes final : public Probes {
 public:
  bool Buggify(absl::string_view) override { return false; }
  void Reached(absl::string_view) override {}
};

class TestEnvironment final : public Environment {
 public:
  explicit TestEnvironment(Loop& loop) : clock_(loop) {}
  TestClock& clock() override { return clock_; }
  Random& random() override { return Absent<Random>("random"); }
  Network& network() override { return Absent<Network>("network"); }
  FileSystem& files() override { return Absent<FileSystem>("files"); }
  Databases& databases() override { return Absent<Databases>("databases"); }
  Resolver& resolver() override { return Absent<Resolver>("resolver"); }
  TestAccounts& accounts() override { return accounts_; }
  Programs& programs() override { return Absent<Programs>("programs"); }
  Process& process() override { return Absent<Process>("process"); }
  TestHost& host() override { return host_; }
  TestLog& log() override { return log_; }
  TestTrace& trace() override { return trace_; }
  TestProbes& probes() override { return probes_; }

 private:
  template <class T>
  [[noreturn]] T& Absent(const char* what) {
    CheckFailed(__FILE__, __LINE__, what, "is not for sessions");
  }
  TestClock clock_;
  TestAccounts accounts_;
  TestHost host_;
  TestLog log_;
  TestTrace trace_;
  TestProbes probes_;
};

class TestWorld {
 public:
  // Every task must have finished, or been killed, when a test ends.
  ~TestWorld() {
    if (executor_.live() > 0) executor_.Kill();
  }

  Loop& loop() { return loop_; }
  Executor& executor() { return executor_; }
  TestEnvironment& env() { return env_; }

  // Starts f(args...) and runs until nothing is ready. Its result, if it has finished.
  template <class F, class... Args>
  auto Run(F f, Args... args) {
    using Result = typename std::invoke_result_t<F, Args...>::Result;
    auto result = std::make_shared<std::optional<Result>>();
    executor_.Start([result](Result value) { *result = std::move(value); }, std::move(f),
                    std::move(args)...);
    loop_.RunUntilIdle();
    return result;
  }
  // Lets `time` pass.
  void Pass(absl::Duration time) {
    const MonotonicTime end = loop_.now() + time;
    while (loop_.timers().next_deadline() <= end) {
      loop_.Advance(loop_.timers().next_deadline());
      loop_.RunUntilIdle();
    }
    loop_.Advance(end);
    loop_.RunUntilIdle();
  }

 private:
  Loop loop_;
  Executor executor_{loop_};
  TestEnvironment env_{loop_};
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_SMTP_TESTING_TEST_ENVIRONMENT_H_
