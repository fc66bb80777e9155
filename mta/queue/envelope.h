// An envelope: who sent a message, to whom it still has to go, and the message's header.
//
// Written to and read from a qf file (queue_file.h); the body is in the df file beside it. Addresses
// are without angle brackets, as they were given; the null reverse-path is the empty string.
#ifndef STAGEPOST_MTA_QUEUE_ENVELOPE_H_
#define STAGEPOST_MTA_QUEUE_ENVELOPE_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "mta/message/header.h"

namespace stagepost {

// A recipient that is still to be served. Those that are done leave the envelope.
struct Recipient {
  std::string address;         // alice@corp.example
  std::string user;            // what the mailer is given: alice
  std::string status;          // why it was deferred last, e.g. "Deferred: …"; empty at first
};

struct Envelope {
  std::string id;              // queue id, 14 characters: 6AK6XWSU000517
  std::string sender;          // reverse-path; empty for <>
  std::vector<Recipient> recipients;
  Header header;
  absl::Time created;          // T line, whole seconds
  absl::Time last_attempt = absl::InfinitePast();  // K line; InfinitePast: none
  int attempts = 0;            // N line
  int64_t priority = 0;        // P line
  std::string message;         // M line: the last error of the whole message
  bool eight_bit = false;      // F line '8': the body has bytes above 127
  bool has_8bitmime = false;   // B line
  int64_t body_bytes = 0;      // with LF line ends, as in the df file
  // $ lines: macros of the session that received it ("r" protocol, "s" HELO name, "_" relay, …).
  std::map<std::string, std::string> macros;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_QUEUE_ENVELOPE_H_
