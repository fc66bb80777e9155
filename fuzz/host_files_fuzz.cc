// The files that say how hosts are found: /etc/hosts, resolv.conf, the service switch,
// nsswitch.conf; and addresses as they stand in mail.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "mta/base/check.h"
#include "mta/dns/address_text.h"
#include "mta/dns/hosts_file.h"
#include "mta/dns/resolver_file.h"
#include "mta/dns/service_switch.h"

namespace stagepost {
namespace {

void TryWords(const std::string& word) {
  CHECK(!word.empty());
  for (const char c : word) CHECK(c != ' ' && c != '\t' && c != '\n' && c != '#');
}

void TryAddress(absl::string_view text) {
  const std::optional<IpAddress> address = ParseAddressText(text);
  if (!address.has_value()) return;
  for (const bool compressed : {false, true}) {
    CHECK(ParseAddressText(WriteAddressText(*address, compressed)) == address);
  }
  CHECK(ReverseName(*address).size() <= 72);
}

}  // namespace
}  // namespace stagepost

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace stagepost;
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  for (const HostsLine& line : ParseHostsFile(text)) {
    TryWords(line.address);
    CHECK(!line.names.empty());
    for (const std::string& name : line.names) TryWords(name);
  }
  const ResolverFile resolver = ParseResolverFile(text, "mx1.corp.example");
  CHECK(resolver.search.size() <= kMaxSearchDomains);
  CHECK(resolver.dots >= 0 && resolver.dots <= 15);
  for (const char* service : {"hosts", "aliases", "x"}) {
    const auto sources = ServiceSources(text, service);
    CHECK(sources.size() <= kMaxServiceSources);
    for (const std::string& source : sources) TryWords(source);
    for (const std::string& source : NameServiceSources(text, service)) {
      CHECK(source == "files" || source == "dns");
    }
  }
  TryAddress(text);
  return 0;
}
