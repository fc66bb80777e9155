// Our reader of Berkeley DB files and libdb see the same in 500 generated files.
#include "mta/maps/db_file.h"

#include <cstdint>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "conformance/berkeley_db/libdb_file.h"
#include "gtest/gtest.h"
#include "mta/base/status_macros.h"
#include "mta/maps/db_test_util.h"

namespace stagepost {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

// What one generated file is like.
struct Recipe {
  LibdbOptions options;
  uint32_t entries = 0;
  uint32_t keys = 0;       // numbers that keys are made of
  uint32_t long_keys = 0;  // percent of keys, and of values, that do not fit on a page
  uint32_t long_values = 0;
  uint32_t empty_values = 0;  // percent
  uint32_t deleted = 0;       // percent, in between
  bool nul = false;           // as sendmail writes aliases
  bool compact = false;
  bool delete_under_cursor = false;
};

// Numbers as random as needed here; a draw for every key has to be cheap.
class Draw {
 public:
  explicit Draw(uint32_t seed) : state_(uint64_t{seed} << 20 | 1) {}
  uint32_t Below(uint32_t limit) { return static_cast<uint32_t>(Next() % limit); }
  bool Percent(uint32_t percent) { return Below(100) < percent; }
  std::string Text(uint32_t size) {
    std::string text(size, '\0');
    for (char& c : text) c = static_cast<char>(Next());
    return text;
  }

 private:
  uint64_t Next() {  // SplitMix64
    uint64_t z = (state_ += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  uint64_t state_;
};

Recipe DrawRecipe(uint32_t number, Draw& draw) {
  Recipe r;
  r.options.btree = number % 2 == 1;
  r.options.page_size = 512u << draw.Below(8);
  if (draw.Percent(10)) r.options.page_size = 0;
  r.options.big_endian = draw.Percent(40);
  r.options.checksums = draw.Percent(15);
  r.options.duplicates = draw.Percent(40);
  r.options.sorted_duplicates = r.options.duplicates && draw.Percent(50);
  r.options.record_numbers = r.options.btree && !r.options.duplicates && draw.Percent(10);
  if (draw.Percent(25)) r.options.expected_entries = 1 + draw.Below(5000);
  if (draw.Percent(25)) r.options.entries_per_bucket = 1 + draw.Below(60);
  constexpr uint32_t kSizes[] = {1, 2, 10, 100, 300, 1000, 3000};
  r.entries = 1 + draw.Below(kSizes[draw.Below(7)]);
  r.keys = r.options.duplicates ? 1 + draw.Below(r.entries) : 4 * r.entries;
  // libdb damages hashes that have both duplicates and long keys.
  const bool long_keys = r.options.btree || !r.options.duplicates;
  if (long_keys && draw.Percent(30)) r.long_keys = 1 + draw.Below(30);
  if (draw.Percent(30)) r.long_values = 1 + draw.Below(30);
  r.empty_values = draw.Percent(30) ? 20 : 0;
  r.deleted = draw.Percent(40) ? draw.Below(80) : 0;
  r.nul = draw.Percent(50);
  r.compact = r.deleted > 0 && draw.Percent(30);
  r.delete_under_cursor = draw.Percent(20);
  return r;
}

std::string KeyOf(const Recipe& r, uint32_t seed, uint32_t number) {
  Draw draw(seed ^ (number * 2654435761u));
  std::string key = absl::StrCat(draw.Below(7), "host", number, ".example");
  if (draw.Percent(20)) key = draw.Text(1 + draw.Below(12)) + key;
  if (draw.Percent(r.long_keys)) key += draw.Text(draw.Below(3000));
  if (draw.Percent(r.long_keys)) key = std::string(1 + draw.Below(5000), 'k') + key;
  if (number % 101 == 100) key.clear();
  if (r.nul) key.push_back('\0');
  return key;
}

std::string ValueOf(const Recipe& r, Draw& draw) {
  if (draw.Percent(r.empty_values)) return "";
  std::string value = draw.Text(draw.Below(60));
  if (draw.Percent(r.long_values)) value += draw.Text(draw.Below(20000));
  if (r.nul) value.push_back('\0');
  return value;
}

std::string TemporaryPath(absl::string_view name) {
  return absl::StrCat(testing::TempDir(), "/", name);
}

void WriteFile(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

// The bytes of a database made by libdb.
std::string Make(const Recipe& r, uint32_t seed, Draw& draw, const std::string& path) {
  LibdbFile db(path, r.options);
  for (uint32_t i = 0; i < r.entries; ++i) {
    db.Put(KeyOf(r, seed, draw.Below(r.keys)), ValueOf(r, draw));
    if (draw.Percent(r.deleted)) db.Delete(KeyOf(r, seed, draw.Below(r.keys)));
  }
  if (r.compact) db.Compact();
  if (r.delete_under_cursor) {
    for (int i = 0; i < 5; ++i) db.DeleteUnderCursor(KeyOf(r, seed, draw.Below(r.keys)));
  }
  return db.Bytes();
}

Task<absl::StatusOr<Pairs>> AllPairs(DbFile& db) {
  Pairs pairs;
  DbCursor cursor(db);
  while (true) {
    CO_ASSIGN_OR_RETURN(const bool found, co_await cursor.Next());
    if (!found) break;
    pairs.emplace_back(cursor.key(), cursor.value());
  }
  co_return pairs;
}

Task<absl::StatusOr<std::optional<std::string>>> GetOne(DbFile& db, const std::string& key) {
  co_return co_await db.Get(key);
}

std::string Describe(const Recipe& r) {
  return absl::StrCat(r.options.btree ? "btree" : "hash", " page size ", r.options.page_size,
                      " big endian ", r.options.big_endian, " checksums ", r.options.checksums,
                      " duplicates ", r.options.duplicates, " sorted ", r.options.sorted_duplicates,
                      " entries ", r.entries, " keys ", r.keys, " long keys ", r.long_keys,
                      " long values ", r.long_values, " deleted ", r.deleted, " compact ",
                      r.compact, " cursor ", r.delete_under_cursor);
}

// Compares everything; gives the number of pairs.
size_t Compare(const std::string& bytes, const std::string& path, const Recipe& r, uint32_t seed,
               Draw& draw) {
  WriteFile(path, bytes);
  // Items that a cursor holds on to are an error to libdb.
  if (!r.delete_under_cursor) EXPECT_TRUE(LibdbVerifies(path));
  LibdbFile oracle(path);
  const Pairs expected = oracle.Pairs();

  TaskRunner runner;
  auto file = std::make_unique<MemoryFile>(bytes);
  if (draw.Percent(20)) file->longest_read = 100 + draw.Below(1000);
  const size_t cache = draw.Percent(50) ? 0 : 4 << 20;
  auto db = runner.Run(&DbFile::Open, std::unique_ptr<File>(std::move(file)),
                       DbOptions{.cache_bytes = cache});
  EXPECT_TRUE(db.ok()) << db.status().message();
  if (!db.ok()) return 0;
  EXPECT_EQ((*db)->type(), r.options.btree ? DbType::kBtree : DbType::kHash);
  EXPECT_EQ((*db)->has_duplicates(), r.options.duplicates);

  const auto pairs = runner.Run(&AllPairs, std::ref(**db));
  EXPECT_TRUE(pairs.ok()) << pairs.status().message();
  if (pairs.ok()) EXPECT_TRUE(*pairs == expected) << pairs->size() << ", libdb " << expected.size();

  std::map<std::string, std::string> first_values;
  for (const auto& [key, value] : expected) first_values.emplace(key, value);
  // Every key there may be, more of them absent than not.
  for (uint32_t i = 0; i < r.keys + 10; ++i) {
    std::string key = KeyOf(r, seed, i);
    if (draw.Percent(5)) key.push_back('x');
    const auto value = runner.Run(&GetOne, std::ref(**db), key);
    EXPECT_TRUE(value.ok()) << value.status().message();
    const auto place = first_values.find(key);
    const auto truth = place == first_values.end() ? std::nullopt : std::optional(place->second);
    if (value.ok()) EXPECT_EQ(*value, truth) << "key number " << i;
    // libdb does not find every key in a hash in which some are long, though its cursors do.
    if (r.options.btree || r.long_keys == 0) {
      EXPECT_EQ(oracle.Get(key), truth) << "key number " << i;
    }
    if (testing::Test::HasFailure()) break;
  }
  return expected.size();
}

void RunRecipe(uint32_t number, const Recipe& recipe, Draw& draw) {
  SCOPED_TRACE(absl::StrCat("file ", number, ": ", Describe(recipe)));
  const std::string path = TemporaryPath(absl::StrCat("made", number, ".db"));
  const std::string bytes = Make(recipe, number, draw, path);
  const size_t pairs =
      Compare(bytes, TemporaryPath(absl::StrCat("read", number, ".db")), recipe, number, draw);
  if (recipe.deleted == 0 && !recipe.delete_under_cursor) EXPECT_GT(pairs, 0u);
}

class GeneratedFiles : public testing::TestWithParam<uint32_t> {};

TEST_P(GeneratedFiles, ReadAsLibdbReadsThem) {
  for (uint32_t number = GetParam(); number < GetParam() + 50; ++number) {
    Draw draw(number);
    const Recipe recipe = DrawRecipe(number, draw);
    RunRecipe(number, recipe, draw);
    if (HasFailure()) break;
  }
}

INSTANTIATE_TEST_SUITE_P(Fifty, GeneratedFiles, testing::Range(0u, 500u, 50u));

TEST(LargeFiles, AreReadAsLibdbReadsThem) {
  for (const uint32_t number : {1000u, 1003u}) {
    Draw draw(number);
    Recipe recipe;
    recipe.options.btree = number % 2 == 1;
    recipe.options.big_endian = number >= 1002;
    recipe.entries = 100000;
    recipe.keys = 120000;
    recipe.nul = number == 1000;
    RunRecipe(number, recipe, draw);
  }
}

}  // namespace
}  // namespace stagepost
