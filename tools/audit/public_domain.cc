#include "tools/audit/public_domain.h"

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"

namespace stagepost {
namespace {

// RFC 6762 (appendix G), RFC 8375, and what sites call themselves.
constexpr absl::string_view kInside[] = {"corp",      "domain",      "home",    "internal",
                                         "intranet",  "lan",         "local",   "localdomain",
                                         "localhost", "localdomain", "private", "workgroup"};

constexpr absl::string_view kSecondLevels[] = {"ac",  "co",  "com", "edu", "gob", "gov",
                                               "gv",  "ltd", "me",  "mil", "ne",  "net",
                                               "nom", "or",  "org", "plc", "sch"};

template <size_t kSize>
bool IsOneOf(const absl::string_view (&list)[kSize], absl::string_view word) {
  return std::any_of(std::begin(list), std::end(list),
                     [&](absl::string_view known) { return absl::EqualsIgnoreCase(known, word); });
}

}  // namespace

bool IsPublicDomain(absl::string_view domain) {
  while (!domain.empty() && domain.front() == '.') domain.remove_prefix(1);
  while (!domain.empty() && domain.back() == '.') domain.remove_suffix(1);
  if (domain.empty()) return true;
  const bool is_name = std::all_of(domain.begin(), domain.end(), [](unsigned char c) {
    return absl::ascii_isalnum(c) || c == '-' || c == '.' || c == '_';
  });
  if (!is_name) return false;
  const std::vector<absl::string_view> labels = absl::StrSplit(domain, '.');
  if (labels.size() == 1) {
    const bool is_number = std::all_of(domain.begin(), domain.end(), absl::ascii_isdigit);
    return !is_number && !IsOneOf(kInside, domain);
  }
  return labels.size() == 2 && labels[1].size() == 2 && IsOneOf(kSecondLevels, labels[0]);
}

}  // namespace stagepost
