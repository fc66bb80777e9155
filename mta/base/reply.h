// One SMTP reply (RFC 5321, section 4.2) with its enhanced status code (RFC 2034).
//
//   Reply(250, "2.1.0", "<u@outside.example>... Sender ok").Format()
//       == "250 2.1.0 <u@outside.example>... Sender ok\r\n"
#ifndef STAGEPOST_MTA_BASE_REPLY_H_
#define STAGEPOST_MTA_BASE_REPLY_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace stagepost {

// What a reply line may carry after the codes, in bytes. Whatever is longer is shortened in the
// middle, so that with the codes and CRLF a line stays within RFC 5321's 512 octets.
inline constexpr size_t kMaxReplyText = 500;

struct Reply {
  Reply() = default;
  // `text` may come from the peer: control characters are shown as '?', and it is shortened to
  // kMaxReplyText.
  Reply(int reply_code, absl::string_view enhanced_code, absl::string_view text);

  // Another line of a multi-line reply. Only replies without an enhanced code have several lines.
  void AddLine(absl::string_view text);

  bool positive() const { return code < 400; }
  // A 421: the connection is closed after it.
  bool closing() const { return code == 421; }

  // All lines with CRLF, ready to be sent.
  std::string Format() const;
  // The first line without CRLF: what log lines and traces show.
  std::string Text() const;

  int code = 0;
  std::string enhanced;            // "2.1.0"; empty: none (greeting, HELO, 354)
  std::vector<std::string> lines;  // at least one
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_BASE_REPLY_H_
