// Names of people as phrases of RFC 5322, 3.2.5.
#ifndef STAGEPOST_MTA_MESSAGE_PHRASE_H_
#define STAGEPOST_MTA_MESSAGE_PHRASE_H_

#include <string>

#include "absl/strings/string_view.h"

namespace stagepost {

// `name` as it is if it may stand in front of <…>, else in quotes. `must_quote`: the option
// MustQuoteChars, beside the characters that always need them.
std::string QuotedPhrase(absl::string_view name, absl::string_view must_quote);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_MESSAGE_PHRASE_H_
