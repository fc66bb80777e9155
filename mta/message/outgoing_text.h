// A message as one mailer gets it: the header made for it, an empty line, and the body, converted
// as planned. The body streams; what is held is one buffer and the boundaries of multiparts.
//
//   HeaderText header = co_await HeaderForMailer(context, envelope, {mailer, sender, plan});
//   OutgoingText text(header.text, {&configuration, &envelope, &mailer, plan}, body);
//   … text.Read(buffer) until it gives 0
//
// Done here: MIME conversion and its fields, the eighth bit, flags E and b, splitting of lines
// longer than L= with "!". Left to who sends it: line ends of E=, dots (flag X), LMTP and SMTP.
#ifndef STAGEPOST_MTA_MESSAGE_OUTGOING_TEXT_H_
#define STAGEPOST_MTA_MESSAGE_OUTGOING_TEXT_H_

#include <memory>
#include <string>
#include <vector>

#include "mta/cf/configuration.h"
#include "mta/message/body_plan.h"
#include "mta/message/message_text.h"
#include "mta/queue/envelope.h"

namespace stagepost {

// All of it outlives the text.
struct OutgoingParts {
  const Configuration* configuration = nullptr;
  const Envelope* envelope = nullptr;
  const Mailer* mailer = nullptr;
  BodyPlan plan;
  bool local_sender = false;  // flag b is not for them
};

class OutgoingText final : public MessageText {
 public:
  // `header`: without the empty line. `body` outlives this.
  OutgoingText(std::string header, OutgoingParts parts, BodySource& body);
  ~OutgoingText() override;

  Task<absl::StatusOr<size_t>> Read(absl::Span<char> buffer) override;

  // What the log should say of the parts that have been read, at Severity::kAlert.
  std::vector<std::string> alerts() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_MESSAGE_OUTGOING_TEXT_H_
