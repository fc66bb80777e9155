// Directories that are read batch by batch.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/types/span.h"
#include "conformance/contract/file_system_contract_util.h"
#include "gtest/gtest.h"
#include "mta/base/status_macros.h"

namespace stagepost {
namespace {

// The names that are left, sorted; and there is nothing behind the end.
Task<absl::StatusOr<std::vector<std::string>>> ReadRest(DirectoryReader& reader) {
  std::vector<std::string> names;
  while (true) {
    CO_ASSIGN_OR_RETURN(const absl::Span<const DirectoryName> batch, co_await reader.Next());
    if (batch.empty()) break;
    for (const DirectoryName& entry : batch) names.emplace_back(entry.name);
  }
  CO_ASSIGN_OR_RETURN(const absl::Span<const DirectoryName> behind, co_await reader.Next());
  EXPECT_TRUE(behind.empty());
  std::sort(names.begin(), names.end());
  co_return std::move(names);
}

CONTRACT_TEST(FileSystemContract, Reader_NamesTypesInodes) {
  TREE;
  CO_REQUIRE_ASSIGN(std::unique_ptr<DirectoryReader> reader,
                    co_await files.OpenDirectory(p + "any"));
  std::vector<DirectoryEntry> entries;
  while (true) {
    CO_REQUIRE_ASSIGN(const absl::Span<const DirectoryName> batch, co_await reader->Next());
    if (batch.empty()) break;
    for (const DirectoryName& entry : batch) {
      entries.push_back({std::string(entry.name), entry.inode, entry.type});
    }
  }
  std::vector<std::string> names;
  for (const DirectoryEntry& entry : entries) {
    names.push_back(entry.name);
    STAT(stat, p + "any/" + entry.name);
    EXPECT_EQ(entry.inode, stat.inode) << entry.name;
    EXPECT_EQ(entry.type, stat.type) << entry.name;
  }
  std::sort(names.begin(), names.end());
  EXPECT_EQ(absl::StrJoin(names, " "), "a b d d2 dangling full hard link");
  co_return 0;
}

CONTRACT_TEST(FileSystemContract, Reader_OfNothing) {
  TREE;
  CO_REQUIRE_ASSIGN(std::unique_ptr<DirectoryReader> reader,
                    co_await files.OpenDirectory(p + "empty"));
  CO_REQUIRE_ASSIGN(const std::vector<std::string> names, co_await ReadRest(*reader));
  EXPECT_EQ(names, std::vector<std::string>());
  co_return 0;
}

// Whatever comes and goes while a long directory is read, what stays is given once.
CONTRACT_TEST(FileSystemContract, Reader_GivesOnceWhatStays) {
  TREE;
  constexpr int kEntries = 6000;
  std::vector<std::string> staying;
  for (int i = 0; i < kEntries; ++i) {
    const std::string name = absl::StrCat(i % 3 == 0 ? "goes-" : "stays-", i);
    if (i % 3 != 0) staying.push_back(name);
    EXPECT_OK(co_await files.Link(p + "plain", p + "empty/" + name));
  }
  CO_REQUIRE_ASSIGN(std::unique_ptr<DirectoryReader> reader,
                    co_await files.OpenDirectory(p + "empty"));
  std::vector<std::string> names;
  int batches = 0;
  while (true) {
    CO_REQUIRE_ASSIGN(const absl::Span<const DirectoryName> batch, co_await reader->Next());
    if (batch.empty()) break;
    for (const DirectoryName& entry : batch) names.emplace_back(entry.name);
    if (batches++ != 0) continue;
    EXPECT_LT(batch.size(), static_cast<size_t>(kEntries));
    for (int i = 0; i < kEntries; i += 3) {
      EXPECT_OK(co_await files.Unlink(absl::StrCat(p, "empty/goes-", i)));
      EXPECT_OK(co_await files.Link(p + "plain", absl::StrCat(p, "empty/comes-", i)));
    }
  }
  EXPECT_GT(batches, 1);
  std::sort(names.begin(), names.end());
  EXPECT_TRUE(std::adjacent_find(names.begin(), names.end()) == names.end());
  std::sort(staying.begin(), staying.end());
  EXPECT_TRUE(std::includes(names.begin(), names.end(), staying.begin(), staying.end()));
  co_return 0;
}

CONTRACT_TEST(FileSystemContract, Reader_OfRemovedDirectoryEnds) {
  TREE;
  CO_REQUIRE_ASSIGN(std::unique_ptr<DirectoryReader> reader,
                    co_await files.OpenDirectory(p + "empty"));
  EXPECT_OK(co_await files.RemoveDirectory(p + "empty"));
  CO_REQUIRE_ASSIGN(const std::vector<std::string> names, co_await ReadRest(*reader));
  EXPECT_EQ(names, std::vector<std::string>());
  co_return 0;
}

}  // namespace
}  // namespace stagepost
