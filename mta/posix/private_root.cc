#include "mta/posix/private_root.h"

#include <limits.h>
#include <stdlib.h>

#include <array>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "mta/base/errno.h"

namespace stagepost {

PrivateRoot::PrivateRoot(absl::string_view directory) {
  std::array<char, PATH_MAX> resolved;
  if (::realpath(std::string(directory).c_str(), resolved.data()) != nullptr) {
    directory = resolved.data();
  }
  while (absl::ConsumeSuffix(&directory, "/")) {
  }
  directory_ = std::string(directory);
}

absl::StatusOr<std::string> PrivateRoot::ToMachine(absl::string_view call,
                                                   absl::string_view path) const {
  if (absl::StrContains(path, '\0')) return ErrnoStatus(Errno::kEINVAL, call);
  return ToMachine(path);
}

std::string PrivateRoot::ToMachine(absl::string_view path) const {
  if (active() && absl::StartsWith(path, "/")) return absl::StrCat(directory_, path);
  return std::string(path);
}

std::string PrivateRoot::FromMachine(absl::string_view path) const {
  if (active() && absl::ConsumePrefix(&path, directory_)) {
    if (path.empty()) return "/";
    if (path[0] == '/') return std::string(path);
    return absl::StrCat(directory_, path);  // a neighbour whose name begins alike
  }
  return std::string(path);
}

}  // namespace stagepost
