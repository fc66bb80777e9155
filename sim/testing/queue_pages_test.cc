// Ids of very many queue files, page by page, on a simulated disk.
#include "mta/queue/queue_id_pages.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "mta/base/errno.h"
#include "mta/base/status_macros.h"
#include "mta/env/environment.h"
#include "sim/testing/queue_test_util.h"
#include "sim/testing/test_host.h"
#include "sim/world/sim_directory_reader.h"

namespace stagepost {
namespace {

constexpr absl::string_view kDigits =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwx";

std::string IdOf(size_t number) {
  std::string id = "6AK6";
  for (const size_t power : {216000, 3600, 60, 1}) id.push_back(kDigits[number / power % 60]);
  return id + "000001";
}

void AddFile(TestHost& host, absl::string_view kind, size_t number) {
  const std::string path = absl::StrCat(kBase, kind, IdOf(number));
  ASSERT_TRUE(host.disk().WriteFile(path, "", {.mode = 0600}).ok());
}

// What the pages of one directory were.
struct Pages {
  std::vector<std::string> ids;
  std::vector<size_t> sizes;
  size_t count = 0;
  size_t most_bytes = 0;
  int passes = 0;
  absl::Status status;
};

using Between = std::function<void()>;

Task<absl::Status> ReadPages(FileSystem& files, size_t max_held, QueueIdPages::Filter filter,
                             const Between& between, Pages& all) {
  QueueIdPages pages(files, std::string(kBase), "qf", std::move(filter), max_held);
  while (true) {
    CO_ASSIGN_OR_RETURN(const absl::Span<const CompactQueueId> page, co_await pages.Next());
    all.count = pages.count();
    all.passes = pages.passes();
    all.most_bytes = std::max(all.most_bytes, pages.held_bytes());
    if (page.empty()) co_return absl::OkStatus();
    all.sizes.push_back(page.size());
    for (const CompactQueueId& id : page) all.ids.push_back(id.str());
    if (between != nullptr) between();
  }
}

Task<int> RunPages(Environment& env, size_t max_held, QueueIdPages::Filter filter, Between between,
                   Pages& all) {
  all.status = co_await ReadPages(env.files(), max_held, std::move(filter), between, all);
  co_return 0;
}

std::string Shown(const Pages& pages) {
  std::vector<std::string> ends;
  for (const std::string& id : pages.ids) ends.push_back(id.substr(7, 1));
  return absl::StrJoin(ends, "");
}

TEST(QueueIdPages, HoldsSoMuchWhateverThereIs) {
  constexpr size_t kFiles = 200'000, kMaxHeld = size_t{1} << 16;
  TestHost host;
  // Not in the order that they are wanted in.
  for (size_t i = 0; i < kFiles; ++i) AddFile(host, "qf", i * 7919 % kFiles);
  for (size_t i = 0; i < 1000; ++i) AddFile(host, "df", i);
  size_t reads = 0;
  host.fault = [&](FileCall call, absl::string_view) {
    if (call == FileCall::kReadDirectory) ++reads;
    return Errno::kOk;
  };
  Pages pages;
  ASSERT_EQ(host.Run(&RunPages, kMaxHeld, nullptr, Between(), std::ref(pages)), 0);
  ASSERT_TRUE(pages.status.ok()) << pages.status;
  EXPECT_EQ(pages.count, kFiles);
  ASSERT_EQ(pages.ids.size(), kFiles);
  for (size_t i = 0; i < kFiles; ++i) ASSERT_EQ(pages.ids[i], IdOf(i));
  EXPECT_LE(pages.most_bytes, kMaxHeld * sizeof(CompactQueueId));
  EXPECT_LE(pages.passes, static_cast<int>(kFiles / (kMaxHeld / 2)) + 1);
  for (size_t i = 0; i + 1 < pages.sizes.size(); ++i) EXPECT_GE(pages.sizes[i], kMaxHeld / 2);
  // No batch had more than it may: it took that many to see all, in every pass.
  EXPECT_GE(reads,
            static_cast<size_t>(pages.passes) * (kFiles / SimDirectoryReader::kBatchEntries + 1));
}

TEST(QueueIdPages, ReadsOnceWhatCanBeHeld) {
  TestHost host;
  for (size_t i = 0; i < 8; ++i) AddFile(host, "qf", i);
  Pages pages;
  ASSERT_EQ(host.Run(&RunPages, size_t{8}, nullptr, Between(), std::ref(pages)), 0);
  EXPECT_EQ(Shown(pages), "01234567");
  EXPECT_EQ(pages.passes, 1);
  EXPECT_EQ(pages.sizes, std::vector<size_t>{8});
}

TEST(QueueIdPages, CountsWhatIsWanted) {
  TestHost host;
  for (size_t i = 0; i < 10; ++i) AddFile(host, "qf", i);
  Pages pages;
  const auto even = [](const CompactQueueId& id) { return (id.text()[7] - '0') % 2 == 0; };
  ASSERT_EQ(host.Run(&RunPages, size_t{2}, even, Between(), std::ref(pages)), 0);
  EXPECT_EQ(Shown(pages), "02468");
  EXPECT_EQ(pages.count, 5u);
}

TEST(QueueIdPages, GivesOnceWhatStays) {
  TestHost host;
  for (size_t i = 0; i < 10; ++i) AddFile(host, "qf", i);
  Pages pages;
  const Between between = [&] {
    if (pages.sizes.size() != 1) return;
    ASSERT_LT(pages.sizes.front(), 8u);
    ASSERT_TRUE(host.disk().RemoveAll(absl::StrCat(kBase, "qf", IdOf(8))).ok());
    ASSERT_TRUE(host.disk().RemoveAll(absl::StrCat(kBase, "qf", IdOf(0))).ok());
    AddFile(host, "qf", 11);
  };
  ASSERT_EQ(host.Run(&RunPages, size_t{4}, nullptr, between, std::ref(pages)), 0);
  EXPECT_EQ(Shown(pages), "012345679B");
  EXPECT_EQ(pages.count, 10u);
}

TEST(QueueIdPages, NothingIsNoPage) {
  TestHost host;
  Pages pages;
  ASSERT_EQ(host.Run(&RunPages, size_t{2}, nullptr, Between(), std::ref(pages)), 0);
  EXPECT_TRUE(pages.status.ok());
  EXPECT_TRUE(pages.sizes.empty());
}

TEST(QueueIdPages, ErrorOfABatchIsTheirs) {
  TestHost host;
  for (size_t i = 0; i < 10; ++i) AddFile(host, "qf", i);
  for (const FileCall failing : {FileCall::kOpenDirectory, FileCall::kReadDirectory}) {
    host.fault = [failing](FileCall call, absl::string_view) {
      return call == failing ? Errno::kEIO : Errno::kOk;
    };
    Pages pages;
    ASSERT_EQ(host.Run(&RunPages, size_t{4}, nullptr, Between(), std::ref(pages)), 0);
    EXPECT_EQ(ErrnoOf(pages.status), Errno::kEIO);
  }
}

}  // namespace
}  // namespace stagepost
