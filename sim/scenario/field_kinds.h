// Whether the text of a field is what its Kind in scenario.proto says. Part of the loader.
#ifndef STAGEPOST_SIM_SCENARIO_FIELD_KINDS_H_
#define STAGEPOST_SIM_SCENARIO_FIELD_KINDS_H_

#include <string>

#include "absl/container/btree_set.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "sim/scenario/scenario.pb.h"

namespace stagepost {

using NameSet = absl::btree_set<std::string, std::less<>>;

// The accounts of one host.
struct KnownAccounts {
  NameSet users;
  NameSet groups;
};

// The system accounts and those of `host`.
KnownAccounts AccountsOf(const scenario::Host& host);

// kInvalidArgument with a phrase that fits after `field "x": `. `accounts` may be null where there
// is no host; only users, owners and groups are looked up in it.
absl::Status CheckFieldText(scenario::Kind kind, absl::string_view text, const NameSet& hosts,
                            const KnownAccounts* accounts);

}  // namespace stagepost

#endif  // STAGEPOST_SIM_SCENARIO_FIELD_KINDS_H_
