#include "mta/deliver/lmtp_client.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "mta/async/deadline.h"
#include "mta/base/status_macros.h"
#include "mta/message/line_ends.h"

namespace stagepost {
namespace {

// Message text that is in memory at a time.
constexpr size_t kTextBlock = 16 * 1024;

constexpr int kClosing = 421;

// Says that everybody who has no reply yet got this one.
void ReplyToRest(std::vector<LmtpRecipient>& recipients, const ServerReply& reply,
                 ReplyStage stage) {
  for (LmtpRecipient& recipient : recipients) {
    if (recipient.reply.has_value()) continue;
    recipient.reply = reply;
    recipient.stage = stage;
  }
}

}  // namespace

LmtpClient::LmtpClient(const Clock& clock, ByteSink& input, ByteSource& output,
                       LmtpTimeouts timeouts)
    : clock_(clock), input_(input), reader_(output, kMaxReplyLine), timeouts_(timeouts) {}

Task<absl::StatusOr<ServerReply>> LmtpClient::ReadReply(absl::Duration timeout) {
  const MonotonicTime deadline = clock_.MonotonicNow() + timeout;
  ServerReplyParser parser;
  while (true) {
    const absl::StatusOr<absl::string_view> line = co_await reader_.ReadLine(deadline);
    if (absl::IsOutOfRange(line.status())) {
      co_return absl::UnavailableError("Connection closed by local mailer");
    }
    CO_RETURN_IF_ERROR(line.status());
    const ServerReplyParser::State state = parser.Take(*line);
    if (state == ServerReplyParser::State::kInvalid) {
      co_return absl::UnavailableError("Invalid reply from local mailer");
    }
    if (state == ServerReplyParser::State::kDone) co_return parser.reply();
  }
}

Task<absl::Status> LmtpClient::Write(absl::string_view bytes, absl::Duration timeout) {
  co_return co_await WithDeadline(clock_.MonotonicNow() + timeout, WriteAll(input_, bytes));
}

Task<absl::StatusOr<ServerReply>> LmtpClient::Command(std::string line, absl::Duration timeout) {
  line.append("\r\n");
  CO_RETURN_IF_ERROR(co_await Write(line, timeout));
  co_return co_await ReadReply(timeout);
}

Task<absl::Status> LmtpClient::Greet(absl::string_view host_name) {
  CO_ASSIGN_OR_RETURN(ServerReply reply, co_await ReadReply(timeouts_.greeting));
  if (reply.positive()) {
    CO_ASSIGN_OR_RETURN(reply, co_await Command(absl::StrCat("LHLO ", host_name), timeouts_.lhlo));
  }
  if (!reply.positive()) co_return absl::UnavailableError(reply.text);
  extensions_ = std::move(reply.more);
  co_return absl::OkStatus();
}

bool LmtpClient::Offers(absl::string_view keyword) const {
  return std::any_of(extensions_.begin(), extensions_.end(), [&](const std::string& line) {
    const absl::string_view word = absl::string_view(line).substr(0, line.find(' '));
    return absl::EqualsIgnoreCase(word, keyword);
  });
}

Task<absl::Status> LmtpClient::Deliver(absl::string_view sender, absl::string_view parameters,
                                       MessageText& text, std::vector<LmtpRecipient>& recipients) {
  CO_ASSIGN_OR_RETURN(
      const ServerReply mail,
      co_await Command(absl::StrCat("MAIL FROM:<", sender, ">", parameters), timeouts_.mail));
  if (!mail.positive()) {
    ReplyToRest(recipients, mail, ReplyStage::kMail);
    co_return absl::OkStatus();
  }
  std::vector<LmtpRecipient*> accepted;
  for (LmtpRecipient& recipient : recipients) {
    CO_ASSIGN_OR_RETURN(
        const ServerReply reply,
        co_await Command(absl::StrCat("RCPT TO:<", recipient.user, ">"), timeouts_.recipient));
    if (reply.positive()) {
      accepted.push_back(&recipient);
      continue;
    }
    recipient.reply = reply;
    recipient.stage = ReplyStage::kRecipient;
    // RFC 5321, section 3.8: the server closes, and will take nothing more.
    if (reply.code == kClosing) {
      ReplyToRest(recipients, reply, ReplyStage::kData);
      co_return absl::OkStatus();
    }
  }
  if (accepted.empty()) co_return (co_await Command("RSET", timeouts_.reset)).status();
  CO_ASSIGN_OR_RETURN(const ServerReply data, co_await Command("DATA", timeouts_.data));
  if (data.code != 354) {
    if (data.positive()) co_return absl::UnavailableError("Invalid reply from local mailer");
    ReplyToRest(recipients, data, ReplyStage::kData);
    co_return absl::OkStatus();
  }
  CO_RETURN_IF_ERROR(co_await SendText(text));
  // RFC 2033, section 4.2: one reply for each accepted recipient, in the order of the RCPTs.
  for (LmtpRecipient* recipient : accepted) {
    CO_ASSIGN_OR_RETURN(recipient->reply, co_await ReadReply(timeouts_.final_dot));
  }
  co_return absl::OkStatus();
}

Task<absl::Status> LmtpClient::SendText(MessageText& text) {
  std::string block(kTextBlock, '\0'), wire;
  bool line_start = true;
  while (true) {
    CO_ASSIGN_OR_RETURN(const size_t read, co_await text.Read(absl::MakeSpan(block)));
    if (read == 0) break;
    wire.clear();
    AppendLines(absl::string_view(block).substr(0, read), "\r\n", true, line_start, wire);
    CO_RETURN_IF_ERROR(co_await Write(wire, timeouts_.data_block));
  }
  co_return co_await Write(line_start ? ".\r\n" : "\r\n.\r\n", timeouts_.data_block);
}

Task<absl::Status> LmtpClient::Quit() {
  CO_RETURN_IF_ERROR(co_await Write("QUIT\r\n", timeouts_.quit));
  co_return (co_await ReadReply(timeouts_.quit)).status();
}

}  // namespace stagepost
