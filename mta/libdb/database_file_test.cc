#include "mta/libdb/database_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "mta/base/errno.h"

namespace stagepost {
namespace {

// A database of `entries` entries, built in memory.
std::string Build(const DatabaseOptions& options, int entries) {
  auto image = DatabaseImage::Create(options);
  EXPECT_TRUE(image.ok()) << image.status();
  if (!image.ok()) return "";
  for (int i = 0; i < entries; ++i) {
    const auto stored =
        (*image)->Put(absl::StrCat("user", i, "@corp.example"),
                      std::string(static_cast<size_t>(i % 90), 'v'), PutMode::kKeep);
    EXPECT_TRUE(stored.ok() && *stored) << i;
  }
  const absl::StatusOr<std::string> bytes = (*image)->Finish();
  EXPECT_TRUE(bytes.ok()) << bytes.status();
  return bytes.value_or("");
}

uint32_t WordAt(const std::string& bytes, size_t at) {
  uint32_t word = 0;
  if (bytes.size() >= at + sizeof(word)) std::memcpy(&word, &bytes[at], sizeof(word));
  return word;
}

TEST(DatabaseFileTest, WritesTheTypeThatWasAskedFor) {
  EXPECT_EQ(WordAt(Build({.type = DatabaseType::kHash}, 1), 12), 0x061561u);
  EXPECT_EQ(WordAt(Build({.type = DatabaseType::kBtree}, 1), 12), 0x053162u);
}

TEST(DatabaseFileTest, EqualCallsGiveEqualBytes) {
  for (const DatabaseType type : {DatabaseType::kHash, DatabaseType::kBtree}) {
    const DatabaseOptions options = {.type = type};
    const std::string first = Build(options, 20'000);
    // The heap looks different now.
    std::vector<std::string> litter;
    for (int i = 0; i < 1000; ++i) litter.emplace_back(static_cast<size_t>(i) * 17, '\xa5');
    litter.clear();
    const std::string second = Build(options, 20'000);
    EXPECT_EQ(second.size(), first.size());
    // Printed, two megabytes would say less.
    const auto difference =
        std::mismatch(first.begin(), first.end(), second.begin(), second.end()).first;
    EXPECT_EQ(difference - first.begin(), static_cast<ptrdiff_t>(first.size()));
    EXPECT_GT(first.size(), 1'000'000u);
  }
}

TEST(DatabaseFileTest, SmallOnesAreEqualToo) {
  for (const DatabaseType type : {DatabaseType::kHash, DatabaseType::kBtree}) {
    const std::string first = Build({.type = type}, 2);
    for (int i = 0; i < 5; ++i) EXPECT_TRUE(Build({.type = type}, 2) == first);
  }
}

TEST(DatabaseFileTest, MemoryHasABound) {
  const int descriptor = ::memfd_create("large", MFD_CLOEXEC);
  auto file = *DatabaseFile::Create(descriptor, {.cache_bytes = 200'000});
  const std::string value(500, 'v');
  struct stat status;
  // Pages are written before the end, since they do not fit.
  for (int i = 0; i < 5000; ++i) {
    ASSERT_TRUE(*file->Put(absl::StrCat("key", i), value, PutMode::kKeep));
  }
  ASSERT_EQ(::fstat(descriptor, &status), 0);
  EXPECT_GT(status.st_size, 1'000'000);
  EXPECT_TRUE(file->Close().ok());
  ::close(descriptor);
}

TEST(DatabaseFileTest, KeepsOrReplacesWhatIsThere) {
  auto image = *DatabaseImage::Create({});
  EXPECT_TRUE(*image->Put("key", "first", PutMode::kKeep));
  EXPECT_FALSE(*image->Put("key", "second", PutMode::kKeep));
  EXPECT_TRUE(*image->Put("key", "third", PutMode::kReplace));
  EXPECT_TRUE(*image->Put("", "", PutMode::kKeep));
  EXPECT_FALSE(*image->Put("", "x", PutMode::kKeep));
  const std::string bytes = *image->Finish();
  EXPECT_EQ(bytes.find("first"), std::string::npos);
  EXPECT_NE(bytes.find("third"), std::string::npos);
}

TEST(DatabaseFileTest, DuplicatesAreKeptInOrder) {
  auto image = *DatabaseImage::Create({.type = DatabaseType::kBtree, .duplicates = true});
  for (const char* value : {"zz-first", "aa-second"}) {
    EXPECT_TRUE(*image->Put("key", value, PutMode::kReplace));
  }
  EXPECT_FALSE(*image->Put("key", "third", PutMode::kKeep));
  const std::string bytes = *image->Finish();
  // Items grow downwards from the end of a page.
  EXPECT_GT(bytes.find("zz-first"), bytes.find("aa-second"));
  EXPECT_NE(bytes.find("aa-second"), std::string::npos);
}

TEST(DatabaseFileTest, WorksInAnOpenFileAndReadsNoConfiguration) {
  const std::string folder = absl::StrCat(std::getenv("TEST_TMPDIR"), "/work");
  ASSERT_EQ(::mkdir(folder.c_str(), 0700), 0);
  ASSERT_EQ(::chdir(folder.c_str()), 0);
  std::ofstream("DB_CONFIG") << "set_data_dir /nonexistent\nnonsense\n";
  const int descriptor = ::open("map.db", O_RDWR | O_CREAT | O_EXCL, 0640);
  ASSERT_GE(descriptor, 0);
  auto file = DatabaseFile::Create(descriptor, {});
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_TRUE(*(*file)->Put("key", "value", PutMode::kKeep));
  EXPECT_TRUE((*file)->Close().ok());
  struct stat status;
  ASSERT_EQ(::fstat(descriptor, &status), 0);
  EXPECT_EQ(status.st_size, 3 * 4096);
  EXPECT_EQ(status.st_mode & 07777, 0640u);
  ::close(descriptor);
}

TEST(DatabaseFileTest, NamesTheErrorOfTheFile) {
  const int full = ::memfd_create("full", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  ASSERT_EQ(::fcntl(full, F_ADD_SEALS, F_SEAL_GROW), 0);
  const auto file = DatabaseFile::Create(full, {});
  EXPECT_EQ(ErrnoOf(file.status()), Errno::kEPERM) << file.status();
  ::close(full);
  EXPECT_EQ(ErrnoOf(DatabaseFile::Create(full, {}).status()), Errno::kENOENT);
}

}  // namespace
}  // namespace stagepost
