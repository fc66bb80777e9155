#include "mta/deliver/delivery_result.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "mta/base/sysexits.h"

namespace stagepost {
namespace {

// What the codes of sysexits are called, in log lines with `dsn` and in replies with `reply`. A
// reply of 550 names the recipient.
struct ExitText {
  int code;
  const char* reply;
  const char* dsn;
  const char* text;
  bool temporary = false;
};
constexpr ExitText kExitTexts[] = {
    {kExitUsage, "500", "5.0.0", "Command line usage error"},
    {kExitDataError, "501", "5.6.0", "Data format error"},
    {kExitNoInput, "550", "5.3.0", "Cannot open input"},
    {kExitNoUser, "550", "5.1.1", "User unknown"},
    {kExitNoHost, "550", "5.1.2", "Host unknown"},
    {kExitUnavailable, "554", "5.0.0", "Service unavailable"},
    {kExitSoftware, "554", "5.3.0", "Internal error"},
    {kExitOsError, "451", "4.0.0", "Operating system error", true},
    {kExitOsFile, "554", "5.3.5", "System file missing"},
    {kExitCannotCreate, "550", "5.0.0", "Can't create output"},
    {kExitIoError, "451", "4.0.0", "I/O error", true},
    {kExitTemporaryFailure, "451", "4.0.0", "Deferred", true},
    {kExitProtocol, "554", "5.5.0", "Remote protocol error"},
    {kExitNoPermission, "550", "5.0.0", "Insufficient permission"},
    {kExitConfiguration, "554", "5.3.5", "Local configuration error"},
};

// What replies without a code of RFC 3463 stand for.
std::string DsnOfCode(int code, ReplyStage stage) {
  const bool recipient = stage == ReplyStage::kRecipient;
  switch (code) {
    case 450:
      return "4.2.0";
    case 451:
      return "4.3.0";
    case 452:
      return "4.3.1";
    case 500:
      return "5.5.2";
    case 501:
    case 504:
      return "5.5.4";
    case 502:
    case 503:
      return "5.5.1";
    case 550:
      return recipient ? "5.1.1" : "5.2.0";
    case 551:
      return "5.1.6";
    case 552:
      return "5.2.2";
    case 553:
      return recipient ? "5.1.3" : "5.1.0";
    default:
      return absl::StrCat(code / 100 == 4 ? 4 : 5, ".0.0");
  }
}

// The same of refused senders.
std::string DsnOfSender(int code) {
  if (code / 100 == 4) return DsnOfCode(code, ReplyStage::kMail);
  return code == 501 ? "5.5.2" : code == 552 ? "5.3.4" : code == 553 ? "5.1.3" : "5.0.0";
}

int ExitCodeOf(const ServerReply& reply, const ReplyContext& context) {
  const int code = reply.code;
  switch (context.stage) {
    case ReplyStage::kMail:
      return code == 501 || code == 553 ? kExitDataError : kExitUnavailable;
    case ReplyStage::kRecipient:
      if (code == 550 || code == 551 || code == 553) return kExitNoUser;
      return reply.permanent() ? kExitUnavailable : kExitProtocol;
    case ReplyStage::kMessage:
      return code / 10 == 55 || context.lmtp ? kExitUnavailable : kExitProtocol;
    default:
      return kExitUnavailable;
  }
}

// What stands behind the code of a reply, and behind that of RFC 3463.
absl::string_view TextOf(const ServerReply& reply) {
  absl::string_view text = reply.text;
  text.remove_prefix(std::min<size_t>(text.size(), 4));
  return text;
}
absl::string_view WordsOf(const ServerReply& reply) {
  absl::string_view text = TextOf(reply);
  if (!reply.dsn.empty()) absl::ConsumePrefix(&text, reply.dsn);
  return absl::StripAsciiWhitespace(text);
}

DeliveryResult Accepted(const ServerReply& reply, const ReplyContext& context) {
  DeliveryResult result = Sent(reply.dsn.empty() || !context.enhanced ? "2.0.0" : reply.dsn);
  const absl::string_view text = context.enhanced ? WordsOf(reply) : TextOf(reply);
  if (!context.lmtp) absl::StrAppend(&result.stat, " (", OneLine(text), ")");
  return result;
}

std::string DsnOf(const ServerReply& reply, const ReplyContext& context) {
  const bool temporary = reply.code / 100 == 4;
  switch (context.stage) {
    case ReplyStage::kConnect:
    case ReplyStage::kGreeting:
    case ReplyStage::kHello:
      return temporary ? "4.5.0" : "5.5.0";
    case ReplyStage::kData:
      return temporary ? "4.2.0" : context.lmtp ? "5.5.0" : "5.0.0";
    default:
      break;
  }
  if (context.enhanced && !reply.dsn.empty()) return reply.dsn;
  return context.stage == ReplyStage::kMail ? DsnOfSender(reply.code)
                                            : DsnOfCode(reply.code, context.stage);
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

DeliveryResult ResultOfReply(const ServerReply& reply, const ReplyContext& context) {
  if (reply.positive()) return Accepted(reply, context);
  const bool temporary = reply.code / 100 == 4;
  const bool of_data = context.stage == ReplyStage::kData;
  DeliveryResult result =
      temporary ? Deferred("", reply.text) : ResultOfExitCode(ExitCodeOf(reply, context), "", "");
  result.line_dsn = std::exchange(result.dsn, DsnOf(reply, context));
  result.reply = reply.text;
  result.diagnostic = reply.text;
  result.too_large = context.stage == ReplyStage::kMail && reply.code == 552;
  result.alone = context.stage == ReplyStage::kRecipient ||
                 (context.lmtp && context.stage == ReplyStage::kMessage);
  // What befalls a whole message is on its own M line.
  if (!result.alone) result.queue_text.clear();
  if (of_data && context.lmtp) result.reply = absl::StrCat(result.exit_code);
  if (of_data && !context.lmtp) {
    result.status = temporary ? "4.2.0" : "5.5.0";
    result.diagnostic.clear();
  }
  if (!temporary && context.lmtp && context.stage == ReplyStage::kMessage) {
    absl::StrAppend(&result.stat, " (", WordsOf(reply), ")");
  }
  return result;
}

std::string OutcomeLine(const DeliveryResult& result, absl::string_view to) {
  if (result.kind != DeliveryResult::Kind::kFailed) {
    return absl::StrCat(to, "... ", result.stat.empty() ? "Deferred" : OneLine(result.stat));
  }
  absl::string_view reply = "554";
  for (const ExitText& known : kExitTexts) {
    if (known.code == result.exit_code) reply = known.reply;
  }
  const bool named = reply == "550";
  return absl::StrCat(reply, " ", result.line_dsn.empty() ? result.dsn : result.line_dsn, " ",
                      named ? to : "", named ? "... " : "", OneLine(result.stat));
}

}  // namespace stagepost
