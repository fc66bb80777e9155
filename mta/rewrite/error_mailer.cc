#include "mta/rewrite/error_mailer.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "mta/base/quotes.h"
#include "mta/base/sysexits.h"
#include "mta/rewrite/address.h"
#include "mta/rewrite/tokens.h"

namespace stagepost {
namespace {

struct NamedCode {
  absl::string_view name;
  int code;
};
constexpr NamedCode kNamedCodes[] = {
    {"dataerr", kExitDataError},    {"nouser", kExitNoUser},
    {"nohost", kExitNoHost},        {"unavailable", kExitUnavailable},
    {"software", kExitSoftware},    {"oserr", kExitOsError},
    {"osfile", kExitOsFile},        {"cantcreat", kExitCannotCreate},
    {"ioerr", kExitIoError},        {"tempfail", kExitTemporaryFailure},
    {"protocol", kExitProtocol},    {"noperm", kExitNoPermission},
    {"config", kExitConfiguration}, {"usage", kExitUsage},
    {"noinput", kExitNoInput},
};

// What a D.S.N. code stands for: its class first, then what can be told from subject and detail.
int ExitCodeOfStatus(absl::string_view status) {
  if (status[0] == '2') return kExitOk;
  if (status[0] == '4') return kExitTemporaryFailure;
  if (status == "5.1.1") return kExitNoUser;
  if (status == "5.1.2") return kExitNoHost;
  if (status == "5.1.3") return kExitUsage;
  if (absl::StartsWith(status, "5.5.")) return kExitProtocol;
  if (absl::StartsWith(status, "5.6.")) return kExitDataError;
  return kExitUnavailable;
}

int ExitCodeOfHost(absl::string_view host) {
  if (absl::StrContains(host, '.')) {
    return EnhancedCodeLength(host, '\0') > 0 ? ExitCodeOfStatus(host) : kExitUnavailable;
  }
  if (!host.empty() && absl::ascii_isdigit(host[0])) {
    int number = 0;
    for (const char c : host) {
      if (!absl::ascii_isdigit(c) || number > 255) break;
      number = 10 * number + (c - '0');
    }
    return number;
  }
  for (const NamedCode& named : kNamedCodes) {
    if (absl::EqualsIgnoreCase(named.name, host)) return named.code;
  }
  return kExitUnavailable;
}

bool BeginsWithReplyCode(absl::string_view text) {
  return text.size() >= 4 && absl::ascii_isdigit(text[0]) && absl::ascii_isdigit(text[1]) &&
         absl::ascii_isdigit(text[2]) && text[3] == ' ';
}

}  // namespace

size_t EnhancedCodeLength(absl::string_view text, char end) {
  if (text.size() < 5 || !absl::StrContains("245", text[0]) || text[1] != '.') return 0;
  size_t at = 2;
  for (int part = 0; part < 2; ++part) {
    const size_t begin = at;
    while (at < text.size() && at < begin + 3 && absl::ascii_isdigit(text[at])) ++at;
    if (at == begin) return 0;
    if (part == 0 && (at == text.size() || text[at++] != '.')) return 0;
  }
  const char behind = at < text.size() ? text[at] : '\0';
  return behind == end ? at : 0;
}

ErrorMailer ReadErrorMailer(const std::optional<std::string>& host, absl::string_view user) {
  ErrorMailer error;
  error.exit_code = host.has_value() ? ExitCodeOfHost(*host) : kExitUnavailable;
  if (host.has_value() && absl::StrContains(*host, '.')) error.status = *host;
  error.temporary = host.has_value() && absl::EqualsIgnoreCase(*host, "tempfail");
  const std::string stripped = StripQuotes(user);
  absl::string_view text = stripped;
  if (!BeginsWithReplyCode(text)) {
    error.message = {.reply = "553 5.3.0", .text = stripped, .names_address = true};
    return error;
  }
  std::string reply(text.substr(0, 3));
  text.remove_prefix(4);
  if (const size_t length = EnhancedCodeLength(text, ' '); length > 0) {
    absl::StrAppend(&reply, " ", text.substr(0, length));
    text.remove_prefix(length + 1);
  } else if (host.has_value() && EnhancedCodeLength(*host, '\0') > 0) {
    absl::StrAppend(&reply, " ", *host);
  }
  const bool names_address = ReplyNamesAddress(reply);
  // Either of the two codes; a D.S.N. code alone is not enough.
  error.temporary |= reply[0] == '4' || (reply.size() > 4 && reply[4] == '4');
  error.message = {
      .reply = std::move(reply), .text = std::string(text), .names_address = names_address};
  return error;
}

}  // namespace stagepost
