// Identities other than our own; needs root, and ids that are not only those of a user namespace.
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include <algorithm>

#include "mta/posix/posix_test_util.h"

namespace stagepost {
namespace {

const Identity kAlice = {UserId{4001}, GroupId{4000}, {GroupId{8}, GroupId{4000}}};
const Identity kBob = {UserId{4002}, GroupId{4000}, {GroupId{4000}}};

class IdentityTest : public PosixTest {
 protected:
  // Other users cannot get at a directory below root's home, where Bazel's may be.
  IdentityTest() : PosixTest("/tmp") {}
  void SetUp() override {
    ASSERT_EQ(::geteuid(), 0u);
    ASSERT_EQ(::chmod(directory().c_str(), 0755), 0);
  }
};

// What the kernel says about this thread: real, effective, saved and file-system ids, and groups.
std::string KernelView() {
  std::string view;
  std::ifstream status("/proc/thread-self/status");
  for (std::string line; std::getline(status, line);) {
    for (const char* kind : {"Uid:", "Gid:", "Groups:", "CapEff:"}) {
      if (line.rfind(kind, 0) == 0) view += line + "\n";
    }
  }
  return view;
}

// A directory that all may write, as /tmp.
Task<absl::Status> MakePublic(Environment& env, std::string path) {
  CO_RETURN_IF_ERROR(co_await env.files().MakeDirectory(path, 0700));
  co_return co_await env.files().ChangeMode(path, 01777);
}

POSIX_TEST(IdentityTest, As_CreatesAsThatUserAndComesBack) {
  const std::string before = KernelView();
  EXPECT_OK(co_await MakePublic(env, directory + "/tmp"));
  std::unique_ptr<FileSystem> files = env.files().As(kAlice);
  EXPECT_OK(co_await WriteFile(*files, directory + "/tmp/a", "text"));
  EXPECT_OK(co_await files->MakeDirectory(directory + "/tmp/d", 0700));
  EXPECT_OK(co_await files->Symlink("a", directory + "/tmp/s"));
  EXPECT_NE(KernelView(), before);  // it stays until another is needed, or the step ends
  EXPECT_OK(co_await Sleep(absl::ZeroDuration()));
  EXPECT_EQ(KernelView(), before);
  for (const char* name : {"/tmp/a", "/tmp/d", "/tmp/s"}) {
    CO_REQUIRE_ASSIGN(const FileStat status, co_await env.files().LinkStat(directory + name));
    EXPECT_EQ(status.owner, kAlice.user) << name;
    EXPECT_EQ(status.group, kAlice.group) << name;
  }
  EXPECT_OK(co_await WriteFile(env.files(), directory + "/tmp/r", "text"));
  CO_REQUIRE_ASSIGN(const FileStat status, co_await env.files().Stat(directory + "/tmp/r"));
  EXPECT_EQ(status.owner, kRootUser);
  co_return 0;
}

POSIX_TEST(IdentityTest, Open_EACCES) {
  EXPECT_OK(co_await WriteFile(env.files(), directory + "/secret", "text"));
  EXPECT_OK(co_await env.files().ChangeMode(directory + "/secret", 0600));
  std::unique_ptr<FileSystem> files = env.files().As(kAlice);
  EXPECT_ERRNO(co_await TryOpen(*files, directory + "/secret", kReadOnly), EACCES);
  EXPECT_ERRNO(co_await TryOpen(*files, directory + "/new", kCreate), EACCES);
  EXPECT_OK((co_await files->Stat(directory + "/secret")).status());
  co_return 0;
}

// Not even what root is allowed by its capabilities.
POSIX_TEST(IdentityTest, EveryCall_EACCES_InAClosedDirectory) {
  const std::string closed = directory + "/closed";
  EXPECT_OK(co_await env.files().MakeDirectory(closed, 0700));
  EXPECT_OK(co_await WriteFile(env.files(), closed + "/a", "text"));
  std::unique_ptr<FileSystem> files = env.files().As(kAlice);
  EXPECT_ERRNO((co_await files->Stat(closed + "/a")).status(), EACCES);
  EXPECT_ERRNO((co_await files->LinkStat(closed + "/a")).status(), EACCES);
  EXPECT_ERRNO(co_await files->MakeDirectory(closed + "/d", 0700), EACCES);
  EXPECT_ERRNO(co_await files->RemoveDirectory(closed + "/a"), EACCES);
  EXPECT_ERRNO(co_await files->Unlink(closed + "/a"), EACCES);
  EXPECT_ERRNO(co_await files->Rename(closed + "/a", closed + "/b"), EACCES);
  EXPECT_ERRNO(co_await files->Link(closed + "/a", closed + "/b"), EACCES);
  EXPECT_ERRNO(co_await files->Symlink("a", closed + "/b"), EACCES);
  EXPECT_ERRNO((co_await files->ReadLink(closed + "/a")).status(), EACCES);
  EXPECT_ERRNO(co_await files->ChangeMode(closed + "/a", 0777), EACCES);
  EXPECT_ERRNO(co_await files->ChangeOwner(closed + "/a", kAlice.user, std::nullopt), EACCES);
  EXPECT_ERRNO(co_await files->SetTimes(closed + "/a", absl::UnixEpoch(), absl::UnixEpoch()),
               EACCES);
  EXPECT_ERRNO((co_await files->ListDirectory(closed)).status(), EACCES);
  EXPECT_ERRNO(co_await files->SyncDirectory(closed), EACCES);
  EXPECT_ERRNO((co_await files->GetFreeSpace(closed + "/a")).status(), EACCES);
  co_return 0;
}

POSIX_TEST(IdentityTest, ChangeOwner_EPERM) {
  EXPECT_OK(co_await MakePublic(env, directory + "/tmp"));
  std::unique_ptr<FileSystem> files = env.files().As(kAlice);
  EXPECT_OK(co_await WriteFile(*files, directory + "/tmp/a", "text"));
  EXPECT_ERRNO(co_await files->ChangeOwner(directory + "/tmp/a", kBob.user, std::nullopt), EPERM);
  EXPECT_OK(co_await files->ChangeOwner(directory + "/tmp/a", std::nullopt, GroupId{8}));
  EXPECT_ERRNO(co_await files->ChangeOwner(directory + "/tmp/a", std::nullopt, GroupId{9}), EPERM);
  // Nor through an open file.
  CO_REQUIRE_ASSIGN(std::unique_ptr<File> file,
                    co_await files->Open(directory + "/tmp/a", kCreate));
  EXPECT_ERRNO(co_await file->ChangeOwner(kBob.user, std::nullopt), EPERM);
  std::unique_ptr<FileSystem> others = env.files().As(kBob);
  const OpenOptions read_only = kReadOnly;
  CO_REQUIRE_ASSIGN(std::unique_ptr<File> theirs,
                    co_await others->Open(directory + "/tmp/a", read_only));
  EXPECT_ERRNO(co_await theirs->ChangeMode(0777), EPERM);
  EXPECT_OK(co_await file->ChangeMode(0640));
  co_return 0;
}

POSIX_TEST(IdentityTest, Unlink_EPERM_StickyDirectory) {
  EXPECT_OK(co_await MakePublic(env, directory + "/tmp"));
  std::unique_ptr<FileSystem> alice = env.files().As(kAlice);
  std::unique_ptr<FileSystem> bob = env.files().As(kBob);
  EXPECT_OK(co_await WriteFile(*alice, directory + "/tmp/a", "text"));
  EXPECT_ERRNO(co_await bob->Unlink(directory + "/tmp/a"), EPERM);
  EXPECT_OK(co_await alice->Unlink(directory + "/tmp/a"));
  co_return 0;
}

POSIX_TEST(IdentityTest, SupplementaryGroupsCount) {
  EXPECT_OK(co_await WriteFile(env.files(), directory + "/mail", "text"));
  EXPECT_OK(co_await env.files().ChangeOwner(directory + "/mail", std::nullopt, GroupId{8}));
  EXPECT_OK(co_await env.files().ChangeMode(directory + "/mail", 0640));
  std::unique_ptr<FileSystem> alice = env.files().As(kAlice);
  std::unique_ptr<FileSystem> bob = env.files().As(kBob);
  EXPECT_OK(co_await TryOpen(*alice, directory + "/mail", kReadOnly));
  EXPECT_ERRNO(co_await TryOpen(*bob, directory + "/mail", kReadOnly), EACCES);
  co_return 0;
}

// Workers are not involved in identities: two users' syncs and long listings at the same time.
Task<absl::Status> WorkAs(Environment& env, std::string directory, Identity identity, int& right) {
  std::unique_ptr<FileSystem> files = env.files().As(identity);
  for (int i = 0; i < 20; ++i) {
    const std::string path =
        absl::StrCat(directory, "/", static_cast<uint32_t>(identity.user), ".", i);
    CO_ASSIGN_OR_RETURN(std::unique_ptr<File> file, co_await files->Open(path, kCreate));
    CO_RETURN_IF_ERROR(co_await file->Sync());
    CO_ASSIGN_OR_RETURN(const FileStat status, co_await file->Stat());
    right += status.owner == identity.user;
  }
  co_return absl::OkStatus();
}

POSIX_TEST(IdentityTest, As_InterleavedUsersStayApart) {
  EXPECT_OK(co_await MakePublic(env, directory + "/tmp"));
  int right = 0;
  TaskScope scope(co_await CurrentContext(), "users", TaskScope::Policy::kFirstError, 3);
  const Identity root = env.process().credentials().effective();
  for (const Identity& identity : {kAlice, kBob, root}) {
    EXPECT_OK(scope.Spawn(&WorkAs, std::ref(env), directory + "/tmp", identity, std::ref(right)));
  }
  EXPECT_OK(co_await scope.Join());
  EXPECT_EQ(right, 60);
  co_return 0;
}

POSIX_TEST(IdentityTest, As_GroupsOfOneAreNotThoseOfTheNext) {
  EXPECT_OK(co_await MakePublic(env, directory + "/tmp"));
  EXPECT_OK(co_await WriteFile(env.files(), directory + "/tmp/mail", "text"));
  EXPECT_OK(co_await env.files().ChangeOwner(directory + "/tmp/mail", std::nullopt, GroupId{8}));
  EXPECT_OK(co_await env.files().ChangeMode(directory + "/tmp/mail", 0640));
  Identity fewer = kAlice;
  fewer.supplementary = {};
  std::unique_ptr<FileSystem> alice = env.files().As(kAlice);
  std::unique_ptr<FileSystem> alice_with_fewer = env.files().As(fewer);
  std::unique_ptr<FileSystem> bob = env.files().As(kBob);
  for (int i = 0; i < 2; ++i) {
    EXPECT_OK(co_await TryOpen(*alice, directory + "/tmp/mail", kReadOnly));
    EXPECT_ERRNO(co_await TryOpen(*alice_with_fewer, directory + "/tmp/mail", kReadOnly), EACCES);
    EXPECT_OK(co_await TryOpen(*alice, directory + "/tmp/mail", kReadOnly));
    EXPECT_ERRNO(co_await TryOpen(*bob, directory + "/tmp/mail", kReadOnly), EACCES);
    EXPECT_OK(co_await TryOpen(env.files(), directory + "/tmp/mail", kReadOnly));
  }
  co_return 0;
}

Task<absl::StatusOr<std::string>> StatusOfProgram(Environment& env, const Identity& identity) {
  const ProgramRequest request = {.path = "/bin/cat",
                                  .arguments = {"cat", "/proc/self/status"},
                                  .identity = identity,
                                  .pipe_output = true};
  CO_ASSIGN_OR_RETURN(std::unique_ptr<Child> child, co_await env.programs().Start(request));
  std::unique_ptr<ByteSource> output = child->TakeOutput();
  co_return co_await ReadAll(*output);
}

POSIX_TEST(IdentityTest, Start_IdsAndGroupsOfTheProgram) {
  CO_REQUIRE_ASSIGN(const std::string status, co_await StatusOfProgram(env, kAlice));
  EXPECT_NE(status.find("\nUid:\t4001\t4001\t4001\t4001\n"), std::string::npos) << status;
  EXPECT_NE(status.find("\nGid:\t4000\t4000\t4000\t4000\n"), std::string::npos) << status;
  EXPECT_NE(status.find("\nGroups:\t8 4000 \n"), std::string::npos) << status;
  EXPECT_NE(status.find("\nCapEff:\t0000000000000000\n"), std::string::npos) << status;
  EXPECT_EQ(::geteuid(), 0u);
  co_return 0;
}

// Each of these is made in the very step that has just made a call as somebody else.
POSIX_TEST(IdentityTest, As_IsForFileCallsOnly) {
  const std::string own = KernelView();
  EXPECT_OK(co_await MakePublic(env, directory + "/tmp"));
  std::unique_ptr<FileSystem> files = env.files().As(kAlice);
  const auto act_as_alice = [&] { return files->Stat("/"); };
  const auto expect_own = [&](const char* what) { EXPECT_EQ(KernelView(), own) << what; };

  EXPECT_OK((co_await act_as_alice()).status());
  EXPECT_OK((co_await env.files().Stat("/")).status());
  expect_own("a file call of our own");
  EXPECT_OK((co_await act_as_alice()).status());
  EXPECT_OK(env.accounts().FindUser("root").status());
  expect_own("accounts");
  EXPECT_OK((co_await act_as_alice()).status());
  EXPECT_OK(env.network().Listen({.address = {*IpAddress::Parse("127.0.0.1"), 0}}).status());
  expect_own("a socket");
  EXPECT_OK((co_await act_as_alice()).status());
  EXPECT_OK(co_await env.process().ChangeDirectory(directory));
  expect_own("the working directory");
  EXPECT_OK((co_await act_as_alice()).status());
  env.host().time_zone();
  expect_own("the time zone");

  const Identity root = env.process().credentials().effective();
  EXPECT_OK((co_await act_as_alice()).status());
  CO_REQUIRE_ASSIGN(const std::string status, co_await StatusOfProgram(env, root));
  EXPECT_NE(status.find("\nUid:\t0\t0\t0\t0\n"), std::string::npos) << status;

  // The first thread is started for this flush.
  CO_REQUIRE_ASSIGN(std::unique_ptr<File> file,
                    co_await files->Open(directory + "/tmp/a", kCreate));
  EXPECT_OK(co_await file->Sync());
  int threads = 0;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    EXPECT_NE(FileText(task.path() / "status").find("\nUid:\t0\t0\t0\t0\n"), std::string::npos);
    ++threads;
  }
  EXPECT_GT(threads, 1);
  co_return 0;
}

POSIX_TEST(IdentityTest, Start_EACCES_DirectoryAndFileUnderTheNewIds) {
  EXPECT_OK(co_await env.files().MakeDirectory(directory + "/closed", 0700));
  EXPECT_OK(co_await WriteFile(env.files(), directory + "/closed/tool", "#!/bin/sh\n"));
  EXPECT_OK(co_await env.files().ChangeMode(directory + "/closed/tool", 0755));
  ProgramRequest request = {.path = "/bin/true", .arguments = {"true"}, .identity = kAlice};
  request.working_directory = directory + "/closed";
  EXPECT_ERRNO((co_await env.programs().Start(request)).status(), EACCES);
  request.working_directory = "/";
  request.path = directory + "/closed/tool";
  EXPECT_ERRNO((co_await env.programs().Start(request)).status(), EACCES);
  co_return 0;
}

Task<int> BecomesAlice(Environment& env, Arguments arguments) {
  const std::string directory = arguments[1];
  EXPECT_OK(co_await MakePublic(env, directory + "/tmp"));
  EXPECT_OK(co_await env.files().SyncDirectory(directory));  // there are other threads
  std::unique_ptr<FileSystem> bob = env.files().As(kBob);
  EXPECT_OK((co_await bob->Stat("/")).status());
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  EXPECT_OK(env.process().BecomePermanently(kAlice));
  EXPECT_EQ(env.process().credentials().effective(), kAlice);
  EXPECT_EQ(env.process().credentials().real_user, kAlice.user);
  EXPECT_EQ(env.process().credentials().saved_group, kAlice.group);
  int death_signal = 0;
  ::prctl(PR_GET_PDEATHSIG, &death_signal);
  EXPECT_EQ(death_signal, SIGKILL);
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    EXPECT_NE(FileText(task.path() / "status").find("\nUid:\t4001\t4001\t4001\t4001\n"),
              std::string::npos);
  }
  EXPECT_NE(::setuid(0), 0);
  EXPECT_NE(::setgid(0), 0);

  EXPECT_OK(co_await WriteFile(env.files(), directory + "/tmp/a", "text"));
  CO_REQUIRE_ASSIGN(const FileStat status, co_await env.files().Stat(directory + "/tmp/a"));
  EXPECT_EQ(status.owner, kAlice.user);
  co_return 0;
}

TEST_F(IdentityTest, BecomePermanently_ForAllThreadsAndForGood) {
  EXPECT_EQ(RunInFork(&BecomesAlice), 0);
}

Task<int> WithoutPrivilege(Environment& env, Arguments arguments) {
  const std::string directory = arguments[1];
  EXPECT_OK(co_await MakePublic(env, directory + "/tmp"));
  EXPECT_OK(env.process().BecomePermanently(kAlice));
  EXPECT_ERRNO(env.process().BecomePermanently(kBob), EPERM);
  EXPECT_OK(env.process().BecomePermanently(kAlice));
  std::unique_ptr<FileSystem> bob = env.files().As(kBob);
  EXPECT_ERRNO(co_await TryOpen(*bob, directory + "/tmp/b", kCreate), EPERM);
  EXPECT_ERRNO((co_await bob->Stat("/")).status(), EPERM);
  EXPECT_ERRNO((co_await bob->ListDirectory("/")).status(), EPERM);
  Identity fewer = kAlice;
  fewer.supplementary = {};
  std::unique_ptr<FileSystem> alice_with_fewer = env.files().As(fewer);
  EXPECT_ERRNO((co_await alice_with_fewer->Stat("/")).status(), EPERM);
  std::unique_ptr<FileSystem> alice = env.files().As(kAlice);
  EXPECT_OK(co_await WriteFile(*alice, directory + "/tmp/a", "text"));
  ProgramRequest request = {.path = "/bin/true", .arguments = {"true"}, .identity = kBob};
  EXPECT_ERRNO((co_await env.programs().Start(request)).status(), EPERM);
  request.identity = kAlice;
  EXPECT_OK((co_await env.programs().Start(request)).status());
  EXPECT_ERRNO(env.network().Listen({.address = {*IpAddress::Parse("127.0.0.1"), 25}}).status(),
               EACCES);
  co_return 0;
}

// Groups of a private world's accounts are not those of the process, and do not have to be.
Task<int> RehearsesWithoutPrivilege(Environment& env, Arguments) {
  EXPECT_OK(co_await MakePublic(env, "/tmp"));
  EXPECT_OK(env.process().BecomePermanently(kAlice));
  Identity fewer = kAlice;
  fewer.supplementary = {kAlice.group};
  std::unique_ptr<FileSystem> alice = env.files().As(fewer);
  EXPECT_OK(co_await WriteFile(*alice, "/tmp/a", "text"));
  std::unique_ptr<FileSystem> bob = env.files().As(kBob);
  EXPECT_ERRNO((co_await bob->Stat("/tmp/a")).status(), EPERM);
  co_return 0;
}

TEST_F(IdentityTest, PrivateWorld_OnlyUserAndPrimaryGroupMustBeRight) {
  options.private_root = directory();
  EXPECT_EQ(RunInFork(&RehearsesWithoutPrivilege), 0);
}

TEST_F(IdentityTest, EPERM_WithoutPrivilege) { EXPECT_EQ(RunInFork(&WithoutPrivilege), 0); }

}  // namespace
}  // namespace stagepost
