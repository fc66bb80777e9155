// Databases written and read with libdb, the library of Berkeley DB, for comparison.
#ifndef STAGEPOST_CONFORMANCE_BERKELEY_DB_LIBDB_FILE_H_
#define STAGEPOST_CONFORMANCE_BERKELEY_DB_LIBDB_FILE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

struct __db;   // NOLINT: libdb's DB
struct __dbc;  // NOLINT: libdb's DBC

namespace stagepost {

// How a database is made. Sizes are in bytes.
struct LibdbOptions {
  bool btree = false;
  uint32_t page_size = 0;  // 0: libdb's choice
  bool big_endian = false;
  bool checksums = false;
  bool duplicates = false;
  bool sorted_duplicates = false;
  bool record_numbers = false;      // of a btree
  uint32_t expected_entries = 0;    // of a hash; 0: not told
  uint32_t entries_per_bucket = 0;  // of a hash; 0: libdb's choice
  std::string password = "";        // encrypted if not empty
  std::string name = "";            // of a database within the file, if not empty
};

// An open database. Whatever libdb refuses is a CHECK.
class LibdbFile {
 public:
  // Makes a new one.
  LibdbFile(const std::string& path, const LibdbOptions& options);
  // Opens one for reading.
  explicit LibdbFile(const std::string& path);
  LibdbFile(const LibdbFile&) = delete;
  LibdbFile& operator=(const LibdbFile&) = delete;
  ~LibdbFile();

  void Put(absl::string_view key, absl::string_view value);
  // All values of `key`.
  void Delete(absl::string_view key);
  // The first value of `key` only, at which a cursor goes on pointing: what it points at is marked
  // as deleted, but stays in the file.
  void DeleteUnderCursor(absl::string_view key);
  void Compact();
  // What is in the file now.
  std::string Bytes();

  std::optional<std::string> Get(absl::string_view key);
  // In libdb's order.
  std::vector<std::pair<std::string, std::string>> Pairs();

 private:
  __db* db_ = nullptr;
  __dbc* cursor_ = nullptr;
  std::string path_;
};

// Whether libdb finds nothing wrong with the file.
bool LibdbVerifies(const std::string& path);

}  // namespace stagepost

#endif  // STAGEPOST_CONFORMANCE_BERKELEY_DB_LIBDB_FILE_H_
