// Berkeley DB databases, hash and btree, read from the bytes of a file. Only read: they are written
// with libdb.
//
//   CO_ASSIGN_OR_RETURN(auto file, co_await env.files().Open("/etc/mail/access.db", {.read =
//   true})); CO_ASSIGN_OR_RETURN(auto db, co_await DbFile::Open(std::move(file)));
//   CO_ASSIGN_OR_RETURN(auto value, co_await db->Get("spammer.example"));   // std::nullopt: absent
//
//   DbCursor cursor(*db);
//   while (true) {
//     CO_ASSIGN_OR_RETURN(const bool found, co_await cursor.Next());
//     if (!found) break;
//     Use(cursor.key(), cursor.value());
//   }
//
// Keys and values are bytes; whether they end in a NUL, as sendmail writes some, is the caller's
// business. Read are hash versions 7 to 9 and btree versions 8 and 9, as libdb 5.3 does, of either
// byte order, with page sizes from 512 to 65536 bytes, with checksums (which are verified),
// big keys and values, and duplicates of every kind. Keys of a btree are in the order of their
// bytes, and a hash has Berkeley DB's own hash function: the file tells when it has another one.
//
// The file is taken as an attack until proved otherwise. A page is checked as it is read; what a
// chain of pages may cost is bounded by the number of pages in the file. Memory: the cache, plus
// two pages for each call under way and each cursor, plus the key or value being read.
//
// The file is assumed not to change while it is open: whoever reads a database that others rewrite
// in place holds sendmail's lock meanwhile, and opens it anew when its inode or its times differ.
//
// Errors: kInvalidArgument: not a regular file (open with non_blocking, or a FIFO is waited for),
// or none of Berkeley DB's; kUnimplemented: a kind or version of database that is not read here,
// the message says which; kDataLoss without an Errno: damaged, the message says how and on which
// page; and, with an Errno, what the file gives. Messages do not name the file. libdb, and so
// sendmail, answers EINVAL to every file that is not opened here; but what is missing at the end of
// a hash, after whole pages, is to libdb as if it had never been there.
#ifndef STAGEPOST_MTA_MAPS_DB_FILE_H_
#define STAGEPOST_MTA_MAPS_DB_FILE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mta/async/task.h"
#include "mta/env/file_system.h"
#include "mta/maps/db_meta.h"
#include "mta/maps/db_page.h"
#include "mta/maps/db_pager.h"
#include "mta/maps/db_search.h"

namespace stagepost {

struct DbOptions {
  size_t cache_bytes = 4 << 20;  // pages kept; at least eight are
  size_t item_bytes = 16 << 20;  // the longest key or value; longer ones are kDataLoss
};

// An open database. Several coroutines may use it at once.
class DbFile {
 public:
  // REQUIRES: `file` was opened for reading.
  static Task<absl::StatusOr<std::unique_ptr<DbFile>>> Open(std::unique_ptr<File> file,
                                                            DbOptions options = {});

  DbType type() const { return meta_.type; }
  // A key may have several values; a cursor comes to them one after the other.
  bool has_duplicates() const { return meta_.duplicates; }

  // The first value of `key`, or std::nullopt. kFailedPrecondition: it would have to be read, and
  // `reading` forbids that.
  [[clang::coro_wrapper]] Task<absl::StatusOr<std::optional<std::string>>> Get(
      absl::string_view key, DbReading reading = DbReading::kAnywhere);

 private:
  friend class DbCursor;
  DbFile(std::unique_ptr<File> file, uint32_t pages, const DbMeta& meta, const DbOptions& options);

  const DbMeta meta_;
  DbPager pager_;
};

// Goes through all pairs of a database in the file's own order, which is that of libdb's cursors:
// by bucket, or by key. For one coroutine at a time; the DbFile outlives it.
class DbCursor {
 public:
  explicit DbCursor(DbFile& db);
  DbCursor(const DbCursor&) = delete;
  DbCursor& operator=(const DbCursor&) = delete;

  // Whether there was one more pair: key() and value(), until the next call. After the end or an
  // error: the same again.
  Task<absl::StatusOr<bool>> Next();

  const std::string& key() const { return key_; }
  const std::string& value() const { return value_; }

 private:
  Task<absl::StatusOr<bool>> Step();
  // Goes on to the next pair of the database itself.
  Task<absl::StatusOr<bool>> NextPair();
  // Takes what `item` has, of the values of key(): now, or bit by bit.
  Task<absl::StatusOr<bool>> TakeValue(const DbItem& item);

  DbFile& db_;
  DbBudget budget_;
  DbChain pairs_;        // leaves, or the pages of a bucket
  uint32_t bucket_ = 0;  // the next
  bool begun_ = false;
  std::string values_;       // DbItem::bytes of the kind kValues
  size_t values_taken_ = 0;  // bytes of them
  DbChain value_tree_;
  uint32_t key_page_ = 0, key_offset_ = 0;  // where key() is from
  std::string key_, value_;
  absl::StatusOr<bool> result_ = true;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_MAPS_DB_FILE_H_
