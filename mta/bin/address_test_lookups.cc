// What -bt looks up and resolves: /map, /canon, /mx, /parse, /try.
#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "mta/base/sysexits.h"
#include "mta/bin/address_test_commands.h"
#include "mta/bin/address_test_listing.h"
#include "mta/cf/well_known_names.h"

namespace stagepost {

// /map name key. The key begins right behind the one blank after the name.
Task<void> AddressTest::LookUpMap(absl::string_view rest) {
  const absl::string_view name = TakeWord(rest);
  if (name.empty()) {
    absl::StrAppend(&out(), "Usage: /map mapname key\n");
    co_return;
  }
  if (rest.size() < 2) {
    absl::StrAppend(&out(), "No key specified\n");
    co_return;
  }
  const absl::string_view key = rest.substr(1);
  Map* map = site_.maps().Find(name);
  if (map == nullptr) {
    absl::StrAppend(&out(), "Map named \"", name, "\" not found\n");
    co_return;
  }
  std::string complaint;
  const bool open = co_await map->Open(complaint);
  if (!complaint.empty()) {
    absl::StrAppend(&out(), complaint, "\n");
    exit_code_ = kExitOsError;
  }
  if (!open) {
    absl::StrAppend(&out(), "Map named \"", name, "\" not open\n");
    co_return;
  }
  absl::StrAppend(&out(), "map_lookup: ", name, " (", key, ") ");
  const MapAnswer answer = co_await map->Ask(key, {});
  if (!answer.message.empty()) absl::StrAppend(&out(), answer.message, "\n");
  if (answer.value.has_value()) {
    absl::StrAppend(&out(), "returns ", *answer.value, " (", answer.status, ")\n");
  } else {
    absl::StrAppend(&out(), "no match (", answer.status, ")\n");
  }
}

Task<void> AddressTest::Canonify(absl::string_view name) {
  const std::string domain = OwnDomain();
  const CanonicalName found = co_await site_.hosts().Canonical(name, domain);
  if (!found.message.empty()) absl::StrAppend(&out(), found.message, "\n");
  absl::StrAppend(&out(), "getcanonname(", name, ") returns ", found.name, "\n");
}

Task<void> AddressTest::ListExchangers(absl::string_view name) {
  const std::string domain = OwnDomain();
  const MxAnswer answer = co_await site_.hosts().MailExchangers(
      name,
      [this](absl::string_view host) {
        return configuration().classes.Contains(OneCharacterName('w'), host);
      },
      {.drop_local_host = false, .own_domain = domain});
  absl::StrAppend(&out(), "getmxrr(", name, ") returns ");
  if (answer.null_mx) {
    absl::StrAppend(&out(), "null MX (See RFC7505)\n");
    co_return;
  }
  const int count =
      answer.status == LookupStatus::kTemporary ? -1 : static_cast<int>(answer.hosts.size());
  absl::StrAppend(&out(), count, " value(s):\n");
  for (const MxHost& host : answer.hosts) absl::StrAppend(&out(), "\t", host.name, "\n");
}

// Any number of letters; each sets one half.
void AddressTest::SetFlags(absl::string_view flags) {
  if (flags.empty()) {
    absl::StrAppend(&out(), "Usage: /tryflags [Hh|Ee][Ss|Rr]\n");
    return;
  }
  for (const char flag : flags) {
    switch (absl::ascii_tolower(flag)) {
      case 'h':
        use_.header = true;
        break;
      case 'e':
        use_.header = false;
        break;
      case 's':
        use_.sender = true;
        break;
      case 'r':
        use_.sender = false;
        break;
      default:
        break;  // As sendmail: whatever else is written there counts for nothing.
    }
  }
  NoteUse();
}

// ${addr_type}
void AddressTest::NoteUse() {
  configuration().macros.SetLiteral(
      well_known::kAddrType, absl::StrCat(use_.header ? "h" : "e", use_.sender ? " s" : " r"));
}

absl::string_view UseName(AddressUse use) {
  if (use.header) return use.sender ? "header sender" : "header recipient";
  return use.sender ? "envelope sender" : "envelope recipient";
}

Task<void> AddressTest::Parse(absl::string_view address) {
  absl::StrAppend(&out(), "Cracked address = ");
  AppendShown(
      WriteText(CrackAddress(address, CrackOptionsOf(configuration())), configuration().names),
      out());
  absl::StrAppend(&out(), "\nParsing ", UseName(use_), " address\n");
  printer_.set_subject(address);
  const std::optional<ParsedAddress> parsed =
      co_await ParseAddress(Context(), address, {.use = use_});
  if (!parsed.has_value()) {
    absl::StrAppend(&out(), "Cannot parse\n");
    co_return;
  }
  absl::StrAppend(&out(), "mailer ", parsed->mailer_name());
  if (parsed->host.has_value() && !parsed->host->empty()) {
    absl::StrAppend(&out(), ", host ", *parsed->host);
  }
  absl::StrAppend(&out(), ", user ", WithoutSpecialBytes(parsed->user, configuration()), "\n");
}

// /try mailer address
Task<void> AddressTest::Try(absl::string_view rest) {
  const absl::string_view name = TakeWord(rest);
  const absl::string_view address = absl::StripLeadingAsciiWhitespace(rest);
  if (address.empty()) {
    absl::StrAppend(&out(), "Usage: /try mailer address\n");
    co_return;
  }
  const Mailer* mailer = configuration().FindMailer(name);
  if (mailer == nullptr) {
    absl::StrAppend(&out(), "Unknown mailer ", name, "\n");
    co_return;
  }
  absl::StrAppend(&out(), "Trying ", UseName(use_), " address ", address, " for mailer ", name,
                  "\n");
  printer_.set_subject(address);
  const RemoteName written =
      co_await NameForMailer(Context(), address, *mailer, {.use = use_, .from_domain = {}});
  absl::StrAppend(&out(), "Rcode = ", written.exit_code,
                  ", addr = ", WithoutSpecialBytes(written.text, configuration()), "\n");
}

}  // namespace stagepost
