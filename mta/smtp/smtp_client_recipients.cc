// MAIL, RCPT and DATA, and who gets which reply.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "mta/async/deadline.h"
#include "mta/base/status_macros.h"
#include "mta/smtp/smtp_client.h"

namespace stagepost {
namespace {

constexpr int kStartOfMail = 354;

// Commands that are in memory at a time.
constexpr size_t kFlightBlock = 16 * 1024;

// For a writer to notice that it has written all.
constexpr absl::Duration kWriterEnds = absl::Seconds(10);

void AppendRecipient(const ClientRecipient& recipient, std::string& commands) {
  absl::StrAppend(&commands, "RCPT To:<", recipient.path, ">", recipient.parameters);
}

bool AnyAccepted(const ClientTransaction& transaction) {
  return std::any_of(transaction.recipients.begin(), transaction.recipients.end(),
                     [](const ClientRecipient& r) { return !r.reply.has_value(); });
}

}  // namespace

void SmtpClient::Answer(ClientRecipient& recipient, const ServerReply& reply, ReplyStage stage) {
  recipient.reply = reply;
  recipient.stage = stage;
  const bool alone =
      stage == ReplyStage::kRecipient || (stage == ReplyStage::kMessage && options_.lmtp);
  if (alone && !reply.positive() && dialogue_ != nullptr) dialogue_->OnRefused(recipient);
}

void SmtpClient::AnswerRest(ClientTransaction& transaction, const ServerReply& reply,
                            ReplyStage stage) {
  for (ClientRecipient& recipient : transaction.recipients) {
    if (!recipient.reply.has_value()) Answer(recipient, reply, stage);
  }
}

void SmtpClient::TakeReplyToRecipient(ClientRecipient& recipient, const ServerReply& reply) {
  if (reply.positive()) {
    recipient.accepted = reply.text;
  } else {
    Answer(recipient, reply, ReplyStage::kRecipient);
  }
}

Task<absl::Status> SmtpClient::Send(ClientTransaction& transaction, MessageText& text) {
  CO_ASSIGN_OR_RETURN(
      const ServerReply mail,
      co_await Command(absl::StrCat("MAIL From:<", transaction.sender, ">", transaction.parameters),
                       ReplyStage::kMail, options_.timeouts.mail));
  if (!mail.positive()) {
    AnswerRest(transaction, mail, ReplyStage::kMail);
    co_return absl::OkStatus();
  }
  needs_reset_ = true;
  MaybeReply data = std::optional<ServerReply>();
  if (Offers("PIPELINING")) {
    data = co_await AskTogether(transaction);
  } else {
    data = co_await AskOneByOne(transaction);
  }
  CO_RETURN_IF_ERROR(data.status());
  if (!data->has_value()) {
    if (!closing_) (void)co_await Reset();
    co_return absl::OkStatus();
  }
  if ((*data)->code != kStartOfMail) co_return co_await Refused(transaction, **data);
  if (!AnyAccepted(transaction)) co_return co_await EndEmptyMessage();
  co_return co_await SendMessage(transaction, text);
}

Task<absl::Status> SmtpClient::Refused(ClientTransaction& transaction, const ServerReply& data) {
  if (data.positive()) co_return OutOfStep("invalid reply");
  if (!closing_) {
    // Everybody has an answer; what else goes wrong shows in closing().
    if (data.permanent()) {
      (void)co_await Reset();
    } else {
      co_await TakeLeave();
    }
  }
  AnswerRest(transaction, data, ReplyStage::kData);
  co_return absl::OkStatus();
}

Task<SmtpClient::MaybeReply> SmtpClient::AskOneByOne(ClientTransaction& transaction) {
  std::string command;
  for (ClientRecipient& recipient : transaction.recipients) {
    command.clear();
    AppendRecipient(recipient, command);
    CO_ASSIGN_OR_RETURN(const ServerReply reply, co_await Command(command, ReplyStage::kRecipient,
                                                                  options_.timeouts.recipient));
    TakeReplyToRecipient(recipient, reply);
    if (!closing_) continue;
    AnswerRest(transaction, reply, ReplyStage::kData);
    co_return std::nullopt;
  }
  if (!AnyAccepted(transaction)) co_return std::nullopt;
  CO_ASSIGN_OR_RETURN(ServerReply data,
                      co_await Command("DATA", ReplyStage::kData, options_.timeouts.data));
  co_return std::optional<ServerReply>(std::move(data));
}

// All RCPTs and DATA, written in pieces: at once as far as the server takes them, the rest beside
// the reading of replies, so that neither side waits for the other with both windows full.
class SmtpClient::Flight {
 public:
  Flight(SmtpClient& client, ClientTransaction& transaction)
      : client_(client), transaction_(transaction) {}

  // True: all is written. False: the server takes no more for now.
  Task<absl::StatusOr<bool>> WriteWhatFits() {
    while (Load()) {
      CO_RETURN_IF_ERROR(co_await client_.WriteNow(left_));
      if (!left_.empty()) co_return false;
    }
    co_return true;
  }

  // A server that does not read any more may still have said why: that is for the reader to find.
  static Task<absl::Status> WriteRest(Flight& flight) {
    SmtpClient& client = flight.client_;
    while (flight.Load()) {
      const MonotonicTime deadline =
          client.clock_.MonotonicNow() + client.options_.timeouts.recipient;
      const absl::Status status =
          co_await WithDeadline(deadline, WriteAll(client.input_, flight.left_));
      if (absl::IsUnavailable(status)) co_return absl::OkStatus();
      CO_RETURN_IF_ERROR(status);
      flight.left_ = absl::string_view();
    }
    co_return absl::OkStatus();
  }

  static Task<absl::Status> WriteAndRead(TaskScope& scope, Flight& flight, MaybeReply& data) {
    CO_RETURN_IF_ERROR(scope.Spawn(&Flight::WriteRest, std::ref(flight)));
    data = co_await flight.client_.ReadFlight(flight.transaction_);
    if (!data.ok() || !data->has_value()) {
      scope.RequestStop();  // nobody will read what is still to be written
      co_return absl::OkStatus();
    }
    // The last command has been answered, so the server has it.
    co_return co_await WithDeadline(flight.client_.clock_.MonotonicNow() + kWriterEnds,
                                    scope.Join());
  }

 private:
  // Makes the next piece where nothing is left of this one; false: there is none.
  bool Load() {
    if (!left_.empty()) return true;
    block_.clear();
    const std::vector<ClientRecipient>& recipients = transaction_.recipients;
    while (next_ <= recipients.size() && block_.size() < kFlightBlock) {
      const size_t start = block_.size();
      if (next_ < recipients.size()) {
        AppendRecipient(recipients[next_], block_);
      } else {
        block_.append("DATA");
      }
      client_.Sent(absl::string_view(block_).substr(start));
      block_.append(client_.options_.end_of_line);
      ++next_;
    }
    left_ = block_;
    return !left_.empty();
  }

  SmtpClient& client_;
  ClientTransaction& transaction_;
  size_t next_ = 0;  // recipient; DATA comes after the last
  std::string block_;
  absl::string_view left_;  // of block_
};

Task<SmtpClient::MaybeReply> SmtpClient::AskTogether(ClientTransaction& transaction) {
  CO_ASSIGN_OR_RETURN(std::optional<ServerReply> unasked, co_await Unasked(ReplyStage::kRecipient));
  if (unasked.has_value()) {
    AnswerRest(transaction, *unasked, ReplyStage::kData);
    co_return std::nullopt;
  }
  Flight flight(*this, transaction);
  const absl::StatusOr<bool> written = co_await flight.WriteWhatFits();
  if (!written.ok() && !absl::IsUnavailable(written.status())) co_return Fail(written.status());
  if (written.value_or(true)) co_return co_await ReadFlight(transaction);
  MaybeReply data = std::optional<ServerReply>();
  left_ = true;  // no QUIT in the middle of what is being written
  const absl::Status status =
      co_await WithScope("pipeline", TaskScope::Policy::kFirstError, 1, &Flight::WriteAndRead,
                         std::ref(flight), std::ref(data));
  // A writer that ran out of time has stopped the reader.
  const bool stopped = absl::IsCancelled(data.status()) || (data.ok() && data->has_value());
  if (stopped && !status.ok()) co_return Fail(status);
  left_ = closing_;
  co_return data;
}

Task<SmtpClient::MaybeReply> SmtpClient::ReadFlight(ClientTransaction& transaction) {
  MaybeReply data = co_await ReadReplies(transaction);
  if (data.ok() || !out_of_step_) co_return data;
  // None of these replies can be trusted to be the recipient's own.
  for (ClientRecipient& recipient : transaction.recipients) {
    recipient.reply.reset();
    recipient.stage = ReplyStage::kMessage;
  }
  co_return data;
}

Task<SmtpClient::MaybeReply> SmtpClient::ReadReplies(ClientTransaction& transaction) {
  for (ClientRecipient& recipient : transaction.recipients) {
    CO_ASSIGN_OR_RETURN(const ServerReply reply,
                        co_await ReadReply(ReplyStage::kRecipient, options_.timeouts.recipient));
    TakeReplyToRecipient(recipient, reply);
    if (!closing_) continue;
    AnswerRest(transaction, reply, ReplyStage::kData);
    co_return std::nullopt;
  }
  CO_ASSIGN_OR_RETURN(ServerReply data,
                      co_await ReadReply(ReplyStage::kData, options_.timeouts.data));
  if (data.positive()) co_return OutOfStep("invalid reply");
  if (!closing_) {
    CO_ASSIGN_OR_RETURN(std::optional<ServerReply> unasked, co_await Unasked(ReplyStage::kData));
    if (unasked.has_value() && data.code == kStartOfMail) data = *std::move(unasked);
  }
  co_return std::optional<ServerReply>(std::move(data));
}

Task<absl::Status> SmtpClient::SendMessage(ClientTransaction& transaction, MessageText& text) {
  stage_ = ReplyStage::kMessage;
  CO_ASSIGN_OR_RETURN(const std::optional<ServerReply> early, co_await SendText(text));
  if (early.has_value()) {
    // The rest of the message would be taken for commands, or for nothing.
    closing_ = true;
    AnswerRest(transaction, *early, ReplyStage::kMessage);
    co_return absl::OkStatus();
  }
  co_return co_await ReadVerdicts(transaction);
}

Task<absl::Status> SmtpClient::ReadVerdicts(ClientTransaction& transaction) {
  for (ClientRecipient& recipient : transaction.recipients) {
    if (recipient.reply.has_value()) continue;
    CO_ASSIGN_OR_RETURN(const ServerReply reply,
                        co_await ReadReply(ReplyStage::kMessage, options_.timeouts.final_dot));
    Answer(recipient, reply, ReplyStage::kMessage);
    // RFC 2033, section 4.2: LMTP has one reply for each accepted recipient, in the order of RCPTs.
    if (!options_.lmtp || closing_) AnswerRest(transaction, reply, ReplyStage::kMessage);
  }
  needs_reset_ = false;
  co_return absl::OkStatus();
}

// A server that refused every recipient has been asked for DATA with them, and wants a message.
Task<absl::Status> SmtpClient::EndEmptyMessage() {
  Sent(".");
  needs_reset_ = false;
  const MonotonicTime deadline = clock_.MonotonicNow() + options_.timeouts.data_block;
  const std::string end = absl::StrCat(".", options_.end_of_line);
  const absl::Status written = co_await WithDeadline(deadline, WriteAll(input_, end));
  if (!written.ok()) {
    closing_ = true;
    co_return absl::OkStatus();
  }
  if (options_.lmtp) {
    // How many replies an LMTP server has for nobody, RFC 2033 does not say.
    co_await TakeLeave();
    co_return absl::OkStatus();
  }
  // Everybody has had an answer; what becomes of the session shows in closing().
  (void)co_await ReadReply(ReplyStage::kMessage, options_.timeouts.final_dot);
  co_return absl::OkStatus();
}

}  // namespace stagepost
