// The header of an accepted message: what the client sent, and what sendmail puts in front of it.
#ifndef STAGEPOST_MTA_MESSAGE_ENVELOPE_HEADER_H_
#define STAGEPOST_MTA_MESSAGE_ENVELOPE_HEADER_H_

#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "mta/message/header.h"

namespace stagepost {

// The value of the Return-Path field until delivery: byte 0x81 and 'g' stand for sendmail's macro
// $g, the sender as the mailer sees it. Delivery expands it in this field only (name Return-Path,
// mailer flag P), never in a field that a client sent: there the same bytes are part of somebody's
// UTF-8.
inline constexpr absl::string_view kReturnPathValue = " <\x81g>";

// What is known about how a message came in.
struct Reception {
  std::string host_name;  // $j
  std::string version;    // $v
  std::string id;         // queue id
  std::string client;     // $_: "[192.0.2.33]"
  std::string helo;       // $s; empty: the client did not say
  std::string protocol;   // $r: "SMTP", "ESMTP"
  std::string recipient;  // for the "for" clause, without brackets; empty: none
  std::string sender;     // for a missing From; empty: the null reverse-path
  std::string warning;    // X-Authentication-Warning, behind what we add; empty: none
  absl::Time time;
  absl::TimeZone zone;
};

// The value of our Received field, folded as sendmail folds it.
std::string ReceivedValue(const Reception& reception);

// Return-Path, Received, then the fields every message must have and this one lacks (Date, From,
// Message-Id, and their Resent- kin when it was resent), each with its mailer flag, then the fields
// of `received`, less those that are not for the recipient (Return-Path, Bcc). A Date is made from
// the mailbox's `from_line` if there is one.
Header EnvelopeHeader(const Header& received, absl::string_view from_line,
                      const Reception& reception);

// How many Received fields there are.
int CountReceived(const Header& header);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_MESSAGE_ENVELOPE_HEADER_H_
