#include "mta/maps/db_pager.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "mta/base/status_macros.h"

namespace stagepost {
namespace {

size_t SetsFor(size_t cache_bytes, uint32_t page_size, uint32_t pages, size_t ways) {
  const size_t wanted = std::min<size_t>(cache_bytes / page_size, pages);
  return std::max<size_t>((wanted + ways - 1) / ways, 1);
}

}  // namespace

DbPager::DbPager(std::unique_ptr<File> file, const DbLayout& layout, uint32_t pages,
                 size_t cache_bytes, size_t item_bytes)
    : file_(std::move(file)),
      layout_(layout),
      pages_(pages),
      item_bytes_(item_bytes),
      sets_(SetsFor(cache_bytes, layout.page_size, pages, kWays)),
      slots_(sets_ * kWays) {}

DbPager::Slot* DbPager::Find(uint32_t number) {
  Slot* const set = SetOf(number);
  for (size_t i = 0; i < kWays; ++i) {
    if (set[i].number != number) continue;
    set[i].used = ++uses_;
    return &set[i];
  }
  return nullptr;
}

void DbPager::Keep(uint32_t number, std::shared_ptr<const char[]> bytes) {
  Slot* place = Find(number);  // somebody else may have fetched it meanwhile
  if (place == nullptr) {
    Slot* const set = SetOf(number);
    place = std::min_element(set, set + kWays,
                             [](const Slot& a, const Slot& b) { return a.used < b.used; });
  }
  *place = {.number = number, .used = ++uses_, .bytes = std::move(bytes)};
}

Task<absl::StatusOr<DbPage>> DbPager::Fetch(uint32_t number) {
  const size_t size = layout_.page_size;
  const auto bytes = std::make_shared_for_overwrite<char[]>(size);
  for (size_t have = 0; have < size;) {
    CO_ASSIGN_OR_RETURN(const size_t got,
                        co_await file_->Read(uint64_t{number} * size + have,
                                             absl::MakeSpan(bytes.get() + have, size - have)));
    if (got == 0) co_return DbDamaged(number, "the file ends within it");
    have += got;
  }
  if (layout_.checksums && !CheckDbChecksum(absl::MakeSpan(bytes.get(), size), 28, layout_)) {
    co_return DbDamaged(number, "wrong checksum");
  }
  const DbPage page(bytes, layout_);
  CO_RETURN_IF_ERROR(CheckDbPage(page, number));
  Keep(number, bytes);
  co_return page;
}

Task<absl::StatusOr<DbPage>> DbPager::Get(uint32_t number, DbReading reading) {
  if (number == 0) co_return DbDamaged(number, "referred to, which no page may do");
  if (number >= pages_) {
    co_return DbDamaged(number, absl::StrCat("beyond the end of the file, which has ", pages_));
  }
  if (const Slot* const slot = Find(number)) co_return DbPage(slot->bytes, layout_);
  if (reading == DbReading::kCached) co_return absl::FailedPreconditionError("not in the cache");
  co_return co_await Fetch(number);
}

Task<absl::StatusOr<DbPage>> DbPager::GetOverflow(uint32_t number, uint32_t left,
                                                  DbBudget& budget) {
  CO_RETURN_IF_ERROR(budget.Spend(number));
  CO_ASSIGN_OR_RETURN(const DbPage page, co_await Get(number, budget.reading()));
  if (page.type() != DbPageType::kOverflow) co_return DbDamaged(number, "not part of a long item");
  const size_t size = page.overflow().size();
  if (size == 0 || size > left) {
    co_return DbDamaged(number, absl::StrCat(size, " bytes of a long item, of ", left, " left"));
  }
  co_return page;
}

Task<absl::Status> DbPager::ReadOverflow(uint32_t page, uint32_t length, DbBudget& budget,
                                         std::string& bytes) {
  bytes.clear();
  if (length > item_bytes_ || length / layout_.page_size > pages_) {
    co_return DbDamaged(page, absl::StrCat("an item of ", length, " bytes"));
  }
  bytes.reserve(length);
  while (bytes.size() < length) {
    const uint32_t left = length - static_cast<uint32_t>(bytes.size());
    CO_ASSIGN_OR_RETURN(const DbPage part, co_await GetOverflow(page, left, budget));
    bytes.append(part.overflow().data(), part.overflow().size());
    page = part.next();
  }
  co_return absl::OkStatus();
}

Task<absl::StatusOr<int>> DbPager::CompareOverflow(uint32_t page, uint32_t length, DbBudget& budget,
                                                   absl::string_view key) {
  uint32_t left = length;
  while (left > 0 && !key.empty()) {
    CO_ASSIGN_OR_RETURN(const DbPage part, co_await GetOverflow(page, left, budget));
    const absl::string_view bytes = part.overflow();
    const size_t common = std::min(bytes.size(), key.size());
    const int order = bytes.substr(0, common).compare(key.substr(0, common));
    if (order != 0) co_return order;
    key.remove_prefix(common);
    left -= static_cast<uint32_t>(common);
    if (common < bytes.size()) break;
    page = part.next();
  }
  co_return (left > 0) - !key.empty();
}

}  // namespace stagepost
