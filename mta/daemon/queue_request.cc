#include "mta/daemon/queue_request.h"

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/strip.h"
#include "mta/daemon/time_interval.h"

namespace stagepost {

std::optional<std::string> ReadQueueRequest(absl::string_view value, QueueRequest& request) {
  request.given = true;
  const bool excludes = absl::ConsumePrefix(&value, "!");
  const char kind = value.empty() ? '\0' : value[0];
  const absl::string_view rest = value.empty() ? value : value.substr(1);
  switch (kind) {
    case '\0':
      return std::nullopt;
    case 'f':
      request.foreground = true;
      return std::nullopt;
    case 'G':
      if (excludes) return "Can not use -q!G";
      request.group = std::string(rest);
      return std::nullopt;
    case 'L':
      request.lost = true;
      return std::nullopt;
    case 'Q':
      request.quarantined = true;
      if (!rest.empty()) request.limits.push_back({kind, std::string(rest), excludes});
      return std::nullopt;
    case 'I':
    case 'R':
    case 'S':
      request.limits.push_back({kind, std::string(rest), excludes});
      return std::nullopt;
    case 'p':
      request.persistent = true;
      value = rest;
      break;
    default:
      break;
  }
  // A persistent runner sleeps a second between its runs.
  if (value.empty()) {
    request.interval = absl::Seconds(1);
    return std::nullopt;
  }
  if (value.front() == '-') return "Invalid -q value";
  const absl::StatusOr<absl::Duration> interval = ParseInterval(value, 'm');
  if (!interval.ok()) return std::string(interval.status().message());
  request.interval = *interval > absl::ZeroDuration() ? std::optional(*interval) : std::nullopt;
  return std::nullopt;
}

}  // namespace stagepost
