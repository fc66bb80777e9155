// How a body gets to a mailer: as it is, or converted from or to eight bits.
// Operations Guide, 5.6 (EightBitMode), 5.5 (flags 7, 8, 9, L, E); RFC 2045, RFC 6152.
#ifndef STAGEPOST_MTA_MESSAGE_BODY_PLAN_H_
#define STAGEPOST_MTA_MESSAGE_BODY_PLAN_H_

#include "mta/cf/configuration.h"
#include "mta/queue/envelope.h"

namespace stagepost {

enum class BodyConversion : uint8_t {
  kNone,
  kToSevenBit,  // parts with 8-bit bytes become quoted-printable or base64
  kToEightBit,  // flag 9: quoted-printable and base64 text becomes 8bit
};

struct BodyPlan {
  BodyConversion conversion = BodyConversion::kNone;
  bool strip_eighth_bit = false;         // of the body: flag 7
  bool strip_eighth_bit_header = false;  // flags 6 and 7
  // The message has eight bits, says nothing of MIME, and gets the fields that do.
  bool add_mime_fields = false;
  // Strict mode: eight-bit data for a next hop that cannot take them. "554 5.6.3 Eight bit data not
  // allowed"; nothing may be sent.
  bool forbidden = false;
  // How the message is to be announced: BODY=8BITMIME, BODY=7BIT, or nothing.
  bool announce_8bitmime = false;
};

// `offers_8bitmime`: the next hop's EHLO did; false for mailers that do not speak SMTP.
BodyPlan PlanBody(const Envelope& envelope, const Mailer& mailer,
                  const Configuration& configuration, bool offers_8bitmime);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_MESSAGE_BODY_PLAN_H_
