// Locks, within a process and between two.
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "conformance/contract/file_system_contract_util.h"
#include "gtest/gtest.h"
#include "mta/async/deadline.h"
#include "mta/async/scope.h"
#include "mta/base/status_macros.h"

namespace stagepost {
namespace {

constexpr auto kFlock = LockKind::kFlock;
constexpr auto kFcntl = LockKind::kFcntl;
constexpr auto kShared = LockMode::kShared;
constexpr auto kExclusive = LockMode::kExclusive;
constexpr auto kNo = LockWait::kNo;
constexpr auto kYes = LockWait::kYes;

constexpr absl::Duration kShort = absl::Milliseconds(50);
constexpr absl::Duration kLong = absl::Seconds(30);

// Opens "lock" in the directory, as `name`.
#define OPEN_LOCK(name)                         \
  CO_REQUIRE_ASSIGN(std::unique_ptr<File> name, \
                    co_await env.files().Open(directory + "/lock", kCreate))

MonotonicTime In(Environment& env, absl::Duration duration) {
  return env.clock().MonotonicNow() + duration;
}

// --- Within one process.

CONTRACT_TEST(FileSystemContract, Flock_ExclusiveExcludes) {
  OPEN_LOCK(a);
  OPEN_LOCK(b);
  EXPECT_OK(co_await a->Lock(kFlock, kExclusive, kNo));
  EXPECT_ERRNO(co_await b->Lock(kFlock, kExclusive, kNo), EAGAIN);
  EXPECT_ERRNO(co_await b->Lock(kFlock, kShared, kNo), EAGAIN);
  EXPECT_OK(co_await a->Lock(kFlock, kExclusive, kNo));
  EXPECT_OK(co_await a->Unlock(kFlock));
  EXPECT_OK(co_await b->Lock(kFlock, kExclusive, kNo));
  co_return 0;
}

CONTRACT_TEST(FileSystemContract, Flock_SharedShares) {
  OPEN_LOCK(a);
  OPEN_LOCK(b);
  OPEN_LOCK(c);
  EXPECT_OK(co_await a->Lock(kFlock, kShared, kNo));
  EXPECT_OK(co_await b->Lock(kFlock, kShared, kNo));
  EXPECT_ERRNO(co_await c->Lock(kFlock, kExclusive, kNo), EAGAIN);
  co_return 0;
}

CONTRACT_TEST(FileSystemContract, Flock_UpgradesAndDowngrades) {
  OPEN_LOCK(a);
  OPEN_LOCK(b);
  EXPECT_OK(co_await a->Lock(kFlock, kShared, kNo));
  EXPECT_OK(co_await a->Lock(kFlock, kExclusive, kNo));
  EXPECT_ERRNO(co_await b->Lock(kFlock, kShared, kNo), EAGAIN);
  EXPECT_OK(co_await a->Lock(kFlock, kShared, kNo));
  EXPECT_OK(co_await b->Lock(kFlock, kShared, kNo));
  co_return 0;
}

// flock(2): the existing lock is first removed, then a new lock is established.
CONTRACT_TEST(FileSystemContract, Flock_AFailedUpgradeLosesTheLock) {
  OPEN_LOCK(a);
  OPEN_LOCK(b);
  EXPECT_OK(co_await a->Lock(kFlock, kShared, kNo));
  EXPECT_OK(co_await b->Lock(kFlock, kShared, kNo));
  EXPECT_ERRNO(co_await a->Lock(kFlock, kExclusive, kNo), EAGAIN);
  EXPECT_OK(co_await b->Lock(kFlock, kExclusive, kNo));
  co_return 0;
}

CONTRACT_TEST(FileSystemContract, Flock_ClosingUnlocks) {
  OPEN_LOCK(a);
  OPEN_LOCK(b);
  EXPECT_OK(co_await a->Lock(kFlock, kExclusive, kNo));
  a.reset();
  EXPECT_OK(co_await b->Lock(kFlock, kExclusive, kNo));
  co_return 0;
}

CONTRACT_TEST(FileSystemContract, Flock_BelongsToTheFileNotTheName) {
  OPEN_LOCK(a);
  EXPECT_OK(co_await a->Lock(kFlock, kExclusive, kNo));
  EXPECT_OK(co_await env.files().Rename(directory + "/lock", directory + "/old"));
  OPEN_LOCK(fresh);
  EXPECT_OK(co_await fresh->Lock(kFlock, kExclusive, kNo));
  CO_REQUIRE_ASSIGN(std::unique_ptr<File> b,
                    co_await env.files().Open(directory + "/old", kCreate));
  EXPECT_ERRNO(co_await b->Lock(kFlock, kExclusive, kNo), EAGAIN);
  co_return 0;
}

CONTRACT_TEST(FileSystemContract, Fcntl_OneProcessNeverConflicts) {
  OPEN_LOCK(a);
  OPEN_LOCK(b);
  EXPECT_OK(co_await a->Lock(kFcntl, kExclusive, kNo));
  EXPECT_OK(co_await b->Lock(kFcntl, kExclusive, kNo));
  EXPECT_OK(co_await b->Lock(kFcntl, kShared, kYes));
  co_return 0;
}

CONTRACT_TEST(FileSystemContract, FlockAndFcntl_DoNotSeeEachOther) {
  OPEN_LOCK(a);
  OPEN_LOCK(b);
  EXPECT_OK(co_await a->Lock(kFlock, kExclusive, kNo));
  EXPECT_OK(co_await b->Lock(kFcntl, kExclusive, kNo));
  EXPECT_OK(co_await b->Unlock(kFcntl));
  EXPECT_ERRNO(co_await b->Lock(kFlock, kShared, kNo), EAGAIN);
  co_return 0;
}

Task<absl::Status> UnlockAfter(File& file, absl::Duration after) {
  CO_RETURN_IF_ERROR(co_await Sleep(after));
  co_return co_await file.Unlock(kFlock);
}

CONTRACT_TEST(FileSystemContract, Flock_WaitsUntilUnlocked) {
  OPEN_LOCK(a);
  OPEN_LOCK(b);
  EXPECT_OK(co_await a->Lock(kFlock, kExclusive, kNo));
  const MonotonicTime begin = env.clock().MonotonicNow();
  TaskScope scope(co_await CurrentContext(), "unlock", TaskScope::Policy::kFirstError, 1);
  EXPECT_OK(scope.Spawn(&UnlockAfter, std::ref(*a), kShort));
  EXPECT_OK(co_await WithDeadline(In(env, kLong), b->Lock(kFlock, kExclusive, kYes)));
  EXPECT_GE(env.clock().MonotonicNow() - begin, kShort);
  EXPECT_OK(co_await scope.Join());
  EXPECT_ERRNO(co_await a->Lock(kFlock, kShared, kNo), EAGAIN);
  co_return 0;
}

CONTRACT_TEST(FileSystemContract, Flock_DeadlineEndsTheWait) {
  OPEN_LOCK(a);
  OPEN_LOCK(b);
  OPEN_LOCK(c);
  EXPECT_OK(co_await a->Lock(kFlock, kExclusive, kNo));
  const MonotonicTime begin = env.clock().MonotonicNow();
  const absl::Status late =
      co_await WithDeadline(In(env, kShort), b->Lock(kFlock, kExclusive, kYes));
  EXPECT_TRUE(absl::IsDeadlineExceeded(late)) << late;
  EXPECT_GE(env.clock().MonotonicNow() - begin, kShort);
  // Nothing is left of it.
  EXPECT_OK(co_await a->Unlock(kFlock));
  EXPECT_OK(co_await c->Lock(kFlock, kExclusive, kNo));
  co_return 0;
}

Task<absl::Status> LockAndClose(Environment& env, std::string path, int& holders) {
  const OpenOptions options = kCreate;
  CO_ASSIGN_OR_RETURN(std::unique_ptr<File> file, co_await env.files().Open(path, options));
  CO_RETURN_IF_ERROR(co_await file->Lock(kFlock, kExclusive, kYes));
  EXPECT_EQ(++holders, 1);
  CO_RETURN_IF_ERROR(co_await Sleep(absl::Milliseconds(1)));
  EXPECT_EQ(--holders, 0);
  co_return absl::OkStatus();
}

CONTRACT_TEST(FileSystemContract, Flock_ManyWaitersOneHolder) {
  int holders = 0;
  TaskScope scope(co_await CurrentContext(), "waiters", TaskScope::Policy::kFirstError, 10);
  for (int i = 0; i < 10; ++i) {
    EXPECT_OK(scope.Spawn(&LockAndClose, std::ref(env), directory + "/lock", std::ref(holders)));
  }
  EXPECT_OK(co_await WithDeadline(In(env, kLong), scope.Join()));
  co_return 0;
}

// --- Between two processes, which tell each other where they are by files.

Task<absl::Status> Say(Environment& env, std::string path) {
  co_return co_await WriteFile(env.files(), path, "");
}
Task<absl::Status> Hear(Environment& env, std::string path) {
  const MonotonicTime end = In(env, kLong);
  while (!(co_await env.files().Stat(path)).ok()) {
    if (env.clock().MonotonicNow() > end) co_return absl::DeadlineExceededError(path);
    CO_RETURN_IF_ERROR(co_await Sleep(absl::Milliseconds(2)));
  }
  co_return absl::OkStatus();
}

#define SAY(name) EXPECT_OK(co_await Say(env, absl::StrCat(directory, "/said-", name)))
#define HEAR(name) CO_REQUIRE((co_await Hear(env, absl::StrCat(directory, "/said-", name))).ok())

// A case of two processes: `Name` holds, the body is the other's.
#define CONTRACT_TEST_OF_TWO(Suite, Name, Other)                                                   \
  static Task<int> Suite##Name##Case(Environment& env, const std::string& directory);              \
  static Task<int> Suite##Name##Program(Environment& env, Arguments arguments) {                   \
    co_return co_await Suite##Name##Case(env, arguments[1]);                                       \
  }                                                                                                \
  TEST_P(Suite, Name) { EXPECT_EQ(GetParam().make()->RunBoth(&Suite##Name##Program, &Other), 0); } \
  static Task<int> Suite##Name##Case([[maybe_unused]] Environment& env,                            \
                                     [[maybe_unused]] const std::string& directory)

// Holds an exclusive lock of `kind` from "locked" to "enough", or to its end without ever
// unlocking.
Task<int> Hold(Environment& env, std::string directory, LockKind kind, bool unlock) {
  OPEN_LOCK(file);
  EXPECT_OK(co_await file->Lock(kind, kExclusive, kNo));
  SAY("locked");
  HEAR("enough");
  EXPECT_OK(co_await Sleep(kShort));
  if (unlock) {
    EXPECT_OK(co_await file->Unlock(kind));
    HEAR("done");
  }
  co_return 0;
}
Task<int> HoldFcntl(Environment& env, Arguments arguments) {
  co_return co_await Hold(env, arguments[1], kFcntl, true);
}
Task<int> HoldFcntlToTheEnd(Environment& env, Arguments arguments) {
  co_return co_await Hold(env, arguments[1], kFcntl, false);
}
Task<int> HoldFlock(Environment& env, Arguments arguments) {
  co_return co_await Hold(env, arguments[1], kFlock, true);
}

CONTRACT_TEST_OF_TWO(FileSystemContract, Fcntl_ExcludesOtherProcesses, HoldFcntl) {
  OPEN_LOCK(file);
  HEAR("locked");
  EXPECT_ERRNO(co_await file->Lock(kFcntl, kExclusive, kNo), EAGAIN);
  EXPECT_ERRNO(co_await file->Lock(kFcntl, kShared, kNo), EAGAIN);
  EXPECT_OK(co_await file->Lock(kFlock, kExclusive, kNo));
  EXPECT_OK(co_await file->Unlock(kFcntl));
  SAY("enough");
  EXPECT_OK(co_await WithDeadline(In(env, kLong), file->Lock(kFcntl, kExclusive, kYes)));
  SAY("done");
  co_return 0;
}

CONTRACT_TEST_OF_TWO(FileSystemContract, Flock_ExcludesOtherProcesses, HoldFlock) {
  OPEN_LOCK(file);
  HEAR("locked");
  EXPECT_ERRNO(co_await file->Lock(kFlock, kShared, kNo), EAGAIN);
  EXPECT_OK(co_await file->Lock(kFcntl, kExclusive, kNo));
  SAY("enough");
  EXPECT_OK(co_await WithDeadline(In(env, kLong), file->Lock(kFlock, kExclusive, kYes)));
  SAY("done");
  co_return 0;
}

CONTRACT_TEST_OF_TWO(FileSystemContract, Fcntl_DeadlineEndsTheWait, HoldFcntl) {
  OPEN_LOCK(file);
  HEAR("locked");
  const absl::Status late =
      co_await WithDeadline(In(env, kShort), file->Lock(kFcntl, kExclusive, kYes));
  EXPECT_TRUE(absl::IsDeadlineExceeded(late)) << late;
  SAY("enough");
  SAY("done");
  co_return 0;
}

CONTRACT_TEST_OF_TWO(FileSystemContract, Fcntl_TheEndOfAProcessUnlocks, HoldFcntlToTheEnd) {
  OPEN_LOCK(file);
  HEAR("locked");
  SAY("enough");
  EXPECT_OK(co_await WithDeadline(In(env, kLong), file->Lock(kFcntl, kExclusive, kYes)));
  co_return 0;
}

// fcntl(2): all locks of the process on the file are removed when it closes *any* descriptor of it.
Task<int> HoldAndCloseAnother(Environment& env, Arguments arguments) {
  const std::string directory = arguments[1];
  OPEN_LOCK(file);
  EXPECT_OK(co_await file->Lock(kFcntl, kExclusive, kNo));
  EXPECT_OK(co_await file->Lock(kFlock, kExclusive, kNo));
  OPEN_LOCK(another);
  another.reset();
  SAY("locked");
  HEAR("done");
  co_return 0;
}

CONTRACT_TEST_OF_TWO(FileSystemContract, Fcntl_ClosingAnyUnlocks, HoldAndCloseAnother) {
  OPEN_LOCK(file);
  HEAR("locked");
  EXPECT_OK(co_await file->Lock(kFcntl, kExclusive, kNo));
  EXPECT_ERRNO(co_await file->Lock(kFlock, kExclusive, kNo), EAGAIN);
  SAY("done");
  co_return 0;
}

Task<int> ShareFcntl(Environment& env, Arguments arguments) {
  const std::string directory = arguments[1];
  OPEN_LOCK(file);
  EXPECT_OK(co_await file->Lock(kFcntl, kShared, kNo));
  SAY("locked");
  HEAR("shared");
  EXPECT_ERRNO(co_await file->Lock(kFcntl, kExclusive, kNo), EAGAIN);
  SAY("enough");
  HEAR("done");
  co_return 0;
}

// A failed upgrade of an fcntl lock keeps the lock there was.
CONTRACT_TEST_OF_TWO(FileSystemContract, Fcntl_SharedShares, ShareFcntl) {
  OPEN_LOCK(file);
  HEAR("locked");
  EXPECT_OK(co_await file->Lock(kFcntl, kShared, kNo));
  SAY("shared");
  HEAR("enough");
  EXPECT_ERRNO(co_await file->Lock(kFcntl, kExclusive, kNo), EAGAIN);
  SAY("done");
  co_return 0;
}

// Who waits for whom is nobody's business: each waits until its deadline.
Task<int> WaitForEachOther(Environment& env, std::string directory, std::string own,
                           std::string others) {
  CO_REQUIRE_ASSIGN(std::unique_ptr<File> mine,
                    co_await env.files().Open(directory + "/" + own, kCreate));
  EXPECT_OK(co_await mine->Lock(kFcntl, kExclusive, kNo));
  SAY(own);
  HEAR(others);
  CO_REQUIRE_ASSIGN(std::unique_ptr<File> theirs,
                    co_await env.files().Open(directory + "/" + others, kCreate));
  const absl::Status late =
      co_await WithDeadline(In(env, kShort), theirs->Lock(kFcntl, kExclusive, kYes));
  EXPECT_TRUE(absl::IsDeadlineExceeded(late)) << late;
  SAY(own + "-done");
  HEAR(others + "-done");
  co_return 0;
}
Task<int> WaitTheOtherWay(Environment& env, Arguments arguments) {
  co_return co_await WaitForEachOther(env, arguments[1], "two", "one");
}

CONTRACT_TEST_OF_TWO(FileSystemContract, Fcntl_DeadlocksLastUntilTheDeadline, WaitTheOtherWay) {
  co_return co_await WaitForEachOther(env, directory, "one", "two");
}

}  // namespace
}  // namespace stagepost
