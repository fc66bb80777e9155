#include "mta/bin/mail_local_lmtp.h"

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "mta/async/deadline.h"
#include "mta/base/status_macros.h"
#include "mta/base/sysexits.h"
#include "mta/base/time.h"
#include "mta/bin/mail_batch.h"
#include "mta/deliver/lmtp_command.h"
#include "mta/deliver/message_spool.h"
#include "mta/smtp/line_reader.h"

namespace stagepost {
namespace {

constexpr size_t kMaxLine = 2048;

// What one read may bring: as much as a pipe holds, so that messages that wait there come together.
constexpr size_t kInputBytes = 64 * 1024;

// Whoever handed over several messages before the first was answered will do so again. They are
// looked for in such steps, as long as each step brings some, and settled that often at most: a
// flush costs the same for many. One pipe is what a client can hand over in a step, so one that has
// as much to say is not kept waiting.
constexpr absl::Duration kGatherStep = absl::Milliseconds(1);
constexpr absl::Duration kGather = absl::Milliseconds(4);

// The MTA has its own time-outs and ends us by closing the pipe; this is for one that hangs.
constexpr absl::Duration kInputTimeout = absl::Hours(1);

// A deadline that has passed: only what needs no waiting is done.
constexpr MonotonicTime kNoWait =
    MonotonicTime::FromNanoseconds(std::numeric_limits<int64_t>::min());

class Server {
 public:
  Server(Environment& env, LmtpServerOptions options)
      : env_(env),
        options_(options),
        reader_(env.process().standard_input(), kMaxLine, kInputBytes),
        batch_(env, options.mailbox) {}

  Task<int> Run() {
    batch_.Say(absl::StrCat("220 ", env_.host().name(), " LMTP ready"));
    absl::Status status;
    while (status.ok() && !quit_) {
      const absl::StatusOr<absl::string_view> line = co_await ReadLine();
      // Between messages, an end is as good as QUIT.
      if (absl::IsOutOfRange(line.status())) quit_ = true;
      if (absl::IsResourceExhausted(line.status())) batch_.Say("500 5.5.2 Line too long");
      if (!quit_) status = line.status();
      if (line.ok()) status = co_await Execute(ParseLmtpCommand(*line));
      if (status.ok() && batch_.full()) status = co_await Settle();
    }
    const absl::Status settled = co_await batch_.Settle();
    co_return status.ok() && settled.ok() ? kExitOk : kExitTemporaryFailure;
  }

 private:
  MonotonicTime Deadline() { return env_.clock().MonotonicNow() + kInputTimeout; }

  // Reads more. Whoever waits for an answer has said all, and gets it before we wait ourselves.
  Task<absl::Status> Fill() {
    if (batch_.has_messages() && !batch_.full()) {
      // What has come in the meantime may share their flush.
      absl::Status status = co_await reader_.Fill(kNoWait);
      if (absl::IsDeadlineExceeded(status) && env_.clock().MonotonicNow() < gathers_until_) {
        CO_RETURN_IF_ERROR(co_await Sleep(kGatherStep));
        status = co_await reader_.Fill(kNoWait);
      }
      if (!absl::IsDeadlineExceeded(status)) co_return status;
    }
    CO_RETURN_IF_ERROR(co_await Settle());
    co_return co_await reader_.Fill(Deadline());
  }

  Task<absl::Status> Settle() {
    const bool more_come = batch_.messages() > 1 && batch_.bytes() < kInputBytes;
    gathers_until_ = more_come ? env_.clock().MonotonicNow() + kGather : kNoWait;
    co_return co_await batch_.Settle();
  }

  Task<absl::StatusOr<absl::string_view>> ReadLine() {
    while (!reader_.HasLine() && reader_.buffered().size() <= kMaxLine) {
      CO_RETURN_IF_ERROR(co_await Fill());
    }
    co_return co_await reader_.ReadLine(Deadline());
  }

  Task<absl::Status> Execute(LmtpCommand command) {
    switch (command.verb) {
      case LmtpVerb::kLhlo:
        Hello();
        break;
      case LmtpVerb::kMail:
        batch_.Say(Mail(command));
        break;
      case LmtpVerb::kRcpt:
        batch_.Say(Rcpt(command));
        break;
      case LmtpVerb::kData:
        co_return co_await Data();
      case LmtpVerb::kBdat:
        if (options_.offer_chunking) co_return co_await Chunk(command);
        batch_.Say("500 5.5.2 Syntax error");
        break;
      case LmtpVerb::kRset:
        Reset();
        batch_.Say("250 2.0.0 Ok");
        break;
      case LmtpVerb::kNoop:
        batch_.Say("250 2.0.0 Ok");
        break;
      case LmtpVerb::kVrfy:
        batch_.Say("252 2.3.3 Try RCPT to attempt delivery");
        break;
      case LmtpVerb::kQuit:
        quit_ = true;
        batch_.Say("221 2.0.0 Bye");
        break;
      case LmtpVerb::kUnknown:
        batch_.Say("500 5.5.2 Syntax error");
        break;
    }
    co_return absl::OkStatus();
  }

  void Hello() {
    batch_.Say(absl::StrCat("250-", env_.host().name()));
    if (options_.offer_8bitmime) batch_.Say("250-8BITMIME");
    if (options_.offer_chunking) batch_.Say("250-CHUNKING");
    batch_.Say("250-ENHANCEDSTATUSCODES\r\n250 PIPELINING");
  }

  void Reset() {
    sender_.reset();
    users_.clear();
    chunks_.reset();
  }

  std::string Mail(const LmtpCommand& command) {
    if (sender_.has_value()) return "503 5.5.1 Nested MAIL command";
    if (!command.path.has_value()) return "501 5.5.4 Syntax error in parameters";
    sender_ = command.path;
    return "250 2.5.0 Ok";
  }

  std::string Rcpt(const LmtpCommand& command) {
    if (!sender_.has_value()) return "503 5.5.1 Need MAIL command";
    if (!command.path.has_value()) return "501 5.5.4 Syntax error in parameters";
    if (chunks_.has_value()) return "503 5.5.1 Message has begun with BDAT";
    if (users_.size() == kMaxLmtpRecipients) return "452 4.5.3 Too many recipients";
    const std::optional<std::string> name = MailboxUser(*command.path);
    if (!name.has_value()) return "550 5.1.1 User unknown";
    const absl::StatusOr<User> user = env_.accounts().FindUser(*name);
    if (absl::IsNotFound(user.status())) return "550 5.1.1 User unknown";
    if (!user.ok()) return "451 4.3.0 User database failure; retry later";
    users_.push_back(*user);
    return "250 2.1.5 Ok";
  }

  Task<absl::Status> Data() {
    if (users_.empty()) {
      batch_.Say("503 5.5.1 No recipients");
      co_return absl::OkStatus();
    }
    if (chunks_.has_value()) {
      batch_.Say("503 5.5.1 Message has begun with BDAT");
      co_return absl::OkStatus();
    }
    batch_.Say("354 Go ahead");
    Incoming message(env_);
    LmtpDataDecoder decoder;
    while (!decoder.done()) {
      if (reader_.buffered().empty()) CO_RETURN_IF_ERROR(co_await Fill());
      message.piece.clear();
      reader_.Consume(decoder.Decode(reader_.buffered(), message.piece));
      co_await message.KeepPiece();
    }
    End(std::move(message));
    co_return absl::OkStatus();
  }

  // A chunk is read whatever becomes of it: what follows it is the next command.
  Task<absl::Status> Chunk(const LmtpCommand& command) {
    if (!command.chunk_bytes.has_value()) {
      batch_.Say("501 5.5.4 Syntax error in parameters");
      co_return absl::DataLossError("no telling how much is to be read");
    }
    const bool wanted = !users_.empty();
    if (!chunks_.has_value()) chunks_.emplace(env_);
    uint64_t left = *command.chunk_bytes;
    if (wanted && command.last_chunk) chunks_->text->Expect(left);
    while (left > 0) {
      if (reader_.buffered().empty()) CO_RETURN_IF_ERROR(co_await Fill());
      const absl::string_view input = reader_.buffered().substr(0, left);
      chunks_->piece.clear();
      if (wanted) chunks_->decoder.Decode(input, chunks_->piece);
      left -= input.size();
      reader_.Consume(input.size());
      co_await chunks_->KeepPiece();
    }
    if (!wanted) {
      Reset();
      batch_.Say("503 5.5.1 No recipients");
    } else if (command.last_chunk) {
      chunks_->piece.clear();
      chunks_->decoder.Finish(chunks_->piece);
      co_await chunks_->KeepPiece();
      Incoming message = std::move(*chunks_);
      End(std::move(message));
    } else {
      batch_.Say("250 2.0.0 Ok");
    }
    co_return absl::OkStatus();
  }

  // A message on its way in.
  struct Incoming {
    explicit Incoming(Environment& env) : text(std::make_unique<MessageSpool>(env)) {}
    Task<void> KeepPiece() {
      bytes += piece.size();
      if (spooled.ok()) spooled = co_await text->Append(piece);
    }
    std::unique_ptr<MessageSpool> text;
    absl::Status spooled;  // whether it could be kept so far
    LmtpChunkDecoder decoder;
    std::string piece;
    size_t bytes = 0;
  };

  void End(Incoming message) {
    message.text->Finish();
    batch_.Add({.sender = *sender_,
                .users = std::move(users_),
                .text = std::move(message.text),
                .spooled = std::move(message.spooled)},
               message.bytes);
    Reset();
  }

  Environment& env_;
  const LmtpServerOptions options_;
  LineReader reader_;
  bool quit_ = false;
  std::optional<std::string> sender_;  // set by MAIL; empty: the null reverse-path
  std::vector<User> users_;            // accepted by RCPT, in that order
  std::optional<Incoming> chunks_;     // what BDAT has brought
  MailBatch batch_;
  MonotonicTime gathers_until_ = kNoWait;  // more messages may be waited for
};

}  // namespace

Task<int> RunLmtpServer(Environment& env, LmtpServerOptions options) {
  Server server(env, options);
  co_return co_await server.Run();
}

}  // namespace stagepost
