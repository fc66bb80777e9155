#include "mta/maps/map_file.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "mta/base/status_macros.h"
#include "mta/policy/safe_file.h"

namespace stagepost {

Task<absl::StatusOr<std::unique_ptr<File>>> OpenMapFile(const MapContext& context,
                                                        std::string path) {
  const Options& options = context.configuration.options;
  SafeFileRules rules;
  rules.check_directories = !options.Has(BlameFlag::kMapInUnsafeDirPath);
  rules.group_writable_directories_are_safe = options.Has(BlameFlag::kGroupWritableDirPathSafe);
  rules.sticky_directories_are_safe = options.Has(BlameFlag::kTrustStickyBit);
  rules.by_permission_bits = false;
  co_return co_await OpenSafely(
      context.env.files(), context.env.process().credentials().effective(), std::move(path), rules);
}

Task<absl::StatusOr<std::string>> ReadMapText(File& file) {
  std::string text;
  std::vector<char> buffer(64 * 1024);
  while (true) {
    CO_ASSIGN_OR_RETURN(const size_t read, co_await file.Read(text.size(), absl::MakeSpan(buffer)));
    if (read == 0) co_return text;
    if (text.size() + read > kMaxMapTextBytes) {
      co_return absl::ResourceExhaustedError(
          absl::StrCat("larger than ", kMaxMapTextBytes, " bytes"));
    }
    text.append(buffer.data(), read);
  }
}

}  // namespace stagepost
