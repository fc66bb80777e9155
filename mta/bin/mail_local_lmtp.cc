#include "mta/bin/mail_local_lmtp.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "mta/base/status_macros.h"
#include "mta/base/sysexits.h"
#include "mta/deliver/lmtp_command.h"
#include "mta/deliver/message_spool.h"
#include "mta/smtp/line_reader.h"

namespace stagepost {
namespace {

constexpr size_t kMaxLine = 2048;

// The MTA has its own time-outs and ends us by closing the pipe; this is for one that hangs.
constexpr absl::Duration kInputTimeout = absl::Hours(1);

class Server {
 public:
  Server(Environment& env, LmtpServerOptions options)
      : env_(env), options_(options), reader_(env.process().standard_input(), kMaxLine) {}

  Task<int> Run() {
    absl::Status status = co_await Reply(absl::StrCat("220 ", env_.host().name(), " LMTP ready"));
    while (status.ok() && !quit_) {
      const absl::StatusOr<absl::string_view> line = co_await reader_.ReadLine(Deadline());
      // Between messages, an end is as good as QUIT.
      if (absl::IsOutOfRange(line.status())) co_return kExitOk;
      if (absl::IsResourceExhausted(line.status())) {
        (void)co_await Reply("500 5.5.2 Line too long");
      }
      status = line.status();
      if (status.ok()) status = co_await Execute(ParseLmtpCommand(*line));
    }
    co_return status.ok() ? kExitOk : kExitTemporaryFailure;
  }

 private:
  MonotonicTime Deadline() { return env_.clock().MonotonicNow() + kInputTimeout; }

  Task<absl::Status> Reply(std::string line) {
    line.append("\r\n");
    co_return co_await WriteAll(env_.process().standard_output(), line);
  }

  Task<absl::Status> Execute(LmtpCommand command) {
    switch (command.verb) {
      case LmtpVerb::kLhlo:
        co_return co_await Hello();
      case LmtpVerb::kMail:
        co_return co_await Reply(Mail(command));
      case LmtpVerb::kRcpt:
        co_return co_await Reply(Rcpt(command));
      case LmtpVerb::kData:
        co_return co_await Data();
      case LmtpVerb::kRset:
        Reset();
        co_return co_await Reply("250 2.0.0 Ok");
      case LmtpVerb::kNoop:
        co_return co_await Reply("250 2.0.0 Ok");
      case LmtpVerb::kVrfy:
        co_return co_await Reply("252 2.3.3 Try RCPT to attempt delivery");
      case LmtpVerb::kQuit:
        quit_ = true;
        co_return co_await Reply("221 2.0.0 Bye");
      case LmtpVerb::kUnknown:
        break;
    }
    co_return co_await Reply("500 5.5.2 Syntax error");
  }

  Task<absl::Status> Hello() {
    std::string reply = absl::StrCat("250-", env_.host().name(), "\r\n");
    if (options_.offer_8bitmime) reply.append("250-8BITMIME\r\n");
    reply.append("250-ENHANCEDSTATUSCODES\r\n250 PIPELINING");
    co_return co_await Reply(std::move(reply));
  }

  void Reset() {
    sender_.reset();
    users_.clear();
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
    if (users_.empty()) co_return co_await Reply("503 5.5.1 No recipients");
    CO_RETURN_IF_ERROR(co_await Reply("354 Go ahead"));
    MessageSpool message(env_);
    absl::Status spooled;
    CO_RETURN_IF_ERROR(co_await Receive(message, spooled));
    if (!spooled.ok()) {
      env_.log().Write(Severity::kError, absl::StrCat("temporary file: ", spooled.message()));
    }
    for (const User& user : users_) {
      if (!spooled.ok()) {
        CO_RETURN_IF_ERROR(co_await Reply("451 4.3.0 Cannot write temporary file"));
        continue;
      }
      const MailboxResult result =
          co_await AppendToMailbox(env_, user, *sender_, message, options_.mailbox, mailboxes_);
      CO_RETURN_IF_ERROR(
          co_await Reply(absl::StrCat(result.code, " ", result.dsn, " ", result.text)));
    }
    Reset();
    co_return absl::OkStatus();
  }

  // Reads the message to its end. `spooled` says whether it could be kept; an error returned is one
  // of the input.
  Task<absl::Status> Receive(MessageSpool& message, absl::Status& spooled) {
    LmtpDataDecoder decoder;
    std::string text;
    while (!decoder.done()) {
      if (reader_.buffered().empty()) CO_RETURN_IF_ERROR(co_await reader_.Fill(Deadline()));
      text.clear();
      reader_.Consume(decoder.Decode(reader_.buffered(), text));
      if (spooled.ok()) spooled = co_await message.Append(text);
    }
    message.Finish();
    co_return absl::OkStatus();
  }

  Environment& env_;
  const LmtpServerOptions options_;
  LineReader reader_;
  bool quit_ = false;
  std::optional<std::string> sender_;  // set by MAIL; empty: the null reverse-path
  OpenMailboxes mailboxes_;
  std::vector<User> users_;  // accepted by RCPT, in that order
};

}  // namespace

Task<int> RunLmtpServer(Environment& env, LmtpServerOptions options) {
  Server server(env, options);
  co_return co_await server.Run();
}

}  // namespace stagepost
