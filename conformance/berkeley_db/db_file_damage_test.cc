// What is not a database of ours, and what has become of one: refused, or told by page.
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "conformance/berkeley_db/libdb_file.h"
#include "gtest/gtest.h"
#include "mta/base/errno.h"
#include "mta/maps/db_file.h"
#include "mta/maps/db_test_util.h"

namespace stagepost {
namespace {

// Of a libdb file with these options and the keys "key0" to "key99".
std::string Make(LibdbOptions options, int keys = 100) {
  if (options.page_size == 0) options.page_size = 512;
  LibdbFile db(absl::StrCat(testing::TempDir(), "/made.db"), options);
  for (int i = 0; i < keys; ++i) db.Put(absl::StrCat("key", i), absl::StrCat("value", i));
  return db.Bytes();
}

void Patch(std::string& bytes, size_t at, absl::string_view with) {
  bytes.replace(at, with.size(), with.data(), with.size());
}
void Patch32(std::string& bytes, size_t at, uint32_t value) {
  for (int i = 0; i < 4; ++i) bytes[at + i] = static_cast<char>(value >> (8 * i));
}
// The first page of this type, of 512 bytes.
uint32_t PageOfType(const std::string& bytes, DbPageType type) {
  for (uint32_t page = 1; 512 * page < bytes.size(); ++page) {
    if (static_cast<DbPageType>(bytes[512 * page + 25]) == type) return page;
  }
  ADD_FAILURE() << "no such page";
  return 1;
}

struct Outcome {
  absl::Status open, walk, get;
  int pairs = 0;
  std::optional<std::string> value;
};

Task<int> ReadAll(std::unique_ptr<File> file, std::string key, DbOptions options,
                  Outcome& outcome) {
  auto db = co_await DbFile::Open(std::move(file), options);
  outcome.open = db.status();
  if (!db.ok()) co_return 0;
  DbCursor cursor(**db);
  while (true) {
    const auto found = co_await cursor.Next();
    outcome.walk = found.status();
    if (!found.ok() || !*found) break;
    ++outcome.pairs;
  }
  auto value = co_await (*db)->Get(key);
  outcome.get = value.status();
  if (value.ok()) outcome.value = *std::move(value);
  co_return 0;
}

Outcome Read(const std::string& bytes, const std::string& key = "key42", DbOptions options = {}) {
  TaskRunner runner;
  Outcome outcome;
  runner.Run(&ReadAll, std::unique_ptr<File>(std::make_unique<MemoryFile>(bytes)), key, options,
             std::ref(outcome));
  return outcome;
}

void ExpectUnimplemented(const std::string& bytes, absl::string_view message) {
  const absl::Status status = Read(bytes).open;
  EXPECT_TRUE(absl::IsUnimplemented(status)) << status;
  EXPECT_EQ(status.message(), absl::StrCat("Berkeley DB database ", message));
}
void ExpectDamaged(const absl::Status& status, absl::string_view message) {
  EXPECT_TRUE(absl::IsDataLoss(status)) << status;
  EXPECT_EQ(status.message(), absl::StrCat("damaged database", message));
}

TEST(OtherDatabases, AreRefusedByName) {
  ExpectUnimplemented(Make({.btree = true, .name = "inner"}),
                      "that holds others, which are not read");
  ExpectUnimplemented(Make({.password = "secret"}), "that is encrypted");
  ExpectUnimplemented(Make({.btree = true, .password = "secret"}), "that is encrypted");

  std::string bytes = Make({.btree = true});
  Patch32(bytes, 48, 0x02);
  ExpectUnimplemented(bytes, "of type recno, which is not read");
  Patch32(bytes, 48, 0x80);
  ExpectUnimplemented(bytes, "that is compressed");
  Patch32(bytes, 12, 0x042253);
  ExpectUnimplemented(bytes, "of type queue or heap, which are not read");
  bytes = Make({});
  Patch32(bytes, 92, 12345);
  ExpectUnimplemented(bytes, "with a hash function of its own");
  bytes = Make({});
  bytes[26] = 2;
  ExpectUnimplemented(bytes, "in several parts, which are not read");
  bytes = std::string(4096, '\0');
  Patch(bytes, 0, absl::string_view("\0\6\x15\x61\0\0\0\2", 8));
  ExpectUnimplemented(bytes, "of version 1, which is not read");
}

TEST(OtherDatabases, OfOtherVersionsAreReadOrRefused) {
  for (const uint32_t version : {6u, 7u, 8u, 9u, 10u}) {
    for (const bool btree : {false, true}) {
      std::string bytes = Make({.btree = btree});
      Patch32(bytes, 16, version);
      if (version > 9 || version < (btree ? 8 : 7)) {
        ExpectUnimplemented(bytes, absl::StrCat("of ", btree ? "btree" : "hash", " version ",
                                                version, ", which is not read"));
      } else {
        EXPECT_EQ(Read(bytes).value, "value42");
      }
    }
  }
}

// As hashes of versions 7 and 8 have them.
TEST(OtherDatabases, MayHaveHashPagesWithoutOrder) {
  std::string bytes = Make({});
  for (size_t page = 512; page < bytes.size(); page += 512) {
    if (bytes[page + 25] == 13) bytes[page + 25] = 2;
  }
  const Outcome outcome = Read(bytes);
  EXPECT_EQ(outcome.value, "value42");
  EXPECT_EQ(outcome.pairs, 100);
}

TEST(OtherFiles, AreRefused) {
  for (const FileType type : {FileType::kDirectory, FileType::kFifo, FileType::kSocket,
                              FileType::kCharacterDevice, FileType::kBlockDevice}) {
    const std::string bytes = Make({});
    auto file = std::make_unique<MemoryFile>(bytes);
    file->stat.type = type;
    TaskRunner runner;
    const auto db = runner.Run(&DbFile::Open, std::unique_ptr<File>(std::move(file)), DbOptions());
    EXPECT_TRUE(absl::IsInvalidArgument(db.status()));
    EXPECT_EQ(db.status().message(), "not a Berkeley DB database: not a regular file");
  }
  EXPECT_EQ(Read("").open.message(), "not a Berkeley DB database: the file is empty");
  EXPECT_EQ(Read("text").open.message(), "not a Berkeley DB database: shorter than a page");
  EXPECT_EQ(Read(std::string(8192, 't')).open.message(), "not a Berkeley DB database");
}

TEST(DamagedFiles, MayBeCut) {
  for (const bool btree : {false, true}) {
    const std::string bytes = Make({.btree = btree});
    ExpectDamaged(Read(bytes.substr(0, 1000)).open,
                  ": 1000 bytes are no number of pages of 512 bytes");
    const Outcome outcome = Read(bytes.substr(0, 1024));
    EXPECT_TRUE(outcome.open.ok());
    EXPECT_TRUE(absl::IsDataLoss(outcome.walk));
    EXPECT_TRUE(absl::EndsWith(outcome.walk.message(), ": beyond the end of the file, which has 2"))
        << outcome.walk;
  }
}

TEST(DamagedFiles, MayHaveWrongChecksums) {
  for (const bool btree : {false, true}) {
    std::string bytes = Make({.btree = btree, .checksums = true}, 1);
    EXPECT_EQ(Read(bytes, "key0").value, "value0");
    const uint32_t page = PageOfType(bytes, btree ? DbPageType::kBtreeLeaf : DbPageType::kHash);
    bytes[512 * page + 200] ^= 1;
    ExpectDamaged(Read(bytes).walk, absl::StrCat(", page ", page, ": wrong checksum"));
    bytes[400] ^= 1;
    ExpectDamaged(Read(bytes).open, ", page 0: wrong checksum");
  }
}

TEST(DamagedFiles, MayGoInCircles) {
  for (const bool btree : {false, true}) {
    std::string bytes = Make({.btree = btree});
    const uint32_t page = PageOfType(bytes, btree ? DbPageType::kBtreeLeaf : DbPageType::kHash);
    Patch32(bytes, 512 * page + 16, page);
    const Outcome outcome = Read(bytes);
    ExpectDamaged(outcome.walk, absl::StrCat(", page ", page, ": part of a circle"));
    // Four times as many pages as there are, of at most 64 pairs each.
    EXPECT_LT(outcome.pairs, 4 * 64 * static_cast<int>(bytes.size() / 512 + 4));
  }
  // A page that is above itself.
  std::string bytes = Make({.btree = true});
  const uint32_t page = PageOfType(bytes, DbPageType::kBtreeInternal);
  for (uint32_t child = 1; 512 * child < bytes.size(); ++child) {
    if (child == page) continue;
    Patch(bytes, 512 * child, bytes.substr(512 * page, 512));
    Patch32(bytes, 512 * child + 8, child);
  }
  EXPECT_TRUE(absl::EndsWith(Read(bytes).get.message(), ": not below the page above it"));
}

TEST(DamagedFiles, MayHaveOverlongItems) {
  LibdbFile db(absl::StrCat(testing::TempDir(), "/long.db"), {.btree = true, .page_size = 512});
  db.Put("key42", std::string(5000, 'v'));
  std::string bytes = db.Bytes();
  EXPECT_EQ(Read(bytes).value, std::string(5000, 'v'));
  EXPECT_TRUE(absl::EndsWith(Read(bytes, "key42", {.item_bytes = 4999}).get.message(),
                             ": an item of 5000 bytes"));

  const uint32_t leaf = PageOfType(bytes, DbPageType::kBtreeLeaf);
  const size_t length = bytes.find(absl::string_view("\x88\x13\0\0", 4).data(), 512 * leaf, 4);
  ASSERT_LT(length, 512 * leaf + 512);
  Patch32(bytes, length, 0x00ffffff);
  EXPECT_TRUE(absl::EndsWith(Read(bytes).get.message(), ": an item of 16777215 bytes"));
  Patch32(bytes, length, 6000);
  EXPECT_TRUE(absl::IsDataLoss(Read(bytes).get));
  // A part that is followed by itself.
  const uint32_t part = PageOfType(bytes, DbPageType::kOverflow);
  Patch32(bytes, 512 * part + 16, part);
  Patch32(bytes, length, 486 * 100);
  EXPECT_TRUE(absl::IsDataLoss(Read(bytes).get));
}

TEST(DamagedFiles, NeverDoHarmByOneByte) {
  for (const bool btree : {false, true}) {
    for (const bool duplicates : {false, true}) {
      const std::string sound = Make({.btree = btree, .duplicates = duplicates}, 20);
      for (size_t at = 0; at < sound.size(); ++at) {
        std::string bytes = sound;
        for (const int change : {1, 0x80, 0xff}) {
          bytes[at] = static_cast<char>(sound[at] ^ change);
          const Outcome outcome = Read(bytes);
          ASSERT_LE(outcome.pairs, 1000);
          for (const absl::Status& status : {outcome.walk, outcome.get}) {
            ASSERT_TRUE(status.ok() || absl::IsDataLoss(status)) << status;
          }
        }
      }
    }
  }
}

TEST(DbPages, AreKeptWithinTheCache) {
  const std::string bytes = Make({.btree = true}, 5000);
  auto owned = std::make_unique<MemoryFile>(bytes);
  MemoryFile& file = *owned;
  TaskRunner runner;
  auto db = runner.Run(&DbFile::Open, std::unique_ptr<File>(std::move(owned)), DbOptions());
  ASSERT_TRUE(db.ok());
  const auto get = [&](const std::string& key) {
    return runner.Run(
        +[](DbFile& db, std::string key) -> Task<absl::StatusOr<std::optional<std::string>>> {
          co_return co_await db.Get(key);
        },
        std::ref(**db), key);
  };
  EXPECT_EQ(*get("key42"), "value42");
  file.broken_from = 0;
  EXPECT_EQ(*get("key42"), "value42");
  EXPECT_EQ(*get(std::string("key42\0", 6)), std::nullopt);
  EXPECT_EQ(ErrnoOf(get("key4999").status()), Errno::kEIO);
}

}  // namespace
}  // namespace stagepost
