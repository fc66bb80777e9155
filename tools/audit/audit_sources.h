// What an audit may ask of the machine it runs on: files, the m4 library, its own addresses. Handed
// in, so that tests have a machine of their own.
#ifndef STAGEPOST_TOOLS_AUDIT_AUDIT_SOURCES_H_
#define STAGEPOST_TOOLS_AUDIT_AUDIT_SOURCES_H_

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "mta/env/network.h"

namespace stagepost {

// Larger files are refused.
inline constexpr size_t kMaxAuditedBytes = 64 << 20;

struct AuditSources {
  // The bytes of a regular file, links followed. kNotFound: there is none; kPermissionDenied: it
  // may not be read; others: something else is wrong, such as too many bytes. The message names no
  // file.
  std::function<absl::StatusOr<std::string>(const std::string& path)> read;
  std::function<bool(const std::string& path)> is_directory;
  // The m4 library of sendmail-cf, by relative names ("m4/cf.m4"). The same object every time.
  std::function<absl::StatusOr<const std::map<std::string, std::string>*>()> library;
  // Of this machine: asked only when its own /etc/mail is audited.
  std::function<std::string()> host_name;
  std::function<std::vector<IpAddress>()> addresses;
  // Real time since anywhen, in seconds; and a line for whoever waits.
  std::function<double()> now;
  std::function<void(const std::string& line)> progress;
};

}  // namespace stagepost

#endif  // STAGEPOST_TOOLS_AUDIT_AUDIT_SOURCES_H_
