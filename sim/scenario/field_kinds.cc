#include "sim/scenario/field_kinds.h"

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "mta/env/network.h"
#include "sim/scenario/dns_values.h"
#include "sim/scenario/suggest.h"
#include "sim/scenario/values.h"
#include "sim/trace/one_line.h"

namespace stagepost {
namespace {

constexpr size_t kMaxNameBytes = 200;
constexpr size_t kMaxDomainBytes = 253;  // RFC 1035, section 2.3.4, less length octets
constexpr size_t kMaxLabelBytes = 63;
constexpr size_t kMaxPathBytes = 4095;  // PATH_MAX less the NUL
constexpr size_t kMaxUserBytes = 32;    // useradd(8)

std::string Quoted(absl::string_view text) { return absl::StrCat("\"", OneLine(text, 60), "\""); }

template <class... Parts>
absl::Status Bad(const Parts&... parts) {
  return absl::InvalidArgumentError(absl::StrCat(parts...));
}

std::vector<std::string> Listed(const NameSet& names) { return {names.begin(), names.end()}; }

absl::Status CheckName(absl::string_view text) {
  bool good = text.size() <= kMaxNameBytes;
  for (const char c : text) {
    good = good && (absl::ascii_isalnum(c) || c == '_' || c == '-' || c == '.' || c == '/');
  }
  if (good) return absl::OkStatus();
  return Bad(Quoted(text), " has other than letters, digits and _ - . / or more than ",
             kMaxNameBytes, " of them");
}

absl::Status CheckDomain(absl::string_view text) {
  bool good = text.size() <= kMaxDomainBytes;
  for (const absl::string_view label : absl::StrSplit(text, '.')) {
    good = good && !label.empty() && label.size() <= kMaxLabelBytes && label.front() != '-' &&
           label.back() != '-';
    for (const char c : label) good = good && (absl::ascii_isalnum(c) || c == '-');
  }
  return good ? absl::OkStatus() : Bad(Quoted(text), " is no name of a host or domain");
}

absl::Status CheckAddress(absl::string_view text) {
  const std::optional<IpAddress> address = IpAddress::Parse(text);
  if (!address.has_value()) return Bad(Quoted(text), " is no IPv4 or IPv6 address");
  if (address->is_loopback()) return Bad(Quoted(text), " is loopback, which every host has");
  if (address->is_unspecified()) return Bad(Quoted(text), " stands for no host");
  return absl::OkStatus();
}

bool IsId(absl::string_view text) {
  uint32_t id;
  return !text.empty() && absl::ascii_isdigit(text.front()) && absl::SimpleAtoi(text, &id) &&
         id != UINT32_MAX;  // (uid_t)-1 stands for "no change"
}

absl::Status CheckAccount(absl::string_view what, absl::string_view text, const NameSet& known) {
  if (known.contains(text)) return absl::OkStatus();
  return Bad("no ", what, " ", Quoted(text), " on this host", DidYouMean(text, Listed(known)));
}

absl::Status CheckUserName(absl::string_view text) {
  bool good = text.size() <= kMaxUserBytes && !text.empty() &&
              (absl::ascii_islower(text.front()) || text.front() == '_');
  for (const char c : text) {
    good = good &&
           (absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '_' || c == '-' || c == '.');
  }
  return good ? absl::OkStatus() : Bad(Quoted(text), " is no name of a user");
}

absl::Status CheckPath(absl::string_view text) {
  if (text.empty() || text.front() != '/') return Bad(Quoted(text), " is no absolute path");
  if (text.size() > kMaxPathBytes) return Bad("a path has at most ", kMaxPathBytes, " bytes");
  if (text.find('\0') != absl::string_view::npos) return Bad("has a NUL");
  if (text == "/") return absl::OkStatus();
  for (const absl::string_view part : absl::StrSplit(text.substr(1), '/')) {
    if (part.empty() || part == "." || part == "..") {
      return Bad(Quoted(text), " has an empty, \".\" or \"..\" component");
    }
  }
  return absl::OkStatus();
}

absl::Status CheckWord(absl::string_view text, absl::Span<const absl::string_view> words,
                       absl::string_view what) {
  std::vector<std::string> names;
  for (const absl::string_view word : words) {
    if (word == text) return absl::OkStatus();
    names.emplace_back(word);
  }
  return Bad(Quoted(text), " is no ", what, DidYouMean(text, names));
}

}  // namespace

KnownAccounts AccountsOf(const scenario::Host& host) {
  KnownAccounts accounts;
  for (const SystemAccount& account : SystemAccounts()) {
    accounts.users.emplace(account.name);
    accounts.groups.emplace(account.group);
  }
  for (const scenario::User& user : host.user()) {
    accounts.users.insert(user.name());
    accounts.groups.insert(user.name());
  }
  return accounts;
}

absl::Status CheckFieldText(scenario::Kind kind, absl::string_view text, const NameSet& hosts,
                            const KnownAccounts* accounts) {
  switch (kind) {
    case scenario::KIND_TEXT:
      return absl::OkStatus();
    case scenario::KIND_LINE:
      if (text.find_first_of(absl::string_view("\r\n\0", 3)) == absl::string_view::npos) {
        return absl::OkStatus();
      }
      return Bad("is one line: it may have no CR, LF or NUL");
    case scenario::KIND_NAME:
      return CheckName(text);
    case scenario::KIND_HOST:
      if (hosts.contains(text)) return absl::OkStatus();
      return Bad("no host ", Quoted(text), " in this world", DidYouMean(text, Listed(hosts)));
    case scenario::KIND_ADDRESS:
      return CheckAddress(text);
    case scenario::KIND_DOMAIN:
      return CheckDomain(text);
    case scenario::KIND_OWNER:
      if (IsId(text)) return absl::OkStatus();
      [[fallthrough]];
    case scenario::KIND_USER:
      return accounts == nullptr ? absl::OkStatus() : CheckAccount("user", text, accounts->users);
    case scenario::KIND_GROUP:
      if (accounts == nullptr || IsId(text)) return absl::OkStatus();
      return CheckAccount("group", text, accounts->groups);
    case scenario::KIND_PATH:
      return CheckPath(text);
    case scenario::KIND_MODE:
      return ParseFileMode(text).status();
    case scenario::KIND_DURATION:
      return ParseScenarioDuration(text).status();
    case scenario::KIND_PATTERN:
      return CompilePattern(text).status();
    case scenario::KIND_ERRNO:
      return ParseErrno(text).status();
    case scenario::KIND_FILE_CALL:
      return CheckWord(text, FileCallNames(), "file call");
    case scenario::KIND_PHASE:
      return CheckWord(text, PhaseNames(), "phase of a message");
    case scenario::KIND_TIME_ZONE:
      return ParseFixedTimeZone(text).status();
    case scenario::KIND_COMMAND:
      return SplitCommand(text).status();
    case scenario::KIND_USER_NAME:
      return CheckUserName(text);
    case scenario::KIND_DNS_NAME:
      return CheckDnsName(text);
    case scenario::KIND_DNS_TYPE:
      return ParseDnsType(text).status();
    case scenario::KIND_DNS_FAULT:
      return ParseDnsFault(text).status();
  }
  return Bad("has an unknown kind");
}

}  // namespace stagepost
