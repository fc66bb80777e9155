// What DATA has brought, while a session looks at it.
#ifndef STAGEPOST_MTA_SMTP_COLLECTED_MESSAGE_H_
#define STAGEPOST_MTA_SMTP_COLLECTED_MESSAGE_H_

#include <cstdint>
#include <optional>

#include "absl/status/status.h"
#include "mta/base/reply.h"
#include "mta/message/header_collector.h"
#include "mta/smtp/data_decoder.h"
#include "mta/smtp/session.h"

namespace stagepost {

struct Session::Collected {
  Collected(size_t max_header_bytes, DataRules rules) : headers(max_header_bytes), decoder(rules) {}

  // The first thing that is wrong is what the client hears of.
  void Refuse(Reply reply) {
    if (!refusal.has_value()) refusal = std::move(reply);
  }

  HeaderCollector headers;
  DataDecoder decoder;
  int64_t bytes = 0;         // header and body, with LF line ends
  int64_t header_bytes = 0;  // with the empty line
  bool header_checked = false;
  bool eight_bit = false;
  absl::Status stored;  // of writing the body
  std::optional<Reply> refusal;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_SMTP_COLLECTED_MESSAGE_H_
