// Whatever a name server, or somebody who claims to be one, answers. Nothing crashes; what was read
// keeps the limits of DNS, and written again it reads the same.

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "mta/base/check.h"
#include "mta/dns/message.h"
#include "mta/dns/name.h"

namespace stagepost {
namespace {

void CheckName(absl::string_view name) {
  CHECK(name.empty() || DnsNameToWire(name).ok()) << name;
  for (const char c : name) CHECK(c > ' ' && c < 0x7f);
}

void CheckMessage(const DnsMessage& message) {
  CheckName(message.name);
  for (const DnsRecord& record : message.answers) {
    CheckName(record.owner);
    CheckName(record.name);
  }
  // What was compressed may not fit without all of its pointers.
  const auto bytes = BuildDnsMessage(message);
  if (!bytes.ok()) {
    CHECK(absl::IsOutOfRange(bytes.status())) << bytes.status().message();
    return;
  }
  if (message.truncated) return;
  const auto again = ParseDnsMessage(*bytes);
  CHECK(again.ok()) << again.status().message();
  CHECK(again->name == message.name && again->answers.size() == message.answers.size());
  for (size_t i = 0; i < again->answers.size(); ++i) {
    const DnsRecord &a = again->answers[i], &b = message.answers[i];
    CHECK(a.owner == b.owner && a.type == b.type && a.ttl == b.ttl && a.address == b.address);
    CHECK(a.name == b.name && a.text == b.text && a.rdata == b.rdata);
  }
}

}  // namespace
}  // namespace stagepost

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto message = stagepost::ParseDnsMessage(bytes);
  if (message.ok()) stagepost::CheckMessage(*message);
  (void)stagepost::ParseDnsResponse(bytes, "example.com", stagepost::DnsType::kMx);
  (void)stagepost::DnsNameToWire(bytes);
  return 0;
}
