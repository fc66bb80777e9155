// The first page of a Berkeley DB file: what kind of database it is and where things are.
#ifndef STAGEPOST_MTA_MAPS_DB_META_H_
#define STAGEPOST_MTA_MAPS_DB_META_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mta/maps/db_page.h"

namespace stagepost {

enum class DbType : uint8_t { kHash, kBtree };

// What is known from the first page.
struct DbMeta {
  DbType type = DbType::kHash;
  DbLayout layout;
  bool duplicates = false;  // a key may have several values
  // Of a btree.
  uint32_t root = 0;  // page
  // Of a hash: buckets are 0 to max_bucket.
  uint32_t max_bucket = 0;
  uint32_t high_mask = 0;
  uint32_t low_mask = 0;
  std::array<uint32_t, 32> spares = {};

  // The first page of a bucket, modulo 2^32. REQUIRES: bucket <= max_bucket.
  uint32_t BucketPage(uint32_t bucket) const;
  // The bucket that a key is in.
  uint32_t BucketOf(absl::string_view key) const;
};

// Bytes of the first page that are looked at, whatever the page size is.
inline constexpr size_t kDbMetaBytes = 512;

// Reads the beginning of a file. kInvalidArgument, kUnimplemented, kDataLoss as DbFile says.
// REQUIRES: kDbMetaBytes bytes.
absl::StatusOr<DbMeta> ParseDbMeta(absl::string_view bytes);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_MAPS_DB_META_H_
