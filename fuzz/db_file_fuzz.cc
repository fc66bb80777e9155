// Whatever somebody calls a Berkeley DB file: the input is its bytes. Nothing crashes; going
// through all of it, and looking up what is there and what is not, ends in a time and with items
// that the size of the file bounds.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "mta/base/check.h"
#include "mta/base/status_macros.h"
#include "mta/maps/db_file.h"
#include "mta/maps/db_test_util.h"

namespace stagepost {
namespace {

constexpr size_t kMostKeys = 12;

void CheckError(const absl::Status& status) {
  CHECK(absl::IsDataLoss(status) || absl::IsInvalidArgument(status) ||
        absl::IsUnimplemented(status))
      << status.message();
}

// Goes through everything; gives some of the keys.
Task<absl::StatusOr<std::vector<std::string>>> Walk(DbFile& db, size_t size) {
  std::vector<std::string> keys;
  DbCursor cursor(db);
  for (size_t pairs = 0;; ++pairs) {
    // No pair takes less than two bytes, and no page is visited more than four times, but for the
    // sixteen visits that even the smallest file may cost.
    CHECK(pairs <= 2 * size + 8 * 65536);
    const absl::StatusOr<bool> found = co_await cursor.Next();
    if (!found.ok()) CheckError(found.status());
    if (!found.ok() || !*found) break;
    CHECK(cursor.key().size() <= size && cursor.value().size() <= size);
    if (keys.size() < kMostKeys && (keys.empty() || keys.back() != cursor.key())) {
      keys.push_back(cursor.key());
    }
  }
  const absl::StatusOr<bool> again = co_await cursor.Next();
  CHECK(!again.ok() || !*again);
  co_return keys;
}

Task<absl::Status> LookUp(DbFile& db, size_t size, absl::string_view key) {
  const auto value = co_await db.Get(key);
  if (!value.ok()) {
    CheckError(value.status());
  } else if (value->has_value()) {
    CHECK((*value)->size() <= size);
  }
  co_return absl::OkStatus();
}

Task<absl::Status> Read(absl::string_view bytes) {
  auto opened = co_await DbFile::Open(std::make_unique<MemoryFile>(bytes), {.cache_bytes = 8192});
  if (!opened.ok()) {
    CheckError(opened.status());
    co_return opened.status();
  }
  DbFile& db = **opened;
  CO_ASSIGN_OR_RETURN(std::vector<std::string> keys, co_await Walk(db, bytes.size()));
  keys.push_back(std::string(bytes.substr(bytes.size() - 8)));
  for (std::string& key : keys) {
    (void)co_await LookUp(db, bytes.size(), key);
    key.push_back('x');
    (void)co_await LookUp(db, bytes.size(), key);
    key.resize(key.size() / 2);
    (void)co_await LookUp(db, bytes.size(), key);
  }
  co_return absl::OkStatus();
}

}  // namespace
}  // namespace stagepost

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string bytes(reinterpret_cast<const char*>(data), size);
  // A file that ends within a page is refused at once: make the most of it.
  bytes.resize((size + 511) / 512 * 512, '\0');
  stagepost::TaskRunner runner;
  (void)runner.Run(&stagepost::Read, absl::string_view(bytes));
  return 0;
}
