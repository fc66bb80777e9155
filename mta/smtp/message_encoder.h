// Message text as DATA takes it: the mailer's line ends, dots that are no end, and the final dot.
// RFC 5321, section 4.5.2.
//
//   MessageEncoder encoder("\r\n", true);
//   encoder.Append("Hello.\n.\n", wire);   // wire: "Hello.\r\n..\r\n"
//   encoder.Finish(wire);                  // wire: "Hello.\r\n..\r\n.\r\n"
#ifndef STAGEPOST_MTA_SMTP_MESSAGE_ENCODER_H_
#define STAGEPOST_MTA_SMTP_MESSAGE_ENCODER_H_

#include <string>
#include <utility>

#include "absl/strings/string_view.h"

namespace stagepost {

class MessageEncoder {
 public:
  // `escape_dots`: another dot in front of every line that begins with one (mailer flag X). Without
  // it only a line that is nothing but a dot gets one: as it stands it would end the message, and
  // make commands of what follows.
  MessageEncoder(std::string end_of_line, bool escape_dots)
      : end_of_line_(std::move(end_of_line)), escape_dots_(escape_dots) {}

  // `text` with LF as line ends, in any pieces.
  void Append(absl::string_view text, std::string& wire);
  // Ends the last line if it has no end, and the message.
  void Finish(std::string& wire);

 private:
  void AppendUnescaped(absl::string_view text, std::string& wire);

  const std::string end_of_line_;
  const bool escape_dots_;
  bool line_start_ = true;
  bool lone_dot_ = false;  // the line so far is "."
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_SMTP_MESSAGE_ENCODER_H_
