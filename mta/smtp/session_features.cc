#include "mta/smtp/session_features.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace stagepost {
namespace {

// "G", "g", "g2": bare line ends are accepted, refused, replaced by a space.
BareLineEnd LineEndOf(const std::string& word) {
  if (absl::ascii_isupper(word[0])) return BareLineEnd::kAccept;
  return absl::EndsWith(word, "2") ? BareLineEnd::kReplace : BareLineEnd::kRefuse;
}

}  // namespace

SessionFeatures DefaultFeatures(const Options& options, const PortOptions& port) {
  SessionFeatures features;
  features.expn = !options.Has(PrivacyFlag::kNoExpn);
  features.verb = !options.Has(PrivacyFlag::kNoExpn) && !options.Has(PrivacyFlag::kNoVerb);
  features.dsn = !options.Has(PrivacyFlag::kNoReceipts) && options.Flag(OptionId::kSendMimeErrors);
  features.etrn = !options.Has(PrivacyFlag::kNoEtrn) && !port.Has('E');
  features.auth_required = port.Has('a');
  return features;
}

void ApplyFeatureLetters(absl::Span<const std::string> words, SessionFeatures& features) {
  for (const std::string& word : words) {
    if (word.empty()) continue;
    if (absl::EqualsIgnoreCase(word, "temp")) {
      features.temporary_failure = true;
      return;
    }
    const bool on = absl::ascii_islower(word[0]);
    switch (absl::ascii_tolower(word[0])) {
      case 'b':
        features.verb = on;
        break;
      case 'd':
        features.dsn = on;
        break;
      case 'e':
        features.etrn = on;
        break;
      case 'f':
        features.guards_replies = on;
        break;
      case 'g':
        features.lines.bare_line_feed = LineEndOf(word);
        break;
      case 'l':
        features.auth_required = on;
        break;
      case 'o':
        features.lines.loose_end = !on;
        break;
      case 'p':
        features.pipelining = on;
        break;
      case 'u':
        features.lines.bare_carriage_return = LineEndOf(word);
        break;
      case 'x':
        features.expn = on;
        break;
      default:
        break;  // as sendmail: letters of what is not offered, and unknown ones, change nothing
    }
  }
}

}  // namespace stagepost
