// The pages of a Berkeley DB file: fetched, checked, and kept as long as there is room.
//
// The only part of the reader that touches the file. What is kept is bounded; a page that somebody
// still looks at when its place is needed lives until he has done so.
#ifndef STAGEPOST_MTA_MAPS_DB_PAGER_H_
#define STAGEPOST_MTA_MAPS_DB_PAGER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mta/async/task.h"
#include "mta/env/file_system.h"
#include "mta/maps/db_page.h"

namespace stagepost {

// Where pages may come from. kCached: from memory alone, as whoever has not locked the file must
// have it; kFailedPrecondition tells that one is not there.
enum class DbReading : uint8_t { kAnywhere, kCached };

// How many more pages one look-up, or one cursor, may visit. In a sound file nothing is visited
// twice, but for keys that are both on a leaf and above it; so whoever runs out of it goes in
// circles.
class DbBudget {
 public:
  // What one look-up may visit in the largest file: no bucket and no item is as long, and a file
  // with holes may claim any number of pages.
  static constexpr uint32_t kMaxLookupPages = 1 << 18;

  // For a file of `pages` pages.
  explicit DbBudget(uint32_t pages, DbReading reading = DbReading::kAnywhere)
      : left_(4 * uint64_t{pages} + 16), reading_(reading) {}
  // For one key of it.
  static DbBudget OfLookup(uint32_t pages, DbReading reading) {
    return DbBudget(pages < kMaxLookupPages ? pages : kMaxLookupPages, reading);
  }
  DbReading reading() const { return reading_; }
  // kDataLoss when there is nothing left.
  absl::Status Spend(uint32_t page) {
    if (left_ == 0) return DbDamaged(page, "part of a circle");
    --left_;
    return absl::OkStatus();
  }

 private:
  uint64_t left_;
  DbReading reading_;
};

class DbPager {
 public:
  // `file` has `pages` pages. Keeps pages of `cache_bytes` in all, at least eight; reads items of
  // at most `item_bytes`.
  DbPager(std::unique_ptr<File> file, const DbLayout& layout, uint32_t pages, size_t cache_bytes,
          size_t item_bytes);

  const DbLayout& layout() const { return layout_; }
  uint32_t pages() const { return pages_; }

  // The page with this number. kDataLoss: it is not sound, there is none, or it is page 0.
  Task<absl::StatusOr<DbPage>> Get(uint32_t number, DbReading reading);

  // Replaces `bytes` by the item, which is of the kind kOverflow.
  Task<absl::Status> ReadOverflow(uint32_t page, uint32_t length, DbBudget& budget,
                                  std::string& bytes);
  // Compares such an item to `key`: negative, 0, positive: it comes before, is equal, comes after.
  Task<absl::StatusOr<int>> CompareOverflow(uint32_t page, uint32_t length, DbBudget& budget,
                                            absl::string_view key);

 private:
  struct Slot {
    uint32_t number = 0;  // 0: empty
    uint64_t used = 0;    // of its set, the one with the least is given up
    std::shared_ptr<const char[]> bytes;
  };
  static constexpr size_t kWays = 8;

  Slot* SetOf(uint32_t number) { return &slots_[number % sets_ * kWays]; }
  Slot* Find(uint32_t number);
  void Keep(uint32_t number, std::shared_ptr<const char[]> bytes);
  Task<absl::StatusOr<DbPage>> Fetch(uint32_t number);
  // The part of an item of `left` more bytes that is on this page.
  Task<absl::StatusOr<DbPage>> GetOverflow(uint32_t number, uint32_t left, DbBudget& budget);

  const std::unique_ptr<File> file_;
  const DbLayout layout_;
  const uint32_t pages_;
  const size_t item_bytes_;
  const size_t sets_;
  std::vector<Slot> slots_;
  uint64_t uses_ = 0;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_MAPS_DB_PAGER_H_
