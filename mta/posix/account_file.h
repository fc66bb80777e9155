// passwd(5) and group(5) as files, read anew at each look-up. For private worlds.
//
// Lines that are not well-formed are skipped, as the C library does.
#ifndef STAGEPOST_MTA_POSIX_ACCOUNT_FILE_H_
#define STAGEPOST_MTA_POSIX_ACCOUNT_FILE_H_

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>

#include <array>
#include <memory>
#include <string>

#include "mta/posix/thread_identity.h"

namespace stagepost {

// The C library's reader of one file. `Entry` is passwd or group.
template <class Entry>
class AccountFile {
 public:
  explicit AccountFile(const std::string& path) : file_(Open(path), &AccountFile::Close) {}

  bool exists() const { return file_ != nullptr; }

  // The next entry, valid until the next call; null at the end.
  const Entry* Next() {
    Entry* result = nullptr;
    error_ = Read(&result);
    return error_ == 0 ? result : nullptr;
  }
  // After the last entry: there is more, which could not be read; an entry is too long.
  bool cut_short() const { return error_ != 0 && error_ != ENOENT; }

 private:
  static FILE* Open(const std::string& path) {
    ActAsOneself();
    return ::fopen(path.c_str(), "re");
  }
  static void Close(FILE* file) {
    if (file != nullptr) ::fclose(file);
  }
  int Read(Entry** result) {
    if constexpr (std::is_same_v<Entry, passwd>) {
      return ::fgetpwent_r(file_.get(), &entry_, text_.data(), text_.size(), result);
    } else {
      return ::fgetgrent_r(file_.get(), &entry_, text_.data(), text_.size(), result);
    }
  }

  std::unique_ptr<FILE, void (*)(FILE*)> file_;
  int error_ = 0;
  Entry entry_;
  std::array<char, 64 * 1024> text_;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_POSIX_ACCOUNT_FILE_H_
