#include "mta/maps/db_meta.h"

#include <bit>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "mta/base/check.h"
#include "mta/base/status_macros.h"

namespace stagepost {
namespace {

constexpr uint32_t kBtreeMagic = 0x053162;
constexpr uint32_t kHashMagic = 0x061561;
constexpr uint32_t kQueueMagic = 0x042253;
constexpr uint32_t kHeapMagic = 0x074582;

// Where fields are.
constexpr size_t kMagic = 12, kVersion = 16, kPageSize = 20, kEncryption = 24, kPageType = 25,
                 kMetaFlags = 26, kPartitions = 36, kFlags = 48;
constexpr size_t kBtreeRoot = 88;
constexpr size_t kMaxBucket = 72, kHighMask = 76, kLowMask = 80, kCharacterKey = 92, kSpares = 96;
constexpr size_t kChecksum = 492;

constexpr uint8_t kHashMetaPage = 8, kBtreeMetaPage = 9;
constexpr uint8_t kChecksumFlag = 1, kPartitionFlags = 2 | 4;

constexpr uint32_t kBtreeDuplicates = 0x01, kBtreeRecno = 0x02, kBtreeSubdatabases = 0x20,
                   kBtreeCompressed = 0x80;
constexpr uint32_t kHashDuplicates = 0x01, kHashSubdatabases = 0x02;

uint8_t Byte(absl::string_view bytes, size_t at) { return static_cast<uint8_t>(bytes[at]); }

absl::Status NotRead(absl::string_view what) {
  return absl::UnimplementedError(absl::StrCat("Berkeley DB database ", what));
}

// Berkeley DB's hash function: Fowler, Noll and Vo's, beginning with 0.
uint32_t HashOfKey(absl::string_view key) {
  uint32_t hash = 0;
  for (const char c : key) hash = (hash * 16777619) ^ static_cast<uint8_t>(c);
  return hash;
}

// Finds out the byte order and the type.
absl::Status ReadMagic(absl::string_view bytes, DbMeta& meta) {
  for (const bool big_endian : {false, true}) {
    meta.layout.big_endian = big_endian;
    switch (meta.layout.Load32(bytes.data() + kMagic)) {
      case kHashMagic:
        meta.type = DbType::kHash;
        return absl::OkStatus();
      case kBtreeMagic:
        meta.type = DbType::kBtree;
        return absl::OkStatus();
      case kQueueMagic:
      case kHeapMagic:
        return NotRead("of type queue or heap, which are not read");
    }
    const uint32_t old = meta.layout.Load32(bytes.data());
    if (old == kHashMagic || old == kBtreeMagic) return NotRead("of version 1, which is not read");
  }
  return absl::InvalidArgumentError("not a Berkeley DB database");
}

absl::Status ReadCommon(absl::string_view bytes, DbMeta& meta) {
  const bool hash = meta.type == DbType::kHash;
  const uint32_t version = meta.layout.Load32(bytes.data() + kVersion);
  if (version > 9 || version < (hash ? 7 : 8)) {
    return NotRead(
        absl::StrCat("of ", hash ? "hash" : "btree", " version ", version, ", which is not read"));
  }
  if (Byte(bytes, kEncryption) != 0) return NotRead("that is encrypted");
  if (Byte(bytes, kPageType) != (hash ? kHashMetaPage : kBtreeMetaPage)) {
    return DbDamaged(0, "its type does not go with the database's");
  }
  if ((Byte(bytes, kMetaFlags) & kPartitionFlags) != 0 ||
      meta.layout.Load32(bytes.data() + kPartitions) != 0) {
    return NotRead("in several parts, which are not read");
  }
  meta.layout.page_size = meta.layout.Load32(bytes.data() + kPageSize);
  if (!std::has_single_bit(meta.layout.page_size) || meta.layout.page_size < 512 ||
      meta.layout.page_size > 65536) {
    return DbDamaged(0, absl::StrCat("a page size of ", meta.layout.page_size));
  }
  meta.layout.checksums = (Byte(bytes, kMetaFlags) & kChecksumFlag) != 0;
  if (!meta.layout.checksums) return absl::OkStatus();
  std::string summed(bytes);
  if (!CheckDbChecksum(absl::MakeSpan(summed), kChecksum, meta.layout)) {
    return DbDamaged(0, "wrong checksum");
  }
  return absl::OkStatus();
}

absl::Status ReadBtree(absl::string_view bytes, DbMeta& meta) {
  const uint32_t flags = meta.layout.Load32(bytes.data() + kFlags);
  if ((flags & kBtreeSubdatabases) != 0) return NotRead("that holds others, which are not read");
  if ((flags & kBtreeRecno) != 0) return NotRead("of type recno, which is not read");
  if ((flags & kBtreeCompressed) != 0) return NotRead("that is compressed");
  meta.duplicates = (flags & kBtreeDuplicates) != 0;
  meta.root = meta.layout.Load32(bytes.data() + kBtreeRoot);
  return absl::OkStatus();
}

absl::Status ReadHash(absl::string_view bytes, DbMeta& meta) {
  const uint32_t flags = meta.layout.Load32(bytes.data() + kFlags);
  if ((flags & kHashSubdatabases) != 0) return NotRead("that holds others, which are not read");
  meta.duplicates = (flags & kHashDuplicates) != 0;
  // With the NUL at its end.
  constexpr absl::string_view kKnownKey("%$sniglet^&\0", 12);
  if (meta.layout.Load32(bytes.data() + kCharacterKey) != HashOfKey(kKnownKey)) {
    return NotRead("with a hash function of its own");
  }
  meta.max_bucket = meta.layout.Load32(bytes.data() + kMaxBucket);
  meta.high_mask = meta.layout.Load32(bytes.data() + kHighMask);
  meta.low_mask = meta.layout.Load32(bytes.data() + kLowMask);
  for (size_t i = 0; i < meta.spares.size(); ++i) {
    meta.spares[i] = meta.layout.Load32(bytes.data() + kSpares + 4 * i);
  }
  // A hash that was made with one bucket has nothing to mask, and says so in its own way.
  if (meta.high_mask == 0 && meta.low_mask == 0xffffffff) meta.low_mask = 0;
  const bool masks = (meta.high_mask & (meta.high_mask + 1)) == 0 &&
                     meta.low_mask == meta.high_mask >> 1 && meta.high_mask <= 0x7fffffff;
  if (!masks || meta.max_bucket > meta.high_mask || meta.max_bucket < meta.low_mask) {
    return DbDamaged(0, absl::StrCat("buckets up to ", meta.max_bucket, " with masks ",
                                     meta.high_mask, " and ", meta.low_mask));
  }
  return absl::OkStatus();
}

}  // namespace

uint32_t DbMeta::BucketPage(uint32_t bucket) const {
  return bucket + spares[std::bit_width(bucket)];
}

uint32_t DbMeta::BucketOf(absl::string_view key) const {
  const uint32_t bucket = HashOfKey(key) & high_mask;
  return bucket > max_bucket ? bucket & low_mask : bucket;
}

absl::StatusOr<DbMeta> ParseDbMeta(absl::string_view bytes) {
  CHECK(bytes.size() == kDbMetaBytes);
  DbMeta meta;
  RETURN_IF_ERROR(ReadMagic(bytes, meta));
  RETURN_IF_ERROR(ReadCommon(bytes, meta));
  RETURN_IF_ERROR(meta.type == DbType::kHash ? ReadHash(bytes, meta) : ReadBtree(bytes, meta));
  return meta;
}

}  // namespace stagepost
