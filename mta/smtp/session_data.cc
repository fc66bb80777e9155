// DATA: receives a message, stores it, and says 250 only when it is durable.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "mta/async/deadline.h"
#include "mta/base/errno.h"
#include "mta/base/status_macros.h"
#include "mta/message/envelope_header.h"
#include "mta/message/header_collector.h"
#include "mta/smtp/data_decoder.h"
#include "mta/smtp/session.h"

namespace stagepost {
namespace {

// Ids are unique unless a process of the same pid used the same second; then the next one is.
constexpr int kIdAttempts = 3;

}  // namespace

struct Session::Collected {
  explicit Collected(size_t max_header_bytes) : headers(max_header_bytes) {}

  HeaderCollector headers;
  DataDecoder::Fault fault = DataDecoder::Fault::kNone;
  int64_t bytes = 0;  // header and body, with LF line ends
  bool eight_bit = false;
  absl::Status stored;  // of writing the body
};

Task<absl::Status> Session::Data() {
  if (!transaction_.sender_ok) {
    Send(Reply(503, "5.0.0", "Need MAIL command"));
    co_return absl::OkStatus();
  }
  if (transaction_.recipients.empty()) {
    Send(Reply(503, "5.0.0", "Need RCPT (recipient)"));
    co_return absl::OkStatus();
  }
  absl::StatusOr<std::unique_ptr<IncomingMessage>> message = co_await CreateMessage();
  if (!message.ok()) {
    Log(Severity::kCritical, absl::StrCat("SYSERR: ", message.status().message()));
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

Task<absl::StatusOr<std::unique_ptr<IncomingMessage>>> Session::CreateMessage() {
  for (int attempt = 1;; ++attempt) {
    auto message = co_await context_.queue.Create(Id());
    if (!absl::IsAlreadyExists(message.status()) || attempt == kIdAttempts) co_return message;
    transaction_.id.clear();
  }
}

Task<absl::Status> Session::ReceiveMessage(IncomingMessage& message) {
  Collected collected(context_.settings.max_header_bytes);
  absl::Status status = co_await channel_.Flush();
  if (status.ok()) status = co_await Collect(message, collected);
  transaction_.size = collected.bytes;
  std::unique_ptr<Reply> refusal;
  if (!status.ok()) {
    if (absl::IsDeadlineExceeded(status)) {
      LogCollectFailure("timeout waiting for input");
      Send(Reply(451, "4.4.1", "timeout waiting for input during message collect"));
      closing_ = true;  // we no longer know what is message and what is command
      status = absl::OkStatus();
    } else {
      Log(Severity::kWarning, "collect: premature EOM: unexpected close");
      LogCollectFailure("unexpected close");
    }
  } else if (collected.fault != DataDecoder::Fault::kNone) {
    RefuseBareLineEnd(collected);
  } else if (refusal = CheckCollected(collected); refusal != nullptr) {
    LogFrom(FieldValue(collected.headers.header(), "Message-Id"));
    transaction_.mail_given = false;  // its log line is written
    Send(*refusal);
  } else {
    co_return co_await Accept(message, collected);
  }
  if (const absl::Status abandoned = co_await message.Abandon(); !abandoned.ok()) {
    // An orphan data file is left; queue runs remove those.
    Log(Severity::kWarning, abandoned.message());
  }
  co_return status;
}

Task<absl::Status> Session::Collect(IncomingMessage& message, Collected& collected) {
  LineReader& reader = channel_.reader();
  DataDecoder decoder;
  std::string text, body;
  const int64_t limit = context_.settings.max_message_bytes;
  while (!decoder.done()) {
    if (reader.buffered().empty()) {
      const MonotonicTime now = context_.env.clock().MonotonicNow();
      CO_RETURN_IF_ERROR(co_await reader.Fill(now + context_.settings.timeouts.data_block));
    }
    text.clear();
    body.clear();
    reader.Consume(decoder.Decode(reader.buffered(), text));
    collected.bytes += static_cast<int64_t>(text.size());
    collected.headers.Take(text, body);
    if (decoder.done()) collected.headers.Finish(body);
    collected.eight_bit |=
        std::any_of(body.begin(), body.end(), [](char c) { return (c & 0x80) != 0; });
    collected.fault = decoder.fault();
    if (collected.fault != DataDecoder::Fault::kNone) co_return absl::OkStatus();
    // What will be refused is read to its end and forgotten.
    const bool wanted = collected.stored.ok() && (limit == 0 || collected.bytes <= limit);
    if (wanted && !body.empty()) collected.stored = co_await message.AppendBody(body);
  }
  co_return absl::OkStatus();
}

std::unique_ptr<Reply> Session::CheckCollected(const Collected& collected) {
  const SessionSettings& settings = context_.settings;
  if (!collected.stored.ok()) {
    Log(Severity::kCritical, absl::StrCat("SYSERR: ", collected.stored.message()));
    if (ErrnoOf(collected.stored) == Errno::kENOSPC) {
      return std::make_unique<Reply>(452, "4.4.5", "Out of disk space for temp file");
    }
    return std::make_unique<Reply>(451, "4.3.0", "Cannot write queue file");
  }
  if (settings.max_message_bytes > 0 && collected.bytes > settings.max_message_bytes) {
    Log(Severity::kNotice, absl::StrCat("message size (", collected.bytes, ") exceeds maximum (",
                                        settings.max_message_bytes, ")"));
    return std::make_unique<Reply>(
        552, "5.2.3",
        absl::StrCat("Message exceeds maximum fixed size (", settings.max_message_bytes, ")"));
  }
  if (collected.headers.too_large()) {
    Log(Severity::kNotice, absl::StrCat("headers too large (", settings.max_header_bytes,
                                        " max) from ", client_.name, " during message collect"));
    return std::make_unique<Reply>(
        552, "5.6.0", absl::StrCat("Headers too large (", settings.max_header_bytes, " max)"));
  }
  // sendmail accepts such a message and bounces it. We cannot send bounces yet, so the client has
  // to tell the sender.
  const int hops = CountReceived(collected.headers.header()) + 1;
  if (hops > settings.max_hops) {
    Log(Severity::kNotice,
        absl::StrCat("Too many hops ", hops, " (", settings.max_hops, " max): from ",
                     Shortened(transaction_.sender_path), " via ", client_.name));
    return std::make_unique<Reply>(
        554, "5.4.6", absl::StrCat("Too many hops ", hops, " (", settings.max_hops, " max)"));
  }
  return nullptr;
}

Envelope Session::MakeEnvelope(const Collected& collected) {
  const SessionSettings& settings = context_.settings;
  Reception reception;
  reception.host_name = settings.host_name;
  reception.version = settings.version;
  reception.id = Id();
  reception.client = client_.name;
  reception.helo = client_.helo;
  reception.protocol = protocol_;
  if (transaction_.considered == 1) reception.recipient = transaction_.recipients[0].address;
  reception.sender = transaction_.sender;
  if (client_.helo.empty()) {
    reception.warning =
        absl::StrCat(settings.host_name, ": ", client_.name, " didn't use HELO protocol");
  }
  reception.time = context_.env.clock().WallNow();
  reception.zone = context_.env.host().time_zone();

  Envelope envelope;
  envelope.id = Id();
  envelope.sender = transaction_.sender;
  envelope.sender_bracketed = transaction_.sender_bracketed;
  envelope.recipients = transaction_.recipients;
  envelope.header =
      EnvelopeHeader(collected.headers.header(), collected.headers.from_line(), reception);
  envelope.eight_bit = collected.eight_bit;
  envelope.has_8bitmime = transaction_.body_8bitmime;
  envelope.seven_bit = transaction_.body_7bit;
  envelope.macros = {{"_", client_.name},
                     {"r", protocol_},
                     {"s", client_.helo},
                     {"daemon_flags", ""},
                     {"if_addr", channel_.local().address.ToString()}};
  return envelope;
}

Task<absl::Status> Session::Accept(IncomingMessage& message, const Collected& collected) {
  Envelope envelope = MakeEnvelope(collected);
  const std::string message_id = FieldValue(envelope.header, "Message-Id");
  if (const absl::Status status = co_await message.Commit(envelope); !status.ok()) {
    Log(Severity::kCritical, absl::StrCat("SYSERR: ", status.message()));
    Send(Reply(451, "4.3.0", "Cannot write queue file"));
    co_return absl::OkStatus();
  }
  // From here on the message is ours, whether the client hears of it or not.
  Trace& trace = context_.env.trace();
  trace.Record({EventKind::kEnvelopeAccepted, envelope.id, envelope.sender,
                static_cast<int64_t>(envelope.recipients.size()), 0});
  for (const Recipient& recipient : envelope.recipients) {
    trace.Record({EventKind::kRecipientAccepted, envelope.id, recipient.address, 0, 0});
  }
  LogFrom(message_id);
  transaction_.mail_given = false;  // its log line is written
  message.HandOver();
  context_.accepted.OnAccepted(envelope.id);
  Send(Reply(250, "2.0.0", absl::StrCat(envelope.id, " Message accepted for delivery")));
  // A client that never hears this sends the message again: say it before anything else happens.
  co_return co_await channel_.Flush();
}

void Session::RefuseBareLineEnd(const Collected& collected) {
  const absl::string_view what = collected.fault == DataDecoder::Fault::kBareLineFeed
                                     ? "Bare linefeed (LF) not allowed"
                                     : "Bare carriage return (CR) not allowed";
  LogCollectFailure(absl::StrCat(what, ", where=", collected.headers.in_body() ? "body" : "header",
                                 ", status=tempfail"));
  Send(Reply(421, "4.5.0", what));
}

void Session::LogCollectFailure(absl::string_view info) {
  Log(Severity::kNotice, absl::StrCat("collect: relay=", client_.name, ", from=",
                                      Shortened(transaction_.sender_path), ", info=", info));
}

}  // namespace stagepost
