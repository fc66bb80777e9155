#include "tools/audit/grants.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "mta/base/strings.h"
#include "re2/re2.h"
#include "tools/audit/public_domain.h"

namespace stagepost {
namespace {

template <class T>
void AddOnce(T item, std::vector<T>& items) {
  if (items.size() >= kMaxGrants) return;
  const auto same = [&](const T& other) { return !(other < item) && !(item < other); };
  if (std::none_of(items.begin(), items.end(), same)) items.push_back(std::move(item));
}

void AddRange(const AddressRange& range, std::vector<AddressRange>& ranges) {
  if (ranges.size() >= kMaxGrants) return;
  const bool known = std::any_of(ranges.begin(), ranges.end(), [&](const AddressRange& other) {
    return other.base == range.base && other.bits == range.bits;
  });
  if (!known) ranges.push_back(range);
}

bool LooksLikeDomain(absl::string_view word) {
  return !word.empty() && absl::ascii_isalnum(static_cast<unsigned char>(word[0])) &&
         std::all_of(word.begin(), word.end(), [](unsigned char c) {
           return absl::ascii_isalnum(c) || c == '-' || c == '.' || c == '_';
         });
}

// A word of a class or a key without its tag.
void AddWord(absl::string_view word, Grants& grants) {
  while (absl::ConsumePrefix(&word, ".") || absl::ConsumePrefix(&word, "@")) {
  }
  if (absl::ConsumePrefix(&word, "[")) absl::ConsumeSuffix(&word, "]");
  if (const auto range = RangeOfKey(word)) {
    AddRange(*range, grants.ranges);
  } else if (absl::StrContains(word, '@')) {
    AddOnce(std::string(word), grants.senders);
    AddWord(word.substr(word.find('@') + 1), grants);
  } else if (LooksLikeDomain(word)) {
    AddOnce(absl::AsciiStrToLower(word), grants.domains);
  }
}

// What stands in front of a key of the access map: "Connect:", "To:", ….
absl::string_view WithoutTag(absl::string_view key) {
  const size_t colon = key.find(':');
  if (colon == absl::string_view::npos || absl::StartsWithIgnoreCase(key, "IPv6:")) return key;
  return key.substr(colon + 1);
}

bool Opens(const MapEntry& entry) {
  const std::string value = absl::AsciiStrToUpper(entry.value);
  return absl::StartsWith(value, "RELAY") || absl::StartsWith(value, "OK") || value == "FRIEND";
}

// "esmtp:[10.9.9.9]", "relay:hub.corp.example": entries of a mailertable.
void AddHost(absl::string_view value, Grants& grants) {
  std::string host;
  static const RE2 kTarget("^[A-Za-z0-9_*-]+:(\\[[^\\]]*\\]|[A-Za-z0-9.-]+)");
  if (RE2::PartialMatch(ToStd(value), kTarget, &host)) AddOnce(std::move(host), grants.hosts);
}

// Addresses and domains that rules themselves name; the words .UUCP and RELAY stand in all.
void ReadRules(absl::string_view cf, Grants& grants) {
  static const RE2 kNumbers("\\b(\\d{1,3}(?: ?\\. ?\\d{1,3}){1,3})\\b");
  static const RE2 kDomain("(?:@|\\.) ?((?:[A-Za-z0-9-]+ ?\\. ?)*[A-Za-z]{2,}) ?\\.? ?[>\\t]");
  for (absl::string_view line : absl::StrSplit(cf, '\n')) {
    if (!absl::ConsumePrefix(&line, "R")) continue;
    const absl::string_view left = line.substr(0, line.find('\t'));
    for (const RE2* pattern : {&kNumbers, &kDomain}) {
      std::string found;
      if (!RE2::PartialMatch(std::string(left) + "\t", *pattern, &found)) continue;
      found.erase(std::remove(found.begin(), found.end(), ' '), found.end());
      if (absl::EqualsIgnoreCase(found, "uucp") || absl::EqualsIgnoreCase(found, "relay")) continue;
      AddWord(found, grants);
    }
  }
}

}  // namespace

Grants FindGrants(const SiteFacts& facts, const std::string& cf) {
  Grants grants;
  for (const char* name : {"R", "m", "VirtHost", "P"}) {
    for (const std::string& word : facts.Words(name)) AddWord(word, grants);
  }
  // What may relay first, then the rest, as far as there is room.
  for (const bool opens : {true, false}) {
    for (const MapEntry& entry : facts.entries) {
      if (Opens(entry) != opens) continue;
      if (!opens && absl::StrContains(absl::AsciiStrToUpper(entry.value), "REJECT")) continue;
      AddWord(WithoutTag(entry.key), grants);
      AddHost(entry.value, grants);
    }
  }
  ReadRules(cf, grants);
  return grants;
}

void SortGrants(const Grants& grants, SiteIdentity& site) {
  site.hosts = grants.hosts;
  for (const std::string& domain : grants.domains) {
    if (IsPublicDomain(domain)) {
      site.public_domains.push_back(domain);
    } else if (absl::StrContains(domain, '.') && !absl::EqualsIgnoreCase(domain, site.name)) {
      site.partners.push_back(domain);
    }
  }
  for (const AddressRange& range : grants.ranges) {
    const int most = range.base.is_v4() ? kSiteBits4 : kSiteBits6;
    const bool declared =
        std::any_of(site.inside.begin(), site.inside.end(),
                    [&](const AddressRange& inside) { return inside.Contains(range); });
    if (range.bits >= most || IsPrivate(range) || declared) {
      site.trusted.push_back(range);
    } else {
      site.too_wide.push_back(range);
    }
  }
}

}  // namespace stagepost
