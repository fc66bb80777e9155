// One client's connection as lines and replies: what a session speaks through.
//
// Replies are collected and sent when the client has nothing more in the buffer (RFC 2920, section
// 3.2), so that a pipelined group of commands costs one write.
#ifndef STAGEPOST_MTA_SMTP_SESSION_CHANNEL_H_
#define STAGEPOST_MTA_SMTP_SESSION_CHANNEL_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mta/async/task.h"
#include "mta/base/reply.h"
#include "mta/base/time.h"
#include "mta/env/environment.h"
#include "mta/env/network.h"
#include "mta/smtp/line_reader.h"
#include "mta/smtp/timeouts.h"

namespace stagepost {

class SessionChannel {
 public:
  SessionChannel(Environment& env, std::unique_ptr<Connection> connection, int64_t number);
  // Standard input and output, which outlive it.
  SessionChannel(Environment& env, ByteSource& input, ByteSink& output);

  // Which session of the process it is, in the trace.
  int64_t number() const { return number_; }
  LineReader& reader() { return reader_; }
  // Null: there is no connection, but standard input and output.
  const Connection* connection() const { return connection_.get(); }

  // Sends what replies are waiting if the next line is not here yet, then gives that line. Errors
  // as LineReader::ReadLine() and Flush().
  Task<absl::StatusOr<absl::string_view>> NextLine(absl::Duration timeout);

  // Traces `line` as a command of the client.
  void RecordCommand(absl::string_view line);

  // Adds a reply to those that wait.
  void Send(const Reply& reply);
  // Sends them, within `timeout`. kDeadlineExceeded: the client does not read. kUnavailable: it is
  // gone.
  Task<absl::Status> Flush(absl::Duration timeout = kReplyWriteTimeout);

 private:
  Environment& env_;
  std::unique_ptr<Connection> connection_;
  ByteSink& sink_;
  const std::string peer_name_;
  const int64_t number_;
  LineReader reader_;
  std::string output_;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_SMTP_SESSION_CHANNEL_H_
