// What a mailer's flags and limits do to lines: L=, flags 6 and 7, flag E. Operations Guide, 5.5.
#ifndef STAGEPOST_MTA_MESSAGE_MAILER_LINES_H_
#define STAGEPOST_MTA_MESSAGE_MAILER_LINES_H_

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace stagepost {

struct LineTreatment {
  size_t limit = 0;  // bytes without the line end; 0: none
  bool strip_eighth_bit = false;
  bool escape_from = false;  // ">" in front of lines that begin with "From "
};

// A filter for text with LF line ends, cut anywhere. A line that is too long is cut with "!" at its
// end, and goes on behind a blank on the next one.
class MailerLines {
 public:
  explicit MailerLines(LineTreatment treatment) : treatment_(treatment) {}

  // As the header goes over into the body, between two lines.
  void set_treatment(LineTreatment treatment) { treatment_ = treatment; }

  void Take(absl::string_view text, std::string& out);
  void Finish(std::string& out);

 private:
  void PutPart(absl::string_view part, std::string& out);
  void PutBeginning(std::string& out);

  LineTreatment treatment_;
  std::string beginning_;  // of a line, as long as it may still become "From "
  bool at_start_ = true;
  size_t column_ = 0;
  // The last character of a full line: only with another behind it must the line be cut.
  std::string held_;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_MESSAGE_MAILER_LINES_H_
