// One SMTP command line, taken apart (RFC 5321, section 4.1), with sendmail's idea of its syntax.
//
// Nothing here copies or allocates in proportion to more than one line of kMaxCommandLine bytes.
// All views point into the line that was given.
#ifndef STAGEPOST_MTA_SMTP_COMMAND_PARSER_H_
#define STAGEPOST_MTA_SMTP_COMMAND_PARSER_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "mta/base/reply.h"

namespace stagepost {

// The longest command line, its line end included: sendmail's MAXLINE. RFC 5321 minimum: 512.
inline constexpr size_t kMaxCommandLine = 2048;
// ESMTP parameters of one command. We know eight; this bounds what a peer can make us look at.
inline constexpr size_t kMaxParameters = 20;
// The longest domain that HELO and EHLO take; sendmail's MAXNAME less one.
inline constexpr size_t kMaxHeloLength = 255;

enum class Verb : uint8_t {
  kHelo,
  kEhlo,
  kMail,
  kRcpt,
  kData,
  kRset,
  kNoop,
  kQuit,
  kVrfy,
  kExpn,
  kEtrn,
  kHelp,
  kVerb,
  kAuth,
  kStartTls,
  kNotImplemented,  // SEND, SAML, SOML, TURN
  kLogged,          // DEBUG, WIZ, SHOWQ: somebody tries old holes
  kUnknown,
};

struct Command {
  Verb verb = Verb::kUnknown;
  absl::string_view argument;  // leading and trailing white space removed
  absl::string_view line;      // everything up to the first NUL, as replies and traces show it
  // Begins as a request of an HTTP (or FTP) client does: as the first line of a connection, this is
  // somebody trying whether we are an open proxy.
  bool looks_like_proxy_request = false;
};

// `line` without its line end.
Command ParseCommand(absl::string_view line);

// "SIZE=1000": keyword and value. "FOO" and "FOO=" differ in has_value.
struct Parameter {
  absl::string_view keyword;
  absl::string_view value;
  bool has_value = false;
};

// Removes "FROM:" (`keyword` "FROM") and the blanks around it from the argument of MAIL; likewise
// "TO:" of RCPT. The reply says what stands there instead.
std::optional<Reply> SkipPathKeyword(absl::string_view keyword, absl::string_view& argument);

// What follows the path: "SIZE=1000 BODY=8BITMIME". A word that is no parameter is one with an
// empty keyword. At most one more than kMaxParameters is given, so that too
// many are noticed.
std::vector<Parameter> ParseParameters(absl::string_view text);

// Whether HELO and EHLO take `domain`: letters, digits and "[].-_#:", at most kMaxHeloLength bytes.
// sendmail asks no more.
bool IsAcceptableHelo(absl::string_view domain);

// The number at the beginning of the value of SIZE=, as sendmail reads it: 0 if there is none, the
// maximum if it is more than int64_t can hold.
int64_t ParseSize(absl::string_view value);

// `text`, or its beginning and end with "..." between them if it is longer than sendmail shows.
std::string Shortened(absl::string_view text);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_SMTP_COMMAND_PARSER_H_
