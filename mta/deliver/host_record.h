// What one attempt to reach a host has come to, as sendmail keeps it in the files below
// HostStatusDirectory: lines of a letter and a value, "." at the end. Operations Guide, 2.4.
//
//   V0  E111  H0  S75  D4.4.1  R451 4.3.0 later  U1795194825  .
//
// Both programs read what the other has written. A file is an attack until it is parsed.
#ifndef STAGEPOST_MTA_DELIVER_HOST_RECORD_H_
#define STAGEPOST_MTA_DELIVER_HOST_RECORD_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "mta/base/errno.h"
#include "mta/deliver/delivery_result.h"

namespace stagepost {

// A file is not longer; what is written keeps far below it.
inline constexpr size_t kMaxHostRecordBytes = 8 * 1024;

struct HostRecord {
  Errno error = Errno::kOk;     // E: of the connection
  bool no_name_server = false;  // H2: its name could not be looked up
  int exit_code = 0;            // S: of sysexits; 0: the host takes mail
  std::string dsn = {};         // D
  std::string reply = {};       // R: the server's last one; often empty
  absl::Time used = {};         // U

  // Nobody asks a host again that is down or has refused us.
  bool failed() const { return exit_code != 0; }
};

// kInvalidArgument: a line that is none of these, or a file of a later version; the message has
// the number of the line. What is missing is as in a new record; a file may just end.
absl::StatusOr<HostRecord> ParseHostRecord(absl::string_view text);
std::string WriteHostRecord(const HostRecord& record);

// The file of a host below the directory: "example./dom1./mail" of "mail.dom1.example.", the same
// for "[mail.dom1.example]", and "36./2./0./192" of "[192.0.2.36]". nullopt: names that no file can
// safely have.
std::optional<std::string> HostRecordPath(absl::string_view host);
// The host of such a path: "mail.dom1.example".
std::string HostOfRecordPath(absl::string_view path);

// What becomes of mail to `host`, which has failed. REQUIRES: record.failed().
DeliveryResult ResultOfRecord(const HostRecord& record, absl::string_view host);

// What hoststat says of it, in one line.
std::string DescribeRecord(const HostRecord& record);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_DELIVER_HOST_RECORD_H_
