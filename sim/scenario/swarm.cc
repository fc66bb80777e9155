#include "sim/scenario/swarm.h"

#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace stagepost {
namespace {

// How many of the runs, in a thousand, have a kind of fault at all, and how many hosts of such a
// run.
constexpr uint32_t kKindPerMille = 400;
constexpr uint32_t kHostPerMille = 700;

constexpr absl::string_view kSpans[] = {"100ms", "1s", "30s", "5m", "20m"};
// Milliseconds; most scenarios are over within a second but for the waiting.
constexpr uint64_t kMoments[] = {300, 1'000, 10'000, 100'000, 3'600'000};
constexpr absl::string_view kCommands[] = {"EHLO", "MAIL", "RCPT", "DATA", "QUIT"};
// Calls that change what a crash or an error may leave behind.
constexpr absl::string_view kCalls[] = {"open",      "write",  "fsync",  "rename",
                                        "ftruncate", "unlink", "fchown", "lock"};
constexpr absl::string_view kErrors[] = {"EIO", "ENOSPC"};
// Points of a dialogue with the next hop, and of what comes before it.
constexpr absl::string_view kSending[] = {"dns",  "connected", "greeted", "helo",     "mail",
                                          "rcpt", "data",      "dot",     "answered", "quit"};
constexpr absl::string_view kSoon[] = {"1us", "2ms", "100ms"};
constexpr absl::string_view kDnsFaults[] = {"timeout", "SERVFAIL", "REFUSED", "lame", "truncated"};
constexpr uint32_t kRates[] = {5, 30, 200};
constexpr absl::string_view kStalls[] = {"50ms", "2s", "1m", "15m"};

class Drawing {
 public:
  Drawing(const scenario::World& world, Choices& choices) : world_(world), choices_(choices) {}

  std::vector<scenario::Fault> Draw() {
    const bool crash = Has("crash"), kill = Has("kill"), errors = Has("file_error"),
               full = Has("disk_full"), stalls = Has("file_stall"), partition = Has("partition"),
               forget = Has("forget"), reset = Has("reset"), dns = Has("dns_outage");
    for (const scenario::Host& host : world_.host()) {
      if (!host.has_mta() && !host.has_sink()) continue;
      if (crash && Strikes()) {
        scenario::Fault& fault = Add(host);
        fault.mutable_crash()->set_restart_after(Span());
        WhenItself(fault, host);
      }
      if (kill && host.has_mta() && Strikes()) {
        scenario::Fault& fault = Add(host);
        fault.mutable_kill_mta()->set_restart_after(Span());
        WhenItself(fault, host);
      }
      if (errors && Strikes()) AddFileError(host);
      if (stalls && Strikes()) AddFileStall(host);
      if (full && Strikes()) {
        scenario::Fault& fault = Add(host);
        fault.mutable_disk_full()->set_duration(Span());
        When(fault);
      }
    }
    if (partition && world_.host_size() > 1) AddPartition();
    if (forget && world_.host_size() > 1) AddForget();
    if (reset && world_.host_size() > 1) AddReset();
    if (dns && world_.dns().zone_size() > 0) AddDnsOutage();
    return std::move(faults_);
  }

 private:
  bool Has(absl::string_view kind) {
    return choices_.Chance(absl::StrCat("swarm/", kind), kKindPerMille);
  }
  bool Strikes() { return choices_.Chance("swarm/strikes", kHostPerMille); }

  template <class T>
  T OneOf(absl::string_view stream, absl::Span<const T> values) {
    return values[choices_.Pick(stream, values.size())];
  }
  std::string Span() { return std::string(OneOf<absl::string_view>("swarm/span", kSpans)); }

  scenario::Fault& Add(const scenario::Host& host) {
    faults_.emplace_back().add_host(host.name());
    return faults_.back();
  }

  void When(scenario::Fault& fault) {
    switch (choices_.Pick("swarm/trigger", 3)) {
      case 0: {
        const uint64_t range = OneOf<uint64_t>("swarm/scale", kMoments);
        fault.set_after(absl::StrCat(choices_.Pick("swarm/moment", range), "ms"));
        return;
      }
      case 1:
        fault.set_on_command(std::string(OneOf<absl::string_view>("swarm/command", kCommands)));
        fault.set_delay_up_to("100ms");
        return;
      default:
        fault.mutable_on_file_call()->set_call(
            std::string(OneOf<absl::string_view>("swarm/call", kCalls)));
        fault.set_delay_up_to("20ms");
    }
  }

  void AddFileError(const scenario::Host& host) {
    scenario::Fault& fault = Add(host);
    scenario::FileError& error = *fault.mutable_file_error();
    if (choices_.Pick("swarm/one_call", 2) == 1) {
      error.set_call(std::string(OneOf<absl::string_view>("swarm/call", kCalls)));
    }
    error.set_error(std::string(OneOf<absl::string_view>("swarm/error", kErrors)));
    error.set_per_mille(OneOf<uint32_t>("swarm/rate", kRates));
    error.set_duration(Span());
    When(fault);
  }

  void AddFileStall(const scenario::Host& host) {
    scenario::Fault& fault = Add(host);
    scenario::FileStall& stall = *fault.mutable_file_stall();
    if (choices_.Pick("swarm/one_call", 2) == 1) {
      stall.set_call(std::string(OneOf<absl::string_view>("swarm/call", kCalls)));
    }
    stall.set_stall(std::string(OneOf<absl::string_view>("swarm/stall", kStalls)));
    stall.set_per_mille(OneOf<uint32_t>("swarm/rate", kRates));
    stall.set_duration(Span());
    When(fault);
  }

  // Two hosts, one after the other.
  std::pair<const scenario::Host*, const scenario::Host*> TwoHosts() {
    const auto hosts = static_cast<uint64_t>(world_.host_size());
    const uint64_t from = choices_.Pick("swarm/from", hosts);
    const uint64_t to = (from + 1 + choices_.Pick("swarm/to", hosts - 1)) % hosts;
    return {&world_.host(static_cast<int>(from)), &world_.host(static_cast<int>(to))};
  }

  // When a host that sends mail has come to some point; it is not the one whom the fault befalls,
  // perhaps.
  void WhenSending(scenario::Fault& fault) {
    std::vector<absl::string_view> senders;
    for (const scenario::Host& host : world_.host()) {
      if (host.has_mta()) senders.push_back(host.name());
    }
    if (senders.empty() || choices_.Pick("swarm/sending", 2) == 0) return When(fault);
    fault.clear_host();
    fault.add_host(std::string(OneOf<absl::string_view>("swarm/sender", senders)));
    fault.set_on_phase(std::string(OneOf<absl::string_view>("swarm/phase", kSending)));
    fault.set_delay_up_to(std::string(OneOf<absl::string_view>("swarm/soon", kSoon)));
  }

  // A host that fails itself, at some point of what it does.
  void WhenItself(scenario::Fault& fault, const scenario::Host& host) {
    if (!host.has_mta() || choices_.Pick("swarm/itself", 3) > 0) return When(fault);
    fault.set_on_phase(std::string(OneOf<absl::string_view>("swarm/phase", kSending)));
    fault.set_delay_up_to(std::string(OneOf<absl::string_view>("swarm/soon", kSoon)));
  }

  void AddReset() {
    for (uint64_t count = 1 + choices_.Pick("swarm/resets", 4); count > 0; --count) {
      const auto [from, to] = TwoHosts();
      scenario::Fault& fault = Add(*to);
      fault.mutable_reset()->set_from(from->name());
      fault.mutable_reset()->set_to(to->name());
      WhenSending(fault);
    }
  }

  void AddDnsOutage() {
    scenario::Fault& fault = Add(world_.host(0));
    fault.mutable_dns_outage()->set_fails(
        std::string(OneOf<absl::string_view>("swarm/dns_fault", kDnsFaults)));
    fault.mutable_dns_outage()->set_duration(Span());
    WhenSending(fault);
  }

  void AddForget() {
    const auto [from, to] = TwoHosts();
    scenario::Fault& fault = Add(*to);
    fault.mutable_forget()->set_from(from->name());
    fault.mutable_forget()->set_to(to->name());
    WhenSending(fault);
  }

  void AddPartition() {
    const auto [from, to] = TwoHosts();
    scenario::Fault& fault = Add(*to);
    scenario::Partition& partition = *fault.mutable_partition();
    partition.set_from(from->name());
    partition.set_to(to->name());
    partition.set_both(choices_.Pick("swarm/both", 2) == 0);
    partition.set_duration(Span());
    WhenSending(fault);
  }

  const scenario::World& world_;
  Choices& choices_;
  std::vector<scenario::Fault> faults_;
};

}  // namespace

std::vector<scenario::Fault> DrawSwarm(const scenario::World& world, Choices& choices) {
  return Drawing(world, choices).Draw();
}

}  // namespace stagepost
