// What an expansion says to whoever wants to hear it.
#ifndef STAGEPOST_MTA_EXPAND_EXPANSION_NOTE_H_
#define STAGEPOST_MTA_EXPAND_EXPANSION_NOTE_H_

#include <string>

#include "absl/strings/string_view.h"

namespace stagepost {

// What sendmail says meanwhile: an error (a reply to EXPN, a line of -bv, of a bounce's
// transcript), or a remark (printed with -v; "050 " to a client that said VERB).
struct ExpansionNote {
  std::string code;  // "550"; empty: a remark
  std::string enhanced;
  std::string place;    // "/home/alice/.forward: line 1: "; empty: none
  std::string address;  // whose it is; empty: none
  std::string text;
  int exit_code = 0;  // of sysexits: -bv's, unless there is one already
  // Of the code and address: whether replies show the address in front ("<x>... User unknown").
  bool names_address = false;

  // "/home/alice/.forward: line 1: nosuchuser... User unknown"
  std::string Line() const;
};

class ExpansionObserver {
 public:
  virtual ~ExpansionObserver() = default;
  virtual void Note(const ExpansionNote& note) = 0;
  // A line that only transcripts of reports have: "<list@corp.example>... expanded to multiple
  // addresses".
  virtual void ForTranscript(absl::string_view /*line*/) {}
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_EXPAND_EXPANSION_NOTE_H_
