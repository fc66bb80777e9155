// The client side of SMTP (RFC 5321) and LMTP (RFC 2033): one session with one server, over a
// connection or the pipes of a program.
//
//   SmtpClient client(env.clock(), input, output, {.timeouts = timeouts});
//   CO_RETURN_IF_ERROR(co_await client.Greet("mx1.corp.example"));
//   ClientTransaction transaction = {.sender = "alice@corp.example", .recipients = …};
//   CO_RETURN_IF_ERROR(co_await client.Send(transaction, *text));
//   … as many more transactions as one likes …
//   co_await client.Quit();
//
// Every wait has a deadline, every reply a limit on lines and their length, and a write is watched
// for the reply of a server that has had enough. After an error the session is of no use; what has
// been answered until then holds.
//
// With PIPELINING (RFC 2920) all RCPTs and DATA travel together once MAIL has been accepted, as
// sendmail has it, in pieces that no peer's window can be filled with.
#ifndef STAGEPOST_MTA_SMTP_SMTP_CLIENT_H_
#define STAGEPOST_MTA_SMTP_SMTP_CLIENT_H_

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "mta/async/scope.h"
#include "mta/async/semaphore.h"
#include "mta/async/task.h"
#include "mta/base/time.h"
#include "mta/env/clock.h"
#include "mta/env/stream.h"
#include "mta/message/message_text.h"
#include "mta/smtp/line_reader.h"
#include "mta/smtp/server_reply.h"

namespace stagepost {

// How long the client waits: RFC 5321, section 4.5.3.2; sendmail's Timeout.… by their names.
struct ClientTimeouts {
  absl::Duration greeting = absl::Minutes(5);  // initial
  absl::Duration hello = absl::Minutes(5);     // helo, lhlo
  absl::Duration mail = absl::Minutes(10);
  absl::Duration recipient = absl::Hours(1);
  absl::Duration data = absl::Minutes(5);      // datainit: the reply to DATA
  absl::Duration data_block = absl::Hours(1);  // one write of message text
  absl::Duration final_dot = absl::Hours(1);   // datafinal; LMTP: each recipient's reply
  absl::Duration reset = absl::Minutes(5);
  absl::Duration quit = absl::Minutes(2);
  absl::Duration misc = absl::Minutes(2);  // the reply to VERB
};

struct ClientRecipient;

// Told of every line as it goes and comes, for -v, bounces and logs: without line ends, and
// without what is secret.
class ClientDialogue {
 public:
  virtual ~ClientDialogue() = default;
  virtual void OnSent(absl::string_view line) = 0;
  virtual void OnReply(absl::string_view line) = 0;
  // A recipient has been refused, now or for good, by a reply of its own: its lines have just been
  // told.
  virtual void OnRefused(const ClientRecipient&) {}
};

struct ClientOptions {
  bool lmtp = false;                 // LHLO, and a reply for each recipient after the message
  bool esmtp = true;                 // EHLO first, whatever the greeting says: mailer flag a
  bool never_esmtp = false;          // HELO, whatever the greeting says: flag 2
  bool escape_dots = true;           // flag X
  std::string end_of_line = "\r\n";  // of text and commands: E=
  ClientTimeouts timeouts = {};
};

// One recipient and what became of it: the reply to RCPT if that refused it, else the one to DATA
// if that refused them all, else the one after the message (LMTP: its own); nullopt: the server did
// not get so far.
struct ClientRecipient {
  std::string path;             // what stands between the angle brackets of RCPT
  std::string parameters = "";  // " NOTIFY=NEVER", a space in front of each
  std::optional<ServerReply> reply = std::nullopt;
  ReplyStage stage = ReplyStage::kMessage;  // what the reply was to
  std::string accepted = "";  // the positive reply to RCPT, first line; empty: there was none
};

// REQUIRES: paths and parameters without control characters; paths without angle brackets.
struct ClientTransaction {
  std::string sender;           // between the angle brackets of MAIL; empty: <>
  std::string parameters = "";  // " SIZE=…", a space in front of each
  std::vector<ClientRecipient> recipients = {};
};

class SmtpClient {
 public:
  // `input` is what the server reads. Everything outlives the client.
  SmtpClient(const Clock& clock, ByteSink& input, ByteSource& output, ClientOptions options);

  // Who is told of the dialogue from now on; null: nobody.
  void set_dialogue(ClientDialogue* dialogue) { dialogue_ = dialogue; }

  // Waits for the greeting and says EHLO, HELO where that is refused for good, or LHLO. OK: ready
  // for Send(). kFailedPrecondition: the server refused us, with refusal(). Any other error is
  // that of a connection: see Send().
  Task<absl::Status> Greet(absl::string_view host_name);
  // After kFailedPrecondition of Greet(): the reply, and what it was to (kGreeting, kHello).
  const ServerReply& refusal() const { return refusal_; }
  ReplyStage stage() const { return stage_; }  // what is being waited for, or was, at an error

  const ServerReply& greeting() const { return greeting_; }
  // The reply to EHLO, HELO or LHLO: its first word is the server's name.
  const ServerReply& hello() const { return hello_; }
  // Whether EHLO or LHLO offered this keyword; its parameters, "" for none.
  std::optional<absl::string_view> Offer(absl::string_view keyword) const;
  bool Offers(absl::string_view keyword) const { return Offer(keyword).has_value(); }

  // One transaction. Fills in the replies of the recipients, also when it returns an error. OK also
  // if the server refused all: as sendmail, the client has said RSET then where nobody was left for
  // DATA or DATA was refused, and QUIT where that was deferred. Errors: kUnavailable, the server
  // went away, or what it says is no reply (the message says which); kDeadlineExceeded, it did not
  // answer in time; kCancelled; those of `text`. A 421 ends the session: see closing().
  Task<absl::Status> Send(ClientTransaction& transaction, MessageText& text);

  // Whether SendAtOnce() may be used: LMTP with PIPELINING and CHUNKING, after Greet().
  bool CanSendAtOnce() const;
  // The same as Send() for a message that is in memory, LF line ends, without waiting for anything
  // in between (RFC 3030: what BDAT says needs no 354): MAIL, RCPTs and message travel together.
  // Several tasks may call it beside each other, so that a server has the next transactions at hand
  // while it works on one; their answers come in the order of the calls. A task that is stopped, or
  // runs out of time, ends the session for all.
  // `dialogue` is told, instead of that of set_dialogue(), what DATA would have made of it: people
  // know that. Not beside Send(), Reset() or Quit().
  Task<absl::Status> SendAtOnce(ClientTransaction& transaction, absl::string_view text,
                                ClientDialogue* dialogue);

  // Between transactions: an error if the server has gone away or taken its leave.
  Task<absl::Status> CheckWaiting();

  // A transaction was begun, and has been ended neither by a message nor by RSET.
  bool needs_reset() const { return needs_reset_; }
  // No more commands, not even QUIT: the server said 421 (QUIT was the answer to that), deferred
  // DATA or refused a message before its end, or an error was returned.
  bool closing() const { return closing_; }
  // RSET. An error also if the server refuses.
  Task<absl::Status> Reset();
  // VERB, as sendmail says it for -v: from now on the server may put lines of code 050 before its
  // replies, of which only the dialogue is told. A refusal is no error.
  Task<absl::Status> SetVerbose();
  // Waits for the reply, or Timeout.quit. Nothing where closing().
  Task<absl::Status> Quit();

 private:
  // nullopt: there was none, or none that ends things.
  using MaybeReply = absl::StatusOr<std::optional<ServerReply>>;
  class Flight;
  struct WatchedWrite;

  // smtp_client.cc: commands and replies. All errors go through Fail().
  absl::Status Fail(absl::Status status);
  // The server does not keep to the protocol: which reply belongs to what, nobody knows.
  absl::Status OutOfStep(absl::string_view how);
  void Sent(absl::string_view line);
  void Answer(ClientRecipient& recipient, const ServerReply& reply, ReplyStage stage);
  // Says that everybody who has no reply yet got this one.
  void AnswerRest(ClientTransaction& transaction, const ServerReply& reply, ReplyStage stage);
  Task<absl::StatusOr<ServerReply>> ReadReply(ReplyStage stage, absl::Duration timeout);
  Task<absl::StatusOr<ServerReply>> Command(absl::string_view line, ReplyStage stage,
                                            absl::Duration timeout);
  // A deadline that has passed: only what needs no waiting is done.
  static constexpr MonotonicTime kNoWait =
      MonotonicTime::FromNanoseconds(std::numeric_limits<int64_t>::min());
  // For a server to say the rest of what it has begun to say unasked.
  static constexpr absl::Duration kLastWordsTimeout = absl::Seconds(10);
  // Whether the server has said something that was not read yet.
  Task<absl::StatusOr<bool>> HasSpoken();
  // The 421 of a server that does not wait to be asked; anything else unasked is an error.
  Task<MaybeReply> Unasked(ReplyStage stage);
  // What a server still says that does not read any more; else `written`.
  Task<absl::StatusOr<ServerReply>> LastWords(absl::Status written, ReplyStage stage);
  Task<void> TakeLeave();
  Task<absl::StatusOr<ServerReply>> SayHello(absl::string_view host_name);

  // smtp_client_recipients.cc: asks about all recipients and for DATA, and gives those who were
  // refused their replies. What is returned is the reply to DATA; nullopt: it is not needed.
  void TakeReplyToRecipient(ClientRecipient& recipient, const ServerReply& reply);
  Task<MaybeReply> AskOneByOne(ClientTransaction& transaction);
  Task<MaybeReply> AskTogether(ClientTransaction& transaction);
  Task<MaybeReply> ReadFlight(ClientTransaction& transaction);
  Task<MaybeReply> ReadReplies(ClientTransaction& transaction);
  Task<absl::Status> SendMessage(ClientTransaction& transaction, MessageText& text);
  Task<absl::Status> Refused(ClientTransaction& transaction, const ServerReply& data);
  Task<absl::Status> EndEmptyMessage();
  Task<absl::Status> ReadVerdicts(ClientTransaction& transaction);

  // smtp_client_text.cc: writing. The reply is that of a server that had enough before the end.
  Task<MaybeReply> SendText(MessageText& text);
  Task<MaybeReply> WriteText(absl::string_view wire, bool listen);
  Task<MaybeReply> FinishWriting(absl::string_view rest);
  Task<MaybeReply> EarlyReply();
  Task<MaybeReply> NotWritten(absl::Status status);
  // Takes away from `bytes` what can be written without a wait.
  Task<absl::Status> WriteNow(absl::string_view& bytes);
  static Task<absl::Status> WriteRest(SmtpClient& client, WatchedWrite& write);
  static Task<absl::Status> Watch(TaskScope& scope, SmtpClient& client, WatchedWrite& write);

  // smtp_client_chunks.cc.
  void AppendWhole(const ClientTransaction& transaction, absl::string_view text);
  Task<void> WriteWaiting();
  Task<absl::Status> ReadAnswers(ClientTransaction& transaction);
  Task<absl::Status> ReadAnswersTo(ClientTransaction& transaction);

  const Clock& clock_;
  ByteSink& input_;
  LineReader reader_;
  const ClientOptions options_;
  ClientDialogue* dialogue_ = nullptr;
  ServerReply greeting_, hello_, refusal_;
  ReplyStage stage_ = ReplyStage::kGreeting;
  bool needs_reset_ = false;
  bool closing_ = false;
  bool left_ = false;  // QUIT was said, or would not be understood any more
  bool out_of_step_ = false;
  bool verbose_ = false;  // the server may say 050
  // Of SendAtOnce():
  std::string waiting_;  // to be written
  bool writing_ = false;
  struct Turn {
    Semaphore free{1};      // when the transaction is over
    bool answered = false;  // all its replies have been read
  };
  std::shared_ptr<Turn> last_turn_;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_SMTP_SMTP_CLIENT_H_
