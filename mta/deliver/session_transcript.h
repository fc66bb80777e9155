// What a bounce says of the dialogue with a server: the commands that went wrong, and the answers.
//
//   ... while talking to mail.outside.example.:
//   >>> DATA
//   <<< 552 5.2.2 over quota
//
// sendmail's form: the last command is shown once, in front of the first refusal after it, so that
// with pipelining it is DATA that recipients have been refused behind.
#ifndef STAGEPOST_MTA_DELIVER_SESSION_TRANSCRIPT_H_
#define STAGEPOST_MTA_DELIVER_SESSION_TRANSCRIPT_H_

#include <string>

#include "absl/strings/string_view.h"
#include "mta/smtp/smtp_client.h"

namespace stagepost {

class SessionTranscript final : public ClientDialogue {
 public:
  // `host` as a route names it. `next` is told of everything, too; null: nobody. It outlives this.
  SessionTranscript(std::string host, ClientDialogue* next) : host_(std::move(host)), next_(next) {}

  void OnSent(absl::string_view line) override;
  void OnReply(absl::string_view line) override;
  void OnOutcome(const ClientRecipient& recipient) override;

  // What the server has said last, one line of it; empty: nothing.
  const std::string& last_reply() const { return last_reply_; }

  // What was noted since the last Take(), at most kMaxTranscript bytes, lines with their ends.
  std::string Take();

 private:
  void Add(absl::string_view mark, absl::string_view line);

  const std::string host_;
  ClientDialogue* const next_;
  std::string command_;  // not shown yet
  std::string text_;
  std::string last_reply_;
  bool introduced_ = false;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_DELIVER_SESSION_TRANSCRIPT_H_
