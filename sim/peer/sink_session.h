// One connection to a sink. Only for sink*.cc.
#ifndef STAGEPOST_SIM_PEER_SINK_SESSION_H_
#define STAGEPOST_SIM_PEER_SINK_SESSION_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mta/async/task.h"
#include "mta/env/environment.h"
#include "sim/peer/sink_answers.h"

namespace stagepost {

// What all connections share.
struct SinkServer {
  SinkServer(Environment& env_in, const scenario::Sink& sink_in)
      : env(env_in), sink(sink_in), answers(sink_in) {}

  Environment& env;
  const scenario::Sink sink;
  SinkAnswers answers;
  int next_message = 1;
  int64_t last_session = 0;
};

class SinkSession {
 public:
  // `server` outlives it.
  SinkSession(SinkServer& server, std::unique_ptr<Connection> connection);

  // Until the connection has ended. The error that has ended it says nothing to anybody.
  Task<absl::Status> Run();

 private:
  // A reply, and what comes after it.
  struct Reply {
    std::string bytes;  // with line ends; empty: none
    const scenario::Answer* answer = nullptr;

    bool Begins(char digit) const { return !bytes.empty() && bytes[0] == digit; }
  };
  struct Recipient {
    std::string line;
    std::string address;
  };

  // The answer to what was heard, or the usual one.
  Reply AnswerTo(scenario::Answer::Moment moment, absl::string_view line, std::string usual);
  Reply AnswerToCommand(absl::string_view line, scenario::Answer::Moment& moment);
  std::string UsualReply(absl::string_view line, scenario::Answer::Moment moment) const;
  bool IsForUs(absl::string_view line) const;
  // Keeps in mind what the reply has agreed to.
  void Agree(absl::string_view line, scenario::Answer::Moment moment, const Reply& reply);
  // Sends the reply; false: the connection is over, or nobody listens any more.
  Task<absl::StatusOr<bool>> Say(Reply reply);
  Task<absl::StatusOr<bool>> Conclude(scenario::Answer::Then then);

  Task<absl::StatusOr<std::string>> NextLine();
  Task<absl::StatusOr<std::string>> ReadMessage();
  Task<absl::StatusOr<bool>> TakeMessage();
  Task<absl::Status> Keep(const std::string& message, const std::vector<Recipient>& recipients);
  Task<absl::Status> Store(const std::string& text, const std::string& name);

  SinkServer& server_;
  Environment& env_;
  std::unique_ptr<Connection> connection_;
  const std::string peer_;
  const int64_t number_;
  std::string buffer_;  // read, and not looked at yet
  std::string mail_;    // the line; empty: no transaction
  std::vector<Recipient> recipients_;
};

}  // namespace stagepost

#endif  // STAGEPOST_SIM_PEER_SINK_SESSION_H_
