// Whom a host of a scenario may pass mail on for, as the scenario itself says.
#ifndef STAGEPOST_SIM_CHECK_RELAY_POLICY_H_
#define STAGEPOST_SIM_CHECK_RELAY_POLICY_H_

#include "absl/strings/string_view.h"
#include "sim/scenario/scenario.pb.h"

namespace stagepost {

// The address of "192.0.2.33:4000" or "[2001:db8::1]:4000": without brackets and port.
absl::string_view AddressOfPeer(absl::string_view peer);

// Whether a connection from `peer` ("stdin" for none) comes from the host itself.
bool IsHostItself(const scenario::Host& host, absl::string_view peer);

// Whether the host may pass on whatever `peer` sends: itself, a client whose address class R has,
// or one of which the scenario says so.
bool MayRelayFrom(const scenario::World& world, const scenario::Host& host, absl::string_view peer);

// Whether mail for `recipient` belongs to the host: a bare name, its own name, an address literal
// of its own, a domain of class w.
bool IsLocalRecipient(const scenario::Host& host, absl::string_view recipient);

// Whether anybody may send mail for `recipient` through the host.
bool MayRelayTo(const scenario::Host& host, absl::string_view recipient);

}  // namespace stagepost

#endif  // STAGEPOST_SIM_CHECK_RELAY_POLICY_H_
