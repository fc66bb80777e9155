// The sendmail program: what it says and what it exits with, and how its daemon starts and ends.
#include "mta/bin/sendmail.h"

#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "mta/async/deadline.h"
#include "sim/testing/test_host.h"

namespace stagepost {
namespace {

constexpr absl::string_view kFile = "/etc/mail/sendmail.cf";
constexpr absl::string_view kConfiguration = R"(V10/Berkeley
O DontProbeInterfaces=True
O QueueDirectory=/var/spool/mqueue
O PidFile=/run/sendmail.pid
O RefuseLA=0
O OperatorChars=.:%@!^/[]+
Mlocal, P=/bin/true, F=lsDFMA5:/|@qS, S=10, R=20, T=DNS/RFC822/X-Unix, A=true $u
Mprog, P=/bin/sh, F=lsmDFMoqeu9, S=10, R=20, T=X-Unix/X-Unix/X-Unix, A=sh -c $u
S0
R$*	$#local $: $1
S3
S4
S10
S20
)";

constexpr Identity kAlice = {UserId{2001}, GroupId{2001}, {}};

class SendmailTest : public testing::Test {
 protected:
  SendmailTest() {
    Configure("");
    EXPECT_TRUE(host_.disk().MakeDirectories("/run").ok());
  }
  void Configure(absl::string_view more) {
    ASSERT_TRUE(host_.disk().WriteFile(kFile, absl::StrCat(kConfiguration, more)).ok());
  }
  int Run(Arguments arguments) {
    arguments.insert(arguments.begin(), "/usr/sbin/sendmail");
    return host_.Run(&SendmailMain, std::move(arguments));
  }
  // As a file of this test says `what` to every process after `delay`.
  void SignalAfter(absl::Duration delay, Signal signal) {
    host_.world().After(delay, [this, signal] {
      for (const uint32_t pid : host_.host().ProcessIds()) {
        host_.host().FindProcess(pid)->Deliver(signal);
      }
    });
  }
  void After(absl::Duration delay, std::function<void()> action) {
    host_.world().After(delay, std::move(action));
  }
  bool Logged(absl::string_view text) { return absl::StrContains(host_.Log(), text); }

  TestHost host_;
};

// Whether 127.0.0.1 takes connections there.
Task<int> Knock(Environment& env, uint16_t port) {
  const SocketAddress to = {*IpAddress::Parse("127.0.0.1"), port};
  const auto connection = co_await env.network().Connect(to, std::nullopt);
  co_return connection.ok() ? 0 : 1;
}

// What the daemon says to somebody who has mail.
Task<int> OfferMail(Environment& env, std::string& replies) {
  const SocketAddress to = {*IpAddress::Parse("127.0.0.1"), 25};
  const auto connection = co_await env.network().Connect(to, std::nullopt);
  if (!connection.ok()) co_return 1;
  constexpr absl::string_view kCommands[] = {"HELO a.example\r\n", "MAIL FROM:<>\r\n", "QUIT\r\n",
                                             ""};
  for (const absl::string_view command : kCommands) {
    std::string reply;
    while (!absl::EndsWith(reply, "\r\n")) {
      char byte;
      const absl::StatusOr<size_t> got = co_await (*connection)->Read(absl::MakeSpan(&byte, 1));
      if (!got.ok() || *got == 0) co_return 1;
      reply += byte;
    }
    replies += reply;
    if (!(co_await WriteAll(**connection, command)).ok()) co_return 1;
  }
  co_return 0;
}

// Holds port 25 for a minute and more.
Task<int> HoldPort(Environment& env) {
  ListenOptions options;
  options.address = {IpAddress(), 25};
  const auto listener = env.network().Listen(options);
  if (!listener.ok()) co_return 1;
  (void)co_await Sleep(absl::Hours(1));
  co_return 0;
}

TEST_F(SendmailTest, SaysWhatIsWrongWithTheCommandLine) {
  EXPECT_EQ(Run({"-bd", "-X"}), 64);
  EXPECT_EQ(host_.error_output, "sendmail: option requires an argument -- X\n");
  EXPECT_EQ(Run({"-q30m", "-bv", "alice"}), 64);
  EXPECT_EQ(host_.output, "Can not use -q with -bv\n");
  EXPECT_EQ(Run({"-bs", "-q"}), 64);
  EXPECT_EQ(host_.output, "550 Can not use -q with -bs\r\n");
}

TEST_F(SendmailTest, TellsTheFaultsOfItsConfiguration) {
  Configure("O Bogus=1\n");
  const std::string text = "/etc/mail/sendmail.cf: line 15: readcf: unknown option name Bogus";
  EXPECT_EQ(Run({"-bv", "alice"}), 70);
  EXPECT_EQ(host_.output, text + "\n");
  EXPECT_TRUE(Logged(absl::StrCat("NOQUEUE: SYSERR(root): ", text, "\n")));
  EXPECT_EQ(Run({"-bd"}), 70);
  EXPECT_EQ(host_.output, absl::StrCat("554 5.0.0 ", text, "\r\n"));
  EXPECT_EQ(Run({"-bD"}), 70);
  EXPECT_EQ(host_.output, text + "\n");
  EXPECT_EQ(Run({"-bp", "-C/nosuch"}), 72);
  EXPECT_EQ(host_.output, "/nosuch: line 0: cannot open: No such file or directory\n");
  EXPECT_EQ(Run({"-bs", "-C/nosuch"}), 72);
  EXPECT_EQ(host_.output, "451 4.0.0 /nosuch: line 0: cannot open: No such file or directory\r\n");
}

TEST_F(SendmailTest, ReadsPlainFilesOnly) {
  ASSERT_TRUE(host_.disk().MakeFifo("/fifo", {}).ok());
  EXPECT_EQ(Run({"-bp", "-C/fifo"}), 72);
  EXPECT_EQ(host_.output, "/fifo: line 0: not a plain file\n");
  EXPECT_EQ(Run({"-bD", "-C/etc"}), 72);
  EXPECT_EQ(host_.output, "/etc: line 0: not a plain file\n");
  ASSERT_TRUE(host_.disk().ChangeMode(kFile, 0600).ok());
  host_.start.identity = kAlice;
  EXPECT_EQ(Run({"-bp"}), 72);
  EXPECT_EQ(host_.output, "/etc/mail/sendmail.cf: line 0: cannot open: Permission denied\n");
}

TEST_F(SendmailTest, WarnsOfAFileThatOthersMayWrite) {
  ASSERT_TRUE(host_.disk().ChangeMode(kFile, 0664).ok());
  EXPECT_EQ(Run({"-bC"}), 0);
  const std::string text = "/etc/mail/sendmail.cf: WARNING: dangerous write permissions\n";
  EXPECT_EQ(host_.error_output, text);
  EXPECT_TRUE(Logged(text));
}

TEST_F(SendmailTest, KeepsOthersFromWhatIsRootsAlone) {
  host_.start.identity = kAlice;
  EXPECT_EQ(Run({"-bD"}), 64);
  EXPECT_EQ(host_.output, "Permission denied (real uid not trusted)\n");
  EXPECT_TRUE(Logged("user 2001 attempted to run daemon\n"));
  EXPECT_EQ(Run({"-bd"}), 64);
  EXPECT_EQ(host_.output, "550 Permission denied (real uid not trusted)\r\n");
  for (const char* mode : {"-bi", "-bH", "-q30m"}) EXPECT_EQ(Run({mode}), 64) << mode;
  // The queue is root's own.
  for (const char* mode : {"-bp", "-bP", "-bh", "-q", "-bC"}) {
    EXPECT_EQ(Run({mode}), 78) << mode;
    EXPECT_EQ(host_.output, "can not chdir(/var/spool/mqueue/): Permission denied\n");
    EXPECT_EQ(host_.error_output,
              "Program mode requires special privileges, e.g., root or TrustedUser.\n");
  }
  EXPECT_EQ(Run({"-bv", "root"}), 78);
  EXPECT_EQ(host_.output,
            "Notice: -bv may give misleading output for non-privileged user\n"
            "can not chdir(/var/spool/mqueue/): Permission denied\n");
  // TrustedUser may run one, where that works for them.
  ASSERT_TRUE(host_.disk().MakeDirectories("/home/alice/q", {.owner = kAlice.user}).ok());
  SignalAfter(absl::Seconds(10), Signal::kTerminate);
  EXPECT_EQ(Run({"-bD", "-OTrustedUser=alice", "-OQueueDirectory=/home/alice/q",
                 "-ODaemonPortOptions=Port=2525", "-OPidFile="}),
            0);
}

TEST_F(SendmailTest, RestrictsTheQueue) {
  ASSERT_TRUE(host_.disk().ChangeMode("/var/spool/mqueue", 0755).ok());
  Configure("O PrivacyOptions=restrictqrun,restrictmailq\n");
  host_.start.identity = kAlice;
  EXPECT_EQ(Run({"-q"}), 77);
  EXPECT_EQ(host_.output, "You do not have permission to process the queue\n");
  EXPECT_EQ(Run({"-bp"}), 0);
  EXPECT_EQ(host_.output, "You are not permitted to see the queue\n\t\tTotal requests: 0\n");
}

// Queue files may have been made by root, and by whom the site trusts as much.
TEST_F(SendmailTest, ReadsQueueFilesOfTheTrustedUser) {
  const std::string bogus = "bogus queue file, uid=2001, gid=2001, mode=100600\n";
  for (const char* trusted : {"2001", "alice", "bob"}) {
    Configure(absl::StrCat("O TrustedUser=", trusted, "\n"));
    for (const absl::string_view path :
         {"/var/spool/mqueue/qf6AK6XWAA000001", "/var/spool/mqueue/df6AK6XWAA000001"}) {
      const absl::string_view text = "V8\nT1\nK0\nN0\nP1\nS<>\nRPFD:bob\nHx: y\n.\n";
      ASSERT_TRUE(host_.disk().WriteFile(path, text, {kAlice.user, kAlice.group, 0600}).ok());
    }
    EXPECT_EQ(Run({"-q"}), 0);
    const bool refused = trusted == std::string("bob");
    EXPECT_EQ(Logged(bogus), refused) << host_.Log();
    EXPECT_TRUE(Logged("6AK6XWAA000001: to=bob, ")) << host_.Log();
    EXPECT_EQ(host_.Read("/var/spool/mqueue/Qf6AK6XWAA000001") != "(none)", refused);
  }
}

TEST_F(SendmailTest, IntroducesItself) {
  EXPECT_EQ(Run({"-d0.4", "-bC"}), 0);
  for (const char* line :
       {"Version ", "\n Compiled with: DNSMAP", "MAP=hash", "\nCanonical name: ",
        "\n UUCP nodename: ", "\n============ SYSTEM IDENTITY (after readcf) ============\n",
        "\n  (canonical domain name) $j = "}) {
    EXPECT_TRUE(absl::StrContains(host_.output, line)) << line << host_.output;
  }
  EXPECT_EQ(Run({"-D/tmp/debug", "-d0.1", "-bC"}), 0);
  EXPECT_EQ(host_.output, "");
  EXPECT_TRUE(absl::StartsWith(host_.Read("/tmp/debug"), "Version "));
  EXPECT_EQ(Run({"-D/nosuch/debug", "-d0.1", "-bC"}), 73);
  EXPECT_EQ(host_.output, "cannot open /nosuch/debug: No such file or directory\n");
}

TEST_F(SendmailTest, LeavesItsProcessIdWhileItServes) {
  After(absl::Seconds(5), [this] {
    const std::string text = host_.Read("/run/sendmail.pid");
    EXPECT_TRUE(absl::EndsWith(text, "\n/usr/sbin/sendmail -bD -q1h\n")) << text;
    EXPECT_EQ(host_.disk().Stat("/run/sendmail.pid")->mode, 0600u);
  });
  SignalAfter(absl::Seconds(10), Signal::kTerminate);
  EXPECT_EQ(Run({"-bD", "-q1h"}), 0);
  EXPECT_EQ(host_.output, "");
  EXPECT_FALSE(host_.disk().Stat("/run/sendmail.pid").ok());
  EXPECT_TRUE(Logged("SMTP+queueing@01:00:00\n"));
  EXPECT_TRUE(Logged("stopping daemon, reason=signal\n"));
}

TEST_F(SendmailTest, TriesToHaveItsPortForAWhile) {
  host_.limit = absl::Seconds(1);
  EXPECT_EQ(host_.Run(&HoldPort), -1);
  host_.limit = absl::Hours(1);
  EXPECT_EQ(Run({"-bD"}), 69);
  std::string said;
  const std::string tried = "opendaemonsocket: daemon Daemon0: cannot bind: Address already in use";
  for (int i = 0; i < 10; ++i) absl::StrAppend(&said, "451 4.0.0 ", tried, "\r\n");
  absl::StrAppend(&said, "421 4.0.0 opendaemonsocket: daemon Daemon0: ",
                  "server SMTP socket wedged: exiting\r\n");
  EXPECT_EQ(host_.output, said);
  EXPECT_TRUE(Logged(absl::StrCat("NOQUEUE: SYSERR(root): ", tried,
                                  "\ndaemon Daemon0: problem creating SMTP socket\n")));
}

TEST_F(SendmailTest, ReadsItsFileAnewOnHangup) {
  const auto knock = [this](absl::Duration when, uint16_t port, int expected) {
    After(when, [this, port, expected] {
      ProcessSpec spec;
      spec.path = "/knock";
      SimProcess& process = host_.host().Spawn(std::move(spec), [=](const ExitStatus& status) {
        EXPECT_EQ(status.code, expected) << port;
      });
      process.StartTask(&Knock, std::ref(process.environment()), port);
    });
  };
  knock(absl::Seconds(5), 25, 0);
  // A file with an error changes nothing.
  After(absl::Seconds(8), [this] { Configure("O Bogus=1\nO DaemonPortOptions=Port=2525\n"); });
  SignalAfter(absl::Seconds(10), Signal::kHangup);
  knock(absl::Seconds(15), 25, 0);
  knock(absl::Seconds(15), 2525, 1);
  After(absl::Seconds(18), [this] { Configure("O DaemonPortOptions=Port=2525, Name=X\n"); });
  SignalAfter(absl::Seconds(20), Signal::kHangup);
  knock(absl::Seconds(30), 25, 1);
  knock(absl::Seconds(30), 2525, 0);
  SignalAfter(absl::Seconds(40), Signal::kTerminate);
  EXPECT_EQ(Run({"-bD"}), 0);
  EXPECT_TRUE(Logged("restarting /usr/sbin/sendmail due to signal\n"));
  EXPECT_TRUE(
      Logged("unknown option name Bogus\nthe configuration has errors: the old one stays\n"));
}

TEST_F(SendmailTest, ChangesItsQueueOnHangup) {
  std::string before, after;
  const auto offer = [this](absl::Duration when, std::string& replies) {
    After(when, [this, &replies] {
      ProcessSpec spec;
      spec.path = "/offer";
      SimProcess& process = host_.host().Spawn(
          std::move(spec), [](const ExitStatus& status) { EXPECT_EQ(status.code, 0); });
      process.StartTask(&OfferMail, std::ref(process.environment()), std::ref(replies));
    });
  };
  offer(absl::Seconds(5), before);
  // What would not do for a start changes nothing.
  After(absl::Seconds(8),
        [this] { Configure("O MinFreeBlocks=2000000000\nQother, P=/var/spool/other\n"); });
  SignalAfter(absl::Seconds(10), Signal::kHangup);
  offer(absl::Seconds(15), before);
  After(absl::Seconds(18), [this] {
    Configure(
        "O MinFreeBlocks=2000000000\nO SuperSafe=f\nQslow, P=/var/spool/mqueue/slow\n"
        "O PidFile=/run/other.pid\n");
  });
  SignalAfter(absl::Seconds(20), Signal::kHangup);
  offer(absl::Seconds(25), after);
  SignalAfter(absl::Seconds(30), Signal::kTerminate);
  EXPECT_EQ(Run({"-bD"}), 0);
  EXPECT_FALSE(absl::StrContains(before, "452 4.4.5 Insufficient disk space")) << before;
  EXPECT_TRUE(absl::StrContains(before, "250 2.1.0 <>... Sender ok\r\n")) << before;
  EXPECT_TRUE(absl::StrContains(after, "452 4.4.5 Insufficient disk space")) << after;
  EXPECT_TRUE(Logged("QueuePath /var/spool/other not subpath of QueueDirectory /var/spool/mqueue/"))
      << host_.Log();
  EXPECT_TRUE(Logged("the configuration has errors: the old one stays\n"));
  for (const char* what :
       {"QueueDirectory and the directories of queue groups", "SuperSafe", "PidFile"}) {
    EXPECT_TRUE(Logged(absl::StrCat(what, ": the change needs a restart of the daemon\n")))
        << host_.Log();
  }
}

TEST_F(SendmailTest, RunsTheQueueAtTheIntervalOfTheLastHangup) {
  std::set<int64_t> minutes;  // at which the queue is looked through
  const absl::Time start = host_.host().WallNow();
  host_.fault = [&](FileCall call, absl::string_view path) {
    if (call == FileCall::kOpenDirectory && absl::StartsWith(path, "/var/spool/mqueue")) {
      minutes.insert(absl::ToInt64Minutes(host_.host().WallNow() - start));
    }
    return Errno::kOk;
  };
  After(absl::Seconds(8), [this] { Configure("Qmqueue, P=/var/spool/mqueue, I=5m\n"); });
  SignalAfter(absl::Seconds(10), Signal::kHangup);
  // Without runners there are no runs, but they come back with them.
  After(absl::Minutes(68), [this] { Configure("Qmqueue, P=/var/spool/mqueue, I=5m, R=0\n"); });
  SignalAfter(absl::Minutes(69), Signal::kHangup);
  After(absl::Minutes(78), [this] { Configure("Qmqueue, P=/var/spool/mqueue, I=5m, R=1\n"); });
  SignalAfter(absl::Minutes(79), Signal::kHangup);
  SignalAfter(absl::Minutes(88), Signal::kTerminate);
  EXPECT_EQ(Run({"-bD", "-q1h"}), 0);
  EXPECT_EQ(minutes, (std::set<int64_t>{0, 60, 65, 80, 85})) << host_.Log();
}

TEST_F(SendmailTest, BecomesRunAsUserOnceItHasItsPort) {
  Configure("O RunAsUser=alice\n");
  EXPECT_EQ(Run({"-bD"}), 78);
  EXPECT_EQ(host_.output, "451 4.0.0 can not chdir(/var/spool/mqueue/): Permission denied\r\n");
  ASSERT_TRUE(host_.disk().ChangeOwner("/var/spool/mqueue", kAlice.user, kAlice.group).ok());
  After(absl::Seconds(5), [this] {
    for (const uint32_t pid : host_.host().ProcessIds()) {
      EXPECT_EQ(host_.host().FindProcess(pid)->environment().process().credentials().effective_user,
                kAlice.user);
    }
  });
  SignalAfter(absl::Seconds(10), Signal::kTerminate);
  EXPECT_EQ(Run({"-bD"}), 0);
}

}  // namespace
}  // namespace stagepost
