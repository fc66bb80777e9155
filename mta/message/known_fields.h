// What the program itself knows about header fields by their names. RFC 5322, 3.6; RFC 2045; the
// names that sendmail treats in a way of their own.
#ifndef STAGEPOST_MTA_MESSAGE_KNOWN_FIELDS_H_
#define STAGEPOST_MTA_MESSAGE_KNOWN_FIELDS_H_

#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"

namespace stagepost {

// A line whose name is longer is no header field, and begins the body.
inline constexpr size_t kMaxFieldNameBytes = 100;

class FieldTraits {
 public:
  enum Bit : uint32_t {
    kSender = 1 << 0,      // holds addresses of who has sent it
    kRecipient = 1 << 1,   // holds addresses of who gets it
    kResent = 1 << 2,      // makes it a resent message
    kForced = 1 << 3,      // ours stands beside what was received
    kTrace = 1 << 4,       // counts as a hop
    kGuarded = 1 << 5,     // goes out only to mailers with the flag of its H line
    kLate = 1 << 6,        // its macros are put in on delivery
    kBlindCopy = 1 << 7,   // Bcc
    kEncoding = 1 << 8,    // Content-Transfer-Encoding
    kEndsHeader = 1 << 9,  // such a line is the first of the body
    kReceiptTo = 1 << 10,  // asks for a receipt
    kContentType = 1 << 11,
  };

  constexpr FieldTraits() = default;
  constexpr explicit FieldTraits(uint32_t bits) : bits_(bits) {}
  constexpr bool Has(Bit bit) const { return (bits_ & bit) != 0; }
  // It is a list of addresses.
  constexpr bool has_addresses() const { return Has(kSender) || Has(kRecipient); }

 private:
  uint32_t bits_ = 0;
};

// Case does not count; names that nobody knows have no traits.
FieldTraits TraitsOf(absl::string_view name);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_MESSAGE_KNOWN_FIELDS_H_
