// An envelope: who sent a message, to whom it still has to go, and the message's header.
//
// Written to and read from a qf file (queue_file.h); the body is in the df file beside it.
// Addresses are without angle brackets, as they were given; the null reverse-path is the empty
// string.
//
// Besides what this program works with, an envelope carries what a qf file of sendmail may hold and
// must not lose when it is written back: such fields say which line they are.
#ifndef STAGEPOST_MTA_QUEUE_ENVELOPE_H_
#define STAGEPOST_MTA_QUEUE_ENVELOPE_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "mta/message/header.h"

namespace stagepost {

// A recipient that is still to be served. Those that are done leave the envelope.
struct Recipient {
  std::string address;    // alice@corp.example
  std::string user;       // what the mailer is given: alice. Not in the qf file
  std::string status;     // M line: why it was deferred last, "Deferred: …"; empty at first
  bool bracketed = true;  // whether the R line has the address in angle brackets
  // R line, before the colon: P primary, N NOTIFY was given, of which S success, F failure, D
  // delay; A comes from an alias, B added as a blind copy.
  std::string flags = "PFD";
  std::string final_recipient;     // r line: "RFC822; alice@corp.example"; empty: none
  std::string original_recipient;  // Q line: ORCPT as it was given; empty: none
  // C line, "user:uid:gid:alias": as whom programs and files are served, and which alias has led
  // here. ":alice" has only the latter. Empty: none.
  std::string controlling_user;
};

// As log lines, servers and reports name it: "<alice@corp.example>", "|/bin/prog".
inline std::string ShownAddress(const Recipient& recipient) {
  return recipient.bracketed ? "<" + recipient.address + ">" : recipient.address;
}

// Where the df file is, from its Stat(): the I line.
struct DataFileId {
  uint64_t device = 0;
  uint64_t inode = 0;
  friend bool operator==(const DataFileId&, const DataFileId&) = default;
};

// DELIVERBY of the MAIL command (RFC 2852): the ! line.
struct DeliverBy {
  enum class Mode : uint8_t { kNotify, kReturn };  // N, R: what happens when the time is over
  Mode mode = Mode::kNotify;
  bool trace = false;   // T: a report when the message is passed on to who does not know DELIVERBY
  int64_t seconds = 0;  // after `created`; N may have a time that is over, R is above zero
  friend bool operator==(const DeliverBy&, const DeliverBy&) = default;
};

struct Envelope {
  std::string id;                // queue id, 14 or 15 characters: 6AK6XWSU000517
  std::string sender;            // reverse-path; empty for <>
  bool sender_bracketed = true;  // whether the S line has it in angle brackets
  std::vector<Recipient> recipients;
  Header header;
  absl::Time created;                              // T line, whole seconds
  absl::Time last_attempt = absl::InfinitePast();  // K line; InfinitePast: none
  int attempts = 0;                                // N line
  int64_t priority = 0;                            // P line
  std::optional<DataFileId> data_file;             // I line; Commit() and Update() set it
  // d line: the queue directory that holds the df file, absolute; empty: the one of the qf file.
  std::string data_directory;
  // The value of its Precedence field, as P lines of the configuration give it. Not in the qf file:
  // who reads a message asks again.
  int message_class = 0;
  std::string message;        // M line before S: the last error of the whole message
  bool eight_bit = false;     // F line '8': the body has bytes above 127
  bool has_8bitmime = false;  // B line "8BITMIME"
  bool seven_bit = false;     // B line "7BIT": the client said so
  // The other letters of the F line: w warning sent, r response (a bounce), b Bcc is to be deleted,
  // d RET was given, n no body in a bounce, s split, e needs SMTPUTF8.
  std::string flags = "bs";
  std::string envelope_id;  // Z line: ENVID
  std::string auth_sender;  // A line: AUTH= of MAIL
  std::optional<DeliverBy> deliver_by;
  int64_t body_bytes = 0;  // with LF line ends, as in the df file
  // As it was received, header and body, line ends LF: what sendmail logs as size=, and says in
  // MAIL. Commit() counts the priority from it; nullopt: from the header and body as they are now.
  // Not in the qf file.
  std::optional<int64_t> message_bytes = std::nullopt;
  // How many recipients it had before it was divided over queue groups: its priority counts them.
  // 0: it was not. Not in the qf file.
  size_t undivided_recipients = 0;
  // q line: why it is quarantined; empty: it is not. Its file is hf<id> then, and only -qQ tries
  // it.
  std::string quarantine;
  // $ lines: macros of the session that received it, by name without braces ("r" protocol, "s" HELO
  // name, "_" relay, "daemon_flags", …).
  std::map<std::string, std::string> macros;
  // Names of the long ones among them in the order of their lines, which is that of the program
  // that wrote them; those that are not here follow by name.
  std::vector<std::string> macro_order;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_QUEUE_ENVELOPE_H_
