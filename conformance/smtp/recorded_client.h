// The SMTP client of the recordings (conformance/oracle/smtp/record.py), as a simulated process.
#ifndef STAGEPOST_CONFORMANCE_SMTP_RECORDED_CLIENT_H_
#define STAGEPOST_CONFORMANCE_SMTP_RECORDED_CLIENT_H_

#include <string>

#include "conformance/smtp/json_text.h"
#include "mta/async/task.h"
#include "mta/env/environment.h"
#include "mta/env/network.h"

namespace stagepost {

// One connection: who, what to say, and what came of it.
struct RecordedDialogue {
  IpAddress from;
  SocketAddress to;
  JsonObject step;  // its "script" and "timeout"
  // As the recordings have them: lists of milliseconds, who ("S", "*"), text. Before what came of
  // an item of the script there is "@" with its index; one that could not be said any more is a
  // remark
  // "@not sent N".
  google::protobuf::ListValue events;
  bool done = false;
};

// Ends with 0 whatever came of it.
Task<int> PlayRecordedDialogue(Environment& env, RecordedDialogue& dialogue);

}  // namespace stagepost

#endif  // STAGEPOST_CONFORMANCE_SMTP_RECORDED_CLIENT_H_
