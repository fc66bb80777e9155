// Files below HostStatusDirectory, which another program may have written, the names of hosts that
// become their paths, and /etc/services.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "mta/base/check.h"
#include "mta/deliver/host_record.h"
#include "mta/dns/services_file.h"

namespace stagepost {
namespace {

bool IsOneLine(absl::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') return false;
  }
  return true;
}

// What was read is written so that it is read again.
void TryRecord(absl::string_view text) {
  const absl::StatusOr<HostRecord> record = ParseHostRecord(text);
  if (!record.ok()) {
    CHECK(IsOneLine(record.status().message()));
    return;
  }
  CHECK(IsOneLine(DescribeRecord(*record)));
  if (record->failed()) CHECK(IsOneLine(ResultOfRecord(*record, "h.example.").stat));
  const std::string written = WriteHostRecord(*record);
  CHECK(written.size() <= kMaxHostRecordBytes);
  const absl::StatusOr<HostRecord> again = ParseHostRecord(written);
  CHECK(again.ok());
  CHECK(WriteHostRecord(*again) == written);
}

// A path stays below its directory, and each host has one of its own.
void TryHost(absl::string_view host) {
  const std::optional<std::string> path = HostRecordPath(host);
  if (!path.has_value()) return;
  CHECK(!path->empty() && (*path)[0] != '/' && (*path)[0] != '.');
  CHECK(!absl::StrContains(*path, "/.") && !absl::StrContains(*path, "//"));
  CHECK(IsOneLine(*path));
  CHECK(HostRecordPath(HostOfRecordPath(*path)) == path);
}

}  // namespace
}  // namespace stagepost

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace stagepost;
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  TryRecord(text);
  TryHost(text.substr(0, text.find('\n')));
  for (const char* service : {"smtp", "submission", "", "25/tcp"}) {
    const std::optional<uint16_t> port = FindTcpService(text, service);
    CHECK(!port.has_value() || *port != 0);
  }
  return 0;
}
