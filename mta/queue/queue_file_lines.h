// What may stand in the lines of a qf file: rules that writing and reading share.
//
// For queue_file*.cc only.
#ifndef STAGEPOST_MTA_QUEUE_QUEUE_FILE_LINES_H_
#define STAGEPOST_MTA_QUEUE_QUEUE_FILE_LINES_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "mta/message/header.h"
#include "mta/queue/envelope.h"

namespace stagepost {

inline constexpr int kQueueFileVersion = 8;
// Known letters of the F line, in the order they are written; others follow.
inline constexpr absl::string_view kEnvelopeFlags = "wr8bdnse";

// Unix time: far enough for every date, near enough for arithmetic.
inline constexpr int64_t kMaxQueuedTime = int64_t{1} << 40;

// The byte behind the ! of a DELIVERBY line.
inline constexpr char kDeliverByNotify = 0x01;
inline constexpr char kDeliverByReturn = 0x02;
inline constexpr char kDeliverByTrace = 0x10;
// RFC 2852: nine digits and a sign.
inline constexpr int64_t kMaxDeliverBy = 999'999'999;

// nullopt: bits that mean nothing, or no mode.
std::optional<DeliverBy::Mode> DeliverByModeOf(char bits);

// As makedev(3) on Linux: 12 + 20 bits of major number around and above 8 + 12 bits of minor.
constexpr uint64_t DeviceMajor(uint64_t device) {
  return ((device >> 8) & 0xfff) | ((device >> 32) & 0xfffff000);
}
constexpr uint64_t DeviceMinor(uint64_t device) {
  return (device & 0xff) | ((device >> 12) & 0xffffff00);
}
constexpr uint64_t MakeDevice(uint64_t major, uint64_t minor) {
  return ((major & 0xfff) << 8) | ((major & 0xfffff000) << 32) | (minor & 0xff) |
         ((minor & 0xffffff00) << 12);
}

// "<…>".
bool IsBracketed(absl::string_view address);
// One printable character but '{', or a name of letters, digits and underscores.
bool IsMacroName(absl::string_view name);
// Letters, each at most once.
bool IsRecipientFlags(absl::string_view flags);
// RFC 5322, section 2.2: printable US-ASCII without the colon.
bool IsFieldName(absl::string_view name);
// Every line end is followed by white space, that is, folds the field.
bool IsFieldValue(absl::string_view value);
// The value of a field as it stands in the file: bytes that would mean a macro there, 0x80 to 0x9f,
// and 0xff have one of 0xff in front. Return-Path is the one whose macro is meant.
std::string QuotedFieldValue(const HeaderField& field);
// The way back.
std::string UnquotedFieldValue(absl::string_view value);
// Mailer flags, or ${macro}.
bool IsFieldCondition(absl::string_view condition);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_QUEUE_QUEUE_FILE_LINES_H_
