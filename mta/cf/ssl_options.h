// The words of ServerSSLOptions and ClientSSLOptions: OpenSSL's names for its options.
#ifndef STAGEPOST_MTA_CF_SSL_OPTIONS_H_
#define STAGEPOST_MTA_CF_SSL_OPTIONS_H_

#include "absl/strings/string_view.h"

namespace stagepost {

// Case does not count.
bool IsSslOption(absl::string_view name);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_CF_SSL_OPTIONS_H_
