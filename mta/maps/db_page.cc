#include "mta/maps/db_page.h"

#include "absl/strings/str_cat.h"
#include "mta/base/status_macros.h"

namespace stagepost {
namespace {

// The first byte of an entry of a hash page.
enum HashKind : uint8_t { kHashInline = 1, kHashValues = 2, kHashOverflow = 3, kHashTree = 4 };
constexpr uint32_t kHashOverflowSize = 12;
constexpr uint32_t kHashTreeSize = 8;

// The third byte of an entry of a tree's page.
enum BtreeKind : uint8_t { kBtreeInline = 1, kBtreeTree = 2, kBtreeOverflow = 3 };
constexpr uint8_t kDeletedBit = 0x80;
constexpr uint32_t kBtreeItemHead = 3;
constexpr uint32_t kBtreeReferenceSize = 12;  // overflow or tree of values
constexpr uint32_t kInternalHead = 12;
constexpr uint32_t kRecnoInternalSize = 8;

uint8_t Byte(const char* at) { return static_cast<uint8_t>(*at); }

// Checks the entries of one page. Offsets that are used in no entry do not matter.
class PageChecker {
 public:
  PageChecker(const DbPage& page, uint32_t number)
      : page_(page),
        layout_(page.layout()),
        bytes_(page.bytes().data()),
        number_(number),
        entries_(page.entries()),
        begin_(static_cast<uint32_t>(layout_.header_size()) + 2 * entries_) {}

  absl::Status Check() {
    switch (page_.type()) {
      case DbPageType::kHash:
      case DbPageType::kHashUnsorted:
        return CheckHash();
      case DbPageType::kBtreeLeaf:
      case DbPageType::kRecnoLeaf:
      case DbPageType::kDuplicateLeaf:
      case DbPageType::kBtreeInternal:
      case DbPageType::kRecnoInternal:
        return CheckTree();
      case DbPageType::kOverflow:
        if (page_.overflow().size() > layout_.page_size - layout_.header_size()) {
          return DbDamaged(number_, "more bytes than a page has");
        }
        return absl::OkStatus();
      case DbPageType::kUnused:
        return absl::OkStatus();
    }
    return DbDamaged(number_, absl::StrCat("unknown type ", static_cast<int>(page_.type())));
  }

 private:
  absl::Status Entry(uint32_t i, absl::string_view what) const {
    return DbDamaged(number_, absl::StrCat("entry ", i, " ", what));
  }

  absl::Status CheckPlace() const {
    if (begin_ > layout_.page_size) return DbDamaged(number_, "more entries than a page has");
    return absl::OkStatus();
  }
  absl::Status CheckPairs() const {
    if (entries_ % 2 != 0) return DbDamaged(number_, "a key without a value");
    return CheckPlace();
  }

  absl::Status CheckHash() const {
    RETURN_IF_ERROR(CheckPairs());
    uint32_t end = layout_.page_size;
    for (uint32_t i = 0; i < entries_; ++i) {
      const uint32_t offset = page_.offset(i);
      if (offset < begin_ || offset >= end) return Entry(i, "does not lie within the page");
      RETURN_IF_ERROR(CheckHashItem(i, {bytes_ + offset, end - offset}));
      end = offset;
    }
    return absl::OkStatus();
  }

  absl::Status CheckHashItem(uint32_t i, absl::string_view item) const {
    const bool key = i % 2 == 0;
    switch (Byte(item.data())) {
      case kHashInline:
        return absl::OkStatus();
      case kHashOverflow:
        if (item.size() < kHashOverflowSize) return Entry(i, "is too short");
        return absl::OkStatus();
      case kHashTree:
        if (key || item.size() < kHashTreeSize) return Entry(i, "is no tree of values");
        return absl::OkStatus();
      case kHashValues:
        if (key) return Entry(i, "is no key");
        return CheckValues(i, item.substr(1));
      default:
        return Entry(i, "is of an unknown kind");
    }
  }

  // Length, value, length, for each.
  absl::Status CheckValues(uint32_t i, absl::string_view values) const {
    while (!values.empty()) {
      if (values.size() < 4) return Entry(i, "has half a value");
      const size_t length = layout_.Load16(values.data());
      if (length > values.size() - 4) return Entry(i, "has a value longer than itself");
      if (layout_.Load16(values.data() + 2 + length) != length) {
        return Entry(i, "has a value of two lengths");
      }
      values.remove_prefix(length + 4);
    }
    return absl::OkStatus();
  }

  absl::Status CheckTree() const {
    const bool pairs = page_.type() == DbPageType::kBtreeLeaf;
    if (pairs) {
      RETURN_IF_ERROR(CheckPairs());
    } else {
      RETURN_IF_ERROR(CheckPlace());
    }
    if (page_.is_internal() && entries_ == 0) return DbDamaged(number_, "nothing below it");
    uint32_t room = layout_.page_size - begin_;
    for (uint32_t i = 0; i < entries_; ++i) {
      // Values on one page share their key.
      if (pairs && i % 2 == 0 && i > 0 && page_.offset(i) == page_.offset(i - 2)) continue;
      const uint32_t size = TreeItemSize(i);
      if (size == 0) return Entry(i, "does not lie within the page, or is of an unknown kind");
      if (size > room) return Entry(i, "and those before it are longer than the page");
      room -= size;
    }
    return absl::OkStatus();
  }

  // 0: it is not sound.
  uint32_t TreeItemSize(uint32_t i) const {
    const uint32_t offset = page_.offset(i);
    const DbPageType type = page_.type();
    const uint32_t head = type == DbPageType::kRecnoInternal   ? kRecnoInternalSize
                          : type == DbPageType::kBtreeInternal ? kInternalHead
                                                               : kBtreeItemHead;
    if (offset < begin_ || offset + head > layout_.page_size) return 0;
    if (type == DbPageType::kRecnoInternal) return head;
    uint32_t size = 0;
    switch (Byte(bytes_ + offset + 2) & ~kDeletedBit) {
      case kBtreeInline:
        size = head + layout_.Load16(bytes_ + offset);
        break;
      case kBtreeOverflow:
        size = (page_.is_internal() ? head : 0) + kBtreeReferenceSize;
        break;
      case kBtreeTree:
        if (type != DbPageType::kBtreeLeaf || i % 2 == 0) return 0;
        size = kBtreeReferenceSize;
        break;
      default:
        return 0;
    }
    return offset + size <= layout_.page_size ? size : 0;
  }

  const DbPage& page_;
  const DbLayout& layout_;
  const char* const bytes_;
  const uint32_t number_;
  const uint32_t entries_;
  const uint32_t begin_;  // where the first entry may begin
};

bool AllZero(absl::string_view bytes) {
  return bytes[0] == 0 && std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0;
}

}  // namespace

absl::Status DbDamaged(uint32_t page, absl::string_view what) {
  return absl::DataLossError(absl::StrCat("damaged database, page ", page, ": ", what));
}

bool CheckDbChecksum(absl::Span<char> bytes, size_t field, const DbLayout& layout) {
  const uint32_t stored = layout.Load32(bytes.data() + field);
  std::memset(bytes.data() + field, 0, 4);
  uint32_t sum = 0;
  for (const char c : bytes) sum = sum * 33 + static_cast<uint8_t>(c);
  return sum == stored;
}

absl::Status CheckDbPage(const DbPage& page, uint32_t number) {
  if (page.number() != number) {
    // A hash grows by many pages at once; those not used yet have not been written.
    if (AllZero(page.bytes())) return absl::OkStatus();
    return DbDamaged(number, absl::StrCat("it says to be page ", page.number()));
  }
  return PageChecker(page, number).Check();
}

DbItem DbPage::item(uint32_t i) const {
  const uint32_t offset = this->offset(i);
  const char* at = bytes_ + offset;
  DbItem item;
  if (is_hash()) {
    const uint32_t end = i == 0 ? layout_->page_size : this->offset(i - 1);
    switch (Byte(at)) {
      case kHashInline:
        item.bytes = {at + 1, end - offset - 1};
        break;
      case kHashValues:
        item.kind = DbItem::Kind::kValues;
        item.bytes = {at + 1, end - offset - 1};
        break;
      case kHashOverflow:
        item.kind = DbItem::Kind::kOverflow;
        item.page = layout_->Load32(at + 4);
        item.length = layout_->Load32(at + 8);
        break;
      default:
        item.kind = DbItem::Kind::kValueTree;
        item.page = layout_->Load32(at + 4);
    }
    return item;
  }
  item.deleted = (Byte(at + 2) & kDeletedBit) != 0;
  const uint8_t kind = Byte(at + 2) & ~kDeletedBit;
  const bool internal = type() == DbPageType::kBtreeInternal;
  if (kind == kBtreeInline) {
    item.bytes = {at + (internal ? kInternalHead : kBtreeItemHead), layout_->Load16(at)};
    return item;
  }
  if (internal) at += kInternalHead;
  item.kind = kind == kBtreeOverflow ? DbItem::Kind::kOverflow : DbItem::Kind::kValueTree;
  item.page = layout_->Load32(at + 4);
  item.length = layout_->Load32(at + 8);
  return item;
}

uint32_t DbPage::child(uint32_t i) const {
  return layout_->Load32(bytes_ + offset(i) + (type() == DbPageType::kBtreeInternal ? 4 : 0));
}

uint32_t DbPage::FindHashKey(absl::string_view key, uint32_t from) const {
  const uint32_t entries = this->entries();
  for (uint32_t i = from; i < entries; i += 2) {
    const uint32_t offset = this->offset(i);
    const uint32_t end = i == 0 ? layout_->page_size : this->offset(i - 1);
    const char* const at = bytes_ + offset;
    if (Byte(at) == kHashOverflow) {
      if (layout_->Load32(at + 8) == key.size()) return i;
    } else if (end - offset - 1 == key.size() && std::memcmp(at + 1, key.data(), key.size()) == 0) {
      return i;
    }
  }
  return entries;
}

absl::string_view NextDbValue(const DbLayout& layout, absl::string_view& values) {
  const size_t length = layout.Load16(values.data());
  const absl::string_view value = values.substr(2, length);
  values.remove_prefix(length + 4);
  return value;
}

}  // namespace stagepost
