// The inside of RunServerSession(): the state of one session and the transaction under way.
//
//             HELO/EHLO, RSET, end of DATA
//          +---------------------------------+
//          v                                 |
//   [no transaction] --MAIL ok--> [sender known] --RCPT ok--> [recipients] --DATA--> [message]
//                                                                 ^  |
//                                                                 +--+ RCPT
//
// server_session.cc has the loop and the simple commands, session_envelope.cc MAIL and RCPT,
// session_data.cc DATA.
#ifndef STAGEPOST_MTA_SMTP_SESSION_H_
#define STAGEPOST_MTA_SMTP_SESSION_H_

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "mta/async/task.h"
#include "mta/base/reply.h"
#include "mta/env/system_log.h"
#include "mta/message/header.h"
#include "mta/queue/envelope.h"
#include "mta/queue/queue.h"
#include "mta/smtp/command_parser.h"
#include "mta/smtp/server_session.h"
#include "mta/smtp/session_channel.h"

namespace stagepost {

// A mail transaction (RFC 5321, section 3.3), from MAIL to the end of DATA.
struct Transaction {
  std::string id;           // queue id, from the first log line that needs one; empty before
  bool mail_given = false;  // MAIL was understood, accepted or not: the log gets its "from=" line
  bool sender_ok = false;
  std::string sender_path;  // as MAIL gave it: what log lines show
  std::string sender;       // the reverse-path
  bool sender_bracketed = true;
  int64_t size = 0;  // bytes, declared with SIZE= until the message is here
  bool body_8bitmime = false, body_7bit = false;
  std::vector<Recipient> recipients;  // one for each mailbox
  std::set<std::string> mailboxes;    // theirs
  // How recipients were spelt when they were first accepted, by AddressDecision::key. At most
  // kMaxRecipientsPerMessage.
  std::map<std::string, std::string> spellings;
  // Recipients that passed policy, existing or not: with one, Received names it.
  int considered = 0;
};

class Session {
 public:
  Session(SessionContext context, std::unique_ptr<Connection> connection, int64_t number);

  Task<absl::Status> Run();

 private:
  struct Collected;  // what DATA brought (session_data.cc)

  Task<absl::Status> Loop();
  Task<absl::Status> Execute(const Command& command);
  // Ends the session for the reason `status` of reading or writing; OK if that is in order.
  Task<absl::Status> HangUp(absl::Status status);

  void Greet();
  void Hello(const Command& command);
  void Unknown(const Command& command);
  void RejectProxy(const Command& command);

  Task<absl::Status> Mail(absl::string_view argument);
  // The reply that refuses the parameters of MAIL, or null.
  std::unique_ptr<Reply> TakeMailParameters(const std::vector<Parameter>& parameters);
  Task<absl::Status> Rcpt(absl::string_view argument);
  void AddRecipient(AddressDecision decision, absl::string_view path);
  void LogRefusal(absl::string_view ruleset, const AddressDecision& decision,
                  absl::string_view path);

  Task<absl::Status> Data();
  Task<absl::StatusOr<std::unique_ptr<IncomingMessage>>> CreateMessage();
  Task<absl::Status> ReceiveMessage(IncomingMessage& message);
  Task<absl::Status> Collect(IncomingMessage& message, Collected& collected);
  std::unique_ptr<Reply> CheckCollected(const Collected& collected);
  Task<absl::Status> Accept(IncomingMessage& message, const Collected& collected);
  Envelope MakeEnvelope(const Collected& collected);
  void RefuseBareLineEnd(const Collected& collected);
  void LogCollectFailure(absl::string_view info);

  // Ends the transaction, with its log line if it had a sender.
  void Reset();
  void LogFrom(absl::string_view message_id);
  // The queue id of the transaction.
  const std::string& Id();
  void Log(Severity severity, absl::string_view text);  // "ID: text"
  void Send(const Reply& reply);

  const SessionContext context_;
  SessionChannel channel_;
  Client client_;
  std::string protocol_ = "SMTP";  // $r
  bool first_command_ = true;
  bool any_mail_ = false;  // MAIL or VRFY was given in this session
  int bad_commands_ = 0;
  bool closing_ = false;
  Transaction transaction_;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_SMTP_SESSION_H_
