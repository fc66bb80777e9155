#include "mta/deliver/delivery_result.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "mta/base/sysexits.h"

namespace stagepost {
namespace {

struct ExitText {
  int code;
  const char* dsn;
  const char* text;
  bool temporary = false;
};
constexpr ExitText kExitTexts[] = {
    {kExitUsage, "5.0.0", "Command line usage error"},
    {kExitDataError, "5.6.0", "Data format error"},
    {kExitNoInput, "5.3.0", "Cannot open input"},
    {kExitNoUser, "5.1.1", "User unknown"},
    {kExitNoHost, "5.1.2", "Host unknown"},
    {kExitUnavailable, "5.0.0", "Service unavailable"},
    {kExitSoftware, "5.3.0", "Internal error"},
    {kExitOsError, "4.0.0", "Operating system error", true},
    {kExitOsFile, "5.3.5", "System file missing"},
    {kExitCannotCreate, "5.0.0", "Can't create output"},
    {kExitIoError, "4.0.0", "I/O error", true},
    {kExitTemporaryFailure, "4.0.0", "Deferred", true},
    {kExitProtocol, "5.5.0", "Remote protocol error"},
    {kExitNoPermission, "5.0.0", "Insufficient permission"},
    {kExitConfiguration, "5.3.5", "Local configuration error"},
};

// What replies without a code of RFC 3463 stand for.
std::string DsnOfCode(int code) {
  switch (code) {
    case 450:
      return "4.2.0";
    case 451:
      return "4.3.0";
    case 452:
      return "4.2.2";
    case 550:
      return "5.1.1";
    case 551:
      return "5.1.6";
    case 552:
      return "5.2.2";
    case 553:
      return "5.1.3";
    default:
      return absl::StrCat(code / 100, ".0.0");
  }
}

int ExitCodeOf(int code, ReplyStage stage) {
  if (stage == ReplyStage::kMail && (code == 501 || code == 553)) return kExitDataError;
  const bool user = code == 550 || code == 551 || code == 553;
  return stage == ReplyStage::kRecipient && user ? kExitNoUser : kExitUnavailable;
}

// The words of a reply, behind its codes.
absl::string_view WordsOf(const ServerReply& reply) {
  absl::string_view text = reply.text;
  text.remove_prefix(std::min<size_t>(text.size(), 4));
  if (!reply.dsn.empty()) absl::ConsumePrefix(&text, reply.dsn);
  return absl::StripAsciiWhitespace(text);
}

}  // namespace

std::string OneLine(absl::string_view text) {
  std::string line(text);
  std::replace_if(line.begin(), line.end(), absl::ascii_iscntrl, '?');
  return line;
}

DeliveryResult Sent(std::string dsn) {
  DeliveryResult result;
  result.kind = DeliveryResult::Kind::kSent;
  result.dsn = std::move(dsn);
  result.stat = "Sent";
  return result;
}

DeliveryResult Deferred(absl::string_view dsn, absl::string_view why) {
  DeliveryResult result;
  result.dsn = std::string(dsn);
  result.stat = why.empty() ? "Deferred" : absl::StrCat("Deferred: ", OneLine(why));
  result.queue_text = result.stat;
  result.exit_code = kExitTemporaryFailure;
  return result;
}

std::string ConnectionErrorText(Errno error, absl::string_view host) {
  switch (error) {
    case Errno::kECONNREFUSED:
      return absl::StrCat("Connection refused by ", host);
    case Errno::kETIMEDOUT:
      return absl::StrCat("Connection timed out with ", host);
    case Errno::kECONNRESET:
    case Errno::kEPIPE:
      return absl::StrCat("Connection reset by ", host);
    case Errno::kEHOSTDOWN:
      return absl::StrCat("Host ", host, " is down");
    default:
      return absl::StrCat(host, ": ", ErrnoText(error));
  }
}

DeliveryResult ResultOfExitCode(int code, absl::string_view mailer, absl::string_view path) {
  if (code == kExitOk) return Sent("2.0.0");
  DeliveryResult result;
  result.exit_code = code;
  result.diagnostic = absl::StrCat(code);
  for (const ExitText& known : kExitTexts) {
    if (known.code != code) continue;
    result.kind = known.temporary ? DeliveryResult::Kind::kDeferred : DeliveryResult::Kind::kFailed;
    result.dsn = known.dsn;
    result.stat = known.text;
    if (code == kExitTemporaryFailure && !path.empty()) {
      absl::StrAppend(&result.stat, ": ", mailer, " mailer (", path, ") exited with EX_TEMPFAIL");
    }
    return result;
  }
  result.kind = DeliveryResult::Kind::kFailed;
  result.dsn = "5.3.0";
  result.stat = absl::StrCat("unknown mailer error ", code);
  return result;
}

DeliveryResult ResultOfExit(const ExitStatus& status, absl::string_view mailer,
                            absl::string_view path) {
  if (!status.killed_by.has_value()) return ResultOfExitCode(status.code, mailer, path);
  return Deferred("4.3.0", absl::StrCat("mailer ", mailer, " died with signal ",
                                        static_cast<int>(*status.killed_by)));
}

DeliveryResult ResultOfReply(const ServerReply& reply, ReplyStage stage) {
  std::string dsn = reply.dsn.empty() ? DsnOfCode(reply.code) : reply.dsn;
  // Who greets us so has said nothing of any recipient.
  if (stage == ReplyStage::kGreeting || stage == ReplyStage::kHello)
    dsn = absl::StrCat(reply.code / 100, ".5.0");
  if (reply.positive()) return Sent(reply.dsn.empty() ? "2.0.0" : reply.dsn);
  DeliveryResult result;
  const bool for_all = stage == ReplyStage::kData;
  if (!reply.permanent()) {
    result = Deferred(for_all ? "4.2.0" : dsn, reply.text);
    result.reply = for_all ? absl::StrCat(kExitTemporaryFailure) : reply.text;
  } else {
    result = ResultOfExitCode(ExitCodeOf(reply.code, stage), "", "");
    result.dsn = for_all ? "5.5.0" : dsn;
    result.reply = for_all ? absl::StrCat(kExitUnavailable) : reply.text;
    if (stage == ReplyStage::kMessage) absl::StrAppend(&result.stat, " (", WordsOf(reply), ")");
  }
  result.diagnostic = reply.text;
  return result;
}

}  // namespace stagepost
