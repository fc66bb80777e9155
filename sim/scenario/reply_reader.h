// Reads the replies of an SMTP server as the clients of a scenario do.
#ifndef STAGEPOST_SIM_SCENARIO_REPLY_READER_H_
#define STAGEPOST_SIM_SCENARIO_REPLY_READER_H_

#include <string>

#include "absl/status/statusor.h"
#include "mta/async/task.h"
#include "mta/env/network.h"

namespace stagepost {

class ReplyReader {
 public:
  // `connection` outlives this.
  explicit ReplyReader(Connection& connection) : connection_(connection) {}

  // The next reply, its lines joined by \n (RFC 5321, section 4.2.1: the last one has no hyphen
  // behind its code). kOutOfRange: the connection was closed; kResourceExhausted: it does not end.
  Task<absl::StatusOr<std::string>> Next();

 private:
  Task<absl::StatusOr<std::string>> NextLine();

  Connection& connection_;
  std::string buffer_;
};

}  // namespace stagepost

#endif  // STAGEPOST_SIM_SCENARIO_REPLY_READER_H_
