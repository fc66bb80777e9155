// The text of a message on its way to the server, and the ear for a server that has had enough.
#include <string>
#include <utility>

#include "mta/async/deadline.h"
#include "mta/base/status_macros.h"
#include "mta/smtp/message_encoder.h"
#include "mta/smtp/smtp_client.h"

namespace stagepost {
namespace {

// Message text that is in memory at a time, and one write.
constexpr size_t kTextBlock = 16 * 1024;

// After so much text it is worth a look whether the server has said something.
constexpr size_t kListenEvery = 64 * 1024;

}  // namespace

Task<SmtpClient::MaybeReply> SmtpClient::SendText(MessageText& text) {
  MessageEncoder encoder(options_.end_of_line, options_.escape_dots);
  std::string block(kTextBlock, '\0'), wire;
  size_t unheard = 0;
  while (true) {
    const absl::StatusOr<size_t> read = co_await text.Read(absl::MakeSpan(block));
    if (!read.ok()) co_return Fail(read.status());
    if (*read == 0) break;
    encoder.Append(absl::string_view(block).substr(0, *read), wire);
    if (wire.size() < kTextBlock) continue;
    unheard += wire.size();
    const bool listen = unheard >= kListenEvery;
    if (listen) unheard = 0;
    CO_ASSIGN_OR_RETURN(std::optional<ServerReply> early, co_await WriteText(wire, listen));
    if (early.has_value()) co_return early;
    wire.clear();
  }
  encoder.Finish(wire);
  Sent(".");
  co_return co_await WriteText(wire, true);
}

Task<SmtpClient::MaybeReply> SmtpClient::WriteText(absl::string_view wire, bool listen) {
  if (listen) {
    CO_ASSIGN_OR_RETURN(std::optional<ServerReply> early, co_await EarlyReply());
    if (early.has_value()) co_return early;
  }
  const absl::Status status = co_await WriteNow(wire);
  if (!status.ok()) co_return co_await NotWritten(status);
  if (wire.empty()) co_return std::nullopt;
  co_return co_await FinishWriting(wire);
}

Task<absl::Status> SmtpClient::WriteNow(absl::string_view& bytes) {
  while (!bytes.empty()) {
    const absl::StatusOr<size_t> written = co_await WithDeadline(kNoWait, input_.Write(bytes));
    if (absl::IsDeadlineExceeded(written.status())) co_return absl::OkStatus();
    CO_RETURN_IF_ERROR(written.status());
    bytes.remove_prefix(*written);
  }
  co_return absl::OkStatus();
}

Task<SmtpClient::MaybeReply> SmtpClient::NotWritten(absl::Status status) {
  CO_ASSIGN_OR_RETURN(ServerReply reply, co_await LastWords(status, ReplyStage::kMessage));
  co_return std::optional<ServerReply>(std::move(reply));
}

Task<SmtpClient::MaybeReply> SmtpClient::EarlyReply() {
  CO_ASSIGN_OR_RETURN(const bool spoken, co_await HasSpoken());
  if (!spoken) co_return std::nullopt;
  left_ = true;  // commands would be text
  CO_ASSIGN_OR_RETURN(ServerReply reply,
                      co_await ReadReply(ReplyStage::kMessage, kLastWordsTimeout));
  if (reply.positive()) co_return OutOfStep("reply before the end of the message");
  co_return std::optional<ServerReply>(std::move(reply));
}

// A write that has to wait, and what is heard in the meantime. Each stops the other.
struct SmtpClient::WatchedWrite {
  absl::string_view left;
  MonotonicTime deadline;
  absl::Status written = absl::OkStatus();
  absl::Status heard = absl::OkStatus();
};

Task<absl::Status> SmtpClient::WriteRest(SmtpClient& client, WatchedWrite& write) {
  while (!write.left.empty()) {
    const absl::StatusOr<size_t> written =
        co_await WithDeadline(write.deadline, client.input_.Write(write.left));
    if (!written.ok()) co_return write.written = written.status();
    write.left.remove_prefix(*written);
  }
  co_return absl::AbortedError("written");
}

Task<absl::Status> SmtpClient::Watch(TaskScope& scope, SmtpClient& client, WatchedWrite& write) {
  CO_RETURN_IF_ERROR(scope.Spawn(&SmtpClient::WriteRest, std::ref(client), std::ref(write)));
  write.heard = co_await client.reader_.Fill(MonotonicTime::InfiniteFuture());
  co_return absl::AbortedError("heard");
}

Task<SmtpClient::MaybeReply> SmtpClient::FinishWriting(absl::string_view rest) {
  WatchedWrite write = {.left = rest,
                        .deadline = clock_.MonotonicNow() + options_.timeouts.data_block};
  while (true) {
    const absl::Status end =
        co_await WithScope("message text", TaskScope::Policy::kFirstError, 1, &SmtpClient::Watch,
                           std::ref(*this), std::ref(write));
    if (write.left.empty()) co_return std::nullopt;
    if (!absl::IsAborted(end)) co_return Fail(end);
    if (!write.written.ok() && !absl::IsCancelled(write.written)) {
      co_return co_await NotWritten(write.written);
    }
    if (absl::IsOutOfRange(write.heard)) {
      co_return Fail(absl::UnavailableError("connection closed"));
    }
    if (!write.heard.ok()) co_return Fail(write.heard);
    CO_ASSIGN_OR_RETURN(std::optional<ServerReply> early, co_await EarlyReply());
    if (early.has_value()) co_return early;
    write.written = absl::OkStatus();
  }
}

}  // namespace stagepost
