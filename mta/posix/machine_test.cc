#include "mta/posix/machine.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <set>

#include "absl/strings/match.h"
#include "mta/env/same_file.h"
#include "mta/posix/account_index.h"
#include "mta/posix/accounts.h"
#include "mta/posix/posix_test_util.h"
#include "mta/posix/system_log.h"
#include "mta/posix/worker_pool.h"

namespace stagepost {
namespace {

class MachineTest : public PosixTest {};

POSIX_TEST(MachineTest, ClockAndSleep) {
  const MonotonicTime before = env.clock().MonotonicNow();
  EXPECT_OK(co_await Sleep(absl::Milliseconds(20)));
  const absl::Duration slept = env.clock().MonotonicNow() - before;
  EXPECT_GE(slept, absl::Milliseconds(20));
  EXPECT_LT(slept, absl::Seconds(10));
  EXPECT_LT(absl::AbsDuration(env.clock().WallNow() - absl::Now()), absl::Seconds(10));
  co_return 0;
}

POSIX_TEST(MachineTest, RandomIsInRange) {
  std::set<uint64_t> seen;
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(env.random().Uniform(1), 0u);
    const uint64_t number = env.random().Uniform(10);
    EXPECT_LT(number, 10u);
    seen.insert(number);
    env.random().Uniform(~uint64_t{0});
  }
  EXPECT_EQ(seen.size(), 10u);
  co_return 0;
}

POSIX_TEST(MachineTest, HostFacts) {
  EXPECT_FALSE(env.host().name().empty());
  EXPECT_GE(env.host().load_average(), 0);
  bool loopback = false;
  for (const IpAddress& address : env.host().interface_addresses()) {
    loopback |= address.is_loopback();
  }
  EXPECT_TRUE(loopback);
  co_return 0;
}

POSIX_TEST(MachineTest, AccountsOfTheMachine) {
  CO_REQUIRE_ASSIGN(const User root, env.accounts().FindUser("root"));
  EXPECT_EQ(root.id, kRootUser);
  EXPECT_EQ(root.home, "/root");
  CO_REQUIRE_ASSIGN(const User same, env.accounts().FindUser(kRootUser));
  EXPECT_EQ(same.name, "root");
  CO_REQUIRE_ASSIGN(const Group group, env.accounts().FindGroup(root.group));
  CO_REQUIRE_ASSIGN(const Group again, env.accounts().FindGroup(group.name));
  EXPECT_EQ(again.id, root.group);
  CO_REQUIRE_ASSIGN(const Identity identity, env.accounts().IdentityOf(root));
  EXPECT_EQ(identity.user, kRootUser);
  EXPECT_TRUE(
      std::binary_search(identity.supplementary.begin(), identity.supplementary.end(), root.group));
  for (const std::string& name : {std::string("no-such-user"), std::string(""),
                                  std::string(5000, 'x'), std::string("root\0", 5)}) {
    EXPECT_TRUE(absl::IsNotFound(env.accounts().FindUser(name).status())) << name;
    EXPECT_TRUE(absl::IsNotFound(env.accounts().FindGroup(name).status())) << name;
  }
  EXPECT_TRUE(absl::IsNotFound(env.accounts().FindUser(UserId{3'999'999'999}).status()));
  EXPECT_TRUE(absl::IsNotFound(env.accounts().FindGroup(GroupId{3'999'999'999}).status()));
  co_return 0;
}

class AccountIndexTest : public PosixTest {
 protected:
  AccountIndexTest()
      : index_(directory() + "/passwd", directory() + "/switch", directory() + "/group") {}

  // Writes a file that was not changed just now.
  void Write(const std::string& name, const std::string& text) {
    std::ofstream(directory() + "/" + name) << text;
    absl::SleepFor(absl::Milliseconds(150));
  }
  std::optional<absl::StatusOr<User>> Find(absl::string_view name) { return index_.Find(name); }

  AccountIndex index_;
};

TEST_F(AccountIndexTest, AnswersAsFarAsTheSwitchLets) {
  Write("passwd", "damaged\n+@staff:x:0:0:::\nalice:x:4001:4000:Alice A.:/home/alice:/bin/sh\n");
  EXPECT_FALSE(Find("alice").has_value()) << "there is no switch";
  Write("switch", "# passwd: files\ngroup: files\npasswd:\tfiles # only\n");
  ASSERT_TRUE(Find("alice").has_value());
  EXPECT_EQ((*Find("alice"))->id, UserId{4001});
  EXPECT_EQ((*index_.Find(UserId{4001}))->home, "/home/alice");
  for (const char* name : {"bob", "damaged", "+@staff", ""}) {
    ASSERT_TRUE(Find(name).has_value()) << name;
    EXPECT_TRUE(absl::IsNotFound(Find(name)->status())) << name;
  }
  Write("switch", "passwd: files systemd\n");
  EXPECT_TRUE(Find("alice")->ok());
  EXPECT_FALSE(Find("bob").has_value()) << "somebody else may know";
  for (const char* line : {"passwd: ldap files\n", "passwd: files [SUCCESS=continue] ldap\n",
                           "passwd:\n", "group: files\n"}) {
    Write("switch", line);
    EXPECT_FALSE(Find("alice").has_value()) << line;
  }
}

TEST_F(AccountIndexTest, KnowsGroupsWhereNobodyElseMay) {
  using Groups = std::vector<GroupId>;
  Write("group", "damaged\na:x:1:alice,bob\n+b:x:2:alice\nc:x:3:\nd:x:4:alice\n");
  EXPECT_FALSE(index_.GroupsOf("alice").has_value()) << "there is no switch";
  Write("switch", "passwd: ldap\ngroup: files\n");
  EXPECT_EQ(index_.GroupsOf("alice"), (Groups{GroupId{1}, GroupId{4}}));
  EXPECT_EQ(index_.GroupsOf("bob"), Groups{GroupId{1}});
  EXPECT_EQ(index_.GroupsOf("carol"), Groups{});
  for (const char* line : {"group: files systemd\n", "group: files\ninitgroups: files sss\n",
                           "group: compat\n", "passwd: files\n"}) {
    Write("switch", line);
    EXPECT_FALSE(index_.GroupsOf("alice").has_value()) << line;
  }
  Write("switch", "initgroups: files\ngroup: files\n");
  Write("group", "a:x:5:alice\n");
  EXPECT_EQ(index_.GroupsOf("alice"), Groups{GroupId{5}});
  Write("group", absl::StrCat("a:x:5:", std::string(70'000, 'x'), "\nb:x:6:alice\n"));
  EXPECT_FALSE(index_.GroupsOf("alice").has_value()) << "a line was too long";
}

TEST_F(AccountIndexTest, FollowsTheFile) {
  Write("switch", "passwd: files\n");
  Write("passwd", "alice:x:4001:4000:::\n");
  for (int i = 0; i < 50; ++i) {
    // In place, of the same size, within one tick of the clock that files are dated by.
    const std::string name = absl::StrCat("user", i % 10);
    std::ofstream(directory() + "/passwd") << name << ":x:4001:4000:::\n";
    absl::SleepFor(kFileGlance);
    EXPECT_TRUE(Find(name)->ok()) << name;
  }
  std::filesystem::remove(directory() + "/passwd");
  absl::SleepFor(kFileGlance);
  EXPECT_FALSE(Find("user9").has_value());
}

class PrivateMachineTest : public PosixTest {
 protected:
  PrivateMachineTest() {
    options.private_root = directory();
    std::filesystem::create_directories(directory() + "/etc");
    std::filesystem::create_directories(directory() + "/var/log");
    std::ofstream(directory() + "/etc/passwd")
        << "damaged\n"
           "alice:x:4001:4000:Alice A.:/home/alice:/bin/sh\n";
    std::ofstream(directory() + "/etc/group") << "people:x:4000:\n"
                                                 "mail:x:8:bob,alice\n"
                                                 "other:x:9:bob\n";
  }
};

POSIX_TEST(PrivateMachineTest, AccountsOfThePrivateWorld) {
  CO_REQUIRE_ASSIGN(const User alice, env.accounts().FindUser("alice"));
  EXPECT_EQ(alice.id, UserId{4001});
  EXPECT_EQ(alice.full_name, "Alice A.");
  EXPECT_EQ(alice.home, "/home/alice");
  CO_REQUIRE_ASSIGN(const User same, env.accounts().FindUser(UserId{4001}));
  EXPECT_EQ(same.name, "alice");
  CO_REQUIRE_ASSIGN(const Identity identity, env.accounts().IdentityOf(alice));
  EXPECT_EQ(identity.supplementary, (std::vector<GroupId>{GroupId{8}, GroupId{4000}}));
  CO_REQUIRE_ASSIGN(const Group mail, env.accounts().FindGroup("mail"));
  EXPECT_EQ(mail.id, GroupId{8});
  EXPECT_TRUE(absl::IsNotFound(env.accounts().FindUser("root").status()));
  EXPECT_TRUE(absl::IsNotFound(env.accounts().FindGroup("root").status()));
  co_return 0;
}

POSIX_TEST(PrivateMachineTest, LogIsAFile) {
  env.log().Write(Severity::kInfo, "first\nline");
  env.log().SetTag("sm-mta");
  env.log().Write(Severity::kError, "second");
  const std::string host = env.host().name();
  const std::string log = FileText(directory + "/var/log/maillog");
  const std::vector<std::string> lines = {
      absl::StrCat(" ", host, " posix_test[", ::getpid(), "]: first\\012line\n"),
      absl::StrCat(" ", host, " sm-mta[", ::getpid(), "]: second\n")};
  for (const std::string& line : lines) EXPECT_TRUE(absl::StrContains(log, line)) << log;
  absl::Time written;
  std::string error;
  EXPECT_TRUE(absl::ParseTime("%b %d %H:%M:%S", log.substr(0, 15), &written, &error)) << error;
  co_return 0;
}

TEST_F(MachineTest, LogIsADatagramToTheDaemon) {
  // The address of a socket has 108 bytes, too few for the directories that tests are given.
  char short_directory[] = "/tmp/posix_test.XXXXXX";
  ASSERT_NE(::mkdtemp(short_directory), nullptr);
  const std::string path = std::string(short_directory) + "/log";
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  PosixClock clock;
  PosixHost host;
  PosixSystemLog log(PrivateRoot(), clock, host, "/usr/sbin/sendmail", path);
  log.Write(Severity::kInfo, "nobody listens");
  const auto listen = [&] {
    UniqueFd daemon(::socket(AF_UNIX, SOCK_DGRAM, 0));
    EXPECT_EQ(::bind(daemon.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    return daemon;
  };
  const auto receive = [](const UniqueFd& daemon) {
    char buffer[10000];
    const ssize_t size = ::recv(daemon.get(), buffer, sizeof(buffer), MSG_DONTWAIT);
    return std::string(buffer, static_cast<size_t>(std::max<ssize_t>(size, 0)));
  };
  UniqueFd daemon = listen();
  absl::SleepFor(PosixSystemLog::kAbsence);
  log.Write(Severity::kInfo, "one\x7f");
  std::string line = receive(daemon);
  EXPECT_TRUE(absl::StartsWith(line, "<22>")) << line;
  EXPECT_TRUE(absl::EndsWith(line, absl::StrCat(" sendmail[", ::getpid(), "]: one\\177"))) << line;
  // The daemon starts again, and later does not read.
  ::unlink(path.c_str());
  daemon = listen();
  log.Write(Severity::kDebug, "two");
  EXPECT_TRUE(absl::StartsWith(receive(daemon), "<23>"));
  for (int i = 0; i < 500; ++i) log.Write(Severity::kInfo, std::string(20000, 'x'));
  EXPECT_LT(receive(daemon).size(), 9000u);
  std::filesystem::remove_all(short_directory);
}

// Jobs that end in any order are completed in order of submission, if all have ended.
class Recorder final : public WorkerPool::Job {
 public:
  Recorder(int number, std::vector<int>& completed) : number_(number), completed_(completed) {}
  void Run() override { ::usleep(number_ % 2 == 0 ? 300 : 0); }
  void Complete() override { completed_.push_back(number_); }

 private:
  const int number_;
  std::vector<int>& completed_;
};

TEST(WorkerPoolTest, CompletesInOrderAcrossQuiesce) {
  EventLoop events;
  std::vector<int> completed;
  WorkerPool workers(events, 4);
  for (int round = 0; round < 2; ++round) {
    completed.clear();
    for (int i = 0; i < 100; ++i) workers.Submit(std::make_unique<Recorder>(i, completed));
    workers.Quiesce();
    EXPECT_TRUE(completed.empty());
    events.Turn();
    ASSERT_EQ(completed.size(), 100u);
    for (int i = 0; i < 100; ++i) EXPECT_EQ(completed[i], i);
  }
}

TEST(WorkerPoolTest, DestroyedWithWork) {
  EventLoop events;
  std::vector<int> completed;
  {
    WorkerPool workers(events, 2);
    for (int i = 0; i < 50; ++i) workers.Submit(std::make_unique<Recorder>(i, completed));
  }
  EXPECT_TRUE(completed.empty());  // completions are delivered by the loop, which has not turned
}

}  // namespace
}  // namespace stagepost
