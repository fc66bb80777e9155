#include "tools/stagepost_files.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace stagepost {
namespace {

namespace fs = std::filesystem;

constexpr size_t kReadBytes = 64 << 10;

absl::Status Unreadable(const std::string& path, const std::string& why) {
  return absl::NotFoundError(absl::StrCat(absl::Utf8SafeCHexEscape(path), ": ", why));
}

absl::Status FindBelow(const std::string& directory, std::vector<std::string>& files) {
  const size_t before = files.size();
  std::error_code error;
  auto entry = fs::recursive_directory_iterator(directory, error);
  for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    std::error_code ignored;
    if (entry->path().extension() == ".textproto" && entry->is_regular_file(ignored)) {
      files.push_back(entry->path().string());
    }
  }
  if (error) return Unreadable(directory, error.message());
  if (files.size() == before) return Unreadable(directory, "no *.textproto file below it");
  std::sort(files.begin() + static_cast<std::ptrdiff_t>(before), files.end());
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<std::string>> FindScenarios(const std::vector<std::string>& arguments) {
  std::vector<std::string> files;
  for (const std::string& argument : arguments) {
    const bool all_below = absl::EndsWith(argument, "/...");
    std::string path = all_below ? argument.substr(0, argument.size() - 4) : argument;
    if (all_below && path.empty()) path = "/";
    std::error_code error;
    if (!fs::is_directory(path, error)) {
      if (all_below) return Unreadable(path, error ? error.message() : "not a directory");
      files.push_back(path);  // whether it can be read shows when it is read
      continue;
    }
    while (path.size() > 1 && path.back() == '/') path.pop_back();
    if (absl::Status status = FindBelow(path, files); !status.ok()) return status;
  }
  return files;
}

absl::StatusOr<std::string> ReadWholeFile(const std::string& path, size_t max_bytes) {
  std::error_code error;
  if (fs::is_directory(path, error)) return Unreadable(path, "is a directory");
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) return Unreadable(path, std::generic_category().message(errno));
  std::string bytes;
  while (file && bytes.size() <= max_bytes) {
    const size_t before = bytes.size();
    const size_t more = std::min(kReadBytes, max_bytes + 1 - before);
    bytes.resize(before + more);
    file.read(bytes.data() + before, static_cast<std::streamsize>(more));
    bytes.resize(before + static_cast<size_t>(file.gcount()));
  }
  if (file.bad()) return Unreadable(path, "cannot be read");
  return bytes;
}

absl::Status WriteWholeFile(const std::string& path, absl::string_view bytes) {
  errno = 0;
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  file.close();
  if (file) return absl::OkStatus();
  return absl::PermissionDeniedError(
      absl::StrCat(absl::Utf8SafeCHexEscape(path), ": ", std::generic_category().message(errno)));
}

}  // namespace stagepost
