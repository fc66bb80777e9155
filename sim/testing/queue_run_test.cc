// Runs over a queue whose messages go to other hosts: who is served when, and what a host that is
// slow, down or coming back costs the others. Simulated hosts with servers that only count.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gtest/gtest.h"
#include "mta/async/deadline.h"
#include "mta/async/scope.h"
#include "mta/base/check.h"
#include "mta/base/status_macros.h"
#include "mta/deliver/delivery_scheduler.h"
#include "mta/deliver/verbose_printer.h"
#include "mta/queue/queue.h"
#include "mta/site/site.h"
#include "sim/testing/test_host.h"

namespace stagepost {
namespace {

// Mail for somebody@NAME.ip goes to the host [NAME].
constexpr absl::string_view kConfiguration = R"(V10/Berkeley
Dj$w.
DnMAILER-DAEMON
Cwcorp.example
O OperatorChars=.:%@!^/[]+
O Timeout.connect=1m
Mlocal, P=/usr/libexec/sendmail/mail.local, F=lsDFMAw5:/|@qSPXmnz9, S=10, R=10, A=mail.local -l
Mesmtp, P=[IPC], F=mDFMuXa, S=10, R=10, A=TCP $h
S10
S3
R$*<$*>$*	$2
R$+@$+	$@$1<@$2>
S0
R$+<@$+.ip>	$#esmtp $@[$2] $:$1<@$2.ip>
R$+<@$+>	$#local $:$1
S4
R$*<$*>$*	$1$2$3
)";

constexpr char kQueue[] = "/var/spool/mqueue/";

// A server that takes all mail.
struct Server {
  absl::Duration pace;  // what a message takes
  int64_t taken = 0;
  int transactions = 0, most_transactions = 0;  // at a time
  int64_t connections = 0;
  std::vector<std::string> order;  // the first messages, by their subjects
  absl::Time first, last;          // when they were taken
};

Task<absl::Status> Say(Connection& connection, std::string text) {
  absl::string_view rest = text;
  while (!rest.empty()) {
    CO_ASSIGN_OR_RETURN(const size_t written, co_await connection.Write(rest));
    rest.remove_prefix(written);
  }
  co_return absl::OkStatus();
}

Task<absl::Status> Converse(Environment& env, Connection& connection, Server& server) {
  CO_RETURN_IF_ERROR(co_await Say(connection, "220 here ESMTP\r\n"));
  std::string buffer;
  bool in_text = false;
  while (true) {
    const size_t end = buffer.find("\r\n");
    if (end == std::string::npos) {
      std::array<char, 4096> chunk;
      CO_ASSIGN_OR_RETURN(const size_t n, co_await connection.Read(absl::MakeSpan(chunk)));
      if (n == 0) co_return absl::OkStatus();
      buffer.append(chunk.data(), n);
      continue;
    }
    const std::string line = buffer.substr(0, end);
    buffer.erase(0, end + 2);
    if (in_text && line != ".") {
      constexpr size_t kMaxOrder = 100;
      if (absl::StartsWith(line, "Subject: ") && server.order.size() < kMaxOrder) {
        server.order.push_back(line.substr(9));
      }
      continue;
    }
    std::string reply = "250 ok\r\n";
    if (in_text) {
      if (server.pace > absl::ZeroDuration()) CO_RETURN_IF_ERROR(co_await Sleep(server.pace));
      in_text = false;
      --server.transactions;
      if (server.taken++ == 0) server.first = env.clock().WallNow();
      server.last = env.clock().WallNow();
    } else if (absl::StartsWith(line, "MAIL")) {
      server.most_transactions = std::max(server.most_transactions, ++server.transactions);
    } else if (line == "DATA") {
      in_text = true;
      reply = "354 go\r\n";
    } else if (line == "QUIT") {
      reply = "221 bye\r\n";
    } else if (absl::StartsWith(line, "EHLO")) {
      reply = "250-here\r\n250 PIPELINING\r\n";
    }
    CO_RETURN_IF_ERROR(co_await Say(connection, reply));
    if (line == "QUIT") co_return absl::OkStatus();
  }
}

Task<absl::Status> ServeOne(Environment& env, std::unique_ptr<Connection> connection,
                            Server& server) {
  ++server.connections;
  co_return co_await Converse(env, *connection, server);
}

Task<absl::Status> Listen(TaskScope& scope, Environment& env, Server& server) {
  CO_ASSIGN_OR_RETURN(const std::unique_ptr<Listener> listener,
                      env.network().Listen({.address = {IpAddress::V4(0), 25}, .backlog = 1000}));
  while (true) {
    CO_ASSIGN_OR_RETURN(std::unique_ptr<Connection> connection, co_await listener->Accept());
    CO_RETURN_IF_ERROR(
        scope.Spawn(&ServeOne, std::ref(env), std::move(connection), std::ref(server)));
  }
}

Task<int> Serve(Environment& env, Server& server) {
  (void)co_await WithScope("server", TaskScope::Policy::kSupervise, 10'000, &Listen, std::ref(env),
                           std::ref(server));
  co_return 0;
}

class QueueRunTest : public testing::Test {
 protected:
  QueueRunTest()
      : host_(1, {*IpAddress::Parse("192.0.2.25")}, {.blocks = 1 << 23, .inodes = 1 << 23}) {
    CHECK(host_.disk().WriteFile("/etc/mail/sendmail.cf", kConfiguration, {.mode = 0644}).ok());
    host_.limit = absl::Hours(24 * 30);
  }

  // A host with a server on it, or without one.
  Server& AddServer(absl::string_view address, absl::Duration pace, bool is_up = true) {
    auto server = std::make_unique<Server>();
    server->pace = pace;
    Server& added = *server;
    servers_.push_back(std::move(server));
    SimHost& host = host_.world().AddHost(
        {.name = std::string(address), .addresses = {*IpAddress::Parse(address)}});
    if (is_up) Start(host, added);
    return added;
  }
  void Start(SimHost& host, Server& server) {
    ProcessSpec spec;
    spec.path = "/server";
    SimProcess& process = host.Spawn(std::move(spec), [](const ExitStatus&) {});
    process.StartTask(&Serve, std::ref(process.environment()), std::ref(server));
  }

  // Queues a message that waits already; the earlier, the sooner its turn.
  void Queue(absl::string_view to, absl::string_view extra = "") {
    constexpr absl::string_view kDigits =
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwx";
    std::string id = "6AK6";
    for (size_t unit : {60 * 60 * 60, 60 * 60, 60, 1}) id.push_back(kDigits[queued_ / unit % 60]);
    absl::StrAppend(&id, "000001");
    const int64_t then = absl::ToUnixSeconds(host_.host().WallNow()) - 5000;
    const std::string text = absl::StrCat(
        "V8\nT", then, "\nK", then + 10, "\nN1\nP", 30000 + queued_, "\n", extra,
        "Fbs\nS<u@outside.example>\n", Recipients(to), "H??Subject: ", queued_, "\n.\n");
    const absl::string_view base = kQueue;
    CHECK(host_.disk().WriteFile(absl::StrCat(base, "qf", id), text, {.mode = 0600}).ok());
    CHECK(host_.disk().WriteFile(absl::StrCat(base, "df", id), "hello\n", {.mode = 0600}).ok());
    ++queued_;
  }
  static std::string Recipients(absl::string_view to) {
    std::string lines;
    for (const absl::string_view address : absl::StrSplit(to, ',')) {
      absl::StrAppend(&lines, "RPFD:<", address, ">\n");
    }
    return lines;
  }
  size_t Left() {
    size_t left = 0;
    const auto names = host_.disk().ListDirectory(kQueue);
    for (const std::string& name : *names) {
      left += absl::StartsWith(name, "qf");
    }
    return left;
  }

  TestHost host_;
  std::vector<std::unique_ptr<Server>> servers_;
  size_t queued_ = 0;
};

Task<absl::Status> RunOnce(Environment& env, DeliveryOptions options, QueueLayout layout,
                           DeliveryWatcher* watcher) {
  LoadedSite loaded = co_await LoadSite(env, ReadOptions());
  if (loaded.site == nullptr) co_return absl::InternalError(loaded.diagnostics[0].text);
  CO_ASSIGN_OR_RETURN(const std::unique_ptr<Queue> queue,
                      co_await OpenQueue(env, std::move(layout)));
  co_return co_await RunQueueOnce(std::move(loaded.site), *queue, std::move(options), watcher);
}

Task<int> RunProgram(Environment& env, DeliveryOptions options) {
  const absl::Status status =
      co_await RunOnce(env, std::move(options), SingleQueue(kQueue), nullptr);
  co_return status.ok() ? 0 : 1;
}

Task<int> RunBusyProgram(Environment& env, int64_t factor) {
  QueueLayout layout = SingleQueue(kQueue);
  layout.queue_load = 30;
  layout.queue_factor = factor;
  const absl::Status status = co_await RunOnce(env, {}, std::move(layout), nullptr);
  co_return status.ok() ? 0 : 1;
}

Task<int> RunSerially(Environment& env) {
  QueueLayout layout = SingleQueue(kQueue);
  layout.groups[0].runners_given = true;
  const absl::Status status = co_await RunOnce(env, {}, std::move(layout), nullptr);
  co_return status.ok() ? 0 : 1;
}

Task<int> RunWatched(Environment& env) {
  VerbosePrinter printer(env.process().standard_output());
  TaskScope printing(co_await CurrentContext(), "-v", TaskScope::Policy::kSupervise, 1);
  absl::Status status = printing.Spawn(&VerbosePrinter::Print, std::ref(printer));
  if (status.ok()) status = co_await RunOnce(env, {}, SingleQueue(kQueue), &printer);
  printer.Finish();
  (void)co_await printing.Join();
  co_return status.ok() ? 0 : 1;
}

// So many messages wait for one host when it is back, in front of those for others.
size_t MessagesForOneHost() {
  int64_t messages = 0;
  const char* const wanted = std::getenv("STAGEPOST_QUEUED_MESSAGES");
  if (wanted != nullptr && absl::SimpleAtoi(wanted, &messages)) return messages;
  return 2000;
}

TEST_F(QueueRunTest, OneReturningHostDoesNotStarveOthers) {
  const size_t many = MessagesForOneHost();
  Server& returning = AddServer("203.0.113.9", absl::Milliseconds(100));
  std::vector<Server*> others;
  for (int i = 0; i < 5; ++i) {
    others.push_back(&AddServer(absl::StrCat("203.0.113.", 10 + i), absl::Milliseconds(100)));
  }
  AddServer("203.0.113.20", absl::ZeroDuration(), /*is_up=*/false);
  for (size_t i = 0; i < many; ++i) Queue("x@203.0.113.9.ip");
  for (int i = 0; i < 20; ++i) {
    for (int n = 10; n < 15; ++n) Queue(absl::StrCat("x@203.0.113.", n, ".ip"));
  }
  for (int i = 0; i < 10; ++i) Queue("x@203.0.113.20.ip");
  ASSERT_EQ(host_.Run(&RunProgram, DeliveryOptions()), 0) << host_.Log();
  EXPECT_EQ(returning.taken, static_cast<int64_t>(many));
  EXPECT_EQ(returning.most_transactions, 20);
  for (const Server* const other : others) {
    EXPECT_EQ(other->taken, 20);
    // At its own pace, whatever waits for others.
    EXPECT_LT(other->last - returning.first, absl::Seconds(10));
    EXPECT_LT(other->last, returning.last);
  }
  EXPECT_EQ(Left(), 10u);  // for the host that is down
  std::cerr << many << " messages for one host: " << returning.last - returning.first << ", over "
            << returning.connections << " connections\n";
}

// Six messages for a host that is slow, each with a recipient at another host: that one is served
// when the message is tried first, and each of both exactly once.
TEST_F(QueueRunTest, AMessageThatIsParkedServesItsOthersAtOnce) {
  Server& slow = AddServer("203.0.113.9", absl::Seconds(60));
  Server& quick = AddServer("203.0.113.10", absl::ZeroDuration());
  for (int i = 0; i < 6; ++i) Queue("x@203.0.113.9.ip,y@203.0.113.10.ip");
  ASSERT_EQ(host_.Run(&RunProgram, DeliveryOptions()), 0) << host_.Log();
  EXPECT_EQ(slow.taken, 6);
  EXPECT_EQ(quick.taken, 6);
  // The one that has got its place at the slow host first goes on when that has been served.
  EXPECT_LT(quick.last - slow.first, absl::Seconds(5));
  EXPECT_EQ(slow.most_transactions, 2);  // two from the fifth on
  EXPECT_EQ(Left(), 0u);
}

TEST_F(QueueRunTest, GoesByTheOrderOfTheQueue) {
  Server& server = AddServer("203.0.113.9", absl::Milliseconds(10));
  for (int i = 0; i < 8; ++i) Queue("x@203.0.113.9.ip");
  // One at a time: Runners=1.
  ASSERT_EQ(host_.Run(&RunSerially), 0) << host_.Log();
  EXPECT_EQ(server.order, (std::vector<std::string>{"0", "1", "2", "3", "4", "5", "6", "7"}));
  EXPECT_EQ(server.connections, 1);
}

TEST_F(QueueRunTest, AsksAHostThatIsDownOnce) {
  AddServer("203.0.113.20", absl::ZeroDuration(), /*is_up=*/false);
  for (int i = 0; i < 50; ++i) Queue("x@203.0.113.20.ip");
  ASSERT_EQ(host_.Run(&RunProgram, DeliveryOptions()), 0) << host_.Log();
  EXPECT_EQ(Left(), 50u);
  size_t asked = 0, deferred = 0;
  for (const std::string& line : std::vector<std::string>(absl::StrSplit(host_.Log(), '\n'))) {
    if (!absl::StrContains(line, "stat=Deferred: Connection refused by [203.0.113.20]")) continue;
    ++deferred;
    asked += absl::StrContains(line, "relay=[203.0.113.20] [203.0.113.20]");
  }
  EXPECT_EQ(deferred, 50u) << host_.Log();
  EXPECT_LE(asked, 1u);
}

TEST_F(QueueRunTest, LeavesOutWhatABusyHostCannotDo) {
  Server& server = AddServer("203.0.113.9", absl::ZeroDuration());
  for (int i = 0; i < 3; ++i) Queue("x@203.0.113.9.ip");
  host_.host().load_average = 30;
  ASSERT_EQ(host_.Run(&RunBusyProgram, int64_t{30001}), 0);
  EXPECT_EQ(server.taken, 2);  // priorities 30000 and 30001
  ASSERT_EQ(host_.Run(&RunBusyProgram, int64_t{29999}), 0);
  EXPECT_EQ(server.taken, 2);
  EXPECT_TRUE(
      absl::StrContains(host_.Log(), "runqueue: Skipping queue run -- load average too high"));
  host_.host().load_average = 0;
  ASSERT_EQ(host_.Run(&RunBusyProgram, int64_t{29999}), 0);
  EXPECT_EQ(server.taken, 3);
}

TEST_F(QueueRunTest, TellsWhoWatches) {
  AddServer("203.0.113.9", absl::ZeroDuration());
  AddServer("203.0.113.20", absl::ZeroDuration(), /*is_up=*/false);
  Queue("x@203.0.113.9.ip");
  Queue("y@203.0.113.20.ip");
  Queue("z@203.0.113.9.ip");
  ASSERT_EQ(host_.Run(&RunWatched), 0) << host_.Log();
  EXPECT_EQ(host_.output,
            "\nRunning /var/spool/mqueue/6AK60000000001 (sequence 1 of 3)\n"
            "<x@203.0.113.9.ip>... Connecting to [203.0.113.9] via esmtp...\n"
            "220 here ESMTP\n>>> EHLO mx1.\n250-here\n250 PIPELINING\n"
            ">>> MAIL From:<u@outside.example>\n250 ok\n>>> RCPT To:<x@203.0.113.9.ip>\n"
            ">>> DATA\n250 ok\n354 go\n>>> .\n250 ok\n<x@203.0.113.9.ip>... Sent (ok)\n"
            "\nRunning /var/spool/mqueue/6AK60001000001 (sequence 2 of 3)\n"
            "<y@203.0.113.20.ip>... Connecting to [203.0.113.20] via esmtp...\n"
            "<y@203.0.113.20.ip>... Deferred: Connection refused by [203.0.113.20]\n"
            "\nRunning /var/spool/mqueue/6AK60002000001 (sequence 3 of 3)\n"
            ">>> RSET\n250 ok\n"
            "<z@203.0.113.9.ip>... Using cached ESMTP connection to [203.0.113.9] via esmtp...\n"
            ">>> MAIL From:<u@outside.example>\n250 ok\n>>> RCPT To:<z@203.0.113.9.ip>\n"
            ">>> DATA\n250 ok\n354 go\n>>> .\n250 ok\n<z@203.0.113.9.ip>... Sent (ok)\n"
            "Closing connection to [203.0.113.9]\n>>> QUIT\n221 bye\n");
}

}  // namespace
}  // namespace stagepost
