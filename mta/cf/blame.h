// DontBlameSendmail: which checks of files and programs a site does without.
// Operations Guide, 5.6, "DontBlameSendmail"; cf/README.
#ifndef STAGEPOST_MTA_CF_BLAME_H_
#define STAGEPOST_MTA_CF_BLAME_H_

#include <bitset>
#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "mta/cf/support.h"

namespace stagepost {

enum class BlameFlag : uint8_t {
  kAssumeSafeChown,
  kCertOwner,
  kClassFileInUnsafeDirPath,
  kDontWarnForwardFileInUnsafeDirPath,
  kErrorHeaderInUnsafeDirPath,
  kFileDeliveryToHardLink,
  kFileDeliveryToSymLink,
  kForwardFileInGroupWritableDirPath,
  kForwardFileInUnsafeDirPath,
  kForwardFileInUnsafeDirPathSafe,
  kGroupReadableDefaultAuthInfoFile,
  kGroupReadableKeyFile,
  kGroupReadableSASLDBFile,
  kGroupWritableAliasFile,
  kGroupWritableDirPathSafe,
  kGroupWritableForwardFile,
  kGroupWritableForwardFileSafe,
  kGroupWritableIncludeFile,
  kGroupWritableIncludeFileSafe,
  kGroupWritableSASLDBFile,
  kHelpFileInUnsafeDirPath,
  kIncludeFileInGroupWritableDirPath,
  kIncludeFileInUnsafeDirPath,
  kIncludeFileInUnsafeDirPathSafe,
  kInsufficientEntropy,
  kLinkedAliasFileInWritableDir,
  kLinkedClassFileInWritableDir,
  kLinkedForwardFileInWritableDir,
  kLinkedIncludeFileInWritableDir,
  kLinkedMapInWritableDir,
  kLinkedServiceSwitchFileInWritableDir,
  kMapInUnsafeDirPath,
  kNonRootSafeAddr,
  kRunProgramInUnsafeDirPath,
  kRunWritableProgram,
  kTrustStickyBit,
  kWorldWritableAliasFile,
  kWorldWritableForwardFile,
  kWorldWritableIncludeFile,
  kWriteMapToHardLink,
  kWriteMapToSymLink,
  kWriteStatsToHardLink,
  kWriteStatsToSymLink,
};

inline constexpr size_t kBlameFlagCount = static_cast<size_t>(BlameFlag::kWriteStatsToSymLink) + 1;
using BlameFlags = std::bitset<kBlameFlagCount>;

inline bool Has(const BlameFlags& flags, BlameFlag flag) {
  return flags[static_cast<size_t>(flag)];
}

// One word; "Safe", which takes all of them away, is not in the table.
struct BlameWord {
  absl::string_view name;
  BlameFlag flag;
  absl::string_view since;
  Support support;
  absl::string_view meaning;
};

absl::Span<const BlameWord> BlameWords();

// Case does not count. Null: no such word.
const BlameWord* FindBlameWord(absl::string_view name);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_CF_BLAME_H_
