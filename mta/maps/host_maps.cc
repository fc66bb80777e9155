// The classes host, bestmx and dns.
#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "mta/async/deadline.h"
#include "mta/dns/address_text.h"
#include "mta/dns/host_lookup.h"
#include "mta/maps/map_classes.h"

namespace stagepost {
namespace {

// Long keys in messages are cut in the middle.
std::string Shortened(absl::string_view text) {
  constexpr size_t kMost = 33;
  constexpr size_t kEnds = (kMost - 3) / 2;
  if (text.size() <= kMost) return std::string(text);
  return absl::StrCat(text.substr(0, kEnds), "...", text.substr(text.size() - kEnds));
}

// $m
std::string OwnDomain(const MapContext& context) {
  const Macros& macros = context.macros != nullptr ? *context.macros : context.configuration.macros;
  const Text* const domain = macros.Find(OneCharacterName('m'));
  if (domain == nullptr) return "";
  return macros.ExpandToString(*domain, context.configuration.names).value_or("");
}

// -d is how long the first attempt of a query waits, each further one (-r) twice as long as the
// last. nullopt: nothing is said; as long as the resolver takes.
std::optional<absl::Duration> Patience(const MapFlags& flags) {
  constexpr int kMaxAttempts = 8;
  // No time at all is as if nothing was said.
  const absl::Duration timeout = flags.timeout.value_or(absl::ZeroDuration());
  if (timeout <= absl::ZeroDuration() && !flags.retries.has_value()) return std::nullopt;
  const int attempts = std::clamp(flags.retries.value_or(4), 1, kMaxAttempts);
  return (timeout > absl::ZeroDuration() ? timeout : absl::Seconds(5)) * ((1 << attempts) - 1);
}

class HostMap final : public BaseMap {
 public:
  using BaseMap::BaseMap;

 private:
  Task<MapAnswer> AskClass(absl::string_view key,
                           absl::Span<const absl::string_view> arguments) override {
    if (absl::StartsWith(key, "[") && !absl::StrContains(key, "]")) co_return MapAnswer{};
    const absl::StatusOr<CanonicalName> found = co_await FindInTime(key);
    const CanonicalName name = found.value_or(CanonicalName{.status = LookupStatus::kTemporary});
    MapAnswer answer;
    if (name.status == LookupStatus::kFound) {
      answer = Found(name.name, key, arguments);
    } else if (name.status == LookupStatus::kNotFound) {
      answer.status = kExitNoHost;
    } else {
      answer.status = kExitTemporaryFailure;
      if (co_await context().hosts.UsesDns()) {
        answer.message = absl::StrCat(Shortened(key), ": Name server timeout");
      }
    }
    if (!name.message.empty()) {
      answer.message =
          absl::StrCat(name.message, answer.message.empty() ? "" : "\n", answer.message);
    }
    co_return answer;
  }

  // What was found out before; failures are told with what else there is to say about them.
  std::optional<MapAnswer> AnswerClassNow(absl::string_view key,
                                          absl::Span<const absl::string_view> arguments) override {
    if (absl::StartsWith(key, "[")) return std::nullopt;
    const CanonicalName* const known = context().hosts.KnownCanonical(key);
    if (known == nullptr || !known->message.empty()) return std::nullopt;
    if (known->status == LookupStatus::kFound) return Found(known->name, key, arguments);
    if (known->status == LookupStatus::kNotFound) return MapAnswer{.status = kExitNoHost};
    return std::nullopt;
  }

  Task<absl::StatusOr<CanonicalName>> Find(absl::string_view key) {
    co_return co_await context().hosts.CachedCanonical(key, OwnDomain(context()));
  }

  Task<absl::StatusOr<CanonicalName>> FindInTime(absl::string_view key) {
    const std::optional<absl::Duration> patience = Patience(flags());
    if (!patience.has_value()) co_return co_await Find(key);
    co_return co_await WithDeadline(context().env.clock().MonotonicNow() + *patience, Find(key));
  }
};

class BestmxMap final : public BaseMap {
 public:
  using BaseMap::BaseMap;

 private:
  Task<MapAnswer> AskClass(absl::string_view key,
                           absl::Span<const absl::string_view> arguments) override {
    const std::string domain = OwnDomain(context());
    const Classes& classes = context().configuration.classes;
    const auto is_local = [&](absl::string_view host) {
      return classes.Contains(OneCharacterName('w'), host);
    };
    const MxAnswer mx = co_await context().hosts.MailExchangers(
        key, is_local, {.search = false, .drop_local_host = false, .own_domain = domain});
    MapAnswer answer;
    if (mx.status == LookupStatus::kNotFound) answer.status = kExitNoHost;
    if (mx.status == LookupStatus::kTemporary) answer.status = kExitTemporaryFailure;
    if (mx.null_mx) answer.status = kExitUnavailable;
    if (mx.hosts.empty()) co_return answer;
    std::string value = mx.hosts[0].name;
    if (flags().delimiter.has_value() && !flags().match_only) {
      const char delimiter = *flags().delimiter;
      for (size_t i = 0; i < mx.hosts.size() && mx.hosts.size() > 1; ++i) {
        const std::string& host = mx.hosts[i].name;
        if (absl::StrContains(host, std::string(1, delimiter))) {
          co_return Failed(
              answer.status,
              absl::StrCat("bestmx_map_lookup: MX host ", host.substr(0, 64),
                           " includes map delimiter character 0x",
                           absl::AsciiStrToUpper(absl::StrCat(absl::Hex(
                               static_cast<unsigned char>(delimiter), absl::kZeroPad2)))));
        }
        if (i > 0) absl::StrAppend(&value, std::string(1, delimiter), host);
      }
    }
    const int status = answer.status;
    answer = Found(value, key, arguments);
    answer.status = status;
    co_return answer;
  }
};

constexpr DnsType kAfsdb{18};

std::optional<DnsType> TypeNamed(absl::string_view name) {
  static constexpr std::pair<const char*, DnsType> kTypes[] = {
      {"A", DnsType::kA},         {"AAAA", DnsType::kAaaa}, {"AFSDB", kAfsdb},
      {"CNAME", DnsType::kCname}, {"MX", DnsType::kMx},     {"NS", DnsType::kNs},
      {"PTR", DnsType::kPtr},     {"SRV", DnsType::kSrv},   {"TLSA", DnsType::kTlsa},
      {"TXT", DnsType::kTxt}};
  for (const auto& [text, type] : kTypes) {
    if (absl::EqualsIgnoreCase(name, text)) return type;
  }
  return std::nullopt;
}

// The host of an AFSDB record: a subtype, then a name without compression (RFC 1183, 3597).
std::string AfsdbHost(absl::string_view rdata) {
  std::string name;
  size_t at = 2;
  while (at < rdata.size() && rdata[at] != 0) {
    const size_t length = static_cast<unsigned char>(rdata[at]);
    if (length > 63 || at + 1 + length > rdata.size()) break;
    absl::StrAppend(&name, name.empty() ? "" : ".", rdata.substr(at + 1, length));
    at += 1 + length;
  }
  return name;
}

class DnsMap final : public BaseMap {
 public:
  DnsMap(const MapArguments& arguments, MapFlags flags, std::optional<DnsType> type)
      : BaseMap(arguments.context, arguments.name, arguments.map_class, std::move(flags)),
        type_(type) {}

 private:
  Task<MapAnswer> AskClass(absl::string_view key,
                           absl::Span<const absl::string_view> arguments) override {
    if (!type_.has_value()) co_return MapAnswer{.status = kExitNoHost};
    const std::string name = flags().base_domain.empty()
                                 ? std::string(key)
                                 : absl::StrCat(key, ".", flags().base_domain);
    const absl::StatusOr<DnsSearchResult> asked = co_await SearchInTime(name);
    if (!asked.ok()) co_return MapAnswer{.status = kExitTemporaryFailure};
    if (asked->outcome == DnsOutcome::kTryAgain)
      co_return MapAnswer{.status = kExitTemporaryFailure};
    std::vector<std::string> values;
    for (const DnsRecord& record : asked->answer.records) {
      if (record.type != *type_) continue;
      values.push_back(Printable(ValueOf(record)));
      if (!flags().delimiter.has_value() || values.size() == Limit()) break;
    }
    if (values.empty()) co_return MapAnswer{.status = kExitNoHost};
    co_return Found(absl::StrJoin(values, std::string(1, flags().delimiter.value_or(','))), key,
                    arguments);
  }

  Task<absl::StatusOr<DnsSearchResult>> Search(absl::string_view name) {
    co_return co_await context().hosts.Search(name, *type_, true);
  }

  Task<absl::StatusOr<DnsSearchResult>> SearchInTime(absl::string_view name) {
    const std::optional<absl::Duration> patience = Patience(flags());
    if (!patience.has_value()) co_return co_await Search(name);
    co_return co_await WithDeadline(context().env.clock().MonotonicNow() + *patience, Search(name));
  }

  // sendmail stops behind the number that -Z gives, except after one.
  size_t Limit() const {
    if (flags().limit == 0) return kMaxMxHosts * 10;
    return flags().limit == 1 ? 1 : flags().limit + 1;
  }

  std::string ValueOf(const DnsRecord& record) const {
    switch (record.type) {
      case DnsType::kA:
      case DnsType::kAaaa:
        return WriteAddressText(record.address, context().configuration.options.Flag(
                                                    OptionId::kUseCompressedIPv6Addresses));
      case DnsType::kTxt:
        return record.text.empty() ? "" : record.text[0];
      case DnsType::kTlsa:
        return Tlsa(record.rdata);
      case kAfsdb:
        return AfsdbHost(record.rdata);
      default:
        return record.name;
    }
  }

  // "usage selector matching digest"
  static std::string Tlsa(absl::string_view rdata) {
    if (rdata.size() < 3) return "";
    std::string text = absl::StrCat(static_cast<unsigned char>(rdata[0]), " ",
                                    static_cast<unsigned char>(rdata[1]), " ",
                                    static_cast<unsigned char>(rdata[2]), " ");
    for (const char c : rdata.substr(3)) {
      absl::StrAppend(&text, absl::Hex(static_cast<unsigned char>(c), absl::kZeroPad2));
    }
    return text;
  }

  static std::string Printable(std::string text) {
    for (char& c : text) {
      if (!absl::ascii_isprint(c)) c = 'X';
    }
    return text;
  }

  const std::optional<DnsType> type_;
};

}  // namespace

std::unique_ptr<BaseMap> MakeHostMap(const MapArguments& arguments) {
  return std::make_unique<HostMap>(arguments.context, arguments.name, arguments.map_class,
                                   ParseHostFlags(arguments.text));
}

std::unique_ptr<BaseMap> MakeBestmxMap(const MapArguments& arguments) {
  return std::make_unique<BestmxMap>(arguments.context, arguments.name, arguments.map_class,
                                     CommonFlags(arguments));
}

std::unique_ptr<BaseMap> MakeDnsMap(const MapArguments& arguments) {
  MapFlags flags = ParseDnsFlags(arguments.text);
  std::optional<DnsType> type;
  if (flags.record_type.has_value()) {
    type = TypeNamed(*flags.record_type);
    if (!type.has_value()) {
      arguments.errors.push_back(
          absl::StrCat("dns map ", arguments.name, ": wrong type ", *flags.record_type));
    }
  }
  if (!type.has_value()) {
    arguments.errors.push_back(absl::StrCat("dns map ", arguments.name, ": missing -R type"));
  }
  return std::make_unique<DnsMap>(arguments, std::move(flags), type);
}

}  // namespace stagepost
