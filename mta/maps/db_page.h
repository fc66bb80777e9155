// One page of a Berkeley DB file: its header and its entries, as they lie in the file.
//
// Every page begins with 26 bytes: log position (8), its own number (4), number of the page before
// (4) and after it (4), number of entries (2), an offset (2), level in the tree (1), type (1); then
// a checksum if the file has them. From there offsets of entries grow upwards, and the entries
// themselves lie at the end of the page. Numbers are in the byte order of the machine that made
// the file.
//
//   hash page       key, value, key, value...; an entry reaches to the one before it
//   btree leaf      key, value, key, value...; values of one key that are on the same page share it
//   duplicate leaf  values of one key, which had become too many; the leaf of a tree of its own
//   internal        smallest key and number of each page below
//   overflow        a part of a key or a value that is too big for a page
#ifndef STAGEPOST_MTA_MAPS_DB_PAGE_H_
#define STAGEPOST_MTA_MAPS_DB_PAGE_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace stagepost {

// How pages of one file are laid out.
struct DbLayout {
  uint32_t page_size = 0;  // bytes: a power of two from 512 to 65536
  bool big_endian = false;
  bool checksums = false;

  // Where the offsets of entries begin.
  size_t header_size() const { return checksums ? 32 : 26; }
  uint16_t Load16(const char* at) const {
    uint16_t value;
    std::memcpy(&value, at, sizeof value);
    return foreign() ? static_cast<uint16_t>(__builtin_bswap16(value)) : value;
  }
  uint32_t Load32(const char* at) const {
    uint32_t value;
    std::memcpy(&value, at, sizeof value);
    return foreign() ? __builtin_bswap32(value) : value;
  }

 private:
  bool foreign() const { return big_endian != (std::endian::native == std::endian::big); }
};

enum class DbPageType : uint8_t {
  kUnused = 0,  // free; in a hash, a page that is to be used is empty
  kHashUnsorted = 2,
  kBtreeInternal = 3,
  kRecnoInternal = 4,  // above duplicates that are not sorted
  kBtreeLeaf = 5,
  kRecnoLeaf = 6,  // duplicates that are not sorted
  kOverflow = 7,
  kDuplicateLeaf = 12,  // duplicates that are sorted
  kHash = 13,
};

// One entry of a page.
struct DbItem {
  enum class Kind : uint8_t {
    kInline,     // `bytes` is it
    kOverflow,   // `length` bytes in the chain of overflow pages that begins with `page`
    kValues,     // values of one key on a hash page: `bytes`, for NextDbValue()
    kValueTree,  // values of one key: the tree whose root is `page`
  };
  Kind kind = Kind::kInline;
  bool deleted = false;
  absl::string_view bytes;
  uint32_t page = 0;
  uint32_t length = 0;
};

// A page, kept alive by whoever has a copy of this. Once CheckDbPage() has said that it is sound,
// everything here may be called.
class DbPage {
 public:
  // `bytes` are layout.page_size bytes; `layout` outlives the page.
  DbPage(std::shared_ptr<const char[]> bytes, const DbLayout& layout)
      : held_(std::move(bytes)), bytes_(held_.get()), layout_(&layout) {}

  uint32_t number() const { return layout_->Load32(bytes_ + 8); }
  uint32_t next() const { return layout_->Load32(bytes_ + 16); }  // 0: none
  uint32_t entries() const { return layout_->Load16(bytes_ + 20); }
  uint8_t level() const { return static_cast<uint8_t>(bytes_[24]); }  // 1: leaf
  DbPageType type() const { return static_cast<DbPageType>(bytes_[25]); }
  bool is_hash() const {
    return type() == DbPageType::kHash || type() == DbPageType::kHashUnsorted;
  }
  bool is_internal() const {
    return type() == DbPageType::kBtreeInternal || type() == DbPageType::kRecnoInternal;
  }

  // Of the pages that have entries. REQUIRES: i < entries().
  uint32_t offset(uint32_t i) const {
    return layout_->Load16(bytes_ + layout_->header_size() + 2 * i);
  }
  // Of every page with entries but kRecnoInternal, which has none. REQUIRES: i < entries().
  DbItem item(uint32_t i) const;
  // The page below. REQUIRES: is_internal(), i < entries().
  uint32_t child(uint32_t i) const;

  // On a hash page: the first key from index `from` on that is `key`, or that is too big for the
  // page and as long as `key`; entries() if there is none.
  uint32_t FindHashKey(absl::string_view key, uint32_t from) const;

  // The whole page.
  absl::string_view bytes() const { return {bytes_, layout_->page_size}; }
  const DbLayout& layout() const { return *layout_; }

  // What an overflow page holds.
  absl::string_view overflow() const {
    return {bytes_ + layout_->header_size(), layout_->Load16(bytes_ + 22)};
  }

 private:
  std::shared_ptr<const char[]> held_;
  const char* bytes_;
  const DbLayout* layout_;
};

// Whether this is a sound page with this number: of a known type, every entry within the page and
// the entries together no longer than it. kDataLoss.
absl::Status CheckDbPage(const DbPage& page, uint32_t number);

// Whether the checksum in the four bytes at `field` is that of all `bytes` with 0 in their place,
// which is what they are afterwards.
bool CheckDbChecksum(absl::Span<char> bytes, size_t field, const DbLayout& layout);

// Takes the first value off `values`, which is DbItem::bytes of a kValues. REQUIRES: not empty.
absl::string_view NextDbValue(const DbLayout& layout, absl::string_view& values);

absl::Status DbDamaged(uint32_t page, absl::string_view what);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_MAPS_DB_PAGE_H_
