// The macros that an envelope defines for itself: what H lines, mailer arguments and rules see of
// the message in hand. Operations Guide, 5.2.
//
// Used by a session when a message is complete, by a delivery job when it has read a qf file, and
// by whoever makes a message (bounces, the command line).
#ifndef STAGEPOST_MTA_MESSAGE_ENVELOPE_MACROS_H_
#define STAGEPOST_MTA_MESSAGE_ENVELOPE_MACROS_H_

#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "mta/cf/configuration.h"
#include "mta/cf/macros.h"
#include "mta/queue/envelope.h"

namespace stagepost {

// What is known of a message before its header is read.
struct EnvelopeFacts {
  std::string id;      // $i, the queue id
  std::string sender;  // $f and $g: the reverse-path without brackets; empty: the null one
  // $u: the recipient as it was given, if there has been exactly one, so that Received names it:
  // "<alice@corp.example>", "bob". Empty: not defined.
  std::string only_recipient;
  std::string full_name;  // $x: of a sender of this host; empty: not defined
  absl::Time now;         // $b, $d, $t; also $a until the header has a Date
  absl::TimeZone zone;
  int hops = 0;  // $c
};

// Defines $a $b $c $d $f $g $i $t $u $x and ${time}. $j, $v, $n, $r, $s and $_ are not its
// business.
void DefineEnvelopeMacros(const EnvelopeFacts& facts, Macros& macros);

// Defines what a qf file says in its $ lines, and the macros above from the envelope: $f $g $i $x
// (from Full-Name), $a, $c; $b, $d and $t are those of `now`.
void DefineQueuedMacros(const Envelope& envelope, const Configuration& configuration,
                        absl::Time now, absl::TimeZone zone, Macros& macros);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_MESSAGE_ENVELOPE_MACROS_H_
