#include "mta/smtp/smtp_client.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "mta/async/deadline.h"
#include "mta/base/status_macros.h"

namespace stagepost {
namespace {

constexpr int kServiceClosing = 421;
constexpr int kStartOfMail = 354;

// Lines of code 050 in front of one reply: what a server says while it delivers one message.
constexpr int kMaxRemarks = 10'000;

}  // namespace

SmtpClient::SmtpClient(const Clock& clock, ByteSink& input, ByteSource& output,
                       ClientOptions options)
    : clock_(clock), input_(input), reader_(output, kMaxReplyLine), options_(std::move(options)) {}

absl::Status SmtpClient::Fail(absl::Status status) {
  closing_ = true;
  return status;
}

absl::Status SmtpClient::OutOfStep(absl::string_view how) {
  out_of_step_ = true;
  return Fail(absl::UnavailableError(how));
}

void SmtpClient::Sent(absl::string_view line) {
  if (dialogue_ != nullptr) dialogue_->OnSent(line);
}

Task<absl::StatusOr<ServerReply>> SmtpClient::ReadReply(ReplyStage stage, absl::Duration timeout) {
  stage_ = stage;
  // One for the whole reply: a server that drips gets no more time than one that is silent.
  const MonotonicTime deadline = clock_.MonotonicNow() + timeout;
  ServerReplyParser parser;
  int remarks = 0;
  while (true) {
    const absl::StatusOr<absl::string_view> line = co_await reader_.ReadLine(deadline);
    if (absl::IsOutOfRange(line.status())) {
      co_return Fail(absl::UnavailableError("connection closed"));
    }
    if (absl::IsResourceExhausted(line.status())) co_return OutOfStep("invalid reply");
    if (!line.ok()) co_return Fail(line.status());
    if (dialogue_ != nullptr) dialogue_->OnReply(PrintableReply(*line));
    if (verbose_ && IsRemark(*line)) {
      if (++remarks > kMaxRemarks) co_return OutOfStep("invalid reply");
      continue;
    }
    const ServerReplyParser::State state = parser.Take(*line);
    if (state == ServerReplyParser::State::kInvalid) co_return OutOfStep("invalid reply");
    if (state == ServerReplyParser::State::kDone) break;
  }
  const int code = parser.reply().code;
  if (code / 100 == 3 && (code != kStartOfMail || stage != ReplyStage::kData)) {
    co_return OutOfStep("invalid reply");
  }
  if (code == kServiceClosing) {
    closing_ = true;
    co_await TakeLeave();
  }
  co_return parser.reply();
}

Task<void> SmtpClient::TakeLeave() {
  if (std::exchange(left_, true)) co_return;
  closing_ = true;
  const ReplyStage stage = stage_;
  Sent("QUIT");
  const std::string bytes = absl::StrCat("QUIT", options_.end_of_line);
  const MonotonicTime deadline = clock_.MonotonicNow() + options_.timeouts.quit;
  const absl::Status written = co_await WithDeadline(deadline, WriteAll(input_, bytes));
  if (written.ok()) (void)co_await ReadReply(stage, options_.timeouts.quit);
}

Task<absl::StatusOr<bool>> SmtpClient::HasSpoken() {
  while (true) {
    if (reader_.buffered().empty()) {
      const absl::Status status = co_await reader_.FillSome(kNoWait);
      if (absl::IsDeadlineExceeded(status)) co_return false;
      if (absl::IsOutOfRange(status)) co_return Fail(absl::UnavailableError("connection closed"));
      if (!status.ok()) co_return Fail(status);
    }
    if (!verbose_ || !IsRemark(reader_.buffered())) co_return true;
    if (!reader_.HasLine()) co_return false;
    CO_ASSIGN_OR_RETURN(const absl::string_view line, co_await reader_.ReadLine(kNoWait));
    if (dialogue_ != nullptr) dialogue_->OnReply(PrintableReply(line));
  }
}

Task<SmtpClient::MaybeReply> SmtpClient::Unasked(ReplyStage stage) {
  stage_ = stage;
  if (closing_) co_return absl::FailedPreconditionError("the session is over");
  CO_ASSIGN_OR_RETURN(const bool spoken, co_await HasSpoken());
  if (!spoken) co_return std::nullopt;
  CO_ASSIGN_OR_RETURN(ServerReply reply, co_await ReadReply(stage, kLastWordsTimeout));
  // RFC 5321, section 3.8: the one thing that a server may say whenever it likes.
  if (reply.code != kServiceClosing) {
    co_return OutOfStep("more replies than commands");
  }
  co_return std::optional<ServerReply>(std::move(reply));
}

Task<absl::StatusOr<ServerReply>> SmtpClient::LastWords(absl::Status written, ReplyStage stage) {
  closing_ = left_ = true;
  if (!absl::IsUnavailable(written)) co_return written;
  const absl::StatusOr<ServerReply> reply = co_await ReadReply(stage, kLastWordsTimeout);
  if (reply.ok() && !reply->positive() && reply->code != kStartOfMail) co_return reply;
  co_return written;
}

Task<absl::StatusOr<ServerReply>> SmtpClient::Command(absl::string_view line, ReplyStage stage,
                                                      absl::Duration timeout) {
  CO_ASSIGN_OR_RETURN(std::optional<ServerReply> unasked, co_await Unasked(stage));
  if (unasked.has_value()) co_return *std::move(unasked);
  Sent(line);
  const std::string bytes = absl::StrCat(line, options_.end_of_line);
  const absl::Status written =
      co_await WithDeadline(clock_.MonotonicNow() + timeout, WriteAll(input_, bytes));
  if (!written.ok()) co_return co_await LastWords(written, stage);
  co_return co_await ReadReply(stage, timeout);
}

Task<absl::Status> SmtpClient::Greet(absl::string_view host_name) {
  CO_ASSIGN_OR_RETURN(greeting_,
                      co_await ReadReply(ReplyStage::kGreeting, options_.timeouts.greeting));
  if (!greeting_.positive()) {
    refusal_ = greeting_;
    co_return absl::FailedPreconditionError(refusal_.text);
  }
  CO_ASSIGN_OR_RETURN(hello_, co_await SayHello(host_name));
  if (!hello_.positive()) {
    refusal_ = hello_;
    co_return absl::FailedPreconditionError(refusal_.text);
  }
  co_return absl::OkStatus();
}

Task<absl::StatusOr<ServerReply>> SmtpClient::SayHello(absl::string_view host_name) {
  const absl::Duration timeout = options_.timeouts.hello;
  if (options_.lmtp) {
    co_return co_await Command(absl::StrCat("LHLO ", host_name), ReplyStage::kHello, timeout);
  }
  const bool extended =
      options_.esmtp || absl::StrContains(absl::AsciiStrToUpper(greeting_.text), "ESMTP");
  if (extended && !options_.never_esmtp) {
    CO_ASSIGN_OR_RETURN(ServerReply reply, co_await Command(absl::StrCat("EHLO ", host_name),
                                                            ReplyStage::kHello, timeout));
    if (!reply.permanent()) co_return reply;
  }
  CO_ASSIGN_OR_RETURN(ServerReply reply, co_await Command(absl::StrCat("HELO ", host_name),
                                                          ReplyStage::kHello, timeout));
  reply.more.clear();  // what HELO is answered with offers nothing
  co_return reply;
}

std::optional<absl::string_view> SmtpClient::Offer(absl::string_view keyword) const {
  for (const std::string& line : hello_.more) {
    if (!absl::StartsWithIgnoreCase(line, keyword)) continue;
    const absl::string_view rest = absl::string_view(line).substr(keyword.size());
    // RFC 1869 drafts and old servers: "AUTH=LOGIN".
    if (rest.empty() || rest[0] == ' ' || rest[0] == '=') {
      return rest.substr(rest.empty() ? 0 : 1);
    }
  }
  return std::nullopt;
}

Task<absl::Status> SmtpClient::Reset() {
  CO_ASSIGN_OR_RETURN(const ServerReply reply,
                      co_await Command("RSET", ReplyStage::kMail, options_.timeouts.reset));
  if (!reply.positive()) co_return Fail(absl::UnavailableError(reply.text));
  needs_reset_ = false;
  co_return absl::OkStatus();
}

Task<absl::Status> SmtpClient::SetVerbose() {
  CO_ASSIGN_OR_RETURN(const ServerReply reply,
                      co_await Command("VERB", ReplyStage::kHello, options_.timeouts.misc));
  verbose_ = reply.positive();
  co_return absl::OkStatus();
}

Task<absl::Status> SmtpClient::Quit() {
  if (closing_) co_return absl::OkStatus();
  left_ = true;
  const absl::Status status =
      (co_await Command("QUIT", ReplyStage::kMessage, options_.timeouts.quit)).status();
  closing_ = true;
  co_return status;
}

}  // namespace stagepost
