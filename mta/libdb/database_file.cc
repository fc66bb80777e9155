#include "mta/libdb/database_file.h"

#include <db.h>
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "mta/base/errno.h"

namespace stagepost {
namespace {

// What Debian's libdb takes on its usual disks; here the same everywhere.
constexpr uint32_t kPageBytes = 4096;
// What sendmail's tools announce of every hash. It changes nothing but the count of its entries in
// the first page.
constexpr uint32_t kExpectedEntries = 4096;
// libdb refuses less than 20 KB, and more than 4 GB in one region.
constexpr uint64_t kMinCacheBytes = 20 << 10;
constexpr uint64_t kMaxCacheBytes = 1 << 30;
// Where the id of the file stands in the first page, and how long it is.
constexpr size_t kFileIdAt = 52;
constexpr size_t kFileIdBytes = 20;

void* ZeroedMemory(size_t bytes) { return std::calloc(1, bytes); }

int DoNotSync(int) { return 0; }

// libdb would write to standard error.
void DropMessage(const DB_ENV*, const char*, const char*) {}

absl::Status DatabaseStatus(int error, absl::string_view call) {
  if (error == 0) return absl::OkStatus();
  if (error > 0) return ErrnoStatus(static_cast<Errno>(error), absl::StrCat("database ", call));
  return absl::InternalError(absl::StrCat("database ", call, ": ", db_strerror(error)));
}

DBT Wrap(absl::string_view bytes) {
  DBT item = {};
  item.data = const_cast<char*>(bytes.data());  // only read
  item.size = static_cast<uint32_t>(bytes.size());
  return item;
}

int SetUp(DB& db, const DatabaseOptions& options) {
  db.set_errcall(&db, &DropMessage);
  const uint64_t cache = std::clamp(options.cache_bytes, kMinCacheBytes, kMaxCacheBytes);
  int error = db.set_cachesize(&db, 0, static_cast<uint32_t>(cache), 1);
  if (error == 0) error = db.set_pagesize(&db, kPageBytes);
  if (error == 0 && options.type == DatabaseType::kHash) {
    error = db.set_h_nelem(&db, kExpectedEntries);
  }
  if (error == 0 && options.duplicates) error = db.set_flags(&db, DB_DUP);
  return error;
}

// Where it belongs, and where it was left when libdb made the second page in the memory of the
// first.
void RemoveFileId(std::string& bytes) {
  const std::string id = bytes.substr(std::min(kFileIdAt, bytes.size()), kFileIdBytes);
  for (size_t page = 0; page + kPageBytes <= bytes.size(); page += kPageBytes) {
    if (bytes.compare(page + kFileIdAt, kFileIdBytes, id) == 0) {
      std::memset(&bytes[page + kFileIdAt], 0, kFileIdBytes);
    }
  }
}

}  // namespace

struct DatabaseFile::Handle {
  DB* db = nullptr;
};

DatabaseFile::DatabaseFile(std::unique_ptr<Handle> handle) : handle_(std::move(handle)) {}

DatabaseFile::~DatabaseFile() {
  if (handle_->db != nullptr) (void)handle_->db->close(handle_->db, DB_NOSYNC);
}

absl::StatusOr<std::unique_ptr<DatabaseFile>> DatabaseFile::Create(int descriptor,
                                                                   const DatabaseOptions& options) {
  (void)db_env_set_func_malloc(&ZeroedMemory);
  (void)db_env_set_func_fsync(&DoNotSync);
  DB* db = nullptr;
  if (const int error = db_create(&db, nullptr, 0); error != 0) {
    return DatabaseStatus(error, "create");
  }
  auto handle = std::make_unique<Handle>();
  handle->db = db;
  std::unique_ptr<DatabaseFile> file(new DatabaseFile(std::move(handle)));
  int error = SetUp(*db, options);
  if (error == 0) {
    const std::string path = absl::StrCat("/proc/self/fd/", descriptor);
    error = db->open(db, nullptr, path.c_str(), nullptr,
                     options.type == DatabaseType::kHash ? DB_HASH : DB_BTREE,
                     DB_CREATE | DB_TRUNCATE, 0);
  }
  if (error != 0) return DatabaseStatus(error, "open");
  return file;
}

absl::StatusOr<bool> DatabaseFile::Put(absl::string_view key, absl::string_view value,
                                       PutMode mode) {
  constexpr size_t kLongest = std::numeric_limits<uint32_t>::max();
  if (key.size() > kLongest || value.size() > kLongest) {
    return ErrnoStatus(Errno::kE2BIG, "database put");
  }
  DBT wrapped_key = Wrap(key);
  DBT wrapped_value = Wrap(value);
  DB* const db = handle_->db;
  const int error = db->put(db, nullptr, &wrapped_key, &wrapped_value,
                            mode == PutMode::kKeep ? DB_NOOVERWRITE : 0);
  if (error == DB_KEYEXIST) return false;
  if (error != 0) return DatabaseStatus(error, "put");
  return true;
}

absl::Status DatabaseFile::Close() {
  DB* const db = std::exchange(handle_->db, nullptr);
  return DatabaseStatus(db->close(db, 0), "close");
}

absl::StatusOr<std::unique_ptr<DatabaseImage>> DatabaseImage::Create(DatabaseOptions options) {
  options.cache_bytes = 2 * kMaxReproducibleBytes;
  const int descriptor = ::memfd_create("database", MFD_CLOEXEC);
  if (descriptor < 0) return ErrnoStatus(static_cast<Errno>(errno), "memfd_create");
  std::unique_ptr<DatabaseImage> image(new DatabaseImage(descriptor));
  absl::StatusOr<std::unique_ptr<DatabaseFile>> file = DatabaseFile::Create(descriptor, options);
  if (!file.ok()) return file.status();
  image->file_ = *std::move(file);
  return image;
}

DatabaseImage::~DatabaseImage() {
  file_.reset();
  ::close(descriptor_);
}

absl::StatusOr<std::string> DatabaseImage::Finish() {
  if (const absl::Status closed = file_->Close(); !closed.ok()) return closed;
  std::string bytes;
  char block[16 * 1024];
  while (true) {
    const ssize_t got =
        ::pread(descriptor_, block, sizeof(block), static_cast<off_t>(bytes.size()));
    if (got < 0) return ErrnoStatus(static_cast<Errno>(errno), "read database");
    if (got == 0) break;
    bytes.append(block, static_cast<size_t>(got));
  }
  RemoveFileId(bytes);
  return bytes;
}

}  // namespace stagepost
