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
  command_ = std::string(line);
  if (next_ != nullptr) next_->OnSent(line);
}

void SessionTranscript::OnReply(absl::string_view line) {
  if (next_ != nullptr) next_->OnReply(line);
  last_reply_ = std::string(line);
  if (line.empty() || (line[0] != '4' && line[0] != '5')) return;
  if (!std::exchange(introduced_, true)) Add("", absl::StrCat("... while talking to ", host_, ":"));
  if (!command_.empty()) Add(">>> ", std::exchange(command_, ""));
  Add("<<< ", line);
}

void SessionTranscript::OnOutcome(const ClientRecipient& recipient) {
  if (next_ != nullptr) next_->OnOutcome(recipient);
}

std::string SessionTranscript::Take() {
  introduced_ = false;
  return std::exchange(text_, "");
}

}  // namespace stagepost
