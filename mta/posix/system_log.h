// The system log: datagrams to /dev/log, or in a private world lines in <root>/var/log/maillog.
//
// Not syslog(3), which waits while the log daemon does not read: here a line that cannot be taken
// at once is lost, and nothing blocks. The layouts are those of syslog(3) and of syslogd's files:
//
//   <22>Nov 20 08:01:02 sendmail[1234]: text             facility mail, severity info
//   Nov 20 08:01:02 host sendmail[1234]: text
#ifndef STAGEPOST_MTA_POSIX_SYSTEM_LOG_H_
#define STAGEPOST_MTA_POSIX_SYSTEM_LOG_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "mta/base/time.h"
#include "mta/env/clock.h"
#include "mta/env/host.h"
#include "mta/env/system_log.h"
#include "mta/posix/private_root.h"
#include "mta/posix/unique_fd.h"

namespace stagepost {

class PosixSystemLog final : public SystemLog {
 public:
  // A line is cut after so much of its text; log daemons take no more either.
  static constexpr size_t kTextBytesMax = 8000;
  // A log daemon that is not there is looked for again after so long, not with every line.
  static constexpr absl::Duration kAbsence = absl::Milliseconds(100);

  // `program` is argv[0]; what is behind its last slash is the tag. `socket` is for tests.
  // `clock` and `host` outlive it.
  PosixSystemLog(const PrivateRoot& root, const Clock& clock, const Host& host,
                 absl::string_view program, absl::string_view socket = "/dev/log");

  void SetTag(absl::string_view tag) override { tag_ = std::string(tag); }
  void Write(Severity severity, absl::string_view text) override;

 private:
  const std::string& TimeText();
  void Connect();
  void SendToDaemon(absl::string_view line);
  void AppendToFile(absl::string_view line);

  const Clock& clock_;
  const Host& host_;
  const std::string socket_;
  const std::string file_;  // empty: not in a private world
  std::string tag_;
  UniqueFd fd_;                                // of the socket or the file, once needed
  std::optional<MonotonicTime> absent_since_;  // the daemon
  int64_t second_ = -1;                        // what time_ says
  std::string time_;
};

// Control characters as octal escapes: "\012".
std::string EscapeForLog(absl::string_view text);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_POSIX_SYSTEM_LOG_H_
