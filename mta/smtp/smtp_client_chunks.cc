// Whole transactions at once, many under way: BDAT (RFC 3030) with PIPELINING (RFC 2920) in LMTP.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "mta/async/deadline.h"
#include "mta/base/status_macros.h"
#include "mta/smtp/smtp_client.h"

namespace stagepost {
namespace {

constexpr int kServiceClosing = 421;

// The lines of `text` with the line ends of the network, the last one ended.
void AppendLines(absl::string_view text, std::string& wire) {
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    wire.append(text.data(), end);
    wire.append("\r\n");
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

std::string MailCommand(const ClientTransaction& transaction) {
  return absl::StrCat("MAIL From:<", transaction.sender, ">", transaction.parameters);
}

std::string RecipientCommand(const ClientRecipient& recipient) {
  return absl::StrCat("RCPT To:<", recipient.path, ">", recipient.parameters);
}

absl::Status Gone() { return absl::UnavailableError("connection closed"); }

}  // namespace

bool SmtpClient::CanSendAtOnce() const {
  return options_.lmtp && options_.end_of_line == "\r\n" && Offers("PIPELINING") &&
         Offers("CHUNKING");
}

void SmtpClient::AppendWhole(const ClientTransaction& transaction, absl::string_view text) {
  absl::StrAppend(&waiting_, MailCommand(transaction), "\r\n");
  for (const ClientRecipient& recipient : transaction.recipients) {
    absl::StrAppend(&waiting_, RecipientCommand(recipient), "\r\n");
  }
  const bool ended = text.empty() || text.back() == '\n';
  const size_t bytes = text.size() + std::count(text.begin(), text.end(), '\n') + (ended ? 0 : 2);
  absl::StrAppend(&waiting_, "BDAT ", bytes, " LAST\r\n");
  AppendLines(text, waiting_);
}

Task<void> SmtpClient::WriteWaiting() {
  if (std::exchange(writing_, true)) co_return;  // whoever writes will see it
  while (!waiting_.empty() && !closing_) {
    const std::string block = std::exchange(waiting_, "");
    const MonotonicTime deadline = clock_.MonotonicNow() + options_.timeouts.data_block;
    const absl::Status written = co_await WithDeadline(deadline, WriteAll(input_, block));
    // What the server has answered until then is still there to be read.
    if (!written.ok()) closing_ = true;
  }
  writing_ = false;
}

Task<absl::Status> SmtpClient::SendAtOnce(ClientTransaction& transaction, absl::string_view text,
                                          ClientDialogue* dialogue) {
  const auto turn = std::make_shared<Turn>();
  CO_ASSIGN_OR_RETURN(const Semaphore::Permit until_answered, co_await turn->free.Acquire());
  if (closing_) co_return Gone();
  const std::shared_ptr<Turn> before = std::exchange(last_turn_, turn);
  AppendWhole(transaction, text);
  co_await WriteWaiting();
  if (before != nullptr) {
    const absl::StatusOr<Semaphore::Permit> ours = co_await before->free.Acquire();
    // Nobody will read our replies, so nobody can tell which are the next one's.
    if (!ours.ok()) co_return Fail(ours.status());
    if (!before->answered) co_return Gone();
  }
  if (left_) co_return Gone();
  dialogue_ = dialogue;
  left_ = true;  // no QUIT in the middle of the others' transactions
  const absl::Status status = co_await ReadAnswers(transaction);
  turn->answered = status.ok();
  left_ = !status.ok() || closing_;
  dialogue_ = nullptr;
  co_return status;
}

Task<absl::Status> SmtpClient::ReadAnswers(ClientTransaction& transaction) {
  const absl::Status status = co_await ReadAnswersTo(transaction);
  if (!out_of_step_) co_return status;
  // None of these replies can be trusted to be the recipient's own.
  for (ClientRecipient& recipient : transaction.recipients) {
    recipient.reply.reset();
    recipient.stage = ReplyStage::kMessage;
  }
  co_return status;
}

Task<absl::Status> SmtpClient::ReadAnswersTo(ClientTransaction& transaction) {
  Sent(MailCommand(transaction));
  CO_ASSIGN_OR_RETURN(const ServerReply mail,
                      co_await ReadReply(ReplyStage::kMail, options_.timeouts.mail));
  if (!mail.positive()) AnswerRest(transaction, mail, ReplyStage::kMail);
  if (mail.code == kServiceClosing) co_return absl::OkStatus();
  if (mail.positive()) {
    for (const ClientRecipient& recipient : transaction.recipients) {
      Sent(RecipientCommand(recipient));
    }
    Sent("DATA");
  } else {
    dialogue_ = nullptr;  // what follows are consequences
  }
  size_t accepted = 0;
  for (ClientRecipient& recipient : transaction.recipients) {
    CO_ASSIGN_OR_RETURN(const ServerReply reply,
                        co_await ReadReply(ReplyStage::kRecipient, options_.timeouts.recipient));
    if (reply.code == kServiceClosing) {
      AnswerRest(transaction, reply, ReplyStage::kData);
      co_return absl::OkStatus();
    }
    if (reply.positive()) ++accepted;
    if (mail.positive()) TakeReplyToRecipient(recipient, reply);
  }
  if (accepted > 0 && !mail.positive()) co_return OutOfStep("invalid reply");
  if (accepted == 0) {
    dialogue_ = nullptr;
    CO_ASSIGN_OR_RETURN(const ServerReply none,
                        co_await ReadReply(ReplyStage::kData, options_.timeouts.final_dot));
    if (none.positive()) co_return OutOfStep("invalid reply");
    co_return absl::OkStatus();
  }
  Sent(".");
  // RFC 2033, section 4.2: one reply for each accepted recipient, in the order of RCPTs.
  for (ClientRecipient& recipient : transaction.recipients) {
    if (recipient.reply.has_value()) continue;
    CO_ASSIGN_OR_RETURN(const ServerReply reply,
                        co_await ReadReply(ReplyStage::kMessage, options_.timeouts.final_dot));
    Answer(recipient, reply, ReplyStage::kMessage);
    if (reply.code == kServiceClosing) AnswerRest(transaction, reply, ReplyStage::kMessage);
  }
  co_return absl::OkStatus();
}

Task<absl::Status> SmtpClient::CheckWaiting() {
  CO_ASSIGN_OR_RETURN(const std::optional<ServerReply> unasked,
                      co_await Unasked(ReplyStage::kMail));
  if (unasked.has_value()) co_return Fail(absl::UnavailableError(unasked->text));
  co_return absl::OkStatus();
}

}  // namespace stagepost
