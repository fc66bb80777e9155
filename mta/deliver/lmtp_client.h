// The client side of LMTP (RFC 2033): one message to a server behind a pair of pipes.
//
//   LmtpClient client(env.clock(), *input, *output);
//   CO_RETURN_IF_ERROR(co_await client.Greet("mx1.corp.example"));
//   CO_RETURN_IF_ERROR(co_await client.Deliver(sender, text, recipients));
//   co_await client.Quit();
//
// Every wait has a deadline and every reply a limit. After any error the server is of no use; what
// it has answered until then holds.
#ifndef STAGEPOST_MTA_DELIVER_LMTP_CLIENT_H_
#define STAGEPOST_MTA_DELIVER_LMTP_CLIENT_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "mta/async/task.h"
#include "mta/deliver/delivery_result.h"
#include "mta/env/clock.h"
#include "mta/env/stream.h"
#include "mta/message/message_text.h"
#include "mta/smtp/line_reader.h"
#include "mta/smtp/server_reply.h"

namespace stagepost {

// How long the client waits: RFC 5321, section 4.5.3.2; sendmail's Timeout.… by their names.
struct LmtpTimeouts {
  absl::Duration greeting = absl::Minutes(5);
  absl::Duration lhlo = absl::Minutes(5);
  absl::Duration mail = absl::Minutes(5);
  absl::Duration recipient = absl::Minutes(5);
  absl::Duration data = absl::Minutes(5);        // the reply to DATA
  absl::Duration data_block = absl::Minutes(3);  // one write of message text
  absl::Duration final_dot = absl::Minutes(10);  // each recipient's reply after the message
  absl::Duration reset = absl::Minutes(5);
  absl::Duration quit = absl::Seconds(10);
};

// One recipient and what became of it: the reply to RCPT if that refused it, else the one to DATA
// if that refused them all, else its own after the message; nullopt: the server did not get so far.
struct LmtpRecipient {
  std::string user;
  std::optional<ServerReply> reply = std::nullopt;
  ReplyStage stage = ReplyStage::kMessage;  // what the reply was to
};

class LmtpClient {
 public:
  // `input` is the server's standard input. Everything outlives the client.
  LmtpClient(const Clock& clock, ByteSink& input, ByteSource& output, LmtpTimeouts timeouts = {});

  // Waits for the greeting and says LHLO. kUnavailable: the server went away, or refused; the
  // message says which.
  Task<absl::Status> Greet(absl::string_view host_name);
  // Whether the reply to LHLO had this keyword. After Greet().
  bool Offers(absl::string_view keyword) const;

  // One transaction. Fills in the replies of `recipients`, also when it returns an error. OK also
  // if the server refused everybody. `parameters` of MAIL have a space in front of each. REQUIRES:
  // addresses without control characters and brackets.
  Task<absl::Status> Deliver(absl::string_view sender, absl::string_view parameters,
                             MessageText& text, std::vector<LmtpRecipient>& recipients);

  Task<absl::Status> Quit();

 private:
  Task<absl::StatusOr<ServerReply>> ReadReply(absl::Duration timeout);
  Task<absl::Status> Write(absl::string_view bytes, absl::Duration timeout);
  Task<absl::StatusOr<ServerReply>> Command(std::string line, absl::Duration timeout);
  Task<absl::Status> SendText(MessageText& text);

  const Clock& clock_;
  ByteSink& input_;
  LineReader reader_;
  const LmtpTimeouts timeouts_;
  std::vector<std::string> extensions_;  // lines of the reply to LHLO
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_DELIVER_LMTP_CLIENT_H_
