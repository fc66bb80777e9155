#include <set>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "mta/queue/queue_file.h"
#include "mta/queue/queue_file_lines.h"

namespace stagepost {
namespace {

class Formatter {
 public:
  Formatter(const Envelope& envelope, size_t max_bytes)
      : envelope_(envelope), max_bytes_(max_bytes) {}

  absl::StatusOr<std::string> Format() {
    Line('V', absl::StrCat(kQueueFileVersion));
    Counters();
    if (envelope_.has_8bitmime && envelope_.seven_bit) Fail("two body types");
    if (envelope_.has_8bitmime) Line('B', "8BITMIME");
    if (envelope_.seven_bit) Line('B', "7BIT");
    OptionalLine('q', envelope_.quarantine);
    OptionalLine('M', envelope_.message);
    Line('F', Flags());
    Macros();
    Address('S', "", envelope_.sender, envelope_.sender_bracketed);
    OptionalLine('Z', envelope_.envelope_id);
    OptionalLine('A', envelope_.auth_sender);
    DeliverByLine();
    Recipients();
    Fields();
    text_.append(".\n");
    if (text_.size() > max_bytes_) TooMuch("text");
    if (!status_.ok()) return status_;
    return std::move(text_);
  }

 private:
  void Fail(absl::string_view what) {
    status_.Update(absl::InvalidArgumentError(
        absl::StrCat("envelope ", envelope_.id, " cannot be queued: ", what)));
  }
  void TooMuch(absl::string_view what) {
    status_.Update(absl::ResourceExhaustedError(
        absl::StrCat("envelope ", envelope_.id, " cannot be queued: too much ", what)));
  }

  void Line(char letter, absl::string_view value) {
    if (value.find_first_of(absl::string_view("\n\0", 2)) != absl::string_view::npos) {
      Fail(absl::StrCat("line end or NUL in line ", absl::string_view(&letter, 1)));
    }
    text_.push_back(letter);
    absl::StrAppend(&text_, value, "\n");
  }
  void OptionalLine(char letter, absl::string_view value) {
    if (!value.empty()) Line(letter, value);
  }
  void Address(char letter, absl::string_view flags, absl::string_view address, bool bracketed) {
    if (bracketed) {
      Line(letter, absl::StrCat(flags, "<", address, ">"));
      return;
    }
    if (address.empty() || IsBracketed(address)) Fail("address cannot stand without brackets");
    Line(letter, absl::StrCat(flags, address));
  }

  void Time(char letter, absl::Time time, int64_t minimum) {
    const int64_t seconds = absl::ToUnixSeconds(time);
    if (seconds < minimum || seconds > kMaxQueuedTime) Fail("time out of range");
    Line(letter, absl::StrCat(seconds));
  }

  void Counters() {
    Time('T', envelope_.created, 0);
    const bool tried = envelope_.last_attempt != absl::InfinitePast();
    Time('K', tried ? envelope_.last_attempt : absl::UnixEpoch(), tried ? 1 : 0);
    if (envelope_.attempts < 0) Fail("number of attempts");
    Line('N', absl::StrCat(envelope_.attempts));
    Line('P', absl::StrCat(envelope_.priority));
    if (envelope_.data_file.has_value()) {
      const uint64_t device = envelope_.data_file->device;
      Line('I', absl::StrCat(DeviceMajor(device), "/", DeviceMinor(device), "/",
                             envelope_.data_file->inode));
    }
    OptionalLine('d', envelope_.data_directory);
  }

  void DeliverByLine() {
    if (!envelope_.deliver_by.has_value()) return;
    const DeliverBy& by = *envelope_.deliver_by;
    char bits = by.mode == DeliverBy::Mode::kReturn ? kDeliverByReturn : kDeliverByNotify;
    if (by.trace) bits |= kDeliverByTrace;
    if (by.seconds < -kMaxDeliverBy || by.seconds > kMaxDeliverBy) Fail("DELIVERBY");
    Line('!', absl::StrCat(absl::string_view(&bits, 1), " ", by.seconds));
  }

  std::string Flags() {
    std::string flags;
    for (const char flag : kEnvelopeFlags) {
      const bool set =
          flag == '8' ? envelope_.eight_bit : envelope_.flags.find(flag) != std::string::npos;
      if (set) flags.push_back(flag);
    }
    for (const char flag : envelope_.flags) {
      if (flag == '8' || !absl::ascii_isalnum(flag)) Fail("flags");
      if (flags.find(flag) == std::string::npos) flags.push_back(flag);
    }
    return flags;
  }

  void Macros() {
    if (envelope_.macros.size() > kMaxQueuedMacros) TooMuch("macros");
    for (const auto& [name, value] : envelope_.macros) {
      if (!IsMacroName(name)) Fail("macro name");
      if (name.size() == 1) Line('$', absl::StrCat(name, value));
    }
    std::set<absl::string_view> written;
    for (const std::string& name : envelope_.macro_order) {
      const auto it = envelope_.macros.find(name);
      if (it == envelope_.macros.end() || name.size() <= 1) continue;
      if (written.insert(name).second) LongMacro(name, it->second);
    }
    for (const auto& [name, value] : envelope_.macros) {
      if (name.size() > 1 && written.count(name) == 0) LongMacro(name, value);
    }
  }

  void LongMacro(absl::string_view name, absl::string_view value) {
    Line('$', absl::StrCat("{", name, "}", value));
  }

  void Recipients() {
    if (envelope_.recipients.size() > kMaxQueuedRecipients) TooMuch("recipients");
    absl::string_view controlling_user;
    for (const Recipient& recipient : envelope_.recipients) {
      OptionalLine('M', recipient.status);
      // A C line holds until the next one; an empty one ends it.
      if (recipient.controlling_user != controlling_user) Line('C', recipient.controlling_user);
      controlling_user = recipient.controlling_user;
      OptionalLine('Q', recipient.original_recipient);
      OptionalLine('r', recipient.final_recipient);
      if (!IsRecipientFlags(recipient.flags)) Fail("recipient flags");
      Address('R', absl::StrCat(recipient.flags, ":"), recipient.address, recipient.bracketed);
    }
  }

  void Fields() {
    if (envelope_.header.size() > kMaxQueuedHeaderFields) TooMuch("header fields");
    size_t bytes = 0;
    for (const HeaderField& field : envelope_.header) {
      if (!IsFieldName(field.name)) Fail("header field name");
      if (!IsFieldValue(field.value)) Fail("line end inside a header field");
      if (!IsFieldCondition(field.mailer_flags)) Fail("header field condition");
      absl::StrAppend(&text_, "H?", field.mailer_flags, "?", field.name, ":",
                      QuotedFieldValue(field), "\n");
      bytes += field.name.size() + field.value.size();
    }
    if (bytes > kMaxQueuedHeaderBytes) TooMuch("header");
  }

  const Envelope& envelope_;
  const size_t max_bytes_;
  std::string text_;
  absl::Status status_;
};

}  // namespace

absl::StatusOr<std::string> FormatQueueFile(const Envelope& envelope, size_t max_bytes) {
  return Formatter(envelope, max_bytes).Format();
}

}  // namespace stagepost
