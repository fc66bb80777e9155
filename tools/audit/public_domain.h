// Domains that are nobody's own: under them anybody may register.
#ifndef STAGEPOST_TOOLS_AUDIT_PUBLIC_DOMAIN_H_
#define STAGEPOST_TOOLS_AUDIT_PUBLIC_DOMAIN_H_

#include "absl/strings/string_view.h"

namespace stagepost {

// Whether strangers have names below `domain`: it is the root, one label ("com", "test"), or a
// second level that registries of countries keep for all ("co.uk", "com.au"). Labels that stand for
// inside networks ("local", "lan", "internal", …) are not public.
bool IsPublicDomain(absl::string_view domain);

}  // namespace stagepost

#endif  // STAGEPOST_TOOLS_AUDIT_PUBLIC_DOMAIN_H_
