// DATA: receives a message and stores its body.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "mta/async/deadline.h"
#include "mta/base/errno.h"
#include "mta/base/status_macros.h"
#include "mta/smtp/collected_message.h"
#include "mta/smtp/session.h"

namespace stagepost {
namespace {

// Ids are unique unless a process of the same pid used the same second; then the next one is.
constexpr int kIdAttempts = 3;

// What a header may have at most where MaxHeadersLength is 0, without a limit; and by default.
constexpr size_t kMaxHeaderBytes = 1 << 20;
constexpr size_t kDefaultHeaderBytes = 32'768;

constexpr absl::string_view kBareLineFeed = "Bare linefeed (LF) not allowed";
constexpr absl::string_view kBareCarriageReturn = "Bare carriage return (CR) not allowed";

size_t HeaderLimit(const Options& options) {
  if (!options.IsSet(OptionId::kMaxHeadersLength)) return kDefaultHeaderBytes;
  const int64_t limit = options.Number(OptionId::kMaxHeadersLength);
  return limit <= 0 ? kMaxHeaderBytes : static_cast<size_t>(limit);
}

}  // namespace

Task<absl::Status> Session::Data() {
  co_await DelayForLoad();
  if (!co_await DataAllowed()) co_return absl::OkStatus();
  absl::StatusOr<std::unique_ptr<IncomingMessage>> message = co_await CreateMessage();
  if (!message.ok()) {
    Log(0, Severity::kCritical, absl::StrCat("SYSERR: ", message.status().message()));
    Send(Reply(451, "4.3.0", "Cannot create queue file"));
    Reset();
    co_return absl::OkStatus();
  }
  Send(Reply(354, "", "End data with <CR><LF>.<CR><LF>"));
  // Who is asked to stop here finishes the message first, if the client does within the grace.
  const absl::Status status = co_await Shield(kShutdownGrace, ReceiveMessage(**message));
  Reset();
  co_return status;
}

Task<bool> Session::DataAllowed() {
  if (!transaction_.sender_ok) {
    Send(Reply(503, "5.0.0", "Need MAIL command"));
    co_return false;
  }
  if (transaction_.recipients.empty()) {
    Send(Reply(503, "5.0.0", "Need RCPT (recipient)"));
    co_return false;
  }
  if (RefuseEarlyTraffic("DATA")) {
    closing_ = true;  // what follows is message text, not commands
    co_return false;
  }
  DefineCounts();
  const std::string count = absl::StrCat(transaction_.recipients.size());
  Verdict verdict = co_await Ask({.ruleset = "check_data", .argument = count});
  if (verdict.refused()) {
    Send(std::move(verdict.reply));
    co_return false;
  }
  TakeVerdict(verdict);
  co_return true;
}

Task<absl::StatusOr<std::unique_ptr<IncomingMessage>>> Session::CreateMessage() {
  for (int attempt = 1;; ++attempt) {
    auto message = co_await context_.queue.Create(Id(), QueueParts().front().group);
    if (!absl::IsAlreadyExists(message.status()) || attempt == kIdAttempts) co_return message;
    transaction_.id.clear();
  }
}

Task<absl::Status> Session::ReceiveMessage(IncomingMessage& message) {
  Collected collected(HeaderLimit(options()), features_.lines);
  absl::Status status = co_await channel_.Flush();
  if (status.ok()) status = co_await Collect(message, collected);
  transaction_.parameters.size = collected.bytes;
  if (!status.ok()) {
    status = LoseMessage(std::move(status), collected);
  } else if (const DataDecoder::Fault fault = collected.decoder.fault();
             fault != DataDecoder::Fault::kNone) {
    const absl::string_view which =
        fault == DataDecoder::Fault::kBareLineFeed ? kBareLineFeed : kBareCarriageReturn;
    LogBareLineEnd(which, collected.headers.in_body() ? "body" : "header", "tempfail");
    Send(Reply(421, "4.5.0", which));
    closing_ = true;
  } else {
    RefuseEightBits(collected);
    co_return co_await FinishMessage(message, collected);
  }
  if (const absl::Status abandoned = co_await message.Abandon(); !abandoned.ok()) {
    // An orphan data file is left; queue runs remove those.
    Log(0, Severity::kWarning, abandoned.message());
  }
  co_return status;
}

// EightBitMode=strict: who sends eight bits must have said so, in MAIL or by MIME.
void Session::RefuseEightBits(Collected& collected) const {
  if (options().Character(OptionId::kEightBitMode) != 's') return;
  const Header& header = collected.headers.header();
  const auto high = [](char c) { return (c & 0x80) != 0; };
  const bool in_header =
      std::any_of(header.begin(), header.end(), [&high](const HeaderField& field) {
        return std::any_of(field.value.begin(), field.value.end(), high);
      });
  if (!collected.eight_bit && !in_header) return;
  if (transaction_.parameters.body_8bitmime()) return;
  if (FindField(header, "MIME-Version") != nullptr) return;
  collected.Refuse(Reply(554, "5.6.1", "Eight bit data not allowed"));
}

absl::Status Session::LoseMessage(absl::Status status, const Collected& /*collected*/) {
  if (absl::IsDeadlineExceeded(status)) {
    // A log line of sendmail's that its clients are told, too.
    const std::string text = CollectFailure("read timeout");
    Log(0, Severity::kError, absl::StrCat("SYSERR(root): ", text));
    Send(Reply(421, "4.4.1", text));
    closing_ = true;  // we no longer know what is message and what is command
    return absl::OkStatus();
  }
  Log(0, Severity::kWarning, "collect: premature EOM: unexpected close");
  LogCollectFailure("unexpected close");
  // Its end has been told of.
  Reset();
  return status;
}

bool Session::StripsEighthBit() const {
  const MailParameters& parameters = transaction_.parameters;
  if (parameters.body_7bit()) return true;
  return options().Flag(OptionId::kSevenBitInput) && !parameters.body_8bitmime();
}

Task<absl::Status> Session::Collect(IncomingMessage& message, Collected& collected) {
  LineReader& reader = channel_.reader();
  DataDecoder& decoder = collected.decoder;
  std::string text, body;
  while (!decoder.done()) {
    if (reader.buffered().empty()) {
      const MonotonicTime now = context_.env.clock().MonotonicNow();
      CO_RETURN_IF_ERROR(co_await reader.Fill(now + TimeoutOf(TimeoutId::kDataBlock)));
    }
    text.clear();
    body.clear();
    reader.Consume(decoder.Decode(reader.buffered(), text));
    if (StripsEighthBit()) {
      for (char& c : text) c = static_cast<char>(c & 0x7f);
    }
    if (options().Flag(OptionId::kRejectNUL) && text.find('\0') != text.npos) {
      collected.Refuse(Reply(554, "5.6.1", "NUL byte not allowed"));
    }
    collected.bytes += static_cast<int64_t>(text.size());
    collected.headers.Take(text, body);
    if (decoder.done()) collected.headers.Finish(body);
    if (decoder.fault() != DataDecoder::Fault::kNone) co_return absl::OkStatus();
    if (!collected.header_checked && (decoder.done() || collected.headers.in_body())) {
      collected.header_checked = true;
      co_await CheckHeader(collected);
    }
    co_await Store(message, collected, body);
  }
  co_return absl::OkStatus();
}

Task<void> Session::Store(IncomingMessage& message, Collected& collected, absl::string_view body) {
  char bits = 0;
  for (const char c : body) bits |= c;  // to the end of it: that is done many bytes at a time
  collected.eight_bit |= (bits & 0x80) != 0;
  // What will be refused is read to its end and forgotten.
  const int64_t limit = options().Number(OptionId::kMaxMessageSize);
  const bool wanted = collected.stored.ok() && (limit <= 0 || collected.bytes <= limit);
  if (wanted && !body.empty()) collected.stored = co_await message.AppendBody(body);
}

void Session::LogBareLineEnd(absl::string_view which, absl::string_view where,
                             absl::string_view status) {
  LogCollectFailure(
      absl::StrCat(which, ", where=", where, status.empty() ? "" : ", status=", status));
}

void Session::LogCollectFailure(absl::string_view info) {
  Log(0, Severity::kNotice, CollectFailure(info));
}

std::string Session::CollectFailure(absl::string_view info) const {
  return absl::StrCat("collect: relay=", client_.name,
                      ", from=", Shortened(transaction_.sender_path), ", info=", info);
}

}  // namespace stagepost
