// One message to one server, by SMTP or LMTP: what MAIL and RCPT say, the text in the form that the
// server can take, and what became of each recipient. RFC 1870, 2852, 3461, 6152.
//
// For the mailers; the session is theirs.
#ifndef STAGEPOST_MTA_DELIVER_MAIL_TRANSACTION_H_
#define STAGEPOST_MTA_DELIVER_MAIL_TRANSACTION_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "mta/async/task.h"
#include "mta/deliver/mailer_run.h"
#include "mta/deliver/session_transcript.h"
#include "mta/message/message_text.h"
#include "mta/smtp/smtp_client.h"

namespace stagepost {

// So many bytes of a message are held in memory to be sent at once, as far as they are known
// before.
inline constexpr int64_t kMostSentAtOnce = 64 * 1024;

class MailTransaction {
 public:
  // `server` is what results call it: "local", "mail.dom1.example.". Everything outlives this.
  // The transcript learns what became of whom as long as this is there.
  MailTransaction(const MailerRun& run, SmtpClient& client, std::string server,
                  SessionTranscript& transcript);
  ~MailTransaction() { transcript_.set_describe(nullptr); }
  MailTransaction(const MailTransaction&) = delete;
  MailTransaction& operator=(const MailTransaction&) = delete;

  // An error is one of the session, which is of no use afterwards. OK also if this message is not
  // for this server, or it was refused.
  Task<absl::Status> Run();
  // Instead of Run(): by SmtpClient::SendAtOnce(), beside other transactions. REQUIRES: the client
  // can; the message has at most kMostSentAtOnce bytes.
  Task<absl::Status> RunAtOnce();

  // Instead of Run(), where the session came to nothing. REQUIRES: an error.
  void GiveUp(absl::Status status) { status_ = std::move(status); }

  // After Run() or GiveUp(): the results, and what mailq shows. relay and transcript are the
  // caller's.
  MailerReport Report() const;

 private:
  // The text, with what MAIL and RCPT say made ready; null: forbidden_ says why there is none.
  Task<std::unique_ptr<MessageText>> Prepare();
  // Why this message cannot go there, before anything has been said; OK: it can.
  absl::Status Fits() const;
  absl::Status FitsTime() const;
  std::string MailParameters() const;
  std::string RecipientParameters(const Recipient& recipient) const;
  DeliveryResult ResultOf(const ClientRecipient& recipient) const;
  std::string LineOf(const ClientRecipient& recipient) const;
  DeliveryResult Unanswered(bool first) const;

  const MailerRun& run_;
  SmtpClient& client_;
  const std::string server_;
  SessionTranscript& transcript_;
  ClientTransaction transaction_;
  absl::Status status_;     // of the session
  absl::Status forbidden_;  // why this message is not for this server
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_DELIVER_MAIL_TRANSACTION_H_
