#include "mta/maps/db_search.h"

#include <utility>

#include "mta/base/status_macros.h"

namespace stagepost {
namespace {

bool Fits(const DbPage& page, DbPlace place) {
  switch (page.type()) {
    case DbPageType::kHash:
    case DbPageType::kHashUnsorted:
      return place == DbPlace::kBucket;
    case DbPageType::kBtreeInternal:
      return place != DbPlace::kBucket;
    case DbPageType::kBtreeLeaf:
      return place == DbPlace::kTree;
    case DbPageType::kRecnoInternal:
    case DbPageType::kRecnoLeaf:
    case DbPageType::kDuplicateLeaf:
      return place == DbPlace::kValueTree;
    case DbPageType::kUnused:  // a bucket that nothing was ever put in
      return place == DbPlace::kBucket && page.number() == 0;
    case DbPageType::kOverflow:
      return false;
  }
  return false;
}

Task<absl::StatusOr<DbPage>> Visit(DbPager& pager, uint32_t number, DbPlace place,
                                   DbBudget& budget) {
  CO_RETURN_IF_ERROR(budget.Spend(number));
  CO_ASSIGN_OR_RETURN(DbPage page, co_await pager.Get(number, budget.reading()));
  if (!Fits(page, place)) co_return DbDamaged(number, "its type does not belong where it is");
  co_return page;
}

// A page of a tree that is below a page of the level `above`.
Task<absl::StatusOr<DbPage>> VisitBelow(DbPager& pager, uint32_t number, DbPlace place, int above,
                                        DbBudget& budget) {
  CO_ASSIGN_OR_RETURN(DbPage page, co_await Visit(pager, number, place, budget));
  if (page.level() >= above) co_return DbDamaged(number, "not below the page above it");
  co_return page;
}
constexpr int kAboveRoot = 256;

// The first of the values that an entry has; false if there is none.
Task<absl::StatusOr<bool>> FirstValue(DbPager& pager, const DbItem& item, DbBudget& budget,
                                      std::string& value) {
  DbItem first = item;
  DbChain chain(pager, budget);
  if (item.kind == DbItem::Kind::kValueTree) {
    CO_RETURN_IF_ERROR(co_await chain.StartTree(DbPlace::kValueTree, item.page));
    do {
      CO_ASSIGN_OR_RETURN(const bool found, co_await chain.Next());
      if (!found) co_return false;
      first = chain.page().item(chain.index());
    } while (first.deleted);
  }
  if (first.kind == DbItem::Kind::kOverflow) {
    CO_RETURN_IF_ERROR(co_await pager.ReadOverflow(first.page, first.length, budget, value));
    co_return true;
  }
  if (first.kind == DbItem::Kind::kValues) {
    if (first.bytes.empty()) co_return false;
    first.bytes = NextDbValue(pager.layout(), first.bytes);
  }
  value.assign(first.bytes.data(), first.bytes.size());
  co_return true;
}

// Negative, 0, positive: the key that is entry `i` comes before `key`, is it, comes after it.
Task<absl::StatusOr<int>> Compare(DbPager& pager, const DbPage& page, uint32_t i, DbBudget& budget,
                                  absl::string_view key) {
  const DbItem item = page.item(i);
  if (item.kind != DbItem::Kind::kOverflow) co_return item.bytes.compare(key);
  co_return co_await pager.CompareOverflow(item.page, item.length, budget, key);
}

// The first entry that is not before `key`; with `equal` that is after it. Looked at are `from` and
// every `step`th entry on; if there is none, the number of the entry that would follow.
Task<absl::StatusOr<uint32_t>> Search(DbPager& pager, const DbPage& page, uint32_t from,
                                      uint32_t step, bool equal, DbBudget& budget,
                                      absl::string_view key) {
  uint32_t low = 0, high = (page.entries() - from) / step;
  while (low < high) {
    const uint32_t middle = (low + high) / 2;
    const DbItem item = page.item(from + step * middle);
    int order = 0;
    if (item.kind == DbItem::Kind::kOverflow) {
      CO_ASSIGN_OR_RETURN(order,
                          co_await pager.CompareOverflow(item.page, item.length, budget, key));
    } else {
      order = item.bytes.compare(key);
    }
    if (order < 0 || (equal && order == 0)) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  co_return from + step* low;
}

Task<absl::StatusOr<std::optional<std::string>>> GetFromLeaf(DbPager& pager, const DbPage& page,
                                                             DbBudget& budget,
                                                             absl::string_view key) {
  CO_ASSIGN_OR_RETURN(const uint32_t first, co_await Search(pager, page, 0, 2, false, budget, key));
  std::string value;
  for (uint32_t i = first; i < page.entries(); i += 2) {
    if (i == first || page.offset(i) != page.offset(i - 2)) {
      CO_ASSIGN_OR_RETURN(const int order, co_await Compare(pager, page, i, budget, key));
      if (order != 0) break;
    }
    const DbItem item = page.item(i + 1);
    if (item.deleted) continue;
    CO_ASSIGN_OR_RETURN(const bool found, co_await FirstValue(pager, item, budget, value));
    if (found) co_return std::move(value);
  }
  co_return std::nullopt;
}

}  // namespace

void DbChain::Start(DbPlace place, uint32_t first_page) {
  place_ = place;
  next_ = first_page;
  page_.reset();
}

Task<absl::Status> DbChain::StartTree(DbPlace place, uint32_t root) {
  uint32_t number = root;
  for (int above = kAboveRoot;;) {
    CO_ASSIGN_OR_RETURN(const DbPage page,
                        co_await VisitBelow(pager_, number, place, above, budget_));
    if (!page.is_internal()) break;
    above = page.level();
    number = page.child(0);
  }
  Start(place, number);
  co_return absl::OkStatus();
}

Task<absl::StatusOr<bool>> DbChain::Next() {
  index_ += place_ == DbPlace::kValueTree ? 1 : 2;
  while (!page_.has_value() || index_ >= page_->entries()) {
    page_.reset();
    if (!next_.has_value()) co_return false;
    const uint32_t number = *next_;
    CO_ASSIGN_OR_RETURN(page_, co_await Visit(pager_, number, place_, budget_));
    if (page_->is_internal()) co_return DbDamaged(number, "not a leaf, but beside one");
    index_ = 0;
    next_ = page_->next() == 0 ? std::nullopt : std::optional(page_->next());
  }
  co_return true;
}

Task<absl::StatusOr<std::optional<std::string>>> GetFromHash(const DbMeta& meta, DbPager& pager,
                                                             absl::string_view key,
                                                             DbReading reading) {
  DbBudget budget = DbBudget::OfLookup(pager.pages(), reading);
  std::string value;
  uint32_t number = meta.BucketPage(meta.BucketOf(key));
  do {
    CO_ASSIGN_OR_RETURN(const DbPage page, co_await Visit(pager, number, DbPlace::kBucket, budget));
    const uint32_t entries = page.entries();
    for (uint32_t i = page.FindHashKey(key, 0); i < entries; i = page.FindHashKey(key, i + 2)) {
      CO_ASSIGN_OR_RETURN(const int order, co_await Compare(pager, page, i, budget, key));
      if (order != 0) continue;
      CO_ASSIGN_OR_RETURN(const bool found,
                          co_await FirstValue(pager, page.item(i + 1), budget, value));
      if (found) co_return std::move(value);
    }
    number = page.next();
  } while (number != 0);
  co_return std::nullopt;
}

Task<absl::StatusOr<std::optional<std::string>>> GetFromBtree(const DbMeta& meta, DbPager& pager,
                                                              absl::string_view key,
                                                              DbReading reading) {
  DbBudget budget = DbBudget::OfLookup(pager.pages(), reading);
  uint32_t number = meta.root;
  for (int above = kAboveRoot;;) {
    CO_ASSIGN_OR_RETURN(const DbPage page,
                        co_await VisitBelow(pager, number, DbPlace::kTree, above, budget));
    if (!page.is_internal()) co_return co_await GetFromLeaf(pager, page, budget, key);
    above = page.level();
    // The first entry stands for everything that is smaller than the second.
    CO_ASSIGN_OR_RETURN(const uint32_t after,
                        co_await Search(pager, page, 1, 1, true, budget, key));
    number = page.child(after - 1);
  }
}

}  // namespace stagepost
