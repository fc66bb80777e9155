// Turns the bytes of a DATA phase into message text (RFC 5321, section 4.5.2): line ends become LF,
// dot stuffing is removed, the final dot is found.
//
// Only <CRLF>.<CRLF> ends a message, and only CRLF ends a line: a bare CR or LF is a fault, since
// other programs may see a line end there and with it the end of the message (SMTP smuggling). Who
// asks for it (srv_features) gets a space in its place, or the byte as it is.
// The decoder keeps a few bits of state between calls; where the input is split makes no
// difference.
#ifndef STAGEPOST_MTA_SMTP_DATA_DECODER_H_
#define STAGEPOST_MTA_SMTP_DATA_DECODER_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace stagepost {

enum class BareLineEnd : uint8_t { kRefuse, kReplace, kAccept };

struct DataRules {
  BareLineEnd bare_line_feed = BareLineEnd::kRefuse;
  BareLineEnd bare_carriage_return = BareLineEnd::kRefuse;
  // A dot on a line of its own ends the message however its line ends. With bare_line_feed
  // kAccept only.
  bool loose_end = false;
};

class DataDecoder {
 public:
  enum class Fault : uint8_t { kNone, kBareLineFeed, kBareCarriageReturn };

  explicit DataDecoder(DataRules rules = {}) : rules_(rules) {}

  // Appends the text of `input` to `output` and returns how many bytes were used up: all of them,
  // unless the message ended or a fault was found. REQUIRES: !done() and no fault.
  size_t Decode(absl::string_view input, std::string& output);

  // The final dot has been seen.
  bool done() const { return state_ == State::kDone; }
  Fault fault() const { return fault_; }
  // There were such, and they were replaced or accepted.
  bool saw_bare_line_feed() const { return saw_bare_line_feed_; }
  bool saw_bare_carriage_return() const { return saw_bare_carriage_return_; }

 private:
  enum class State : uint8_t {
    kLineStart,  // behind a line end
    kDot,        // behind a dot at the start of a line
    kDotCr,      // behind that and a CR
    kText,       // inside a line
    kCr,         // behind a CR inside or at the start of a line
    kDone,
  };
  void Step(char c, std::string& output);
  void LineFeed(std::string& output);
  void BareCarriageReturn(char next, std::string& output);

  const DataRules rules_;
  State state_ = State::kLineStart;
  Fault fault_ = Fault::kNone;
  bool saw_bare_line_feed_ = false, saw_bare_carriage_return_ = false;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_SMTP_DATA_DECODER_H_
