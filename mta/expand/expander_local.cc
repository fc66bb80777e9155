// Local users: aliases and their owners, ruleset 5, accounts.
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "mta/base/quotes.h"
#include "mta/base/sysexits.h"
#include "mta/cf/well_known_names.h"
#include "mta/expand/expansion_walk.h"
#include "mta/maps/alias_maps.h"

namespace stagepost {
namespace {

constexpr int kLogAliases = 10;  // above this LogLevel
constexpr size_t kLongestOwner = 250;

// The name in a GECOS field: up to the first of ",;%", with '&' for the login name.
std::string FullNameOf(const User& user) {
  const absl::string_view gecos =
      absl::string_view(user.full_name).substr(0, user.full_name.find_first_of(",;%"));
  std::string name;
  for (const char c : gecos) {
    if (c != '&') {
      name.push_back(c);
    } else if (!user.name.empty()) {
      name.push_back(absl::ascii_toupper(user.name[0]));
      absl::StrAppend(&name, user.name.substr(1));
    }
  }
  return name;
}

}  // namespace

// What the aliases say to `name`. nullopt: there is no such alias; if that cannot be known now, and
// `name` is not only an owner, mail for the entry waits.
Task<std::optional<std::string>> ExpansionWalk::LookUpAlias(SendList& list, size_t at,
                                                            std::string name, bool is_owner) {
  Map* const aliases = site_.maps().Find(kAliasesMap);
  if (aliases == nullptr) co_return std::nullopt;
  if (absl::EqualsIgnoreCase(name, "postmaster")) name = "postmaster";
  std::string message;
  if (!co_await aliases->Open(message)) co_return std::nullopt;
  const std::string host = list.entries[at].host;
  const absl::string_view argument = host;
  MapAnswer answer = co_await aliases->Ask(name, absl::MakeConstSpan(&argument, 1));
  absl::StrAppend(&message, message.empty() || answer.message.empty() ? "" : "\n", answer.message);
  absl::string_view about = list.entries[at].address;
  for (const absl::string_view line : absl::StrSplit(message, '\n', absl::SkipEmpty())) {
    notes_.Remark(about, std::string(line));
    about = "";
  }
  if (!answer.value.has_value() && !is_owner &&
      (answer.status == kExitTemporaryFailure || answer.status == kExitUnavailable)) {
    Deferred(list.entries[at], "451", "4.3.0", "alias database unavailable");
  }
  co_return std::move(answer.value);
}

Task<void> ExpansionWalk::FollowAlias(SendList& list, size_t at) {
  const std::optional<std::string> members =
      co_await LookUpAlias(list, at, list.entries[at].user, false);
  if (!members.has_value()) co_return;
  if (verifying()) {
    list.entries[at].state = SendState::kVerified;
    co_return;
  }
  const std::string shown = AddressInMessages(*members);
  notes_.Remark(list.entries[at].address, absl::StrCat("aliased to ", shown));
  if (options().Number(OptionId::kLogLevel) > kLogAliases) {
    site_.env().log().Write(Severity::kInfo,
                            absl::StrCat(expand_.id, ": alias ",
                                         list.entries[at].address.substr(0, 100), " => ", shown));
  }
  list.entries[at].refers_to_itself = false;
  co_await AddList(list, *members, at);
  SendEntry& entry = list.entries[at];
  if (!entry.refers_to_itself && entry.state == SendState::kSend) {
    entry.state = SendState::kExpanded;
  }
  co_await FindOwner(list, at);
}

// owner-LIST becomes the envelope sender of what goes to LIST.
Task<void> ExpansionWalk::FindOwner(SendList& list, size_t at) {
  const std::string user = list.entries[at].user;
  const bool is_owner = absl::StartsWith(user, "owner-") || user.size() > kLongestOwner;
  const std::string name = is_owner ? "owner-owner" : absl::StrCat("owner-", user);
  std::optional<std::string> owner = co_await LookUpAlias(list, at, name, true);
  if (!owner.has_value()) co_return;
  // Several people, a program …: the alias itself stands for them.
  const bool is_address = owner->find_first_of(",:/|\"") == std::string::npos;
  list.entries[at].owner = is_address ? *std::move(owner) : name;
  notes_.ForTranscript(
      absl::StrCat("Message delivered to mailing list ", list.entries[at].address));
}

// Ruleset 5 has a word about local users that are no aliases: user+detail, a hub for mail.
Task<void> ExpansionWalk::AskLocalUserRules(SendList& list, size_t at) {
  DefineFor(list.entries[at]);
  macros_.SetLiteral(well_known::kAddrType, "e r");
  notes_.set_address(list.entries[at].address);
  TokenList tokens;
  const std::string user = list.entries[at].user;
  const ScanResult scan = site_.engine().tokenizer().Scan(user, {}, tokens);
  for (const RewriteMessage& message : scan.messages) notes_.Message(message);
  if (!scan.ok) co_return;
  const int exit_code = co_await site_.engine().Apply(5, tokens, macros_, &notes_);
  if (exit_code == kExitTemporaryFailure) {
    Deferred(list.entries[at], "451", "4.4.3", "ruleset 5: temporary failure");
    co_return;
  }
  if (tokens.empty() || !tokens[0].Is(Operator::kMailer)) co_return;
  const ParsedAddress parsed = co_await AddressOfTriple(context(), {}, tokens);

  SendEntry replacement = Child(list, at);
  replacement.address = list.entries[at].address;
  replacement.flags = list.entries[at].flags;
  Take(replacement, parsed);
  const SendEntry& entry = list.entries[at];
  if (replacement.mailer == entry.mailer && replacement.user == entry.user &&
      absl::EqualsIgnoreCase(replacement.host, entry.host)) {
    co_return;
  }
  list.entries[at].state = SendState::kExpanded;
  const size_t became = co_await Enter(list, std::move(replacement));
  if (!verifying() || became == kNoEntry) co_return;
  // Whoever asked knows this entry only.
  const SendEntry result = list.entries[became];
  SendEntry& asked = list.entries[at];
  asked.state = SendState::kVerified;
  if (result.state != SendState::kBad && result.state != SendState::kDeferred) co_return;
  asked.state = result.state;
  asked.status = result.status;
  asked.text = result.text;
  asked.exit_code = result.exit_code;
}

// MatchGECOS: First.Last, with a dot or a line for the blank.
absl::StatusOr<User> ExpansionWalk::FindByFullName(absl::string_view name) {
  const std::string wanted = absl::StrReplaceAll(name, {{".", " "}, {"_", " "}});
  return accounts().FindUserWhere(
      [&wanted](const User& user) { return absl::EqualsIgnoreCase(FullNameOf(user), wanted); });
}

Task<void> ExpansionWalk::FindAccount(SendList& list, size_t at) {
  const std::string name = StripQuotes(list.entries[at].user);
  absl::StatusOr<User> user = accounts().FindUser(name);
  if (absl::IsNotFound(user.status()) && options().Flag(OptionId::kMatchGECOS)) {
    user = FindByFullName(name);
    // The mail is that user's.
    if (user.ok()) list.entries[at].user = user->name;
  }
  if (absl::IsNotFound(user.status()) || name.empty()) {
    Bad(list.entries[at], "550", "5.1.1", "User unknown", kExitNoUser);
    co_return;
  }
  if (!user.ok()) {
    Deferred(list.entries[at], "451", "4.5.2", "User database unavailable");
    co_return;
  }
  SendEntry& entry = list.entries[at];
  entry.account = {.name = user->name,
                   .user = user->id,
                   .group = user->group,
                   .home = user->home,
                   .shell = user->shell};
  std::string full_name = FullNameOf(*user);
  if (!full_name.empty()) entry.full_name = std::move(full_name);
}

}  // namespace stagepost
