// /etc/services: the numbers of ports by their names; services(5).
#ifndef STAGEPOST_MTA_DNS_SERVICES_FILE_H_
#define STAGEPOST_MTA_DNS_SERVICES_FILE_H_

#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"

namespace stagepost {

// The TCP port of `service`, by its name or one of its aliases, case counting, in the text of such
// a file; nullopt: it has none. Lines that make no sense are passed over.
std::optional<uint16_t> FindTcpService(absl::string_view text, absl::string_view service);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_DNS_SERVICES_FILE_H_
