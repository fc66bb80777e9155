#include "mta/maps/db_file.h"

#include <array>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "mta/base/status_macros.h"

namespace stagepost {
namespace {

absl::Status NoDatabase(absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("not a Berkeley DB database: ", why));
}

// What is known of the beginning of the file.
Task<absl::StatusOr<DbMeta>> ReadMeta(File& file) {
  std::array<char, kDbMetaBytes> bytes;
  for (size_t have = 0; have < bytes.size();) {
    CO_ASSIGN_OR_RETURN(
        const size_t got,
        co_await file.Read(have, absl::MakeSpan(bytes.data() + have, bytes.size() - have)));
    if (got == 0) co_return DbDamaged(0, "the file ends within it");
    have += got;
  }
  co_return ParseDbMeta({bytes.data(), bytes.size()});
}

}  // namespace

DbFile::DbFile(std::unique_ptr<File> file, uint32_t pages, const DbMeta& meta,
               const DbOptions& options)
    : meta_(meta),
      pager_(std::move(file), meta.layout, pages, options.cache_bytes, options.item_bytes) {}

Task<absl::StatusOr<std::unique_ptr<DbFile>>> DbFile::Open(std::unique_ptr<File> file,
                                                           DbOptions options) {
  CO_ASSIGN_OR_RETURN(const FileStat status, co_await file->Stat());
  if (status.type != FileType::kRegular) co_return NoDatabase("not a regular file");
  if (status.size == 0) co_return NoDatabase("the file is empty");
  if (status.size < kDbMetaBytes) co_return NoDatabase("shorter than a page");
  CO_ASSIGN_OR_RETURN(const DbMeta meta, co_await ReadMeta(*file));
  const uint64_t pages = status.size / meta.layout.page_size;
  if (status.size % meta.layout.page_size != 0 || pages > 0xffffffff) {
    co_return absl::DataLossError(absl::StrCat("damaged database: ", status.size,
                                               " bytes are no number of pages of ",
                                               meta.layout.page_size, " bytes"));
  }
  co_return std::unique_ptr<DbFile>(
      new DbFile(std::move(file), static_cast<uint32_t>(pages), meta, options));
}

[[clang::coro_wrapper]] Task<absl::StatusOr<std::optional<std::string>>> DbFile::Get(
    absl::string_view key, DbReading reading) {
  return meta_.type == DbType::kHash ? GetFromHash(meta_, pager_, key, reading)
                                     : GetFromBtree(meta_, pager_, key, reading);
}

DbCursor::DbCursor(DbFile& db)
    : db_(db),
      budget_(db.pager_.pages()),
      pairs_(db.pager_, budget_),
      value_tree_(db.pager_, budget_) {}

Task<absl::StatusOr<bool>> DbCursor::Next() {
  if (result_.ok() && *result_) result_ = co_await Step();
  co_return result_;
}

Task<absl::StatusOr<bool>> DbCursor::NextPair() {
  const DbMeta& meta = db_.meta_;
  if (!begun_ && meta.type == DbType::kBtree) {
    CO_RETURN_IF_ERROR(co_await pairs_.StartTree(DbPlace::kTree, meta.root));
  }
  begun_ = true;
  while (true) {
    CO_ASSIGN_OR_RETURN(const bool found, co_await pairs_.Next());
    if (found) co_return true;
    if (meta.type == DbType::kBtree || bucket_ > meta.max_bucket) co_return false;
    pairs_.Start(DbPlace::kBucket, meta.BucketPage(bucket_++));
  }
}

Task<absl::StatusOr<bool>> DbCursor::TakeValue(const DbItem& item) {
  switch (item.kind) {
    case DbItem::Kind::kInline:
      value_.assign(item.bytes.data(), item.bytes.size());
      co_return true;
    case DbItem::Kind::kOverflow:
      CO_RETURN_IF_ERROR(co_await db_.pager_.ReadOverflow(item.page, item.length, budget_, value_));
      co_return true;
    case DbItem::Kind::kValues:
      values_.assign(item.bytes.data(), item.bytes.size());
      values_taken_ = 0;
      co_return false;
    case DbItem::Kind::kValueTree:
      CO_RETURN_IF_ERROR(co_await value_tree_.StartTree(DbPlace::kValueTree, item.page));
      co_return false;
  }
  co_return false;
}

Task<absl::StatusOr<bool>> DbCursor::Step() {
  while (true) {
    if (values_taken_ < values_.size()) {
      absl::string_view left = absl::string_view(values_).substr(values_taken_);
      const absl::string_view value = NextDbValue(db_.pager_.layout(), left);
      value_.assign(value.data(), value.size());
      values_taken_ = values_.size() - left.size();
      co_return true;
    }
    CO_ASSIGN_OR_RETURN(const bool in_tree, co_await value_tree_.Next());
    if (in_tree) {
      const DbItem item = value_tree_.page().item(value_tree_.index());
      if (item.deleted) continue;
      co_return co_await TakeValue(item);
    }
    CO_ASSIGN_OR_RETURN(const bool found, co_await NextPair());
    if (!found) co_return false;
    const DbPage& page = pairs_.page();
    const uint32_t i = pairs_.index();
    const DbItem item = page.item(i + 1);
    if (item.deleted) continue;
    // A long key that values share is read once.
    if (page.number() != key_page_ || page.offset(i) != key_offset_) {
      key_page_ = page.number();
      key_offset_ = page.offset(i);
      const DbItem key = page.item(i);
      if (key.kind == DbItem::Kind::kOverflow) {
        CO_RETURN_IF_ERROR(co_await db_.pager_.ReadOverflow(key.page, key.length, budget_, key_));
      } else {
        key_.assign(key.bytes.data(), key.bytes.size());
      }
    }
    CO_ASSIGN_OR_RETURN(const bool taken, co_await TakeValue(item));
    if (taken) co_return true;
  }
}

}  // namespace stagepost
