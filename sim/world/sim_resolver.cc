#include "sim/world/sim_resolver.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "mta/async/operation.h"
#include "mta/async/timer_queue.h"
#include "mta/dns/message.h"
#include "mta/dns/name.h"
#include "sim/world/dns_zones.h"

namespace stagepost {
namespace {

// Beyond a minimum, drawn.
constexpr absl::Duration kCachedMinimum = absl::Microseconds(80);
constexpr uint64_t kCachedSpreadUs = 200;
constexpr absl::Duration kServerMinimum = absl::Milliseconds(1);
constexpr uint64_t kServerSpreadUs = 100'000;
constexpr uint64_t kLameSpreadMs = 4'000;
constexpr uint32_t kLossPerMille = 2;

using Result = absl::StatusOr<DnsAnswer>;

std::string Shown(const Result& result) {
  if (!result.ok()) return std::string(result.status().message());
  std::string text;
  for (const DnsRecord& record : result->records) {
    absl::StrAppend(&text, text.empty() ? "" : ", ");
    switch (record.type) {
      case DnsType::kA:
      case DnsType::kAaaa:
        absl::StrAppend(&text, record.address.ToString());
        break;
      case DnsType::kMx:
        absl::StrAppend(&text, record.preference, " ", record.name, ".");
        break;
      case DnsType::kCname:
        absl::StrAppend(&text, "CNAME ", record.name, ".");
        break;
      default:
        absl::StrAppend(&text, record.name, record.text.empty() ? "" : record.text[0]);
    }
  }
  return text;
}

class SimQuery final : public PendingOperation<Result>, private Timer {
 public:
  SimQuery(const DnsClient& client, absl::string_view name, DnsType type)
      : client_(client), name_(name), type_(type) {}

 private:
  void Start() override {
    const MonotonicTime now = client_.core.loop.now();
    if (client_.core.dns_cache) {
      if (std::optional<DnsAnswer> kept = client_.cache.Get(name_, type_, now)) {
        result_ = *std::move(kept);
        return Arm(kCachedMinimum + Draw("dns/cached", kCachedSpreadUs));
      }
    }
    DnsFinding found = client_.core.dns.Find(name_, type_);
    Arm(TimeFor(found));
    if (result_.ok()) result_ = OverTheWire(std::move(found));
  }
  void OnStop() override {
    Disarm();
    PendingOperation::OnStop();
  }
  void OnTimer() override {
    if (ttl_ > absl::ZeroDuration() && result_.ok() && client_.core.dns_cache) {
      client_.cache.Put(name_, type_, *result_, client_.core.loop.now(), ttl_);
    }
    client_.core.Record(client_.host, client_.pid,
                        {EventKind::kDnsQuery, name_, Shown(result_), static_cast<int64_t>(type_),
                         result_.ok() ? static_cast<int64_t>(result_->rcode) : -1});
    Finish(std::move(result_));
  }

  void Arm(absl::Duration wait) {
    client_.core.loop.timers().Arm(*this, client_.core.loop.now() + wait);
  }
  absl::Duration Draw(absl::string_view stream, uint64_t spread_us) {
    return absl::Microseconds(client_.core.choices.Pick(stream, spread_us));
  }

  // How long it takes; notes it if there is no answer in that time.
  absl::Duration TimeFor(const DnsFinding& found) {
    Choices& choices = client_.core.choices;
    absl::Duration wait = kServerMinimum + Draw("dns/latency", kServerSpreadUs);
    if (found.fault == DnsFault::kTruncated) wait *= 3;
    if (found.fault == DnsFault::kLame) {
      wait += absl::Milliseconds(choices.Pick("dns/lame", kLameSpreadMs));
    }
    if (choices.Chance("dns/loss", kLossPerMille)) wait += kSimDnsRetry;
    wait += found.delay;
    if (found.fault == DnsFault::kTimeOut || wait >= kSimDnsTimeOut) {
      result_ = absl::DeadlineExceededError(
          absl::StrCat("DNS query for ", name_, ": no server has answered"));
      return kSimDnsTimeOut;
    }
    return wait;
  }

  // Through the format and the parser of real answers, so that both sides give the same.
  Result OverTheWire(DnsFinding found) {
    DnsMessage message;
    message.response = true;
    message.authenticated = found.answer.authenticated;
    message.rcode = static_cast<uint8_t>(found.answer.rcode);
    message.name = CanonicalDnsName(name_) == "" ? "" : std::string(name_);
    message.type = type_;
    message.answers = std::move(found.answer.records);
    message.udp_size = kEdnsUdpSize;
    absl::StatusOr<std::string> bytes = BuildDnsMessage(message);
    if (!bytes.ok()) return bytes.status();
    if (found.fault == DnsFault::kMalformed) bytes->resize(bytes->size() / 2);
    ttl_ = found.ttl;
    return ParseDnsResponse(*bytes, name_, type_);
  }

  const DnsClient client_;
  const std::string name_;
  const DnsType type_;
  Result result_ = DnsAnswer();
  absl::Duration ttl_;
};

}  // namespace

std::optional<DnsAnswer> DnsCache::Get(absl::string_view name, DnsType type, MonotonicTime now) {
  const auto found = entries_.find({CanonicalDnsName(name), type});
  if (found == entries_.end()) return std::nullopt;
  const Entry& entry = found->second;
  if (entry.expires <= now) {
    entries_.erase(found);
    return std::nullopt;
  }
  DnsAnswer answer = entry.answer;
  const absl::Duration age = absl::Trunc(now - entry.kept, absl::Seconds(1));
  for (DnsRecord& record : answer.records) record.ttl -= age;
  return answer;
}

void DnsCache::Put(absl::string_view name, DnsType type, const DnsAnswer& answer, MonotonicTime now,
                   absl::Duration ttl) {
  if (entries_.size() >= kMaxEntries) entries_.clear();
  entries_[{CanonicalDnsName(name), type}] = {answer, now, now + ttl};
}

Operation<Result> QuerySimulatedDns(const DnsClient& client, absl::string_view name, DnsType type) {
  const absl::StatusOr<std::string> wire = DnsNameToWire(name);
  if (!wire.ok()) return Result(wire.status());
  return Operation<Result>(new SimQuery(client, name, type));
}

}  // namespace stagepost
