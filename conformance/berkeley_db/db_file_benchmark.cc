// What a look-up costs, and what libdb takes for it. Run with
// `bazel run -c opt //conformance/berkeley_db:db_file_benchmark`.
//
// Aim: a microsecond for a key whose pages are in the cache. One item is one look-up among 100,000
// entries as an access map has them. Half of the keys are there. Without a cache (eight pages are
// kept) nearly every page comes anew from the file, which is in memory.
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "benchmark/benchmark.h"
#include "conformance/berkeley_db/libdb_file.h"
#include "mta/async/task.h"
#include "mta/base/check.h"
#include "mta/env/file_system.h"
#include "mta/maps/db_file.h"
#include "mta/maps/db_test_util.h"

namespace stagepost {
namespace {

constexpr uint32_t kEntries = 100000;
constexpr size_t kBatch = 1000;

std::string KeyOf(uint32_t i) { return absl::StrCat("host", i, ".subdomain", i % 77, ".example"); }

// A file for libdb that goes with this.
class Made {
 public:
  explicit Made(bool btree) {
    CHECK(::mkdtemp(directory_) != nullptr);
    path_ = absl::StrCat(directory_, "/access.db");
    LibdbFile db(path_, {.btree = btree});
    for (uint32_t i = 0; i < kEntries; ++i) db.Put(KeyOf(2 * i), "REJECT");
    bytes_ = db.Bytes();
    uint32_t next = 12345;
    for (std::string& key : keys_)
      key = KeyOf((next = next * 1664525 + 1013904223) % (2 * kEntries));
  }
  ~Made() {
    ::unlink(path_.c_str());
    ::rmdir(directory_);
  }

  const std::string& path() const { return path_; }
  const std::string& bytes() const { return bytes_; }
  const std::vector<std::string>& keys() const { return keys_; }

 private:
  char directory_[32] = "/tmp/db_benchmark.XXXXXX";
  std::string path_, bytes_;
  std::vector<std::string> keys_ = std::vector<std::string>(50 * kBatch);
};

Task<size_t> GetBatch(DbFile& db, const std::vector<std::string>& keys, size_t from) {
  size_t found = 0;
  for (size_t i = from; i < from + kBatch; ++i) {
    const auto value = co_await db.Get(keys[i]);
    CHECK(value.ok());
    found += value->has_value() ? 1 : 0;
  }
  co_return found;
}

void Get(benchmark::State& state, bool btree, size_t cache_bytes) {
  const Made made(btree);
  TaskRunner runner;
  auto db =
      runner.Run(&DbFile::Open, std::unique_ptr<File>(std::make_unique<MemoryFile>(made.bytes())),
                 DbOptions{.cache_bytes = cache_bytes});
  CHECK(db.ok());
  size_t from = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(runner.Run(&GetBatch, std::ref(**db), std::cref(made.keys()), from));
    from = (from + kBatch) % made.keys().size();
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * kBatch));
}

void BM_HashCached(benchmark::State& state) { Get(state, false, 64 << 20); }
void BM_HashDefaultCache(benchmark::State& state) { Get(state, false, DbOptions().cache_bytes); }
void BM_HashWithoutCache(benchmark::State& state) { Get(state, false, 0); }
void BM_BtreeCached(benchmark::State& state) { Get(state, true, 64 << 20); }
void BM_BtreeDefaultCache(benchmark::State& state) { Get(state, true, DbOptions().cache_bytes); }
void BM_BtreeWithoutCache(benchmark::State& state) { Get(state, true, 0); }
BENCHMARK(BM_HashCached);
BENCHMARK(BM_HashDefaultCache);
BENCHMARK(BM_HashWithoutCache);
BENCHMARK(BM_BtreeCached);
BENCHMARK(BM_BtreeDefaultCache);
BENCHMARK(BM_BtreeWithoutCache);

void Libdb(benchmark::State& state, bool btree) {
  const Made made(btree);
  LibdbFile db(made.path());
  size_t next = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(db.Get(made.keys()[next]));
    next = (next + 1) % made.keys().size();
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()));
}
void BM_LibdbHash(benchmark::State& state) { Libdb(state, false); }
void BM_LibdbBtree(benchmark::State& state) { Libdb(state, true); }
BENCHMARK(BM_LibdbHash);
BENCHMARK(BM_LibdbBtree);

}  // namespace
}  // namespace stagepost
