// PrivacyOptions: what the SMTP server does not tell, and what local users may not do.
// Operations Guide, 5.6, "PrivacyOptions".
#ifndef STAGEPOST_MTA_CF_PRIVACY_H_
#define STAGEPOST_MTA_CF_PRIVACY_H_

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "mta/cf/support.h"

namespace stagepost {

enum class PrivacyFlag : uint8_t {
  kNeedMailHelo,
  kNeedExpnHelo,
  kNeedVrfyHelo,
  kNoExpn,
  kNoVrfy,
  kNoEtrn,
  kNoVerb,
  kAuthWarnings,
  kRestrictMailq,
  kRestrictQrun,
  kRestrictExpand,
  kNobodyReturn,
  kNoReceipts,
  kNoActualRecipient,
};

inline constexpr size_t kPrivacyFlagCount = 14;
using PrivacyFlags = std::bitset<kPrivacyFlagCount>;

inline bool Has(const PrivacyFlags& flags, PrivacyFlag flag) {
  return flags[static_cast<size_t>(flag)];
}

// A word of the option; "public" and "goaway" stand for several flags or none.
struct PrivacyWord {
  absl::string_view name;
  uint32_t flags;  // bits by PrivacyFlag
  absl::string_view since;
  Support support;
  absl::string_view meaning;
  absl::string_view note;
};

absl::Span<const PrivacyWord> PrivacyWords();

// Case does not count. Null: no such word.
const PrivacyWord* FindPrivacyWord(absl::string_view name);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_CF_PRIVACY_H_
