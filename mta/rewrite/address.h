// What sendmail makes of addresses with a site's rules: which mailer, host and user one resolves to
// (rulesets 3 and 0, then 2, R= and 4), and how it is written for a mailer (3, 1 or 2, S= or R=,
// 4). Operations Guide, 5.1.3 and 5.1.4; "sendmail -bt", /parse and /try.
#ifndef STAGEPOST_MTA_REWRITE_ADDRESS_H_
#define STAGEPOST_MTA_REWRITE_ADDRESS_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "mta/async/task.h"
#include "mta/cf/configuration.h"
#include "mta/cf/macros.h"
#include "mta/rewrite/crack_address.h"
#include "mta/rewrite/engine.h"
#include "mta/rewrite/tokens.h"

namespace stagepost {

// What these functions work with; all of it outlives the call. Messages with names_address are
// about the address that was given; see AddressInMessages().
struct AddressContext {
  Engine& engine;
  const Configuration& configuration;
  Macros& macros;  // of the envelope; ParseAddress() leaves the host in $h
  RewriteObserver* observer = nullptr;
};

// What kind of address it is.
struct AddressUse {
  bool sender = false;  // else a recipient
  bool header = false;  // else of the envelope
};

// $#mailer $@host $:user, understood.
struct ParsedAddress {
  // Null: *error*, and the message that says why has been given.
  const Mailer* mailer = nullptr;
  std::optional<std::string> host;
  std::string user;
  // It can not be known now: to be queued and tried again later.
  bool deferred = false;
  // With $#error: its D.S.N. code, if the host is one, and the sysexits code it stands for.
  std::string status;
  int exit_code = 0;
  bool temporary_error = false;  // $#error, but it may work later
  // What ruleset queuegroup says of a recipient; empty: nothing.
  std::string queue_group;
  // A leading @ (flag @ of the mailer): not to be looked up by ruleset 5 again.
  bool not_remote = false;

  absl::string_view mailer_name() const {
    return mailer == nullptr ? absl::string_view("*error*") : absl::string_view(mailer->name);
  }
};

struct ParseOptions {
  AddressUse use;
  // Ends the address, as ScanOptions says; '\0': the end of the string does.
  char delimiter = '\0';
};

// nullopt: it can not be parsed. `end`, if not null, becomes where the delimiter stands.
Task<std::optional<ParsedAddress>> ParseAddress(AddressContext context, absl::string_view address,
                                                ParseOptions options, size_t* end = nullptr);

// The address that a $#mailer $@host $:user stands for, which a ruleset has made of an address (5,
// for local users). `tokens` begin with $#.
Task<ParsedAddress> AddressOfTriple(AddressContext context, AddressUse use, TokenList& tokens);

struct RemoteNameOptions {
  AddressUse use;
  // Comments around it are not kept, and <…> is put around a route.
  bool canonical = false;
  // What is appended to an address without a domain, from @ on (flag C of the sender's mailer);
  // empty: nothing.
  absl::Span<const Token> from_domain = {};
};

struct RemoteName {
  std::string text;
  int exit_code = 0;  // 0 or 75
};

// `name` as it is written for `mailer`, comments and all. What can not be parsed stays as it is.
Task<RemoteName> NameForMailer(AddressContext context, absl::string_view name, const Mailer& mailer,
                               RemoteNameOptions options);

// What is wrong with the characters or the length of an address before any rule has seen it;
// nullopt: nothing. 8-bit characters from 0x80 to 0x9f are, others are not.
std::optional<RewriteMessage> InvalidAddress(absl::string_view address, bool recipient);

// How this site reads what stands around addresses.
CrackOptions CrackOptionsOf(const Configuration& configuration);

// How an address is named in messages: in the middle of a long one there are dots.
std::string AddressInMessages(absl::string_view address);

// Whether the address stands in front of a reply's text.
bool ReplyNamesAddress(absl::string_view code);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_REWRITE_ADDRESS_H_
