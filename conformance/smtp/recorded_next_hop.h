// The scripted SMTP server of the recordings (conformance/oracle/smtp/record.py, NextHop), as a
// simulated process: where mail is relayed to.
#ifndef STAGEPOST_CONFORMANCE_SMTP_RECORDED_NEXT_HOP_H_
#define STAGEPOST_CONFORMANCE_SMTP_RECORDED_NEXT_HOP_H_

#include <functional>

#include "conformance/smtp/json_text.h"
#include "mta/async/task.h"
#include "mta/env/environment.h"
#include "mta/env/network.h"

namespace stagepost {

struct RecordedNextHop {
  SocketAddress at;
  // A verb ("MAIL"; "greet", "DOT" besides) with its reply, a list of replies, each for one time
  // and the last for ever, or an object: the reply for arguments that contain its key. "EHLO" has a
  // list of keywords. Lists are used up. A reply, or its last line, may be DROP (the connection is
  // closed) or HANG (nothing more is said).
  JsonObject script;
  // Told of each new connection, with its transcript so far; gives its place in `steps`.
  std::function<int(JsonObject connection)> connected;
  google::protobuf::ListValue* steps = nullptr;
  bool listening = false;
};

// Serves until the process is killed.
Task<int> ServeRecordedNextHop(Environment& env, RecordedNextHop& hop);

}  // namespace stagepost

#endif  // STAGEPOST_CONFORMANCE_SMTP_RECORDED_NEXT_HOP_H_
