#include "mta/cf/port_options.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "mta/cf/option_value.h"
#include "mta/env/network.h"

namespace stagepost {
namespace {

// Milters of one port; sendmail's limit for a whole configuration.
constexpr size_t kMaxFilters = 25;

// The services of services(5) that a mail server may be put on.
struct Service {
  absl::string_view name;
  uint16_t port;
};
constexpr Service kServices[] = {
    {"smtp", 25},   {"mail", 25},   {"submission", 587}, {"submissions", 465},
    {"smtps", 465}, {"ssmtp", 465}, {"urd", 465},
};

// Reads one value, item by item.
class PortReader {
 public:
  PortReader(PortOptions& port, Diagnostics& diagnostics)
      : port_(port), diagnostics_(diagnostics) {}

  void Read(absl::string_view value) {
    for (absl::string_view item : absl::StrSplit(value, ',')) {
      item = absl::StripLeadingAsciiWhitespace(item);
      if (item.empty()) continue;
      const size_t equals = item.find('=');
      if (equals == absl::string_view::npos) {
        Ignored(item, "has no value");
      } else {
        ReadItem(item, absl::StripLeadingAsciiWhitespace(item.substr(equals + 1)));
      }
    }
    // The family says what these look like, and may stand behind them.
    if (address_.has_value()) ReadAddress(*address_);
    if (port_name_.has_value()) ReadPort(*port_name_);
  }

 private:
  void Error(std::string text) {
    diagnostics_.push_back(
        {.severity = Diagnostic::Severity::kError, .where = port_.where, .text = std::move(text)});
  }
  // sendmail says nothing.
  void Ignored(absl::string_view item, absl::string_view why) {
    diagnostics_.push_back({.severity = Diagnostic::Severity::kNotImplemented,
                            .where = port_.where,
                            .text = absl::StrCat("PortOptions parameter \"", item, "\" ", why)});
  }

  static int Number(absl::string_view text) {
    return static_cast<int>(ReadNumber(text, std::numeric_limits<int>::max()));
  }

  void ReadItem(absl::string_view item, absl::string_view value);
  void ReadPort(absl::string_view value);
  void ReadFamily(absl::string_view value);
  void ReadFilters(absl::string_view value);
  void ReadDeliveryMode(absl::string_view value);
  void ReadModifiers(absl::string_view value);
  void ReadAddress(absl::string_view value);

  PortOptions& port_;
  Diagnostics& diagnostics_;
  std::optional<absl::string_view> address_;
  std::optional<absl::string_view> port_name_;
};

void PortReader::ReadItem(absl::string_view item, absl::string_view value) {
  switch (item[0]) {
    case 'A':
    case 'a':
      address_ = value;
      return;
    case 'c':
      port_.max_children = Number(value);
      return;
    case 'D':
      return ReadDeliveryMode(value);
    case 'd':
      port_.delay_load = Number(value);
      return;
    case 'F':
    case 'f':
      return ReadFamily(value);
    case 'I':
    case 'i':
      return ReadFilters(value);
    case 'L':
    case 'l':
      port_.backlog = Number(value);
      return;
    case 'M':
    case 'm':
      return ReadModifiers(value);
    case 'N':
    case 'n':
      port_.name = std::string(value);
      return;
    case 'P':
    case 'p':
      port_name_ = value;
      return;
    case 'q':
      port_.queue_load = Number(value);
      return;
    case 'R':
      port_.receive_buffer_bytes = Number(value);
      return;
    case 'r':
      port_.refuse_load = Number(value);
      return;
    case 'S':
    case 's':
      port_.send_buffer_bytes = Number(value);
      return;
    default:
      return Error(absl::StrCat("PortOptions parameter \"", item, "\" unknown"));
  }
}

void PortReader::ReadPort(absl::string_view value) {
  if (port_.family == "local") return Error("Port= option unsupported for family 1");
  if (!value.empty() && absl::ascii_isdigit(value[0])) {
    // As in sendmail only the low 16 bits count; here a number that is no port is an error.
    const int number = Number(value);
    if (number > std::numeric_limits<uint16_t>::max()) {
      return Error(absl::StrCat("service \"", value, "\" unknown"));
    }
    port_.port = static_cast<uint16_t>(number);
    return;
  }
  for (const Service& service : kServices) {
    if (value == service.name) {
      port_.port = service.port;
      return;
    }
  }
  Error(absl::StrCat("service \"", value, "\" unknown"));
}

void PortReader::ReadFamily(absl::string_view value) {
  if (absl::EqualsIgnoreCase(value, "inet") || value == "2") {
    port_.family = "inet";
  } else if (absl::EqualsIgnoreCase(value, "inet6") || value == "10") {
    port_.family = "inet6";
  } else if (absl::EqualsIgnoreCase(value, "local") || absl::EqualsIgnoreCase(value, "unix") ||
             value == "1") {
    port_.family = "local";
  } else {
    Error(absl::StrCat("Unknown address family ", value, " in Family=option"));
  }
}

void PortReader::ReadFilters(absl::string_view value) {
  port_.has_input_mail_filters = true;
  port_.input_mail_filters.clear();
  for (absl::string_view name : absl::StrSplit(value, ';')) {
    name = absl::StripAsciiWhitespace(name);
    if (name.empty()) continue;
    if (port_.input_mail_filters.size() == kMaxFilters) {
      return Error(absl::StrCat("Too many filters defined, ", kMaxFilters, " max"));
    }
    port_.input_mail_filters.emplace_back(name);
  }
}

void PortReader::ReadDeliveryMode(absl::string_view value) {
  const char mode = value.empty() ? '\0' : value[0];
  if (mode != '\0' && absl::StrContains("bdiq", mode)) {
    port_.delivery_mode = mode;
  } else {
    Error(absl::StrCat("Unknown delivery mode ", value.substr(0, 1)));
  }
}

void PortReader::ReadModifiers(absl::string_view value) {
  for (const char letter : value) {
    if (absl::ascii_isspace(letter) || port_.Has(letter)) continue;
    port_.modifiers.set(static_cast<unsigned char>(letter));
    port_.modifier_letters += letter;
  }
}

void PortReader::ReadAddress(absl::string_view address) {
  port_.address = std::string(address);
  if (port_.family == "local") return;
  absl::string_view numeric = address;
  absl::ConsumePrefix(&numeric, "IPv6:");
  if (const std::optional<IpAddress> parsed = IpAddress::Parse(numeric)) {
    if (parsed->is_v4() == (port_.family == "inet")) return;
  } else if (!address.empty() && absl::ascii_isalpha(address.back()) &&
             std::all_of(address.begin(), address.end(), [](char c) {
               return absl::ascii_isalnum(c) || absl::StrContains("-._", c);
             })) {
    return;  // a host name, looked up when the port is opened
  }
  Error(absl::StrCat("host \"", address, "\" unknown"));
}

}  // namespace

bool PortOptions::has_numeric_address() const {
  absl::string_view numeric = address;
  absl::ConsumePrefix(&numeric, "IPv6:");
  return IpAddress::Parse(numeric).has_value();
}

PortOptions ParseDaemonPort(absl::string_view value, size_t index, const SourceLine& where,
                            Diagnostics& diagnostics) {
  PortOptions port;
  port.where = where;
  port.name = absl::StrCat("Daemon", index);
  PortReader(port, diagnostics).Read(value);
  return port;
}

PortOptions ParseClientPort(absl::string_view value, const SourceLine& where,
                            Diagnostics& diagnostics) {
  PortOptions port;
  port.where = where;
  PortReader(port, diagnostics).Read(value);
  return port;
}

}  // namespace stagepost
