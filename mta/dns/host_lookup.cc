#include "mta/dns/host_lookup.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "mta/dns/service_switch.h"

namespace stagepost {
namespace {

constexpr absl::Duration kDefaultTtl = absl::Hours(1);
constexpr absl::Duration kTemporaryTtl = absl::Minutes(1);
constexpr size_t kMaxHostNameBytes = 256;
constexpr size_t kMaxCachedNames = 100'000;

// Without a final dot and without $m. `shortened` says that $m was there. As sendmail does it: what
// is behind the first dot may also be a beginning of $m, up to one of its dots, unless the name
// ended in a dot.
std::string ShortName(absl::string_view name, absl::string_view own_domain, bool& shortened) {
  const bool absolute = absl::ConsumeSuffix(&name, ".");
  const size_t dot = name.find('.');
  shortened = false;
  if (dot == absl::string_view::npos) return std::string(name);
  const absl::string_view domain = name.substr(dot + 1);
  if (absl::StartsWithIgnoreCase(own_domain, domain)) {
    const absl::string_view rest = own_domain.substr(domain.size());
    shortened = rest.empty() || (!absolute && rest[0] == '.');
  }
  return std::string(shortened ? name.substr(0, dot) : name);
}

// The walk through the search list and the types of records, for one name.
class DnsWalk {
 public:
  DnsWalk(Resolver& resolver, const HostLookupOptions& options, absl::string_view name,
          bool accept_mx)
      : resolver_(resolver), options_(options), accept_mx_(accept_mx) {
    answer_.name = std::string(name);
  }

  Task<CanonicalName> Run(const ResolverFile& settings, bool search) {
    MakeList(settings, search);
    while (at_ < list_.size() && !found_ && !over_) co_await Step();
    if (found_) {
      if (!list_[at_].empty()) absl::StrAppend(&answer_.name, ".", list_[at_]);
      answer_.status = LookupStatus::kFound;
    } else {
      answer_.status = temporary_ ? LookupStatus::kTemporary : LookupStatus::kNotFound;
    }
    co_return answer_;
  }

 private:
  void MakeList(const ResolverFile& settings, bool search) {
    std::string& name = answer_.name;
    const bool dots = absl::StrContains(name, ".");
    if (dots) list_.emplace_back();
    if (search && options_.search_domains && !absl::EndsWith(name, ".")) {
      list_.insert(list_.end(), settings.search.begin(), settings.search.end());
    } else if (search && !dots && options_.default_domain) {
      if (!settings.search.empty()) list_.push_back(settings.search[0]);
    } else if (absl::EndsWith(name, ".")) {
      name.pop_back();
    }
  }

  Task<void> Step() {
    if (type_ == DnsType::kAaaa) got_mx_ = false;
    const std::string domain = list_[at_];
    const DnsSearchResult result = co_await DnsQuery(resolver_, answer_.name, domain, type_);
    if (result.outcome == DnsOutcome::kFound) {
      Look(result.answer, domain);
      if (found_ || over_) co_return;
      NextType(true);
    } else if (result.cancelled) {
      temporary_ = answer_.cancelled = over_ = true;
    } else if (result.outcome == DnsOutcome::kTryAgain && !domain.empty()) {
      temporary_ = true;
      over_ = !options_.work_around_broken_aaaa || !result.timed_out;
      if (!over_) NextType(true);
    } else {
      temporary_ = temporary_ || result.outcome == DnsOutcome::kTryAgain;
      NextType(result.outcome != DnsOutcome::kNotFound);
    }
  }

  // What the records say. A CNAME makes its target the name, from now on without a list.
  void Look(const DnsAnswer& answer, const std::string& domain) {
    for (const DnsRecord& record : answer.records) {
      answer_.ttl = record.ttl;
      if (record.type == DnsType::kMx) {
        got_mx_ = true;
        if (!domain.empty() && options_.has_wildcard_mx) continue;
        found_ = true;
      } else if (record.type == DnsType::kA || record.type == DnsType::kAaaa) {
        found_ = true;
      } else if (record.type == DnsType::kCname && !options_.expand_cnames) {
        found_ = true;
      } else if (record.type == DnsType::kCname) {
        if (++cnames_ > kMaxCanonicalCnames + 1) {
          answer_.message = absl::StrCat("DNS failure: CNAME loop for ", answer_.name);
          found_ = false;
          over_ = true;
          return;
        }
        answer_.name = record.name;
        list_ = {""};
        at_ = 0;
      }
    }
  }

  // The next thing to ask for: another type if the name exists, else another domain.
  void NextType(bool exists) {
    if (exists && type_ == DnsType::kAaaa) {
      type_ = DnsType::kA;
    } else if (exists && type_ == DnsType::kA && !got_mx_ && (accept_mx_ || list_[at_].empty())) {
      type_ = DnsType::kMx;
    } else {
      type_ = DnsType::kAaaa;
      ++at_;
    }
  }

  Resolver& resolver_;
  const HostLookupOptions& options_;
  const bool accept_mx_;
  std::vector<std::string> list_;  // domains to append; "": none
  size_t at_ = 0;
  DnsType type_ = DnsType::kAaaa;
  int cnames_ = 0;
  bool got_mx_ = false, found_ = false, over_ = false, temporary_ = false;
  CanonicalName answer_;
};

// The canonical name of a line: its first name, or the first one with a dot.
const std::string& CanonicalOf(const HostsLine& line) {
  for (const std::string& name : line.names) {
    if (absl::StrContains(name, ".")) return name;
  }
  return line.names[0];
}

}  // namespace

HostLookup::HostLookup(Environment& env, HostLookupOptions options)
    : env_(env),
      options_(std::move(options)),
      service_switch_(env, options_.service_switch_file),
      hosts_(env, options_.hosts_file),
      resolver_(env, options_.resolver_file),
      name_service_(env, options_.name_service_file) {}

Task<void> HostLookup::RefreshNameService(FilesSeen* seen) {
  if (seen != nullptr && std::exchange(seen->name_service, true)) co_return;
  co_await name_service_.Refresh();
}

Task<void> HostLookup::RefreshHosts(FilesSeen* seen) {
  if (seen != nullptr && std::exchange(seen->hosts, true)) co_return;
  if (co_await hosts_.Refresh()) hosts_lines_ = ParseHostsFile(hosts_.text().value_or(""));
}

Task<void> HostLookup::RefreshResolver() {
  if (co_await resolver_.Refresh()) {
    resolver_settings_ = ParseResolverFile(resolver_.text().value_or(""), env_.host().name());
  }
}

Task<std::vector<std::string>> HostLookup::SourcesOf(std::string service) {
  co_await service_switch_.Refresh();
  co_return ServiceSources(service_switch_.text(), service);
}

Task<bool> HostLookup::UsesDns() {
  const std::vector<std::string> sources = co_await SourcesOf("hosts");
  co_return std::find(sources.begin(), sources.end(), "dns") != sources.end();
}

Task<DnsSearchResult> HostLookup::Search(absl::string_view name, DnsType type, bool search) {
  co_await RefreshResolver();
  const DnsSearchRules rules = {.search_domains = search && options_.search_domains,
                                .default_domain = search && options_.default_domain};
  const ResolverFile settings = resolver_settings_;
  co_return co_await DnsSearch(env_.resolver(), settings, rules, name, type);
}

Task<CanonicalName> HostLookup::Canonical(absl::string_view name, absl::string_view own_domain) {
  co_return co_await CanonicalIn(name, own_domain, !options_.has_wildcard_mx, true);
}

Task<CanonicalName> HostLookup::CanonicalIn(absl::string_view name, absl::string_view own_domain,
                                            bool accept_mx, bool search) {
  CanonicalName answer;
  answer.name = std::string(name);
  answer.ttl = kDefaultTtl;
  if (name.empty() || name.size() > kMaxHostNameBytes) co_return answer;
  bool temporary = false;
  const std::vector<std::string> sources = co_await SourcesOf("hosts");
  for (const std::string& source : sources) {
    if (source == "files") {
      std::optional<std::string> found = co_await InHostsFile(answer.name, own_domain);
      if (found.has_value()) {
        answer.name = *std::move(found);
        answer.status = LookupStatus::kFound;
      }
    } else if (source == "dns") {
      answer = co_await InDns(answer.name, accept_mx, search);
    } else {
      continue;
    }
    // A name without a dot is believed only when $m can be put behind it.
    const bool usable = !own_domain.empty() || absl::StrContains(answer.name, ".");
    if (answer.status == LookupStatus::kFound && usable) break;
    temporary = temporary || answer.status == LookupStatus::kTemporary;
    answer.status = LookupStatus::kNotFound;
  }
  if (answer.status != LookupStatus::kFound) {
    if (temporary) answer.status = LookupStatus::kTemporary;
    co_return answer;
  }
  answer.cancelled = false;
  const size_t dot = answer.name.find('.');
  if (dot == std::string::npos || dot + 1 == answer.name.size()) {
    absl::StrAppend(&answer.name, dot == std::string::npos ? "." : "", own_domain);
  }
  co_return answer;
}

Task<std::optional<std::string>> HostLookup::InHostsFile(absl::string_view name,
                                                         absl::string_view own_domain) {
  co_await RefreshHosts();
  bool shortened = false;
  const std::string wanted = ShortName(name, own_domain, shortened);
  const absl::string_view whole = absl::StripSuffix(name, ".");
  for (const HostsLine& line : hosts_lines_) {
    const bool named = std::any_of(line.names.begin(), line.names.end(), [&](const auto& each) {
      return absl::EqualsIgnoreCase(each, wanted) ||
             (shortened && absl::EqualsIgnoreCase(each, whole));
    });
    if (!named) continue;
    const std::string& canonical = CanonicalOf(line);
    if (absl::StrContains(canonical, ".") || own_domain.empty()) co_return canonical;
    co_return absl::StrCat(canonical, ".", own_domain);
  }
  co_return std::nullopt;
}

Task<CanonicalName> HostLookup::InDns(absl::string_view name, bool accept_mx, bool search) {
  co_await RefreshResolver();
  const ResolverFile settings = resolver_settings_;
  DnsWalk walk(env_.resolver(), options_, name, accept_mx);
  co_return co_await walk.Run(settings, search);
}

const CanonicalName* HostLookup::KnownCanonical(absl::string_view name) const {
  const auto cached = cache_.find(name);
  if (cached == cache_.end() || env_.clock().MonotonicNow() >= cached->second.expires) {
    return nullptr;
  }
  return &cached->second.answer;
}

Task<CanonicalName> HostLookup::CachedCanonical(absl::string_view name,
                                                absl::string_view own_domain) {
  const std::string key(name);  // sendmail's cache knows upper from lower case, too
  const MonotonicTime now = env_.clock().MonotonicNow();
  if (const auto cached = cache_.find(key); cached != cache_.end()) {
    if (now < cached->second.expires) co_return cached->second.answer;
    cache_.erase(cached);
  }
  CacheEntry entry;
  if (absl::StartsWith(name, "[")) {
    entry.answer = co_await InBrackets(name);
  } else {
    entry.answer = co_await Canonical(name, own_domain);
  }
  if (entry.answer.cancelled || key.size() > kMaxHostNameBytes) co_return entry.answer;
  absl::Duration keep = kDefaultTtl;
  if (entry.answer.status == LookupStatus::kTemporary) keep = kTemporaryTtl;
  if (entry.answer.status == LookupStatus::kFound && entry.answer.ttl > absl::ZeroDuration()) {
    keep = std::min(keep, entry.answer.ttl);
  }
  entry.expires = now + keep;
  if (cache_.size() >= kMaxCachedNames) cache_.clear();
  CanonicalName answer = entry.answer;
  entry.answer.message.clear();  // said once
  cache_[key] = std::move(entry);
  co_return answer;
}

}  // namespace stagepost
