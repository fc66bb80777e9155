#include "mta/deliver/host_record.h"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "mta/base/sysexits.h"

namespace stagepost {
namespace {

constexpr int kVersion = 0;
constexpr int kNameTryAgain = 2;  // TRY_AGAIN of netdb.h
constexpr size_t kMaxKeptReply = 1024;
constexpr size_t kMaxHostBytes = 255;
constexpr size_t kMaxLabels = 64;
constexpr size_t kMaxDsnBytes = 16;
// A time beyond is none.
constexpr int64_t kMaxUnixTime = 253'402'300'799;  // the year 9999

absl::Status Malformed(int line, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("line ", line, ": ", what));
}

// What atoi(3) makes of it; limits instead of what does not fit.
int64_t NumberIn(absl::string_view text) {
  const absl::string_view digits = text.substr(0, text.find_first_not_of("-0123456789"));
  int64_t number = 0;
  if (absl::SimpleAtoi(digits, &number)) return number;
  return 0;
}

bool TakeLine(absl::string_view line, HostRecord& record) {
  const absl::string_view value = line.substr(1);
  switch (line[0]) {
    case 'E':
      record.error = static_cast<Errno>(std::clamp<int64_t>(NumberIn(value), 0, 4095));
      return true;
    case 'H':
      record.no_name_server = NumberIn(value) == kNameTryAgain;
      return true;
    case 'S':
      record.exit_code = static_cast<int>(std::clamp<int64_t>(NumberIn(value), 0, 255));
      return true;
    case 'D':
      record.dsn = OneLine(value.substr(0, kMaxDsnBytes));
      return true;
    case 'R':
      record.reply = OneLine(value.substr(0, kMaxKeptReply));
      return true;
    case 'U':
      record.used = absl::FromUnixSeconds(std::clamp<int64_t>(NumberIn(value), 0, kMaxUnixTime));
      return true;
    default:
      return false;
  }
}

bool IsPartOfFileName(absl::string_view label) {
  return !label.empty() && std::all_of(label.begin(), label.end(), [](unsigned char c) {
    return absl::ascii_isalnum(c) || c == '-' || c == '_' || c == ':' || c == '+' || c == '=';
  });
}

// The end of a text for "Host unknown", where the search for its name has failed.
std::string NameServerText(absl::string_view host, absl::string_view what) {
  return absl::StrCat("Name server: ", host, ": ", what);
}

}  // namespace

absl::StatusOr<HostRecord> ParseHostRecord(absl::string_view text) {
  HostRecord record;
  record.used = absl::UnixEpoch();
  if (text.size() > kMaxHostRecordBytes) return Malformed(0, "the file is too long");
  int number = 0;
  for (const absl::string_view line : absl::StrSplit(absl::StripSuffix(text, "\n"), '\n')) {
    ++number;
    if (line == ".") break;
    if (absl::StartsWith(line, "V")) {
      if (NumberIn(line.substr(1)) > kVersion) {
        return Malformed(number, absl::StrCat("Unknown host status version ", line.substr(1)));
      }
    } else if (line.empty() || !TakeLine(line, record)) {
      return Malformed(number, absl::StrCat("Unknown host status line \"", OneLine(line), "\""));
    }
  }
  return record;
}

std::string WriteHostRecord(const HostRecord& record) {
  std::string text =
      absl::StrCat("V", kVersion, "\nE", static_cast<int>(record.error), "\nH",
                   record.no_name_server ? kNameTryAgain : 0, "\nS", record.exit_code, "\n");
  if (!record.dsn.empty()) absl::StrAppend(&text, "D", OneLine(record.dsn), "\n");
  if (!record.reply.empty()) {
    absl::StrAppend(&text, "R", OneLine(record.reply.substr(0, kMaxKeptReply)), "\n");
  }
  absl::StrAppend(&text, "U", absl::ToUnixSeconds(record.used), "\n.\n");
  return text;
}

std::optional<std::string> HostRecordPath(absl::string_view host) {
  if (absl::ConsumePrefix(&host, "[")) host = host.substr(0, host.find(']'));
  absl::ConsumeSuffix(&host, ".");
  if (host.empty() || host.size() > kMaxHostBytes) return std::nullopt;
  const std::string name = absl::AsciiStrToLower(host);
  std::vector<absl::string_view> labels = absl::StrSplit(name, '.');
  if (labels.size() > kMaxLabels) return std::nullopt;
  if (!std::all_of(labels.begin(), labels.end(), IsPartOfFileName)) return std::nullopt;
  std::reverse(labels.begin(), labels.end());
  return absl::StrJoin(labels, "./");
}

std::string HostOfRecordPath(absl::string_view path) {
  std::vector<absl::string_view> labels = absl::StrSplit(path, '/');
  for (absl::string_view& label : labels) absl::ConsumeSuffix(&label, ".");
  std::reverse(labels.begin(), labels.end());
  return absl::StrJoin(labels, ".");
}

DeliveryResult ResultOfRecord(const HostRecord& record, absl::string_view host) {
  DeliveryResult result;
  if (record.exit_code == kExitTemporaryFailure) {
    std::string why;
    if (record.error != Errno::kOk) {
      why = ConnectionErrorText(record.error, host);
    } else if (record.no_name_server) {
      why = NameServerText(host, "host name lookup failure");
    }
    result = Deferred(record.dsn.empty() ? "4.0.0" : record.dsn, why);
  } else {
    result = ResultOfExitCode(record.exit_code, "", "");
    if (record.exit_code == kExitNoHost) {
      absl::StrAppend(&result.stat, " (", NameServerText(host, "host not found"), ")");
    }
    // A report shows the code of the reply, and in the transcript that of its kind.
    if (!record.dsn.empty()) result.line_dsn = std::exchange(result.dsn, record.dsn);
    if (!record.reply.empty()) result.diagnostic = record.reply;
  }
  result.error = record.error;
  result.remote_mta = std::string(host);
  return result;
}

std::string DescribeRecord(const HostRecord& record) {
  if (!record.reply.empty()) return OneLine(record.reply);
  if (!record.failed()) return "OK";
  if (record.exit_code == kExitTemporaryFailure) {
    return record.error == Errno::kOk ? "Deferred"
                                      : absl::StrCat("Deferred: ", ErrnoText(record.error));
  }
  return ResultOfExitCode(record.exit_code, "", "").stat;
}

}  // namespace stagepost
