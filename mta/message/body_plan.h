// How a body gets to a mailer: as it is, or converted from or to eight bits.
// Operations Guide, 5.6 (EightBitMode), 5.5 (flags 6, 7, 8, 9); RFC 2045, RFC 6152.
#ifndef STAGEPOST_MTA_MESSAGE_BODY_PLAN_H_
#define STAGEPOST_MTA_MESSAGE_BODY_PLAN_H_

#include <cstdint>
#include <optional>

#include "mta/cf/configuration.h"
#include "mta/queue/envelope.h"

namespace stagepost {

enum class BodyConversion : uint8_t {
  kNone,
  kToSevenBit,  // parts with 8-bit bytes become quoted-printable or base64
  kToEightBit,  // flag 9: a quoted-printable or base64 text becomes 8bit
};

struct BodyPlan {
  enum class Announcement : uint8_t { kNothing, kSevenBit, kEightBitMime };

  BodyConversion conversion = BodyConversion::kNone;
  bool strip_eighth_bit = false;         // of a body that is not converted: flag 7
  bool strip_eighth_bit_header = false;  // flags 6 and 7
  // The message has eight bits, says nothing of MIME, and gets the fields that do.
  bool add_mime_fields = false;
  // Multiparts are walked through, to shorten the headers of their parts (MaxMimeHeaderLength).
  bool walk_parts = false;
  // Strict mode: eight-bit data for a next hop that cannot take them. Nothing may be sent:
  // "554 5.6.3 HOST does not support 8BITMIME".
  bool forbidden = false;
  // What MAIL says: BODY=7BIT, BODY=8BITMIME.
  Announcement announcement = Announcement::kNothing;
};

// `offers_8bitmime`: whether the EHLO or LHLO of the next hop did; nullopt: the mailer speaks
// neither SMTP nor LMTP.
BodyPlan PlanBody(const Envelope& envelope, const Mailer& mailer,
                  const Configuration& configuration, std::optional<bool> offers_8bitmime);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_MESSAGE_BODY_PLAN_H_
