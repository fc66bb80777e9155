#include "mta/deliver/session_transcript.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "mta/deliver/delivery_result.h"
#include "mta/deliver/mailer_run.h"

namespace stagepost {

void SessionTranscript::Add(absl::string_view mark, absl::string_view line) {
  if (text_.size() + line.size() > kMaxTranscript) return;
  absl::StrAppend(&text_, mark, OneLine(line), "\n");
}

void SessionTranscript::OnSent(absl::string_view line) {
  // What follows the end of a message is an answer to DATA.
  if (line != ".") command_ = std::string(line);
  if (watcher_ != nullptr) watcher_->OnSent(line);
}

void SessionTranscript::OnReply(absl::string_view line) {
  if (watcher_ != nullptr) watcher_->OnReply(line);
  last_reply_ = std::string(line);
  if (line.empty() || (line[0] != '4' && line[0] != '5')) return;
  if (!std::exchange(introduced_, true)) Add("", absl::StrCat("... while talking to ", host_, ":"));
  if (!command_.empty()) Add(">>> ", std::exchange(command_, ""));
  Add("<<< ", line);
}

void SessionTranscript::OnRefused(const ClientRecipient& recipient) {
  if (!describe_) return;
  const std::string line = describe_(recipient);
  if (watcher_ != nullptr) watcher_->OnRemark(line);
  Add("", line);
}

std::string SessionTranscript::Take() {
  introduced_ = false;
  return std::exchange(text_, "");
}

}  // namespace stagepost
