#include "sim/peer/sink_session.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "mta/async/deadline.h"
#include "mta/base/status_macros.h"
#include "sim/peer/sink.h"
#include "sim/scenario/values.h"

namespace stagepost {
namespace {

using scenario::Answer;

constexpr size_t kMaxLine = 1 << 20;
constexpr size_t kMaxMessage = 64 << 20;
constexpr size_t kEndlessBytes = 64 << 20;
// Longer than any client waits, and shorter than what the end of a run leaves.
constexpr absl::Duration kStopped = absl::Hours(2);
// How long a client may say nothing, who may be gone without a word.
constexpr absl::Duration kPatience = absl::Hours(1);

absl::Duration Duration(const std::string& text) { return *ParseScenarioDuration(text); }

// What stands in the angle brackets of a MAIL or RCPT line.
std::string AddressIn(absl::string_view line) {
  const size_t begin = line.find('<');
  const size_t end = line.find_last_of('>');
  if (begin == line.npos || end == line.npos || end < begin) return "";
  return std::string(line.substr(begin + 1, end - begin - 1));
}

Answer::Moment MomentOf(absl::string_view line) {
  constexpr std::pair<absl::string_view, Answer::Moment> kVerbs[] = {
      {"EHLO", Answer::EHLO}, {"LHLO", Answer::EHLO}, {"HELO", Answer::HELO},
      {"MAIL", Answer::MAIL}, {"RCPT", Answer::RCPT}, {"RSET", Answer::RSET}};
  if (absl::EqualsIgnoreCase(line, "DATA")) return Answer::DATA;
  if (absl::EqualsIgnoreCase(line, "QUIT")) return Answer::QUIT;
  for (const auto& [verb, moment] : kVerbs) {
    if (absl::EqualsIgnoreCase(line.substr(0, 4), verb)) return moment;
  }
  return Answer::OTHER;
}

Task<absl::Status> WriteSynced(File& file, absl::string_view text) {
  for (size_t written = 0; written < text.size();) {
    CO_ASSIGN_OR_RETURN(const size_t n, co_await file.Write(written, text.substr(written)));
    written += n;
  }
  co_return co_await file.Sync();
}

}  // namespace

SinkSession::SinkSession(SinkServer& server, std::unique_ptr<Connection> connection)
    : server_(server),
      env_(server.env),
      connection_(std::move(connection)),
      peer_(connection_->peer().ToString()),
      number_(++server.last_session) {}

Task<absl::Status> SinkSession::Run() {
  Reply greeting = AnswerTo(Answer::GREETING, peer_,
                            absl::StrCat("220 ", env_.host().name(), " ESMTP sink\r\n"));
  CO_ASSIGN_OR_RETURN(bool more, co_await Say(std::move(greeting)));
  while (more) {
    CO_ASSIGN_OR_RETURN(const std::string line, co_await NextLine());
    env_.trace().Record({EventKind::kSmtpCommand, peer_, line, number_, 0});
    Answer::Moment moment = Answer::OTHER;
    Reply reply = AnswerToCommand(line, moment);
    Agree(line, moment, reply);
    const bool message_follows = moment == Answer::DATA && reply.Begins('3');
    const bool last = moment == Answer::QUIT && reply.answer == nullptr;
    CO_ASSIGN_OR_RETURN(more, co_await Say(std::move(reply)));
    if (last) break;
    if (more && message_follows) {
      CO_ASSIGN_OR_RETURN(more, co_await TakeMessage());
    }
  }
  co_return absl::OkStatus();
}

SinkSession::Reply SinkSession::AnswerTo(Answer::Moment moment, absl::string_view line,
                                         std::string usual) {
  const Answer* answer = server_.answers.Find(moment, line, env_.clock().MonotonicNow());
  if (answer == nullptr) return {std::move(usual), nullptr};
  if (answer->has_raw()) return {answer->raw(), answer};
  std::string bytes;
  for (const std::string& text : answer->reply()) absl::StrAppend(&bytes, text, "\r\n");
  if (bytes.empty() && answer->then() == Answer::GO_ON) bytes = std::move(usual);
  return {std::move(bytes), answer};
}

SinkSession::Reply SinkSession::AnswerToCommand(absl::string_view line, Answer::Moment& moment) {
  moment = MomentOf(line);
  return AnswerTo(moment, line, absl::StrCat(UsualReply(line, moment), "\r\n"));
}

bool SinkSession::IsForUs(absl::string_view line) const {
  const std::string address = AddressIn(line);
  const size_t at = address.rfind('@');
  if (at == std::string::npos) return false;
  const absl::string_view domain = absl::string_view(address).substr(at + 1);
  const auto& domains = server_.sink.domain();
  return std::any_of(domains.begin(), domains.end(),
                     [&](const std::string& ours) { return absl::EqualsIgnoreCase(ours, domain); });
}

std::string SinkSession::UsualReply(absl::string_view line, Answer::Moment moment) const {
  switch (moment) {
    case Answer::EHLO: {
      const bool lhlo = absl::StartsWithIgnoreCase(line, "LHLO");
      if (lhlo != server_.sink.lmtp()) return "500 5.5.1 what?";
      std::vector<std::string> lines = {env_.host().name()};
      if (!server_.sink.offers_nothing()) {
        const auto& offers = server_.sink.offers();
        lines.insert(lines.end(), offers.begin(), offers.end());
        if (offers.empty()) lines.insert(lines.end(), {"PIPELINING", "8BITMIME"});
      }
      std::string reply;
      for (size_t i = 0; i + 1 < lines.size(); ++i) {
        absl::StrAppend(&reply, "250-", lines[i], "\r\n");
      }
      return absl::StrCat(reply, "250 ", lines.back());
    }
    case Answer::HELO:
      if (server_.sink.lmtp()) return "500 5.5.1 what?";
      return absl::StrCat("250 ", env_.host().name());
    case Answer::RSET:
      return "250 2.0.0 ok";
    case Answer::MAIL:
      return "250 2.1.0 ok";
    case Answer::RCPT:
      if (mail_.empty()) return "503 5.5.1 MAIL first";
      return IsForUs(line) ? "250 2.1.5 ok" : "550 5.7.1 not one of my domains";
    case Answer::DATA:
      return recipients_.empty() ? "503 5.5.1 RCPT first" : "354 go ahead";
    case Answer::QUIT:
      return "221 2.0.0 bye";
    default:
      return absl::EqualsIgnoreCase(line, "NOOP") ? "250 2.0.0 ok" : "500 5.5.1 what?";
  }
}

void SinkSession::Agree(absl::string_view line, Answer::Moment moment, const Reply& reply) {
  if (!reply.Begins('2')) return;
  if (moment == Answer::MAIL || moment == Answer::RSET || moment == Answer::EHLO ||
      moment == Answer::HELO) {
    mail_.clear();
    recipients_.clear();
  }
  if (moment == Answer::MAIL) mail_ = std::string(line);
  if (moment == Answer::RCPT) recipients_.push_back({std::string(line), AddressIn(line)});
}

Task<absl::StatusOr<bool>> SinkSession::Say(Reply reply) {
  const Answer& answer = reply.answer == nullptr ? Answer::default_instance() : *reply.answer;
  if (answer.has_delay()) CO_RETURN_IF_ERROR(co_await Sleep(Duration(answer.delay())));
  const std::string filling(answer.endless() ? 64 << 10 : 0, 'x');
  for (size_t sent = 0; !filling.empty() && sent < kEndlessBytes; sent += filling.size()) {
    CO_RETURN_IF_ERROR(co_await WriteAll(*connection_, filling));
  }
  if (!reply.bytes.empty()) {
    int code = 0;
    (void)absl::SimpleAtoi(reply.bytes.substr(0, 3), &code);
    env_.trace().Record(
        {EventKind::kSmtpReply, peer_, absl::StripSuffix(reply.bytes, "\r\n"), code, number_});
    const size_t step = answer.has_drip() ? 1 : reply.bytes.size();
    for (size_t sent = 0; sent < reply.bytes.size(); sent += step) {
      if (sent > 0) CO_RETURN_IF_ERROR(co_await Sleep(Duration(answer.drip())));
      CO_RETURN_IF_ERROR(
          co_await WriteAll(*connection_, absl::string_view(reply.bytes).substr(sent, step)));
    }
  }
  co_return co_await Conclude(answer.then());
}

Task<absl::StatusOr<bool>> SinkSession::Conclude(Answer::Then then) {
  switch (then) {
    case Answer::GO_ON:
      co_return true;
    case Answer::CLOSE:
      break;
    case Answer::RESET:
      connection_->Reset();
      break;
    case Answer::FALL_SILENT:
      while (true) {
        buffer_.clear();
        CO_ASSIGN_OR_RETURN(const std::string line, co_await NextLine());
      }
    case Answer::STOP_READING:
      CO_RETURN_IF_ERROR(co_await Sleep(kStopped));
      connection_->Reset();
      break;
  }
  co_return false;
}

Task<absl::StatusOr<std::string>> SinkSession::NextLine() {
  while (true) {
    const size_t end = buffer_.find("\r\n");
    if (end != std::string::npos) {
      std::string line = buffer_.substr(0, end);
      buffer_.erase(0, end + 2);
      co_return line;
    }
    if (buffer_.size() > kMaxLine) co_return absl::ResourceExhaustedError("line too long");
    std::array<char, 4096> chunk;
    CO_ASSIGN_OR_RETURN(const size_t n,
                        co_await WithDeadline(env_.clock().MonotonicNow() + kPatience,
                                              connection_->Read(absl::MakeSpan(chunk))));
    if (n == 0) co_return absl::OutOfRangeError("end of stream");
    buffer_.append(chunk.data(), n);
  }
}

Task<absl::StatusOr<std::string>> SinkSession::ReadMessage() {
  std::string message;
  while (true) {
    CO_ASSIGN_OR_RETURN(std::string line, co_await NextLine());
    if (line == ".") co_return message;
    if (message.size() > kMaxMessage) co_return absl::ResourceExhaustedError("message too long");
    absl::StrAppend(&message, absl::StripPrefix(line, "."), "\r\n");
  }
}

// Only recipients that are told so have it.
Task<absl::StatusOr<bool>> SinkSession::TakeMessage() {
  CO_ASSIGN_OR_RETURN(const std::string message, co_await ReadMessage());
  std::string text = absl::StrCat(mail_, "\n");
  for (const Recipient& recipient : recipients_) absl::StrAppend(&text, recipient.line, "\n");
  absl::StrAppend(&text, "\n", message);
  const size_t replies = server_.sink.lmtp() ? recipients_.size() : 1;
  std::vector<Reply> answers;
  std::vector<Recipient> kept;
  for (size_t i = 0; i < replies; ++i) {
    const absl::string_view asked = server_.sink.lmtp() ? recipients_[i].line : text;
    Reply reply = AnswerTo(Answer::MESSAGE, asked, "250 2.0.0 ok\r\n");
    const bool says_so = reply.answer != nullptr && reply.answer->has_keep();
    if (says_so ? reply.answer->keep() : reply.Begins('2')) {
      if (server_.sink.lmtp()) {
        kept.push_back(recipients_[i]);
      } else {
        kept = recipients_;
      }
    }
    answers.push_back(std::move(reply));
  }
  const absl::Status stored = kept.empty() ? absl::OkStatus() : co_await Keep(message, kept);
  mail_.clear();
  recipients_.clear();
  bool more = true;
  for (size_t i = 0; i < replies && more; ++i) {
    if (!stored.ok() && answers[i].Begins('2')) {
      answers[i] = {"451 4.3.0 cannot store it\r\n", nullptr};
    }
    CO_ASSIGN_OR_RETURN(more, co_await Say(std::move(answers[i])));
  }
  co_return more;
}

Task<absl::Status> SinkSession::Keep(const std::string& message,
                                     const std::vector<Recipient>& recipients) {
  std::string text = absl::StrCat(mail_, "\n");
  for (const Recipient& recipient : recipients) absl::StrAppend(&text, recipient.line, "\n");
  absl::StrAppend(&text, "\n", message);
  const std::string name = absl::StrFormat("%06d", server_.next_message++);
  CO_RETURN_IF_ERROR(co_await Store(text, name));
  env_.trace().Record({EventKind::kEnvelopeAccepted, name, AddressIn(mail_),
                       static_cast<int64_t>(recipients.size()), number_});
  for (const Recipient& recipient : recipients) {
    env_.trace().Record({EventKind::kRecipientAccepted, name, recipient.address, 0, 0});
  }
  co_return absl::OkStatus();
}

// Whole messages only have numbers; what is being written is called otherwise.
Task<absl::Status> SinkSession::Store(const std::string& text, const std::string& name) {
  FileSystem& files = env_.files();
  const std::string path = absl::StrCat(kSinkDirectory, "/", name);
  const std::string draft = absl::StrCat(kSinkDirectory, "/.", name);
  CO_ASSIGN_OR_RETURN(
      std::unique_ptr<File> file,
      co_await files.Open(draft, {.write = true, .create = true, .truncate = true, .mode = 0644}));
  CO_RETURN_IF_ERROR(co_await WriteSynced(*file, text));
  CO_RETURN_IF_ERROR(co_await files.Rename(draft, path));
  co_return co_await files.SyncDirectory(kSinkDirectory);
}

}  // namespace stagepost
