#include "mta/cf/privacy.h"

#include "absl/strings/match.h"

namespace stagepost {
namespace {

constexpr uint32_t Bit(PrivacyFlag flag) { return uint32_t{1} << static_cast<int>(flag); }

// noverb too: VERB shows what EXPN is not to show.
constexpr uint32_t kNoExpnBits = Bit(PrivacyFlag::kNoExpn) | Bit(PrivacyFlag::kNoVerb);

constexpr uint32_t kGoAway = Bit(PrivacyFlag::kNeedMailHelo) | Bit(PrivacyFlag::kNeedExpnHelo) |
                             Bit(PrivacyFlag::kNeedVrfyHelo) | kNoExpnBits |
                             Bit(PrivacyFlag::kNoVrfy) | Bit(PrivacyFlag::kAuthWarnings) |
                             Bit(PrivacyFlag::kNoActualRecipient);

constexpr PrivacyWord kWords[] = {
    {"public", 0, "8.1", Support::kYes, "no restriction", ""},
    {"needmailhelo", Bit(PrivacyFlag::kNeedMailHelo), "8.1", Support::kYes,
     "no MAIL before HELO or EHLO", ""},
    {"needexpnhelo", Bit(PrivacyFlag::kNeedExpnHelo), "8.1", Support::kYes,
     "no EXPN before HELO or EHLO", ""},
    {"needvrfyhelo", Bit(PrivacyFlag::kNeedVrfyHelo), "8.1", Support::kYes,
     "no VRFY before HELO or EHLO", ""},
    {"noexpn", kNoExpnBits, "8.1", Support::kYes, "no EXPN, and no VERB", ""},
    {"novrfy", Bit(PrivacyFlag::kNoVrfy), "8.1", Support::kYes, "VRFY tells nothing", ""},
    {"noetrn", Bit(PrivacyFlag::kNoEtrn), "8.10", Support::kYes, "no ETRN", ""},
    {"noverb", Bit(PrivacyFlag::kNoVerb), "8.10", Support::kYes, "no VERB", ""},
    {"authwarnings", Bit(PrivacyFlag::kAuthWarnings), "8.1", Support::kYes,
     "X-Authentication-Warning: fields, and log lines, for odd submissions", ""},
    {"restrictmailq", Bit(PrivacyFlag::kRestrictMailq), "8.1", Support::kYes,
     "the queue is shown to the group of its directory only", ""},
    {"restrictqrun", Bit(PrivacyFlag::kRestrictQrun), "8.1", Support::kYes,
     "only root and the owner of the queue may run it", ""},
    {"restrictexpand", Bit(PrivacyFlag::kRestrictExpand), "8.12", Support::kNo,
     "others see less of -bv and -v", ""},
    {"nobodyreturn", Bit(PrivacyFlag::kNobodyReturn), "8.10", Support::kYes,
     "bounces without the body", ""},
    {"noreceipts", Bit(PrivacyFlag::kNoReceipts), "8.1", Support::kYes,
     "no success reports, no DSN in EHLO", ""},
    {"noactualrecipient", Bit(PrivacyFlag::kNoActualRecipient), "8.14", Support::kYes,
     "no X-Actual-Recipient: in reports", ""},
    {"goaway", kGoAway, "8.1", Support::kPartly,
     "all but noreceipts, restrictmailq, restrictqrun, restrictexpand, noetrn, nobodyreturn", ""},
};

}  // namespace

absl::Span<const PrivacyWord> PrivacyWords() { return kWords; }

const PrivacyWord* FindPrivacyWord(absl::string_view name) {
  for (const PrivacyWord& word : kWords) {
    if (absl::EqualsIgnoreCase(word.name, name)) return &word;
  }
  return nullptr;
}

}  // namespace stagepost
