// MX records. RFC 5321, section 5.1; RFC 7505.
#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "mta/dns/address_text.h"
#include "mta/dns/host_lookup.h"

namespace stagepost {
namespace {

struct Candidate {
  MxHost host;
  uint64_t weight = 0;  // among those of one preference; 0: this host
  size_t number = 0;

  auto order() const { return std::tuple(host.preference, weight, number); }
};

// Hosts of one preference share the load: which comes first is drawn. A host that is named twice
// gets one weight, so that its two records stand side by side.
uint64_t DrawWeight(const std::vector<Candidate>& candidates, absl::string_view name,
                    Random& random) {
  constexpr uint64_t kWeights = 1 << 16;
  for (const Candidate& other : candidates) {
    if (absl::EqualsIgnoreCase(other.host.name, name)) return other.weight;
  }
  return 1 + random.Uniform(kWeights);
}

bool IsNullMx(const DnsAnswer& answer) {
  const auto is_mx = [](const DnsRecord& record) { return record.type == DnsType::kMx; };
  const auto first = std::find_if(answer.records.begin(), answer.records.end(), is_mx);
  return first != answer.records.end() && first->preference == 0 && first->name.empty() &&
         std::count_if(answer.records.begin(), answer.records.end(), is_mx) == 1;
}

}  // namespace

Task<MxAnswer> HostLookup::MailExchangers(absl::string_view domain,
                                          absl::FunctionRef<bool(absl::string_view)> is_local,
                                          MxOptions options) {
  MxAnswer answer;
  if (domain.empty()) co_return answer;
  if (domain[0] == '[' || !co_await UsesDns()) {
    co_return co_await WithoutMx(domain, LookupStatus::kFound, false, options);
  }
  const bool search = options.search && !options_.has_wildcard_mx;
  const DnsSearchResult result = co_await Search(domain, DnsType::kMx, search);
  switch (result.outcome) {
    case DnsOutcome::kFound:
      break;
    case DnsOutcome::kTryAgain:
      answer.status = LookupStatus::kTemporary;
      co_return answer;
    case DnsOutcome::kNoData:
      co_return co_await WithoutMx(domain, LookupStatus::kFound, true, options);
    case DnsOutcome::kNotFound:
      co_return co_await WithoutMx(domain, LookupStatus::kNotFound, true, options);
    case DnsOutcome::kNoRecovery:
      co_return co_await WithoutMx(domain, LookupStatus::kFound, false, options);
  }
  co_return ChooseMx(result.answer, is_local, options);
}

MxAnswer HostLookup::ChooseMx(const DnsAnswer& found,
                              absl::FunctionRef<bool(absl::string_view)> is_local,
                              const MxOptions& options) {
  MxAnswer answer;
  answer.status = LookupStatus::kFound;
  answer.null_mx = IsNullMx(found);
  if (answer.null_mx) return answer;

  std::vector<Candidate> candidates;
  uint32_t local_preference = UINT32_MAX;
  for (const DnsRecord& record : found.records) {
    if (record.type != DnsType::kMx || candidates.size() == kMaxMxHosts - 1) continue;
    answer.ttl = record.ttl;
    Candidate candidate;
    candidate.host = {record.preference, absl::StrCat(record.name, ".")};
    candidate.number = candidates.size();
    if (is_local(record.name)) {
      answer.saw_local_host = answer.saw_local_host || options.drop_local_host;
      local_preference = std::min<uint32_t>(local_preference, record.preference);
      if (options.drop_local_host) continue;
    } else {
      candidate.weight = DrawWeight(candidates, candidate.host.name, env_.random());
    }
    candidates.push_back(std::move(candidate));
  }
  std::sort(candidates.begin(), candidates.end(),
            [](const auto& a, const auto& b) { return a.order() < b.order(); });
  for (Candidate& candidate : candidates) {
    // Whoever is no better than this host would send the message back to it.
    if (answer.saw_local_host && candidate.host.preference >= local_preference) break;
    if (!answer.hosts.empty() &&
        absl::EqualsIgnoreCase(answer.hosts.back().name, candidate.host.name)) {
      continue;
    }
    answer.hosts.push_back(std::move(candidate.host));
  }
  return answer;
}

// The domain itself: an address in brackets as it is, otherwise under its canonical name if that is
// to be tried.
Task<MxAnswer> HostLookup::WithoutMx(absl::string_view domain, LookupStatus status,
                                     bool try_canonical, MxOptions options) {
  MxAnswer answer;
  answer.status = status;
  const size_t end = domain.find(']');
  if (domain[0] == '[' && end != absl::string_view::npos) {
    const absl::string_view inside = domain.substr(1, end - 1);
    if (ParseAddressText(inside).has_value()) {
      answer.hosts.push_back({0, std::string(domain)});
      co_return answer;
    }
    // "[name]": that name, whatever its MX records are.
    domain = inside;
    try_canonical = true;
  }
  if (!try_canonical) co_return answer;
  CanonicalName name = co_await CanonicalIn(domain, options.own_domain, false, options.search);
  if (name.status != LookupStatus::kFound) co_return answer;
  if (!absl::EndsWith(name.name, ".")) name.name += '.';
  answer.ttl = name.ttl;
  answer.hosts.push_back({0, std::move(name.name)});
  co_return answer;
}

}  // namespace stagepost
