#include "mta/message/body_plan.h"

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "mta/message/mime_type.h"

namespace stagepost {
namespace {

using Announcement = BodyPlan::Announcement;

// A Content-Type of before MIME (RFC 1049): one word, without a subtype.
bool IsOldContentType(const Header& header) {
  const HeaderField* field = FindField(header, "Content-Type");
  if (field == nullptr || FindField(header, "MIME-Version") != nullptr) return false;
  const size_t end = field->value.find_first_of(";/");
  return end == std::string::npos || field->value[end] == ';';
}

// A text in quoted-printable or base64: what flag 9 undoes.
bool IsEncodedText(const Header& header) {
  const std::string encoding = ReadEncoding(FieldValue(header, "Content-Transfer-Encoding"));
  if (encoding != "quoted-printable" && encoding != "base64") return false;
  const HeaderField* type = FindField(header, "Content-Type");
  return type == nullptr || ReadContentType(type->value).Is("text/plain");
}

Announcement AnnouncementOf(const Envelope& envelope, bool mimefy) {
  if (envelope.has_8bitmime) {
    return envelope.eight_bit ? Announcement::kEightBitMime : Announcement::kSevenBit;
  }
  if (envelope.seven_bit) return Announcement::kSevenBit;
  return mimefy ? Announcement::kEightBitMime : Announcement::kNothing;
}

}  // namespace

BodyPlan PlanBody(const Envelope& envelope, const Mailer& mailer,
                  const Configuration& configuration, std::optional<bool> offers_8bitmime) {
  const Options& options = configuration.options;
  const char mode = options.Character(OptionId::kEightBitMode);
  const bool mime_version = FindField(envelope.header, "MIME-Version") != nullptr;
  const bool is_mime = envelope.has_8bitmime || mime_version;
  const bool convertible = !IsOldContentType(envelope.header) || is_mime;
  const bool takes_eight_bits = offers_8bitmime.value_or(true) || mailer.Has('8');

  BodyPlan plan;
  plan.strip_eighth_bit = mailer.Has('7');
  plan.strip_eighth_bit_header = mailer.Has('6') || mailer.Has('7');
  plan.walk_parts = options.max_mime_header_bytes() > 0 || options.max_mime_parameter_bytes() > 0;
  // In the mode of mimefy, what has eight bits is given the fields of MIME.
  const bool mimefy = envelope.eight_bit && mode == 'm' && convertible && !mailer.Has('8');
  plan.add_mime_fields = mimefy && !mime_version;
  if (envelope.eight_bit && convertible && (mailer.Has('7') || !takes_eight_bits) &&
      (mode != 'p' || is_mime)) {
    plan.conversion = BodyConversion::kToSevenBit;
    plan.add_mime_fields = !mime_version;
  } else if (envelope.eight_bit && !takes_eight_bits && mode != 'p') {
    plan.forbidden = true;
  } else if (mailer.Has('9') && takes_eight_bits && IsEncodedText(envelope.header)) {
    plan.conversion = BodyConversion::kToEightBit;
  }
  if (offers_8bitmime.value_or(false)) {
    plan.announcement = AnnouncementOf(envelope, mimefy);
  }
  return plan;
}

}  // namespace stagepost
