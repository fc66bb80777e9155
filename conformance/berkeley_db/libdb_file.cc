#include "conformance/berkeley_db/libdb_file.h"

#include <db.h>

#include <fstream>
#include <iterator>

#include "mta/base/check.h"

namespace stagepost {
namespace {

DBT Item(absl::string_view bytes) {
  DBT item = {};
  item.data = const_cast<char*>(bytes.data());
  item.size = static_cast<uint32_t>(bytes.size());
  return item;
}

std::string Bytes(const DBT& item) { return std::string(static_cast<char*>(item.data), item.size); }

void Expect(int result) { CHECK(result == 0) << db_strerror(result); }

}  // namespace

LibdbFile::LibdbFile(const std::string& path, const LibdbOptions& options) : path_(path) {
  Expect(db_create(&db_, nullptr, 0));
  // Not on standard error; a duplicate that is there already would be told.
  db_->set_errcall(db_, [](const DB_ENV*, const char*, const char*) {});
  Expect(db_->set_cachesize(db_, 0, 4 << 20, 1));
  if (options.page_size != 0) Expect(db_->set_pagesize(db_, options.page_size));
  if (options.big_endian) Expect(db_->set_lorder(db_, 4321));
  uint32_t flags = 0;
  if (options.checksums) flags |= DB_CHKSUM;
  if (options.duplicates) flags |= DB_DUP;
  if (options.sorted_duplicates) flags |= DB_DUPSORT;
  if (options.record_numbers) flags |= DB_RECNUM;
  if (flags != 0) Expect(db_->set_flags(db_, flags));
  if (!options.btree && options.expected_entries != 0) {
    Expect(db_->set_h_nelem(db_, options.expected_entries));
  }
  if (!options.btree && options.entries_per_bucket != 0) {
    Expect(db_->set_h_ffactor(db_, options.entries_per_bucket));
  }
  if (!options.password.empty()) {
    Expect(db_->set_encrypt(db_, options.password.c_str(), DB_ENCRYPT_AES));
  }
  Expect(db_->open(db_, nullptr, path.c_str(),
                   options.name.empty() ? nullptr : options.name.c_str(),
                   options.btree ? DB_BTREE : DB_HASH, DB_CREATE | DB_TRUNCATE, 0600));
}

LibdbFile::LibdbFile(const std::string& path) : path_(path) {
  Expect(db_create(&db_, nullptr, 0));
  Expect(db_->set_cachesize(db_, 0, 4 << 20, 1));
  Expect(db_->open(db_, nullptr, path.c_str(), nullptr, DB_UNKNOWN, DB_RDONLY, 0));
}

LibdbFile::~LibdbFile() {
  if (cursor_ != nullptr) cursor_->close(cursor_);
  db_->close(db_, DB_NOSYNC);
}

void LibdbFile::Put(absl::string_view key, absl::string_view value) {
  DBT k = Item(key), v = Item(value);
  const int result = db_->put(db_, nullptr, &k, &v, 0);
  CHECK(result == 0 || result == DB_KEYEXIST) << db_strerror(result);  // a value that is there
}

void LibdbFile::Delete(absl::string_view key) {
  DBT k = Item(key);
  const int result = db_->del(db_, nullptr, &k, 0);
  CHECK(result == 0 || result == DB_NOTFOUND) << db_strerror(result);
}

void LibdbFile::DeleteUnderCursor(absl::string_view key) {
  if (cursor_ != nullptr) Expect(cursor_->close(cursor_));
  Expect(db_->cursor(db_, nullptr, &cursor_, 0));
  DBT k = Item(key), v = {};
  const int result = cursor_->get(cursor_, &k, &v, DB_SET);
  CHECK(result == 0 || result == DB_NOTFOUND) << db_strerror(result);
  if (result == 0) Expect(cursor_->del(cursor_, 0));
}

void LibdbFile::Compact() {
  Expect(db_->compact(db_, nullptr, nullptr, nullptr, nullptr, DB_FREE_SPACE, nullptr));
}

std::string LibdbFile::Bytes() {
  Expect(db_->sync(db_, 0));
  std::ifstream file(path_, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

std::optional<std::string> LibdbFile::Get(absl::string_view key) {
  DBT k = Item(key), v = {};
  const int result = db_->get(db_, nullptr, &k, &v, 0);
  if (result == DB_NOTFOUND) return std::nullopt;
  Expect(result);
  return stagepost::Bytes(v);
}

std::vector<std::pair<std::string, std::string>> LibdbFile::Pairs() {
  std::vector<std::pair<std::string, std::string>> pairs;
  DBC* cursor = nullptr;
  Expect(db_->cursor(db_, nullptr, &cursor, 0));
  DBT k = {}, v = {};
  int result;
  while ((result = cursor->get(cursor, &k, &v, DB_NEXT)) == 0) {
    pairs.emplace_back(stagepost::Bytes(k), stagepost::Bytes(v));
  }
  CHECK(result == DB_NOTFOUND) << db_strerror(result);
  Expect(cursor->close(cursor));
  return pairs;
}

bool LibdbVerifies(const std::string& path) {
  DB* db = nullptr;
  Expect(db_create(&db, nullptr, 0));
  db->set_errcall(db, [](const DB_ENV*, const char*, const char*) {});
  // What it notes has to fit: it would go to a file elsewhere.
  Expect(db->set_cachesize(db, 0, 64 << 20, 1));
  return db->verify(db, path.c_str(), nullptr, nullptr, 0) == 0;
}

}  // namespace stagepost
