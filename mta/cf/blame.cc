#include "mta/cf/blame.h"

#include <iterator>

#include "absl/strings/match.h"

namespace stagepost {
namespace {

constexpr BlameWord kWords[] = {
    {"AssumeSafeChown", BlameFlag::kAssumeSafeChown, "8.9", Support::kNothing,
     "users cannot give files away, so owners can be believed"},
    {"CertOwner", BlameFlag::kCertOwner, "8.18", Support::kNo,
     "certificates and keys may belong to anybody"},
    {"ClassFileInUnsafeDirPath", BlameFlag::kClassFileInUnsafeDirPath, "8.9", Support::kYes,
     "class files in directories that others may write"},
    {"DontWarnForwardFileInUnsafeDirPath", BlameFlag::kDontWarnForwardFileInUnsafeDirPath, "8.10",
     Support::kYes, "no warning about forward files in such directories"},
    {"ErrorHeaderInUnsafeDirPath", BlameFlag::kErrorHeaderInUnsafeDirPath, "8.9", Support::kNo,
     "the ErrorHeader file in such directories"},
    {"FileDeliveryToHardLink", BlameFlag::kFileDeliveryToHardLink, "8.9", Support::kYes,
     "mail into files that have several names"},
    {"FileDeliveryToSymLink", BlameFlag::kFileDeliveryToSymLink, "8.9", Support::kYes,
     "mail into files through a symbolic link"},
    {"ForwardFileInGroupWritableDirPath", BlameFlag::kForwardFileInGroupWritableDirPath, "8.10",
     Support::kYes, "forward files in directories that a group may write"},
    {"ForwardFileInUnsafeDirPath", BlameFlag::kForwardFileInUnsafeDirPath, "8.9", Support::kYes,
     "forward files in directories that others may write"},
    {"ForwardFileInUnsafeDirPathSafe", BlameFlag::kForwardFileInUnsafeDirPathSafe, "8.9",
     Support::kYes, "programs and files named in such forward files"},
    {"GroupReadableDefaultAuthInfoFile", BlameFlag::kGroupReadableDefaultAuthInfoFile, "8.12",
     Support::kNo, "a group may read DefaultAuthInfo"},
    {"GroupReadableKeyFile", BlameFlag::kGroupReadableKeyFile, "8.12", Support::kNo,
     "a group may read TLS keys"},
    {"GroupReadableSASLDBFile", BlameFlag::kGroupReadableSASLDBFile, "8.12", Support::kNo,
     "a group may read the SASL database"},
    {"GroupWritableAliasFile", BlameFlag::kGroupWritableAliasFile, "8.9", Support::kYes,
     "a group may write alias files"},
    {"GroupWritableDirPathSafe", BlameFlag::kGroupWritableDirPathSafe, "8.9", Support::kYes,
     "directories that a group may write are as good as others"},
    {"GroupWritableForwardFile", BlameFlag::kGroupWritableForwardFile, "8.12", Support::kYes,
     "a group may write forward files"},
    {"GroupWritableForwardFileSafe", BlameFlag::kGroupWritableForwardFileSafe, "8.9", Support::kYes,
     "programs and files named in such forward files"},
    {"GroupWritableIncludeFile", BlameFlag::kGroupWritableIncludeFile, "8.12", Support::kYes,
     "a group may write include files"},
    {"GroupWritableIncludeFileSafe", BlameFlag::kGroupWritableIncludeFileSafe, "8.9", Support::kYes,
     "programs and files named in such include files"},
    {"GroupWritableSASLDBFile", BlameFlag::kGroupWritableSASLDBFile, "8.12", Support::kNo,
     "a group may write the SASL database"},
    {"HelpFileInUnsafeDirPath", BlameFlag::kHelpFileInUnsafeDirPath, "8.9", Support::kNo,
     "the HelpFile in directories that others may write"},
    {"IncludeFileInGroupWritableDirPath", BlameFlag::kIncludeFileInGroupWritableDirPath, "8.10",
     Support::kYes, "include files in directories that a group may write"},
    {"IncludeFileInUnsafeDirPath", BlameFlag::kIncludeFileInUnsafeDirPath, "8.9", Support::kYes,
     "include files in directories that others may write"},
    {"IncludeFileInUnsafeDirPathSafe", BlameFlag::kIncludeFileInUnsafeDirPathSafe, "8.9",
     Support::kYes, "programs and files named in such include files"},
    {"InsufficientEntropy", BlameFlag::kInsufficientEntropy, "8.11", Support::kNo,
     "TLS with bad random numbers"},
    {"LinkedAliasFileInWritableDir", BlameFlag::kLinkedAliasFileInWritableDir, "8.9", Support::kYes,
     "alias files that are links in directories others may write"},
    {"LinkedClassFileInWritableDir", BlameFlag::kLinkedClassFileInWritableDir, "8.9", Support::kYes,
     "class files that are links there"},
    {"LinkedForwardFileInWritableDir", BlameFlag::kLinkedForwardFileInWritableDir, "8.9",
     Support::kYes, "forward files that are links there"},
    {"LinkedIncludeFileInWritableDir", BlameFlag::kLinkedIncludeFileInWritableDir, "8.9",
     Support::kYes, "include files that are links there"},
    {"LinkedMapInWritableDir", BlameFlag::kLinkedMapInWritableDir, "8.9", Support::kYes,
     "maps that are links there"},
    {"LinkedServiceSwitchFileInWritableDir", BlameFlag::kLinkedServiceSwitchFileInWritableDir,
     "8.9", Support::kNothing, "the ServiceSwitchFile as a link there, which it always may be"},
    {"MapInUnsafeDirPath", BlameFlag::kMapInUnsafeDirPath, "8.9", Support::kYes,
     "maps in directories that others may write"},
    {"NonRootSafeAddr", BlameFlag::kNonRootSafeAddr, "8.10", Support::kYes,
     "programs and files as recipients while not running as root"},
    {"RunProgramInUnsafeDirPath", BlameFlag::kRunProgramInUnsafeDirPath, "8.9", Support::kYes,
     "programs in directories that others may write"},
    {"RunWritableProgram", BlameFlag::kRunWritableProgram, "8.9", Support::kYes,
     "programs that others may write"},
    {"TrustStickyBit", BlameFlag::kTrustStickyBit, "8.9", Support::kYes,
     "directories with the sticky bit are as good as others"},
    {"WorldWritableAliasFile", BlameFlag::kWorldWritableAliasFile, "8.9", Support::kYes,
     "everybody may write alias files"},
    {"WorldWritableForwardFile", BlameFlag::kWorldWritableForwardFile, "8.12", Support::kYes,
     "everybody may write forward files"},
    {"WorldWritableIncludeFile", BlameFlag::kWorldWritableIncludeFile, "8.12", Support::kYes,
     "everybody may write include files"},
    {"WriteMapToHardLink", BlameFlag::kWriteMapToHardLink, "8.9", Support::kYes,
     "write maps that have several names"},
    {"WriteMapToSymLink", BlameFlag::kWriteMapToSymLink, "8.9", Support::kYes,
     "write maps through a symbolic link"},
    {"WriteStatsToHardLink", BlameFlag::kWriteStatsToHardLink, "8.9", Support::kNo,
     "a StatusFile with several names"},
    {"WriteStatsToSymLink", BlameFlag::kWriteStatsToSymLink, "8.9", Support::kNo,
     "a StatusFile that is a symbolic link"},
};
static_assert(std::size(kWords) == kBlameFlagCount, "a flag has no row");

}  // namespace

absl::Span<const BlameWord> BlameWords() { return kWords; }

const BlameWord* FindBlameWord(absl::string_view name) {
  for (const BlameWord& word : kWords) {
    if (absl::EqualsIgnoreCase(word.name, name)) return &word;
  }
  return nullptr;
}

}  // namespace stagepost
