// The header of an accepted message: what came in, completed by the H lines of the configuration.
// Operations Guide, 5.7 (H), 5.6 (NoRecipientAction, MaxHopCount), 5.8 (P).
//
// The result is what a qf file holds: macros are put in, but for the value of Return-Path, and
// conditions (?P?, ?${macro}?) are kept for the mailer to decide.
#ifndef STAGEPOST_MTA_MESSAGE_COMPLETE_HEADER_H_
#define STAGEPOST_MTA_MESSAGE_COMPLETE_HEADER_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "mta/cf/configuration.h"
#include "mta/cf/macros.h"
#include "mta/message/header.h"
#include "mta/rewrite/tokenizer.h"

namespace stagepost {

// In the value of a field of the envelope: $g, the sender as the mailer sees it, to be put in on
// delivery. Only in fields that a mailer flag guards, never in one that a client sent: there the
// same bytes are part of somebody's UTF-8.
inline constexpr absl::string_view kLateSenderMacro = "\x81g";

// How long a message may wait, by Precedence or Priority: which Timeout.queue… are its own.
enum class Urgency { kNormal, kUrgent, kNonUrgent };

// What Precedence (by the P lines) and Priority say of a message.
struct Importance {
  int message_class = 0;
  Urgency urgency = Urgency::kNormal;
};
Importance ImportanceOf(const Configuration& configuration, const Header& header);

struct ReceivedHeader {
  const Header& header;  // as the collector found it
  // The "From " line of a mailbox: its date becomes the Date, read in `zone`.
  absl::string_view from_line = "";
  absl::TimeZone zone = absl::UTCTimeZone();
  std::vector<std::string> recipients = {};  // as R lines show them, for NoRecipientAction
  bool body_8bitmime = false;                // BODY=8BITMIME was given
  // Fields that the program adds by itself, behind those of the H lines and in front of what was
  // received: X-Authentication-Warning.
  Header added = {};
};

struct CompletedHeader {
  Header header;
  std::string message_id;  // of Resent-Message-Id in a resent message; ${msg_id}
  int message_class = 0;   // of Precedence, by the P lines
  Urgency urgency = Urgency::kNormal;
  int hops = 0;             // Received, X400-Received, Via, Mail-From; ours included
  bool delete_bcc = false;  // flag b of the F line: there are recipient fields, so Bcc goes
  bool is_mime = false;
  bool has_8bitmime = false;   // B8BITMIME of the qf file
  bool wants_receipt = false;  // Return-Receipt-To, for RrtImpliesDsn
};

// `macros` are the envelope's, with DefineEnvelopeMacros() done and $r, $s, $_ as the session has
// them; $a, $c, $x and ${msg_id} become what the header says.
CompletedHeader CompleteHeader(const Configuration& configuration, const Tokenizer& tokenizer,
                               ReceivedHeader received, Macros& macros);

// "Alice Adams" of the GECOS field of user alice: up to the comma, & replaced by the capitalised
// login name. Quoted where a phrase of RFC 5322 must be.
std::string FullNameOf(absl::string_view gecos, absl::string_view login,
                       absl::string_view must_quote);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_MESSAGE_COMPLETE_HEADER_H_
