#include "conformance/rewrite/oracle_world.h"

#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"
#include "mta/base/check.h"
#include "mta/base/strings.h"
#include "mta/env/stream.h"
#include "sim/world/dns_zones.h"
#include "sim/world/sim_pipe.h"

namespace stagepost {
namespace {

using google::protobuf::Struct;
using google::protobuf::Value;

constexpr int64_t kStart = 1795156412;  // 2026-11-20 06:33:32 UTC

struct UserRow {
  const char* name;
  int id;
  const char* full_name;
  const char* shell;
};
constexpr UserRow kUsers[] = {
    {"daemon", 1, "daemon", "/usr/sbin/nologin"},
    {"bin", 2, "bin", "/usr/sbin/nologin"},
    {"mail", 8, "mail", "/usr/sbin/nologin"},
    {"nobody", 65534, "nobody", "/usr/sbin/nologin"},
    {"smmta", 301, "Mail daemon", "/usr/sbin/nologin"},
    {"smmsp", 302, "Mail Submission Program", "/usr/sbin/nologin"},
    {"alice", 2001, "Alice Adams", "/bin/sh"},
    {"bob", 2002, "Bob Brown", "/bin/sh"},
    {"carol", 2003, "Carol O'Hara", "/bin/sh"},
    {"dave.d", 2004, "Dave Dot", "/bin/sh"},
    {"web1_user1", 2005, "Web User", "/bin/sh"},
    {"eve", 2006, "Eve", "/usr/sbin/nologin"},
};

constexpr const char* kAddresses[] = {
    "127.0.0.1",   "::1",           "10.0.0.1",        "10.1.2.3",      "10.9.9.9",
    "10.9.9.10",   "192.168.7.9",   "192.0.2.33",      "192.0.2.34",    "192.0.2.35",
    "192.0.2.36",  "192.0.2.71",    "192.0.2.72",      "192.0.2.73",    "192.0.2.77",
    "192.0.2.88",  "192.0.2.99",    "198.51.100.5",    "198.51.100.25", "198.51.100.66",
    "203.0.113.9", "2001:db8:5::7", "2001:db8:bad::1",
};

// Where nobody listens: the machine of the recordings had the whole of 10.0.0.0/8 to itself.
constexpr const char* kHiddenAddresses[] = {"10.0.0.2",  "10.0.0.3",  "10.0.0.11",
                                            "10.9.9.77", "10.9.9.78", "10.9.9.71",
                                            "10.9.9.72", "10.9.9.73", "10.9.9.74"};

template <typename Texts>
std::vector<IpAddress> AddressesIn(const Texts& texts) {
  std::vector<IpAddress> addresses;
  for (const char* text : texts) {
    const std::optional<IpAddress> address = IpAddress::Parse(text);
    CHECK(address.has_value());
    addresses.push_back(*address);
  }
  return addresses;
}

absl::Status Bad(absl::string_view name, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("zone.json: ", name, ": ", what));
}

absl::StatusOr<DnsRecord> MakeRecord(absl::string_view owner, absl::string_view type,
                                     absl::string_view value) {
  DnsRecord record;
  record.owner = std::string(owner);
  record.ttl = absl::Minutes(5);
  if (type == "A" || type == "AAAA") {
    const std::optional<IpAddress> address = IpAddress::Parse(value);
    if (!address.has_value()) return Bad(owner, "no address");
    record.type = type == "A" ? DnsType::kA : DnsType::kAaaa;
    record.address = *address;
  } else if (type == "MX") {
    const std::pair<absl::string_view, absl::string_view> halves = absl::StrSplit(value, ' ');
    int preference = 0;
    if (!absl::SimpleAtoi(halves.first, &preference)) return Bad(owner, "no preference");
    record.type = DnsType::kMx;
    record.preference = static_cast<uint16_t>(preference);
    record.name = halves.second == "." ? "" : std::string(halves.second);
  } else if (type == "TXT") {
    record.type = DnsType::kTxt;
    record.text.emplace_back(value);
  } else if (type == "CNAME" || type == "PTR" || type == "NS") {
    record.type = type == "CNAME" ? DnsType::kCname : type == "PTR" ? DnsType::kPtr : DnsType::kNs;
    record.name = std::string(value);
  } else {
    return Bad(owner, absl::StrCat("unknown type ", type));
  }
  return record;
}

absl::StatusOr<DnsFault> FaultOf(absl::string_view owner, const std::string& rcode) {
  if (rcode == "SERVFAIL") return DnsFault::kServFail;
  if (rcode == "REFUSED") return DnsFault::kRefused;
  if (rcode == "DROP") return DnsFault::kTimeOut;
  return Bad(owner, absl::StrCat("unknown rcode ", rcode));
}

absl::Status AddName(const std::string& owner, const Struct& types, DnsZone& zone) {
  for (const auto& [type, value] : types.fields()) {
    if (type == "rcode") {
      const absl::StatusOr<DnsFault> fault = FaultOf(owner, value.string_value());
      if (!fault.ok()) return fault.status();
      zone.names[owner].fault = *fault;
      continue;
    }
    if (type == "fail") {
      for (const auto& [asked, rcode] : value.struct_value().fields()) {
        const absl::StatusOr<DnsFault> fault = FaultOf(owner, rcode.string_value());
        if (!fault.ok()) return fault.status();
        if (asked != "A" && asked != "AAAA" && asked != "MX") return Bad(owner, "unknown type");
        zone.names[owner].fault = *fault;
        zone.names[owner].types.insert(asked == "A"      ? DnsType::kA
                                       : asked == "AAAA" ? DnsType::kAaaa
                                                         : DnsType::kMx);
      }
      continue;
    }
    for (const Value& item : value.list_value().values()) {
      absl::StatusOr<DnsRecord> record = MakeRecord(owner, type, item.string_value());
      if (!record.ok()) return record.status();
      zone.records.push_back(*std::move(record));
    }
  }
  return absl::OkStatus();
}

// The two programs that configurations name.
Task<int> EchoMain(Environment& env, Arguments arguments) {
  arguments.erase(arguments.begin());
  const std::string line = absl::StrCat(absl::StrJoin(arguments, " "), "\n");
  const absl::Status written = co_await WriteAll(env.process().standard_output(), line);
  co_return written.ok() ? 0 : 1;
}

Task<int> FalseMain(Environment&, Arguments) { co_return 1; }

}  // namespace

OracleWorld::OracleWorld()
    : choices_(Choices::FromSeed(1)),
      world_(std::make_unique<World>(choices_, trace_, absl::FromUnixSeconds(kStart))),
      host_(&world_->AddHost({.name = "mx1.corp.example",
                              .addresses = AddressesIn(kAddresses),
                              .hidden_addresses = AddressesIn(kHiddenAddresses),
                              .has_gateway = false})) {
  for (const UserRow& row : kUsers) {
    CHECK(host_->accounts()
              .AddUser({.name = row.name,
                        .id = UserId(row.id),
                        .group = GroupId(row.id),
                        .full_name = row.full_name,
                        .home = absl::StrCat("/home/", row.name),
                        .shell = row.shell})
              .ok());
    CHECK(host_->accounts().AddGroup({.name = row.name, .id = GroupId(row.id)}, {}).ok());
  }
  for (const char* directory : {"/etc/mail", "/usr/share", "/var/run"}) {
    CHECK(host_->editor().MakeDirectories(directory, {.mode = 0755}).ok());
  }
  CHECK(host_->editor().MakeDirectories("/var/spool/mqueue", {.mode = 0700}).ok());
  CHECK(host_->editor().MakeDirectories("/tmp", {.mode = 01777}).ok());
  for (const auto& [path, program] :
       {std::pair("/bin/echo", &EchoMain), std::pair("/bin/false", &FalseMain)}) {
    CHECK(host_->editor().WriteFile(path, "", {.mode = 0755}).ok());
    host_->InstallProgram(path, program);
  }
}

absl::Status OracleWorld::AddZones(absl::string_view json) {
  Struct names;
  const auto parsed = google::protobuf::util::JsonStringToMessage(std::string(json), &names);
  if (!parsed.ok()) return absl::InvalidArgumentError("zone.json: not JSON");
  DnsZone root;  // the recording's server knew all there was
  for (const auto& [name, types] : names.fields()) {
    if (absl::StartsWith(name, "#")) continue;
    const absl::Status status = AddName(name, types.struct_value(), root);
    if (!status.ok()) return status;
  }
  return host_->core().dns.Put(std::move(root));
}

void OracleWorld::WriteFile(absl::string_view path, absl::string_view content) {
  CHECK(host_->editor().WriteFile(path, content, {.mode = 0644}).ok());
}

OracleWorld::Result OracleWorld::Run(Program program, Arguments arguments, std::string input) {
  Result result;
  std::optional<ExitStatus> exit;
  ProcessSpec spec;
  spec.path = arguments[0];
  spec.arguments = std::move(arguments);
  spec.input = MakeTextSource(std::move(input));
  spec.output = MakeCapturingSink(&result.output);
  spec.error = MakeCapturingSink(&result.output);
  SimProcess& process =
      host_->Spawn(std::move(spec), [&](const ExitStatus& status) { exit = status; });
  process.Start(program);
  world_->RunUntil([&] { return exit.has_value(); }, world_->now() + absl::Hours(24));
  if (exit.has_value() && !exit->killed_by.has_value()) result.exit_code = exit->code;
  return result;
}

}  // namespace stagepost
