// How a key is found in a Berkeley DB file, and how entries are gone through. Parts of DbFile and
// DbCursor; see db_file.h.
#ifndef STAGEPOST_MTA_MAPS_DB_SEARCH_H_
#define STAGEPOST_MTA_MAPS_DB_SEARCH_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mta/async/task.h"
#include "mta/maps/db_meta.h"
#include "mta/maps/db_page.h"
#include "mta/maps/db_pager.h"

namespace stagepost {

// What a page may be part of.
enum class DbPlace : uint8_t { kBucket, kTree, kValueTree };

// The entries, or the pairs of entries, of pages that follow each other: those of a bucket, or the
// leaves of a tree.
class DbChain {
 public:
  // `pager` and `budget` outlive this.
  DbChain(DbPager& pager, DbBudget& budget) : pager_(pager), budget_(budget) {}

  // Begins with the first entry of this page. The next call is Next().
  void Start(DbPlace place, uint32_t first_page);
  // Begins with the first entry of the leftmost leaf.
  Task<absl::Status> StartTree(DbPlace place, uint32_t root);

  // Goes on; false at the end, and before the start.
  Task<absl::StatusOr<bool>> Next();
  // REQUIRES: the last Next() gave true.
  const DbPage& page() const { return *page_; }
  uint32_t index() const { return index_; }

 private:
  DbPager& pager_;
  DbBudget& budget_;
  DbPlace place_ = DbPlace::kBucket;
  std::optional<uint32_t> next_;
  std::optional<DbPage> page_;
  uint32_t index_ = 0;
};

// The first value of `key`.
Task<absl::StatusOr<std::optional<std::string>>> GetFromHash(const DbMeta& meta, DbPager& pager,
                                                             absl::string_view key,
                                                             DbReading reading);
Task<absl::StatusOr<std::optional<std::string>>> GetFromBtree(const DbMeta& meta, DbPager& pager,
                                                              absl::string_view key,
                                                              DbReading reading);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_MAPS_DB_SEARCH_H_
