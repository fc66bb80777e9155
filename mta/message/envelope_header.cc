#include "mta/message/envelope_header.h"

#include <algorithm>
#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "mta/message/date.h"

namespace stagepost {
namespace {

bool Has(const Header& header, absl::string_view name) {
  return std::any_of(header.begin(), header.end(), [name](const HeaderField& field) {
    return absl::EqualsIgnoreCase(field.name, name);
  });
}

bool IsResent(const Header& header) {
  return std::any_of(header.begin(), header.end(), [](const HeaderField& field) {
    return absl::StartsWithIgnoreCase(field.name, "Resent-");
  });
}

bool IsForRecipients(const HeaderField& field) {
  return !absl::EqualsIgnoreCase(field.name, "Return-Path") &&
         !absl::EqualsIgnoreCase(field.name, "Bcc") &&
         !absl::EqualsIgnoreCase(field.name, "Resent-Bcc");
}

// Adds field `name` and, to a resent message, "Resent-<name>" in front of it, where missing.
void AddMissing(const Header& received, absl::string_view name, absl::string_view value,
                absl::string_view resent_value, absl::string_view flags, Header& header) {
  const std::string resent = absl::StrCat("Resent-", name);
  const auto add = [&](absl::string_view field, absl::string_view text) {
    if (!Has(received, field)) {
      header.push_back({std::string(field), absl::StrCat(" ", text), std::string(flags)});
    }
  };
  if (IsResent(received)) add(resent, resent_value);
  add(name, value);
}

}  // namespace

std::string ReceivedValue(const Reception& reception) {
  std::string value = " ";
  if (reception.helo.empty()) {
    absl::StrAppend(&value, "(from ", reception.client, ")");
  } else {
    absl::StrAppend(&value, "from ", reception.helo, " (", reception.client, ")");
  }
  absl::StrAppend(&value, "\n\tby ", reception.host_name, " (", reception.version, "/",
                  reception.version, ") with ", reception.protocol, " id ", reception.id);
  if (reception.recipient.empty()) {
    absl::StrAppend(&value, ";\n\t");
  } else {
    absl::StrAppend(&value, "\n\tfor <", reception.recipient, ">; ");
  }
  return absl::StrCat(value, FormatDate(reception.time, reception.zone));
}

Header EnvelopeHeader(const Header& received, absl::string_view from_line,
                      const Reception& reception) {
  Header header;
  header.push_back({"Return-Path", std::string(kReturnPathValue), "P"});
  header.push_back({"Received", ReceivedValue(reception), ""});

  const std::string now = FormatDate(reception.time, reception.zone);
  std::string date = now;
  if (const auto written = ParseFromLineDate(from_line, reception.zone); written.has_value()) {
    date = FormatDate(*written, reception.zone);
  }
  AddMissing(received, "Date", date, now, "D", header);
  const absl::string_view sender =
      reception.sender.empty() ? "MAILER-DAEMON" : absl::string_view(reception.sender);
  AddMissing(received, "From", sender, sender, "F", header);
  const std::string message_id = absl::StrCat("<", FormatMessageIdTime(reception.time), ".",
                                              reception.id, "@", reception.host_name, ">");
  AddMissing(received, "Message-Id", message_id, message_id, "M", header);

  if (!reception.warning.empty()) {
    header.push_back({"X-Authentication-Warning", absl::StrCat(" ", reception.warning), ""});
  }
  std::copy_if(received.begin(), received.end(), std::back_inserter(header), IsForRecipients);
  return header;
}

int CountReceived(const Header& header) {
  return static_cast<int>(std::count_if(header.begin(), header.end(), [](const HeaderField& field) {
    return absl::EqualsIgnoreCase(field.name, "Received");
  }));
}

}  // namespace stagepost
