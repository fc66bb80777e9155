#include "mta/message/known_fields.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace stagepost {
namespace {

struct KnownField {
  absl::string_view name;
  uint32_t bits;
};

constexpr KnownField kKnownFields[] = {
    {"Apparently-To", FieldTraits::kRecipient},
    {"Bcc", FieldTraits::kRecipient | FieldTraits::kBlindCopy},
    {"Cc", FieldTraits::kRecipient},
    {"Content-Length", FieldTraits::kGuarded},
    {"Content-Transfer-Encoding", FieldTraits::kEncoding},
    {"Content-Type", FieldTraits::kContentType},
    {"Delivery-Receipt-To", FieldTraits::kReceiptTo},
    {"Disposition-Notification-To", FieldTraits::kSender},
    {"Errors-To", FieldTraits::kSender},
    {"From", FieldTraits::kSender},
    {"Full-Name", FieldTraits::kGuarded},
    {"Mail-From", FieldTraits::kTrace | FieldTraits::kForced},
    {"Message", FieldTraits::kEndsHeader},
    {"Received", FieldTraits::kTrace | FieldTraits::kForced},
    {"Reply-To", FieldTraits::kSender},
    {"Resent-Bcc", FieldTraits::kRecipient | FieldTraits::kResent | FieldTraits::kBlindCopy},
    {"Resent-Cc", FieldTraits::kRecipient | FieldTraits::kResent},
    {"Resent-Date", FieldTraits::kResent},
    {"Resent-From", FieldTraits::kSender | FieldTraits::kResent},
    {"Resent-Message-Id", FieldTraits::kResent},
    {"Resent-Reply-To", FieldTraits::kSender | FieldTraits::kResent},
    {"Resent-Sender", FieldTraits::kSender | FieldTraits::kResent},
    {"Resent-To", FieldTraits::kRecipient | FieldTraits::kResent},
    {"Return-Path", FieldTraits::kForced | FieldTraits::kGuarded | FieldTraits::kLate},
    {"Return-Receipt-To", FieldTraits::kReceiptTo},
    {"Sender", FieldTraits::kSender},
    {"Text", FieldTraits::kEndsHeader},
    {"To", FieldTraits::kRecipient},
    {"Via", FieldTraits::kTrace | FieldTraits::kForced},
    {"X-Authentication-Warning", FieldTraits::kForced},
    {"X400-Received", FieldTraits::kTrace | FieldTraits::kForced},
};

}  // namespace

FieldTraits TraitsOf(absl::string_view name) {
  if (name.empty()) return FieldTraits();
  const char first = absl::ascii_toupper(static_cast<unsigned char>(name[0]));
  for (const KnownField& field : kKnownFields) {
    if (field.name.size() != name.size() || field.name[0] != first) continue;
    if (absl::EqualsIgnoreCase(field.name, name)) return FieldTraits(field.bits);
  }
  return FieldTraits();
}

}  // namespace stagepost
