// What stands around an address in a header or on a command line: names, comments, group syntax.
// RFC 5322, 3.4; the option MustQuoteChars.
#ifndef STAGEPOST_MTA_REWRITE_CRACK_ADDRESS_H_
#define STAGEPOST_MTA_REWRITE_CRACK_ADDRESS_H_

#include "absl/strings/string_view.h"
#include "mta/cf/text.h"

namespace stagepost {

struct CrackOptions {
  absl::string_view must_quote = ".'";  // MustQuoteChars, beside those that always are
  bool colon_ok = false;                // ColonOkInAddr: no groups
};

// Text in which $g stands where the address itself was: "Joe <joe@x> (at home)" gives
// "Joe <$g> (at home)". A phrase in front of <…> is quoted if it must be, what is unbalanced is
// closed, what is longer than an address may be is left out. A heuristic, and sendmail's own.
Text CrackAddress(absl::string_view address, const CrackOptions& options = {});

}  // namespace stagepost

#endif  // STAGEPOST_MTA_REWRITE_CRACK_ADDRESS_H_
