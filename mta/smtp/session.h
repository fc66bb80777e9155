// The inside of RunServerSession(): the state of one session and the transaction under way.
//
//             HELO/EHLO, RSET, end of DATA
//          +---------------------------------+
//          v                                 |
//   [no transaction] --MAIL ok--> [sender known] --RCPT ok--> [recipients] --DATA--> [message]
//                                                                 ^  |
//                                                                 +--+ RCPT
//
// server_session.cc has the loop and the end, session_start.cc what happens up to the greeting,
// session_commands.cc the simple commands, session_verify.cc VRFY and EXPN, session_envelope.cc
// MAIL and RCPT, session_data.cc DATA, and session_message.cc what becomes of a message.
#ifndef STAGEPOST_MTA_SMTP_SESSION_H_
#define STAGEPOST_MTA_SMTP_SESSION_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "mta/async/task.h"
#include "mta/base/reply.h"
#include "mta/cf/configuration.h"
#include "mta/cf/macros.h"
#include "mta/env/system_log.h"
#include "mta/expand/send_list.h"
#include "mta/message/complete_header.h"
#include "mta/message/header_check.h"
#include "mta/policy/check_ruleset.h"
#include "mta/policy/client.h"
#include "mta/policy/command_throttle.h"
#include "mta/policy/connection_counters.h"
#include "mta/queue/envelope.h"
#include "mta/queue/queue.h"
#include "mta/rewrite/address.h"
#include "mta/smtp/command_parser.h"
#include "mta/smtp/mail_parameters.h"
#include "mta/smtp/server_session.h"
#include "mta/smtp/session_channel.h"
#include "mta/smtp/session_features.h"

namespace stagepost {

// Where a recipient leads to.
struct RecipientRoute {
  size_t entry = 0;         // of Transaction::list
  std::string queue_group;  // what rules or its mailer have given it; empty: none
};

// A mail transaction (RFC 5321, section 3.3), from MAIL to the end of DATA.
struct Transaction {
  Transaction(const Macros& session_macros, int64_t bad_recipient_limit)
      : macros(&session_macros), throttle(bad_recipient_limit) {}

  std::string id;           // queue id, from the first log line that needs one; empty before
  absl::Time created;       // with `id`
  bool mail_given = false;  // MAIL was understood, accepted or not: the log gets its "from=" line
  bool sender_ok = false;
  std::string sender_path;             // as MAIL gave it: what log lines show
  std::string sender;                  // the reverse-path, without brackets
  std::string full_name;               // of a sender who has an account here
  MailParameters parameters;           // `size` becomes that of the message
  Macros macros;                       // the envelope's
  SendList list;                       // who passed policy, existing or not
  std::vector<Recipient> recipients;   // one for each mailbox
  std::vector<RecipientRoute> routes;  // one for each of `recipients`
  int counted = 0;             // ${nrcpts}: recipients, and whoever VRFY and EXPN have found
  RecipientThrottle throttle;  // ${nbadrcpts}
  bool discard = false;        // a ruleset said $#discard: nobody gets the message
  std::string quarantine;      // a ruleset said so, and why
  std::string last_error;      // of a recipient: what the qf file keeps
  std::string warning;         // X-Authentication-Warning
};

class Session {
 public:
  // What a client's connection is, or -bs: `login` is whose.
  Session(SessionContext context, std::unique_ptr<Connection> connection, int64_t number);
  Session(SessionContext context, ByteSource& input, ByteSink& output, std::string login);

  Task<absl::Status> Run();

 private:
  struct Collected;  // what DATA brought (collected_message.h)

  // session_start.cc
  Task<absl::Status> Start();
  void DefineSessionMacros();
  Task<void> CheckClient();
  Task<void> AskFeatures();
  Task<absl::Status> PauseBeforeGreeting();
  void Greet();

  // server_session.cc
  Task<absl::Status> Serve();
  Task<absl::Status> Loop();
  Task<absl::Status> Execute(const Command& command);
  // Whether the command is refused whatever it says: rejected clients, VERB of a port, …
  bool RefusedOutright(const Command& command);
  // Ends the session for the reason `status` of reading or writing; OK if that is in order.
  Task<absl::Status> HangUp(absl::Status status);
  bool TooManyBadCommands();

  // session_commands.cc
  void Hello(const Command& command);
  // Whether the command, called `name`, is refused; the client has been told then.
  bool RefuseHello(const Command& command, absl::string_view name);
  Reply HelloReply(bool extended) const;
  void Unknown(const Command& command);
  void RejectProxy(const Command& command);
  // Whether the client has sent more than `command` without waiting for its reply, where it has to
  // wait: it is refused then.
  bool RefuseEarlyTraffic(absl::string_view command);
  Task<void> Help(absl::string_view topic);
  Task<void> Etrn(const Command& command);
  void Verb();

  // session_verify.cc
  Task<void> Verify(const Command& command);
  Task<Reply> ExpandForClient(absl::string_view argument, bool expand);

  // session_envelope.cc
  Task<void> Mail(absl::string_view argument);
  // Why no MAIL is taken now, before it is looked at; nullopt: it is.
  std::optional<Reply> MailOutOfPlace() const;
  // Whether there is room for a message; else the client has been told.
  Task<bool> HasDiskSpace(int64_t bytes);
  Task<void> ReadMail(absl::string_view argument);
  Task<void> CheckSender();
  // Of the account of a local sender; empty: there is none.
  std::string FullNameOf(const ParsedAddress& sender);
  void TakeVerdict(const Verdict& verdict);
  void DefineCounts();
  ParameterRules Rules() const;
  Task<void> Rcpt(absl::string_view argument);
  // These give the reply that refuses the recipient, and say whether the log has it already.
  Task<std::optional<Reply>> ReadRcpt(absl::string_view argument, bool& logged);
  Task<std::optional<Reply>> CheckRecipient(absl::string_view path, const ParsedAddress& parsed,
                                            const RcptParameters& parameters);
  Task<std::optional<Reply>> AddRecipient(absl::string_view path, const ParsedAddress& parsed,
                                          const RcptParameters& parameters);
  void AddToEnvelope(const SendEntry& entry, const RcptParameters& parameters);

  // session_data.cc
  Task<absl::Status> Data();
  Task<bool> DataAllowed();
  // Whether bytes lose their eighth bit as they come.
  bool StripsEighthBit() const;
  void RefuseEightBits(Collected& collected) const;
  Task<absl::StatusOr<std::unique_ptr<IncomingMessage>>> CreateMessage();
  Task<absl::Status> ReceiveMessage(IncomingMessage& message);
  Task<absl::Status> Collect(IncomingMessage& message, Collected& collected);
  Task<void> Store(IncomingMessage& message, Collected& collected, absl::string_view body);
  absl::Status LoseMessage(absl::Status status, const Collected& collected);
  void LogBareLineEnd(absl::string_view which, absl::string_view where, absl::string_view status);
  void LogCollectFailure(absl::string_view info);
  std::string CollectFailure(absl::string_view info) const;

  // session_message.cc
  Task<void> CheckHeader(Collected& collected);
  Task<void> CheckField(const HeaderCheck& check, Collected& collected);
  // What is wrong with the message as a whole goes to `collected`.
  Task<void> CheckMessage(Collected& collected);
  Task<void> CheckErrorsTo(Collected& collected);
  // Indices of recipients in their order in the queue; how these are divided over messages.
  std::vector<size_t> RecipientsByHost() const;
  std::vector<QueuePart> QueueParts() const;
  // Gives parts of the message to others with the same body, which it returns.
  Task<absl::StatusOr<std::vector<Envelope>>> Divide(IncomingMessage& message, Envelope& envelope);
  Envelope MakeEnvelope(const Collected& collected, CompletedHeader completed);
  void AskForReceipts(Envelope& envelope) const;
  CompletedHeader MakeHeader(Collected& collected);
  std::map<std::string, std::string> KeptMacros();
  Task<absl::Status> FinishMessage(IncomingMessage& message, Collected& collected);
  void RecordAccepted(const Envelope& envelope);
  absl::Status SayNotQueued(const absl::Status& why);
  Task<absl::Status> Accept(IncomingMessage& message, Envelope envelope);
  void LogRefusedRecipients(const Reply& reply, const Envelope& envelope);
  int64_t Priority(const Envelope& envelope) const;
  char ModeFor(const Envelope& envelope) const;

  // Asks a ruleset on behalf of the transaction, and logs what it says.
  Task<Verdict> Ask(CheckQuestion question, bool with_id = true);
  AddressContext RewriteContext(RewriteObserver* observer = nullptr);

  // Ends the transaction, with its log line if it had a sender.
  void Reset();
  void LogFrom(absl::string_view message_id, int message_class);
  // The queue id of the transaction.
  const std::string& Id();
  // "ID: text", if LogLevel is above `level`.
  void Log(int level, Severity severity, absl::string_view text);
  void Send(Reply reply);
  // Takes the eighth bit from a reply, and whatever becomes a control character by that.
  static void MakePlain(Reply& reply);
  // Waits before a command that was given too often, and says so in the log once.
  Task<void> Delay(ThrottledCommand command, absl::string_view name);
  Task<void> Pause(absl::Duration duration);
  // At a time above DelayLA.
  Task<void> DelayForLoad();
  Transaction NewTransaction() const;

  const Configuration& configuration() const { return context_.site->configuration(); }
  const Options& options() const { return configuration().options; }
  std::string Expand(absl::string_view text);
  absl::Duration TimeoutOf(TimeoutId id) const;

  const SessionContext context_;
  SessionChannel channel_;
  Client client_;
  std::string login_;      // of -bs
  std::string host_name_;  // $j
  std::string relay_;      // $_
  std::string helo_;       // of the last HELO or EHLO that was taken; empty before
  Macros macros_;          // of the session; those of the transaction stand above
  std::unique_ptr<ConnectionCounters::Ticket> ticket_;
  SessionFeatures features_;
  CommandThrottle throttle_;
  // A rejected client is told this whatever it asks.
  std::optional<Reply> rejection_;
  bool spoke_early_ = false;  // it has spoken before its greeting
  bool first_command_ = true;
  bool any_mail_ = false;    // MAIL, VRFY, EXPN or ETRN was given in this session
  bool silent_end_ = false;  // its end is not worth a log line
  bool verbose_ = false;     // VERB
  bool discards_ = false;    // check_relay said $#discard: nothing of this client is kept
  int bad_commands_ = 0;
  bool closing_ = false;
  Transaction transaction_;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_SMTP_SESSION_H_
