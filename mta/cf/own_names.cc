#include "mta/cf/own_names.h"

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "mta/base/version.h"
#include "mta/cf/option_value.h"
#include "mta/cf/well_known_names.h"
#include "mta/dns/address_text.h"
#include "mta/message/date.h"

namespace stagepost {
namespace {

constexpr NameId kOwnHosts = OneCharacterName('w');

struct OwnHost {
  std::string short_name;  // as the host calls itself
  std::string canonical;   // the best there is
  HostAddresses found;
};

bool IsQualified(absl::string_view name) { return name.find('.') != name.npos; }

std::string InBrackets(const IpAddress& address) {
  return absl::StrCat("[", WriteAddressText(address, /*compressed=*/false), "]");
}

Task<OwnHost> FindOwnHost(Environment& env, HostLookup& hosts) {
  OwnHost own;
  own.short_name = env.host().name();
  if (own.short_name.empty()) own.short_name = "localhost";
  own.canonical = own.short_name;
  own.found = co_await hosts.ByName(own.short_name);
  if (own.found.status == LookupStatus::kFound) own.canonical = own.found.name;
  if (IsQualified(own.canonical)) co_return own;
  for (const std::string& alias : own.found.aliases) {
    if (!IsQualified(alias)) continue;
    own.canonical = alias;
    co_return own;
  }
  const CanonicalName canonical = co_await hosts.Canonical(own.canonical, "");
  if (canonical.status == LookupStatus::kFound) own.canonical = canonical.name;
  if (!IsQualified(own.canonical)) {
    env.log().Write(Severity::kAlert, absl::StrCat("unable to qualify my own domain name (",
                                                   own.canonical, ") -- using short name"));
  }
  co_return own;
}

void DefineMacros(Environment& env, const OwnHost& own, Macros& macros) {
  const auto set = [&](char name, absl::string_view value) {
    macros.SetLiteral(OneCharacterName(name), value);
  };
  set('n', "MAILER-DAEMON");
  macros.SetLiteral(well_known::kDeliveryMode, "b");
  set('v', kNameAndVersion);
  set('b', FormatDate(env.clock().WallNow(), env.host().time_zone()));
  set('j', own.canonical);
  set('k', own.short_name);
  const size_t dot = own.canonical.find('.');
  set('w', absl::string_view(own.canonical).substr(0, dot));
  if (dot != own.canonical.npos) set('m', absl::string_view(own.canonical).substr(dot + 1));
}

void DefineClasses(const OwnHost& own, Classes& classes) {
  classes.Add(kOwnHosts, own.canonical);
  classes.Add(kOwnHosts, own.short_name);
  for (const std::string& alias : own.found.aliases) classes.Add(kOwnHosts, alias);
  // A host that has IPv6 addresses is known by these only, as sendmail looks itself up.
  const std::vector<IpAddress>& addresses = own.found.addresses;
  const bool has_v6 = std::any_of(addresses.begin(), addresses.end(),
                                  [](const IpAddress& address) { return !address.is_v4(); });
  for (const IpAddress& address : addresses) {
    if (address.is_v4() != has_v6) classes.Add(kOwnHosts, InBrackets(address));
  }
  const size_t dot = own.canonical.find('.');
  if (dot != own.canonical.npos) {
    classes.Add(OneCharacterName('m'), absl::string_view(own.canonical).substr(dot + 1));
  }
  classes.Add(OneCharacterName('k'), own.short_name);

  const auto add = [&](NameId name, std::initializer_list<absl::string_view> words) {
    for (const absl::string_view word : words) classes.Add(name, word);
  };
  add(OneCharacterName('e'), {"7bit", "8bit", "binary"});
  add(OneCharacterName('n'), {"multipart/signed"});
  add(OneCharacterName('s'), {"rfc822"});
  add(well_known::kPersistentMacros, {"r", "s", "_", "{if_addr}", "{daemon_flags}"});
  add(well_known::kCheckMimeTextHeaders, {"content-description"});
  add(well_known::kCheckMimeFieldHeaders, {"content-disposition", "content-type"});
  add(well_known::kCheckMimeHeaders, {"mime-version", "content-type", "content-disposition",
                                      "content-id", "content-transfer-encoding"});
}

// Those names of an interface's address that are not known yet, also in brackets.
void AddNames(const HostAddresses& found, Classes& classes) {
  const auto add = [&](const std::string& name) {
    if (name.empty() || classes.Contains(kOwnHosts, name)) return;
    classes.Add(kOwnHosts, name);
    classes.Add(kOwnHosts, absl::StrCat("[", name, "]"));
  };
  add(found.name);
  for (const std::string& alias : found.aliases) add(alias);
}

}  // namespace

Task<std::unique_ptr<Configuration>> InitialConfiguration(Environment& env, HostLookup& hosts) {
  auto configuration = std::make_unique<Configuration>();
  const OwnHost own = co_await FindOwnHost(env, hosts);
  DefineMacros(env, own, configuration->macros);
  DefineClasses(own, configuration->classes);
  co_return configuration;
}

Task<void> ProbeInterfaces(Environment& env, HostLookup& hosts, Configuration& configuration) {
  const std::string& mode = configuration.options.Text(OptionId::kDontProbeInterfaces);
  const bool skip_loopback = absl::EqualsIgnoreCase(mode, "loopback");
  if (!skip_loopback && ReadFlag(mode)) co_return;
  for (const IpAddress& address : env.host().interface_addresses()) {
    if (!address.is_v4()) continue;
    configuration.classes.Add(kOwnHosts, InBrackets(address));
    if (skip_loopback && address.is_loopback()) continue;
    const HostAddresses found = co_await hosts.ByAddress(address);
    if (found.status == LookupStatus::kFound) {
      AddNames(found, configuration.classes);
    } else {
      // The numbers are those of the C library: HOST_NOT_FOUND, TRY_AGAIN.
      const int error = found.status == LookupStatus::kNotFound ? 1 : 2;
      env.log().Write(Severity::kWarning,
                      absl::StrCat("gethostbyaddr(", address.ToString(), ") failed: ", error));
    }
  }
}

}  // namespace stagepost
