// syslog(3), facility mail.
#ifndef STAGEPOST_MTA_ENV_SYSTEM_LOG_H_
#define STAGEPOST_MTA_ENV_SYSTEM_LOG_H_

#include <cstdint>

#include "absl/strings/string_view.h"

namespace stagepost {

enum class Severity : uint8_t {
  kEmergency = 0,
  kAlert = 1,
  kCritical = 2,
  kError = 3,
  kWarning = 4,
  kNotice = 5,
  kInfo = 6,
  kDebug = 7,
};

class SystemLog {
 public:
  virtual ~SystemLog() = default;

  // The tag in front of the process id; sendmail's -L. By default the last part of argv[0].
  virtual void SetTag(absl::string_view tag) = 0;
  // One line. Control characters are written as octal escapes, so that nobody can forge a second
  // line; never blocks, never fails.
  virtual void Write(Severity severity, absl::string_view text) = 0;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_ENV_SYSTEM_LOG_H_
