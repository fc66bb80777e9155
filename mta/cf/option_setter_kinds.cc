// The kinds of values that only a few options have: times, ports, users, milters and so on.
#include <algorithm>
#include <limits>
#include <optional>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "mta/base/sysexits.h"
#include "mta/cf/map_class_table.h"
#include "mta/cf/option_setter.h"
#include "mta/cf/option_value.h"
#include "mta/cf/ssl_options.h"
#include "mta/env/network.h"

namespace stagepost {
namespace {

// Ports to call from: one for each family.
constexpr size_t kMaxClientPorts = 64;

constexpr absl::string_view kMilterEvents[] = {"connect", "helo", "envfrom", "envrcpt",
                                               "data",    "eoh",  "eom"};

constexpr absl::string_view kResolverFlags[] = {"debug",  "aaonly",    "usevc",      "primary",
                                                "igntc",  "recurse",   "defnames",   "stayopen",
                                                "dnsrch", "use_edns0", "use_dnssec", "trustad"};

constexpr int64_t kMaxInt = std::numeric_limits<int32_t>::max();

template <typename Words>
bool Contains(const Words& words, absl::string_view word) {
  return std::find(std::begin(words), std::end(words), word) != std::end(words);
}

bool StartsWithDigit(absl::string_view text) {
  return !text.empty() && absl::ascii_isdigit(text[0]);
}

// The timeouts that `id` sets: itself, and those it stands for.
std::pair<TimeoutId, TimeoutId> RangeOf(TimeoutId id) {
  switch (id) {
    case TimeoutId::kQueueReturn:
      return {id, TimeoutId::kQueueReturnDsn};
    case TimeoutId::kQueueWarn:
      return {id, TimeoutId::kQueueWarnDsn};
    case TimeoutId::kResolverRetransmit:
      return {id, TimeoutId::kResolverRetransmitNormal};
    case TimeoutId::kResolverRetry:
      return {id, TimeoutId::kResolverRetryNormal};
    default:
      return {id, id};
  }
}

}  // namespace

int64_t OptionSetter::ReadTime(absl::string_view value, char unit) {
  std::vector<std::string> messages;
  const int64_t seconds = ReadInterval(value, unit, messages);
  // sendmail goes on, with this in mind for its exit code.
  for (std::string& message : messages)
    Say(Severity::kWarning, kExitUsage, std::move(message), true);
  return seconds;
}

void OptionSetter::SetTimeouts(absl::string_view value) {
  if (value.empty()) {
    for (const TimeoutInfo& timeout : AllTimeouts()) {
      if (timeout.default_value.empty()) {
        StoreTimeout(timeout.id, Options::kNoTimeout);
      } else {
        SetTimeout(timeout.name, timeout.default_value);
      }
    }
    return;
  }
  for (absl::string_view item : absl::StrSplit(value, ',')) {
    item = absl::StripLeadingAsciiWhitespace(item);
    if (item.empty()) continue;
    if (StartsWithDigit(item)) {
      const int64_t seconds = ReadTime(item, 'm');
      for (const TimeoutId id :
           {TimeoutId::kMail, TimeoutId::kRcpt, TimeoutId::kDataInit, TimeoutId::kDataBlock,
            TimeoutId::kDataFinal, TimeoutId::kCommand}) {
        StoreTimeout(id, seconds);
      }
      continue;
    }
    const size_t separator = item.find_first_of(":=");
    if (separator == absl::string_view::npos) {
      Ignored(absl::StrCat("Timeout: `", item, "' has no value"));
    } else {
      SetTimeout(item.substr(0, separator), item.substr(separator + 1));
    }
  }
}

void OptionSetter::SetTimeout(absl::string_view name, absl::string_view value) {
  const TimeoutInfo* const timeout = FindTimeout(name);
  if (timeout == nullptr) {
    return Error(absl::StrCat("settimeout: invalid timeout ", name));
  }
  // sendmail reads every value as minutes first, which shows: bad units are told of twice.
  int64_t number = ReadTime(value, 'm');
  if (timeout->unit == kPlainNumber) {
    number = ReadNumber(value, kMaxInt);
  } else if (timeout->unit != 'm') {
    number = ReadTime(value, timeout->unit);
  }
  const auto [first, last] = RangeOf(timeout->id);
  for (int id = static_cast<int>(first); id <= static_cast<int>(last); ++id) {
    StoreTimeout(static_cast<TimeoutId>(id), number);
  }
}

void OptionSetter::StoreTimeout(TimeoutId id, int64_t number) {
  if (origin_ == Options::Origin::kCommandLine) {
    options_.sticky_timeouts_.insert(id);
  } else if (options_.sticky_timeouts_.count(id) > 0) {
    return;
  }
  options_.timeouts_[static_cast<size_t>(id)] = number;
  if (!is_default_) options_.timeout_where_[id] = where_;
}

void OptionSetter::SetQueueTimeout(absl::string_view value) {
  ValueOf(OptionId::kQueueTimeout) = {0, std::string(value)};
  const size_t slash = value.find('/');
  if (slash != absl::string_view::npos) SetTimeout("queuewarn", value.substr(slash + 1));
  SetTimeout("queuereturn", value.substr(0, slash));
}

void OptionSetter::SetMilter(absl::string_view sub, absl::string_view value) {
  if (sub.data() == nullptr) {
    return Error("milter_set_option: invalid Milter option, must specify suboption");
  }
  const std::string name = absl::AsciiStrToLower(sub);
  if (name == "loglevel") {
    options_.milter_log_level_ = static_cast<int>(ReadNumber(value, kMaxInt));
    return;
  }
  absl::string_view event = name;
  if (!absl::ConsumePrefix(&event, "macros.") || !Contains(kMilterEvents, event)) {
    return Error(absl::StrCat("milter_set_option: invalid Milter option ", sub));
  }
  options_.milter_macros_[std::string(event)] = std::string(value);
}

void OptionSetter::SetMimeLimits(absl::string_view value) {
  const size_t slash = value.find('/');
  const int64_t field = std::max<int64_t>(0, ReadNumber(value, kMaxInt));
  const int64_t parameter =
      slash == absl::string_view::npos
          ? field / 2
          : std::max<int64_t>(0, ReadNumber(value.substr(slash + 1), kMaxInt));
  options_.max_mime_header_bytes_ = field;
  options_.max_mime_parameter_bytes_ = parameter;
  if (field > 0 && field < 128) {
    Warn("Warning: MaxMimeHeaderLength: header length limit set lower than 128");
  }
  if (parameter > 0 && parameter < 40) {
    Warn("Warning: MaxMimeHeaderLength: field length limit set lower than 40");
  }
}

void OptionSetter::SetResolver(absl::string_view value) {
  for (absl::string_view word : absl::StrSplit(value, absl::ByAnyChar(" \t"), absl::SkipEmpty())) {
    const bool off = absl::ConsumePrefix(&word, "-");
    if (!off) absl::ConsumePrefix(&word, "+");
    const std::string name = absl::AsciiStrToLower(word);
    if (name != "haswildcardmx" && name != "workaroundbrokenaaaa" &&
        !Contains(kResolverFlags, name)) {
      Error(absl::StrCat("readcf: I option value ", word, " unrecognized"));
      continue;
    }
    options_.resolver_[name] = !off;
  }
}

void OptionSetter::AddPort(const OptionInfo& option, absl::string_view value) {
  const bool listens = option.id == OptionId::kDaemonPortOptions;
  std::vector<PortOptions>& ports = listens ? options_.daemon_ports_ : options_.client_ports_;
  if (ports.size() == (listens ? kMaxDaemonPorts : kMaxClientPorts)) {
    return Error(absl::StrCat("too many daemons defined (", kMaxDaemonPorts, " max)"));
  }
  Diagnostics said;
  ports.push_back(listens ? ParseDaemonPort(value, ports.size(), where_, said)
                          : ParseClientPort(value, where_, said));
  for (Diagnostic& diagnostic : said) {
    Diagnostics& to =
        diagnostic.severity == Severity::kNotImplemented ? options_.ignored_ : diagnostics_;
    to.push_back(std::move(diagnostic));
  }
}

void OptionSetter::AddAliasFiles(absl::string_view value) {
  std::string& text = ValueOf(OptionId::kAliasFile).text;
  if (text.size() + value.size() > kMaxOptionValueBytes) {
    return Error("option AliasFile: value too long");
  }
  // An empty value is sendmail's word for a file of this name.
  if (value.empty()) value = "aliases";
  // One comma too many at the end does no harm.
  absl::ConsumeSuffix(&value, ",");
  for (absl::string_view spec : absl::StrSplit(value, ',')) {
    spec = absl::StripAsciiWhitespace(spec);
    options_.alias_files_.push_back({std::string(spec), where_});
    if (spec.empty()) continue;
    absl::StrAppend(&text, text.empty() ? "" : ", ", spec);
    const size_t end = spec.find_first_of(" /:");
    if (end == absl::string_view::npos || spec[end] != ':') continue;
    const absl::string_view name = spec.substr(0, end);
    const MapClassInfo* const map_class = FindMapClass(name);
    if (map_class == nullptr || !map_class->known) {
      Error(absl::StrCat("setalias: unknown alias class ", name));
    } else if (!map_class->aliases) {
      Error(absl::StrCat("setalias: map class ", name, " can't handle aliases"));
    }
  }
}

void OptionSetter::CheckUser(absl::string_view option, absl::string_view value, bool with_group) {
  const UserText text = with_group ? SplitUser(value) : UserText{value, std::nullopt};
  const absl::string_view name = text.user;
  const bool unknown = name.empty() || (!StartsWithDigit(name) && options_.accounts_ != nullptr &&
                                        !options_.accounts_->FindUser(name).ok());
  if (unknown) return Error(absl::StrCat("readcf: option ", option, ": unknown user ", name));
  if (text.group.has_value()) CheckGroup(option, *text.group);
}

void OptionSetter::CheckGroup(absl::string_view option, absl::string_view name) {
  if (StartsWithDigit(name) || options_.accounts_ == nullptr) return;
  if (!options_.accounts_->FindGroup(name).ok()) {
    Error(absl::StrCat("readcf: option ", option, ": unknown group ", name));
  }
}

void OptionSetter::CheckSslOptions(const OptionInfo& option, absl::string_view value) {
  for (absl::string_view word : absl::StrSplit(value, absl::ByAnyChar(", \t"), absl::SkipEmpty())) {
    if (!absl::ConsumePrefix(&word, "-")) absl::ConsumePrefix(&word, "+");
    if (StartsWithDigit(word) || IsSslOption(word)) continue;
    Error(absl::StrCat("readcf: ", option.name, " option value ", word, " unrecognized"));
  }
}

void OptionSetter::CheckConnectOnlyTo(absl::string_view value) {
  const size_t at = value.find('@');
  absl::string_view address = at == absl::string_view::npos ? value : value.substr(at + 1);
  const absl::string_view shown = address;
  absl::ConsumePrefix(&address, "IPv6:");
  if (!IpAddress::Parse(address).has_value()) {
    Error(absl::StrCat("readcf: option ConnectOnlyTo: invalid IP address ", shown));
  }
}

void OptionSetter::NoteOperatorChars() {
  if (is_default_) return;
  if (options_.operator_chars_used_) {
    Warn(
        "Warning: OperatorChars is being redefined.\n"
        "         It should only be set before ruleset definitions.");
  }
  options_.operator_chars_used_ = true;
}

}  // namespace stagepost
