// Berkeley DB files on a simulated disk: written there, read there by several tasks at once, with
// every file call failing once.
#include "mta/maps/db_file.h"

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "mta/async/scope.h"
#include "mta/async/task.h"
#include "mta/base/errno.h"
#include "mta/base/status_macros.h"
#include "mta/env/databases.h"
#include "mta/env/environment.h"
#include "sim/testing/test_host.h"

namespace stagepost {
namespace {

constexpr int kEntries = 2000;

std::string KeyOf(int i) { return absl::StrCat("host", i, ".example"); }
std::string ValueOf(int i) { return absl::StrCat("relay:", std::string(i % 90, 'r'), i); }

Task<absl::Status> Build(Environment& env, absl::string_view path, DatabaseType type, int entries) {
  CO_ASSIGN_OR_RETURN(auto file,
                      co_await env.files().Open(
                          path, {.read = true, .write = true, .create = true, .truncate = true}));
  CO_ASSIGN_OR_RETURN(auto builder, env.databases().Build(*file, {.type = type}));
  for (int i = 0; i < entries; ++i) {
    CO_RETURN_IF_ERROR(builder->Put(KeyOf(i), ValueOf(i), PutMode::kKeep).status());
  }
  CO_RETURN_IF_ERROR(co_await builder->Finish());
  co_return co_await file->Sync();
}

Task<int> BuildProgram(Environment& env, DatabaseType type, int entries) {
  const absl::Status status = co_await Build(env, "/tmp/map.db", type, entries);
  EXPECT_TRUE(status.ok()) << status.message();
  co_return status.ok() ? 0 : 1;
}

Task<absl::StatusOr<std::unique_ptr<DbFile>>> OpenMap(Environment& env, absl::string_view path,
                                                      DbOptions options) {
  CO_ASSIGN_OR_RETURN(auto file,
                      co_await env.files().Open(path, {.read = true, .non_blocking = true}));
  co_return co_await DbFile::Open(std::move(file), options);
}

Task<absl::Status> ReadShare(DbFile& db, int first, int step, int& right) {
  for (int i = first; i < kEntries; i += step) {
    CO_ASSIGN_OR_RETURN(const auto value, co_await db.Get(KeyOf(i)));
    if (value == ValueOf(i)) ++right;
    CO_ASSIGN_OR_RETURN(const auto absent, co_await db.Get(absl::StrCat("no-", KeyOf(i))));
    if (absent.has_value()) --right;
  }
  co_return absl::OkStatus();
}

Task<absl::Status> WalkAll(DbFile& db, int& pairs) {
  DbCursor cursor(db);
  while (true) {
    CO_ASSIGN_OR_RETURN(const bool found, co_await cursor.Next());
    if (!found) co_return absl::OkStatus();
    ++pairs;
  }
}

Task<absl::Status> SpawnReaders(TaskScope& scope, DbFile& db, int& right, int& pairs) {
  for (int i = 0; i < 7; ++i) {
    CO_RETURN_IF_ERROR(scope.Spawn(&ReadShare, std::ref(db), i, 7, std::ref(right)));
  }
  co_return scope.Spawn(&WalkAll, std::ref(db), std::ref(pairs));
}

// Eight tasks in a cache of eight pages take each other's pages away.
Task<int> ReadTogether(Environment& env, int& right, int& pairs) {
  auto db = co_await OpenMap(env, "/tmp/map.db", {.cache_bytes = 0});
  if (!db.ok()) co_return 1;
  const absl::Status status =
      co_await WithScope("readers", TaskScope::Policy::kFirstError, 8, &SpawnReaders,
                         std::ref(**db), std::ref(right), std::ref(pairs));
  co_return status.ok() ? 0 : 2;
}

TEST(DbFileInSimulation, IsReadBySeveralAtOnce) {
  for (const DatabaseType type : {DatabaseType::kHash, DatabaseType::kBtree}) {
    TestHost host;
    ASSERT_EQ(host.Run(&BuildProgram, type, kEntries), 0);
    int right = 0, pairs = 0;
    EXPECT_EQ(host.Run(&ReadTogether, std::ref(right), std::ref(pairs)), 0);
    EXPECT_EQ(right, kEntries);
    EXPECT_EQ(pairs, kEntries);
  }
}

struct Outcome {
  absl::Status status;
  std::string value;
};

Task<int> ReadOne(Environment& env, Outcome& outcome) {
  auto db = co_await OpenMap(env, "/tmp/map.db", {});
  outcome.status = db.status();
  if (!db.ok()) co_return 1;
  const auto value = co_await (*db)->Get(KeyOf(17));
  outcome.status = value.status();
  if (!value.ok()) co_return 2;
  outcome.value = value->value_or("(none)");
  co_return 0;
}

TEST(DbFileInSimulation, PassesOnWhatReadingGives) {
  for (const DatabaseType type : {DatabaseType::kHash, DatabaseType::kBtree}) {
    TestHost host;
    ASSERT_EQ(host.Run(&BuildProgram, type, kEntries), 0);
    Outcome outcome;
    int failed = 0;  // calls; how many there are depends on how the bytes come
    while (true) {
      host.ResetCalls();
      host.fail_at = failed;
      host.fail_with = Errno::kEIO;
      if (host.Run(&ReadOne, std::ref(outcome)) == 0) break;
      EXPECT_EQ(ErrnoOf(outcome.status), Errno::kEIO) << "call " << failed;
      ++failed;
      ASSERT_LT(failed, 100);
    }
    EXPECT_EQ(outcome.value, ValueOf(17));
    EXPECT_LE(host.calls(), failed);
    EXPECT_GE(failed, 4);  // open, stat, first page, another page
  }
}

Task<int> OpenAs(Environment& env, std::string path, absl::Status& status) {
  status = (co_await OpenMap(env, path, {})).status();
  co_return 0;
}

TEST(DbFileInSimulation, IsARegularFile) {
  TestHost host;
  ASSERT_TRUE(host.disk().MakeFifo("/tmp/fifo.db", {.mode = 0644}).ok());
  ASSERT_TRUE(host.disk().MakeDirectories("/tmp/directory.db").ok());
  ASSERT_TRUE(host.disk().WriteFile("/tmp/empty.db", "").ok());
  ASSERT_TRUE(host.disk().WriteFile("/tmp/text.db", std::string(100, 'x')).ok());
  constexpr std::pair<absl::string_view, absl::string_view> kExpected[] = {
      {"/tmp/fifo.db", "not a Berkeley DB database: not a regular file"},
      {"/tmp/directory.db", "not a Berkeley DB database: not a regular file"},
      {"/tmp/empty.db", "not a Berkeley DB database: the file is empty"},
      {"/tmp/text.db", "not a Berkeley DB database: shorter than a page"},
  };
  for (const auto& [path, message] : kExpected) {
    absl::Status status;
    EXPECT_EQ(host.Run(&OpenAs, std::string(path), std::ref(status)), 0);
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << path;
    EXPECT_EQ(status.message(), message);
  }
}

// libdb would take its settings from there.
TEST(DbFileInSimulation, HasNoSettingsInTheWorkingDirectory) {
  TestHost host;
  ASSERT_EQ(host.Run(&BuildProgram, DatabaseType::kHash, kEntries), 0);
  for (const char* directory : {"/", "/tmp/"}) {
    ASSERT_TRUE(host.disk()
                    .WriteFile(absl::StrCat(directory, "DB_CONFIG"), "set_data_dir /nowhere\n")
                    .ok());
  }
  host.fault = [](FileCall, absl::string_view path) {
    return absl::EndsWith(path, "DB_CONFIG") ? Errno::kEIO : Errno::kOk;
  };
  Outcome outcome;
  EXPECT_EQ(host.Run(&ReadOne, std::ref(outcome)), 0);
  EXPECT_EQ(outcome.value, ValueOf(17));
}

}  // namespace
}  // namespace stagepost
