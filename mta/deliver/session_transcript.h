// What a bounce says of the dialogue with a server: the commands that went wrong, and the answers.
//
//   ... while talking to mail.outside.example.:
//   >>> DATA
//   <<< 552 5.2.2 over quota
//   554 5.0.0 Service unavailable
//
// sendmail's form: the last command is shown once, in front of the first refusal after it, so that
// with pipelining it is DATA that recipients have been refused behind.
#ifndef STAGEPOST_MTA_DELIVER_SESSION_TRANSCRIPT_H_
#define STAGEPOST_MTA_DELIVER_SESSION_TRANSCRIPT_H_

#include <functional>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "mta/deliver/delivery_watcher.h"
#include "mta/smtp/smtp_client.h"

namespace stagepost {

class SessionTranscript final : public ClientDialogue {
 public:
  // What is said of a recipient that has been refused: the line that follows the refusal.
  using Describe = std::function<std::string(const ClientRecipient&)>;

  // `host` as a route names it. `watcher` is told of everything, too; null: nobody. It outlives
  // this.
  SessionTranscript(std::string host, DeliveryWatcher* watcher)
      : host_(std::move(host)), watcher_(watcher) {}

  // Null: refusals are not described.
  void set_describe(Describe describe) { describe_ = std::move(describe); }

  void OnSent(absl::string_view line) override;
  void OnReply(absl::string_view line) override;
  void OnRefused(const ClientRecipient& recipient) override;

  // Something that is not the server's.
  void Say(absl::string_view line) { Add("", line); }

  // What the server has said last, one line of it; empty: nothing.
  const std::string& last_reply() const { return last_reply_; }

  // What was noted since the last Take(), at most kMaxTranscript bytes, lines with their ends.
  std::string Take();

 private:
  void Add(absl::string_view mark, absl::string_view line);

  const std::string host_;
  DeliveryWatcher* const watcher_;
  Describe describe_;
  std::string command_;  // not shown yet
  std::string text_;
  std::string last_reply_;
  bool introduced_ = false;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_DELIVER_SESSION_TRANSCRIPT_H_
