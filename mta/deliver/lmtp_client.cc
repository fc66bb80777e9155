#include "mta/deliver/lmtp_client.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "mta/async/deadline.h"
#include "mta/base/status_macros.h"

namespace stagepost {
namespace {

// Message text that is in memory at a time.
constexpr size_t kTextBlock = 16 * 1024;

// Says that everybody who has no reply yet got this one.
void ReplyToRest(std::vector<LmtpRecipient>& recipients, const LmtpReply& reply) {
  for (LmtpRecipient& recipient : recipients) {
    if (!recipient.reply.has_value()) recipient.reply = reply;
  }
}

}  // namespace

void AppendDotStuffed(absl::string_view text, bool& line_start, std::string& wire) {
  while (!text.empty()) {
    if (line_start && text[0] == '.') wire.push_back('.');
    const size_t end = text.find('\n');
    absl::StrAppend(&wire, text.substr(0, end));
    line_start = end != absl::string_view::npos;
    if (!line_start) return;
    wire.append("\r\n");
    text.remove_prefix(end + 1);
  }
}

LmtpClient::LmtpClient(const Clock& clock, ByteSink& input, ByteSource& output,
                       LmtpTimeouts timeouts)
    : clock_(clock), input_(input), reader_(output, kMaxLmtpReplyLine), timeouts_(timeouts) {}

Task<absl::StatusOr<LmtpReply>> LmtpClient::ReadReply(absl::Duration timeout) {
  const MonotonicTime deadline = clock_.MonotonicNow() + timeout;
  LmtpReplyParser parser;
  while (true) {
    const absl::StatusOr<absl::string_view> line = co_await reader_.ReadLine(deadline);
    if (absl::IsOutOfRange(line.status())) {
      co_return absl::UnavailableError("Connection closed by local mailer");
    }
    CO_RETURN_IF_ERROR(line.status());
    const LmtpReplyParser::State state = parser.Take(*line);
    if (state == LmtpReplyParser::State::kInvalid) {
      co_return absl::UnavailableError("Invalid reply from local mailer");
    }
    if (state == LmtpReplyParser::State::kDone) co_return parser.reply();
  }
}

Task<absl::Status> LmtpClient::Write(absl::string_view bytes, absl::Duration timeout) {
  co_return co_await WithDeadline(clock_.MonotonicNow() + timeout, WriteAll(input_, bytes));
}

Task<absl::StatusOr<LmtpReply>> LmtpClient::Command(std::string line) {
  line.append("\r\n");
  CO_RETURN_IF_ERROR(co_await Write(line, timeouts_.command));
  co_return co_await ReadReply(timeouts_.command);
}

Task<absl::Status> LmtpClient::Greet(absl::string_view host_name) {
  CO_ASSIGN_OR_RETURN(LmtpReply reply, co_await ReadReply(timeouts_.command));
  if (reply.positive()) {
    CO_ASSIGN_OR_RETURN(reply, co_await Command(absl::StrCat("LHLO ", host_name)));
  }
  if (!reply.positive()) co_return absl::UnavailableError(reply.text);
  co_return absl::OkStatus();
}

Task<absl::Status> LmtpClient::Deliver(absl::string_view sender, MessageText& text,
                                       std::vector<LmtpRecipient>& recipients) {
  CO_ASSIGN_OR_RETURN(const LmtpReply mail,
                      co_await Command(absl::StrCat("MAIL FROM:<", sender, ">")));
  if (!mail.positive()) {
    ReplyToRest(recipients, mail);
    co_return absl::OkStatus();
  }
  std::vector<LmtpRecipient*> accepted;
  for (LmtpRecipient& recipient : recipients) {
    CO_ASSIGN_OR_RETURN(const LmtpReply reply,
                        co_await Command(absl::StrCat("RCPT TO:<", recipient.user, ">")));
    if (reply.positive()) {
      accepted.push_back(&recipient);
    } else {
      recipient.reply = reply;
    }
  }
  if (accepted.empty()) co_return (co_await Command("RSET")).status();
  CO_ASSIGN_OR_RETURN(const LmtpReply data, co_await Command("DATA"));
  if (data.code != 354) {
    if (data.positive()) co_return absl::UnavailableError("Invalid reply from local mailer");
    ReplyToRest(recipients, data);
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
    AppendDotStuffed(absl::string_view(block).substr(0, read), line_start, wire);
    CO_RETURN_IF_ERROR(co_await Write(wire, timeouts_.data_block));
  }
  co_return co_await Write(line_start ? ".\r\n" : "\r\n.\r\n", timeouts_.data_block);
}

Task<absl::Status> LmtpClient::Quit() {
  CO_RETURN_IF_ERROR(co_await Write("QUIT\r\n", timeouts_.quit));
  co_return (co_await ReadReply(timeouts_.quit)).status();
}

}  // namespace stagepost
