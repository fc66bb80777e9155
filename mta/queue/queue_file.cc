#include "mta/queue/queue_file.h"

#include <algorithm>
#include <limits>
#include <set>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "mta/base/status_macros.h"
#include "mta/queue/queue_file_lines.h"

namespace stagepost {
namespace {

// No sign but a minus, no blanks, nothing behind: SimpleAtoi is more lenient.
bool ParseInteger(absl::string_view text, int64_t minimum, int64_t maximum, int64_t& value) {
  const absl::string_view digits = absl::StripPrefix(text, "-");
  if (digits.empty() || !absl::ascii_isdigit(digits[0])) return false;
  if (!absl::ascii_isdigit(digits.back())) return false;
  return absl::SimpleAtoi(text, &value) && value >= minimum && value <= maximum;
}

constexpr int64_t kMinInteger = std::numeric_limits<int64_t>::min();
constexpr int64_t kMaxInteger = std::numeric_limits<int64_t>::max();

constexpr absl::string_view kReasonUrl = "stagepost/queue-file-losing-reason";

class Parser {
 public:
  Parser(absl::string_view file_name, absl::string_view text)
      : file_name_(file_name), text_(text) {}

  absl::StatusOr<Envelope> Parse() {
    envelope_.flags.clear();
    while (!ended_) {
      if (text_.empty()) return Incomplete();
      line_ = TakeLine();
      if (!complete_) return Incomplete();
      RETURN_IF_ERROR(ParseLine(line_));
    }
    if (!text_.empty()) {
      return QueueFileError(
          absl::StrCat("SECURITY ALERT: extra or bogus data in queue file: ", FirstLine(text_)),
          "bogus queue line");
    }
    if (seen_.count('T') == 0 || seen_.count('S') == 0) return Incomplete();
    if (!next_.status.empty() || !next_.original_recipient.empty() ||
        !next_.final_recipient.empty()) {
      return Incomplete();
    }
    return std::move(envelope_);
  }

 private:
  static constexpr size_t kQuotedBytes = 200;

  static absl::string_view FirstLine(absl::string_view text) {
    return text.substr(0, text.find('\n')).substr(0, kQuotedBytes);
  }

  // A line that sendmail would take.
  absl::Status Error(absl::string_view why) const { return BadLine(absl::StrCat(" (", why, ")")); }
  absl::Status BadLine(absl::string_view why = "") const {
    return QueueFileError(absl::StrCat("readqf: ", file_name_, ": line ", line_number_,
                                       ": bad line \"", FirstLine(line_), "\"", why),
                          "unrecognized line");
  }
  absl::Status Incomplete() const {
    return QueueFileError(absl::StrCat("readqf: ", file_name_, ": incomplete queue file read"), "");
  }

  // The next line with its continuations, without its line end. REQUIRES: !text_.empty().
  absl::string_view TakeLine() {
    line_number_ = next_line_number_;
    size_t end = 0;
    do {
      end = text_.find('\n', end);
      if (end == absl::string_view::npos) end = text_.size();
      ++next_line_number_;
      ++end;
    } while (end < text_.size() && (text_[end] == ' ' || text_[end] == '\t'));
    const absl::string_view line = text_.substr(0, end - 1);
    complete_ = end <= text_.size();
    text_.remove_prefix(std::min(end, text_.size()));
    return line;
  }

  absl::Status ParseLine(absl::string_view line) {
    if (line.empty()) return BadLine();
    const char letter = line[0];
    const absl::string_view value = line.substr(1);
    if (letter == 'V' && line_number_ != 1) return Error("not the first line");
    if (letter == 'H') return ParseField(value);
    if (line.find_first_of(absl::string_view("\n\0", 2)) != absl::string_view::npos) {
      return Error("line end or NUL inside a line");
    }
    if (absl::string_view("VTKNPIBFSZAdq!").find(letter) != absl::string_view::npos &&
        !seen_.insert(letter).second) {
      return Error("second line of its kind");
    }
    switch (letter) {
      case 'V':
      case 'T':
      case 'K':
      case 'N':
      case 'P':
        return ParseCounter(letter, value);
      case 'I':
        return ParseDataFile(value);
      case 'B':
        return ParseBodyType(value);
      case 'F':
        return ParseFlags(value);
      case '$':
        return ParseMacro(value);
      case 'S':
        return ParseSender(value);
      case 'Z':
        return SetOnce(envelope_.envelope_id, value);
      case 'A':
        return SetOnce(envelope_.auth_sender, value);
      case 'M':
        // The last one counts.
        (seen_.count('S') != 0 ? next_.status : envelope_.message) = std::string(value);
        return absl::OkStatus();
      case 'Q':
        return SetOnce(next_.original_recipient, value);
      case 'r':
        return SetOnce(next_.final_recipient, value);
      case 'C':
        next_.controlling_user = std::string(value);
        return absl::OkStatus();
      case 'R':
        return ParseRecipient(value);
      case '.':
        ended_ = value.empty();
        return ended_ ? absl::OkStatus() : BadLine();
      case 'q':
        return SetOnce(envelope_.quarantine, value);
      case 'd':
        return SetOnce(envelope_.data_directory, value);
      case '!':
        return ParseDeliverBy(value);
      case 'D':
      case 'E':
      case 'L':
        return absl::OkStatus();
      default:
        return BadLine();
    }
  }

  absl::Status SetOnce(std::string& field, absl::string_view value) {
    if (value.empty()) return Error("empty value");
    if (!field.empty()) return Error("second line of its kind");
    field = std::string(value);
    return absl::OkStatus();
  }

  absl::Status ParseCounter(char letter, absl::string_view value) {
    int64_t number;
    if (!ParseInteger(value, letter == 'P' ? kMinInteger : 0, kMaxInteger, number)) {
      return Error("not a number");
    }
    if (letter == 'V' && number > kQueueFileVersion) {
      return QueueFileError(absl::StrCat("Version number in queue file (", number,
                                         ") greater than max (", kQueueFileVersion, ")"),
                            "unsupported queue file version");
    }
    if (letter == 'V') version_ = static_cast<int>(number);
    if ((letter == 'T' || letter == 'K') && number > kMaxQueuedTime) return Error("no time");
    if (letter == 'N' && number > std::numeric_limits<int>::max()) return Error("no count");
    if (letter == 'T') envelope_.created = absl::FromUnixSeconds(number);
    if (letter == 'K' && number != 0) envelope_.last_attempt = absl::FromUnixSeconds(number);
    if (letter == 'N') envelope_.attempts = static_cast<int>(number);
    if (letter == 'P') envelope_.priority = number;
    return absl::OkStatus();
  }

  absl::Status ParseDataFile(absl::string_view value) {
    const size_t first = value.find('/');
    const size_t second = first == absl::string_view::npos ? first : value.find('/', first + 1);
    int64_t major, minor, inode;
    if (second == absl::string_view::npos ||
        !ParseInteger(value.substr(0, first), 0, 0xffffffff, major) ||
        !ParseInteger(value.substr(first + 1, second - first - 1), 0, 0xffffffff, minor) ||
        !ParseInteger(value.substr(second + 1), 0, kMaxInteger, inode)) {
      return Error("not MAJOR/MINOR/INODE");
    }
    envelope_.data_file = {MakeDevice(static_cast<uint64_t>(major), static_cast<uint64_t>(minor)),
                           static_cast<uint64_t>(inode)};
    return absl::OkStatus();
  }

  absl::Status ParseBodyType(absl::string_view value) {
    envelope_.has_8bitmime = value == "8BITMIME";
    envelope_.seven_bit = value == "7BIT";
    if (!envelope_.has_8bitmime && !envelope_.seven_bit) return Error("unknown body type");
    return absl::OkStatus();
  }

  absl::Status ParseFlags(absl::string_view value) {
    for (const char flag : value) {
      if (!absl::ascii_isalnum(flag)) return Error("no flag");
      if (flag == '8') {
        envelope_.eight_bit = true;
      } else if (envelope_.flags.find(flag) == std::string::npos) {
        envelope_.flags.push_back(flag);
      }
    }
    return absl::OkStatus();
  }

  absl::Status ParseDeliverBy(absl::string_view value) {
    if (value.size() < 3 || value[1] != ' ') return Error("not a mode and a time");
    const std::optional<DeliverBy::Mode> mode = DeliverByModeOf(value[0]);
    DeliverBy by;
    if (!mode.has_value()) return Error("unknown mode");
    by.mode = *mode;
    by.trace = (value[0] & kDeliverByTrace) != 0;
    if (!ParseInteger(value.substr(2), -kMaxDeliverBy, kMaxDeliverBy, by.seconds)) {
      return Error("no time");
    }
    envelope_.deliver_by = by;
    return absl::OkStatus();
  }

  absl::Status ParseMacro(absl::string_view value) {
    absl::string_view name = value.substr(0, 1);
    if (name == "{") {
      const size_t end = value.find('}');
      if (end == absl::string_view::npos) return Error("macro name without a closing brace");
      name = value.substr(1, end - 1);
      value.remove_prefix(end + 1);
    } else {
      value.remove_prefix(name.size());
    }
    if (!IsMacroName(name)) return Error("no macro name");
    if (envelope_.macros.size() == kMaxQueuedMacros) return Error("too many macros");
    if (!envelope_.macros.emplace(name, value).second) return Error("macro defined twice");
    if (name.size() > 1) envelope_.macro_order.emplace_back(name);
    return absl::OkStatus();
  }

  absl::Status ParseAddress(absl::string_view value, std::string& address, bool& bracketed) {
    if (value.empty()) return Error("no address");
    bracketed = IsBracketed(value);
    if (bracketed) value = value.substr(1, value.size() - 2);
    address = std::string(value);
    return absl::OkStatus();
  }

  absl::Status ParseSender(absl::string_view value) {
    return ParseAddress(value, envelope_.sender, envelope_.sender_bracketed);
  }

  absl::Status ParseRecipient(absl::string_view value) {
    if (version_ > 0) {
      const size_t colon = value.find(':');
      if (colon == absl::string_view::npos) return Error("no flags in front of the recipient");
      next_.flags = std::string(value.substr(0, colon));
      if (!IsRecipientFlags(next_.flags)) return Error("unknown recipient flag");
      value.remove_prefix(colon + 1);
    }
    RETURN_IF_ERROR(ParseAddress(value, next_.address, next_.bracketed));
    if (envelope_.recipients.size() == kMaxQueuedRecipients) return Error("too many recipients");
    envelope_.recipients.push_back(next_);
    // The controlling user holds for those that follow, too.
    Recipient after;
    after.controlling_user = std::move(next_.controlling_user);
    next_ = std::move(after);
    return absl::OkStatus();
  }

  absl::Status ParseField(absl::string_view value) {
    HeaderField field;
    if (value.substr(0, 1) == "?") {
      const size_t end = value.find('?', 1);
      if (end == absl::string_view::npos) return Error("header condition without an end");
      field.mailer_flags = std::string(value.substr(1, end - 1));
      value.remove_prefix(end + 1);
    }
    if (!IsFieldCondition(field.mailer_flags)) return Error("unknown header condition");
    const size_t colon = value.find(':');
    if (colon == absl::string_view::npos) return Error("header field without a colon");
    field.name = std::string(value.substr(0, colon));
    field.value = UnquotedFieldValue(value.substr(colon + 1));
    if (!IsFieldName(field.name)) return Error("no header field name");
    header_bytes_ += field.name.size() + field.value.size();
    if (header_bytes_ > kMaxQueuedHeaderBytes) return Error("header too large");
    if (envelope_.header.size() == kMaxQueuedHeaderFields) return Error("too many header fields");
    envelope_.header.push_back(std::move(field));
    return absl::OkStatus();
  }

  const absl::string_view file_name_;
  absl::string_view text_;  // what is left
  int version_ = 0;
  absl::string_view line_;
  int line_number_ = 1;  // of the line being parsed, for errors
  int next_line_number_ = 1;
  bool complete_ = true;  // the line had its line end
  bool ended_ = false;
  std::set<char> seen_;  // letters of lines that come once
  size_t header_bytes_ = 0;
  Envelope envelope_;
  Recipient next_;  // what the lines so far say of the next R line
};

}  // namespace

absl::Status QueueFileError(absl::string_view message, absl::string_view losing_reason) {
  absl::Status status = absl::DataLossError(message);
  status.SetPayload(kReasonUrl, absl::Cord(losing_reason));
  return status;
}

std::string LosingReason(const absl::Status& status) {
  const absl::optional<absl::Cord> reason = status.GetPayload(kReasonUrl);
  return reason.has_value() ? std::string(*reason) : std::string();
}

absl::StatusOr<Envelope> ParseQueueFile(absl::string_view file_name, absl::string_view text) {
  if (text.size() > kMaxQueueFileBytes) return QueueFileError("file too large", "too large");
  return Parser(file_name, text).Parse();
}

std::optional<QueueOrder> FindQueueOrder(absl::string_view beginning) {
  QueueOrder order;
  bool priority = false, created = false;
  // What counts stands before the macros; priority and creation are enough.
  while (true) {
    const size_t end = beginning.find('\n');
    if (end == 0 || end == absl::string_view::npos) break;
    const absl::string_view value = beginning.substr(1, end - 1);
    if (beginning[0] == 'P' && !priority) {
      priority = ParseInteger(value, kMinInteger, kMaxInteger, order.priority);
    } else if (beginning[0] == 'T' && !created) {
      created = ParseInteger(value, 0, kMaxQueuedTime, order.created);
    } else if (beginning[0] == 'K') {
      if (!ParseInteger(value, 0, kMaxQueuedTime, order.last_attempt)) order.last_attempt = 0;
    } else if (beginning[0] == 'N') {
      if (!ParseInteger(value, 0, kMaxInteger, order.attempts)) order.attempts = 0;
    } else if (beginning[0] == '$' || beginning[0] == 'S') {
      break;
    }
    beginning.remove_prefix(end + 1);
  }
  if (!priority || !created) return std::nullopt;
  return order;
}

}  // namespace stagepost
