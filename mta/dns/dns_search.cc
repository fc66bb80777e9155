#include "mta/dns/dns_search.h"

#include <algorithm>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace stagepost {
namespace {

DnsSearchResult Failure(DnsOutcome outcome) {
  DnsSearchResult result;
  result.outcome = outcome;
  return result;
}

DnsSearchResult ResultOf(absl::StatusOr<DnsAnswer> answer) {
  if (!answer.ok()) {
    if (absl::IsInvalidArgument(answer.status())) return Failure(DnsOutcome::kNoRecovery);
    DnsSearchResult result = Failure(DnsOutcome::kTryAgain);
    result.timed_out = absl::IsDeadlineExceeded(answer.status());
    result.cancelled = absl::IsCancelled(answer.status());
    return result;
  }
  switch (answer->rcode) {
    case DnsRcode::kNoError:
      break;
    case DnsRcode::kNxDomain:
      return Failure(DnsOutcome::kNotFound);
    case DnsRcode::kServFail:
    case DnsRcode::kNotImp:
    case DnsRcode::kRefused:
      return Failure(DnsOutcome::kTryAgain);
    default:
      return Failure(DnsOutcome::kNoRecovery);
  }
  if (answer->records.empty()) return Failure(DnsOutcome::kNoData);
  DnsSearchResult result = Failure(DnsOutcome::kFound);
  result.answer = *std::move(answer);
  return result;
}

}  // namespace

Task<DnsSearchResult> DnsQuery(Resolver& resolver, absl::string_view name, absl::string_view domain,
                               DnsType type) {
  const std::string full =
      domain.empty() ? std::string(name) : absl::StrCat(absl::StripSuffix(name, "."), ".", domain);
  co_return ResultOf(co_await resolver.Query(full, type));
}

Task<DnsSearchResult> DnsSearch(Resolver& resolver, const ResolverFile& settings,
                                DnsSearchRules rules, absl::string_view name, DnsType type) {
  const auto dots = std::count(name.begin(), name.end(), '.');
  const bool absolute = absl::EndsWith(name, ".");
  bool asked = false;
  DnsOutcome first = DnsOutcome::kNotFound;
  if (dots >= settings.dots || absolute) {
    DnsSearchResult result = co_await DnsQuery(resolver, name, "", type);
    if (result.outcome == DnsOutcome::kFound || absolute || result.cancelled) co_return result;
    first = result.outcome;
    asked = true;
  }
  bool no_data = false, failed = false;
  if (dots == 0 ? rules.default_domain : rules.search_domains) {
    for (const std::string& domain : settings.search) {
      DnsSearchResult result = co_await DnsQuery(resolver, name, domain, type);
      if (result.outcome == DnsOutcome::kFound) co_return result;
      no_data = no_data || result.outcome == DnsOutcome::kNoData;
      failed = failed || result.outcome == DnsOutcome::kTryAgain;
      // Only the default domain, when the list is not to be searched.
      if (!rules.search_domains || result.outcome == DnsOutcome::kNoRecovery) break;
      if (result.timed_out || result.cancelled) co_return result;
    }
  }
  if (asked) co_return Failure(first);
  DnsSearchResult last = co_await DnsQuery(resolver, name, "", type);
  if (last.outcome == DnsOutcome::kFound) co_return last;
  if (no_data) co_return Failure(DnsOutcome::kNoData);
  if (failed) co_return Failure(DnsOutcome::kTryAgain);
  co_return last;
}

}  // namespace stagepost
