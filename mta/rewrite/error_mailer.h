// $#error: what it means to whoever asked. Operations Guide, 5.1.3 ("error"); RFC 3463.
#ifndef STAGEPOST_MTA_REWRITE_ERROR_MAILER_H_
#define STAGEPOST_MTA_REWRITE_ERROR_MAILER_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "mta/rewrite/tokenizer.h"

namespace stagepost {

struct ErrorMailer {
  std::string status;      // "5.1.1", if the host was one
  int exit_code = 0;       // of sysexits
  bool temporary = false;  // whether the same address may work later
  RewriteMessage message;  // the reply, its code taken from the text or the host, or 553 5.3.0
};

// `host` is a D.S.N. code, a number or name of sysexits ("nouser"), or absent; `user` the text,
// which may begin with a reply code and a D.S.N. code.
ErrorMailer ReadErrorMailer(const std::optional<std::string>& host, absl::string_view user);

// How long the D.S.N. code is ("5.7.1") with which `text` begins and behind which comes `end` (or
// nothing, if `end` is NUL); 0: there is none.
size_t EnhancedCodeLength(absl::string_view text, char end);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_REWRITE_ERROR_MAILER_H_
