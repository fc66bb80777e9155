#include "mta/expand/expander.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "mta/base/sysexits.h"
#include "mta/cf/default_user.h"
#include "mta/cf/well_known_names.h"
#include "mta/expand/expansion_walk.h"
#include "mta/expand/mailbox.h"

namespace stagepost {
namespace {

// Each level costs a few coroutines, whatever MaxAliasRecursion says.
constexpr int64_t kDeepestRecursion = 1000;

constexpr char kProgram[] = "prog";
constexpr char kFile[] = "*file*";
constexpr char kInclude[] = "*include*";

bool IsMailer(const SendEntry& entry, absl::string_view name) {
  return entry.mailer != nullptr && entry.mailer->name == name;
}

void AddFlags(std::string& flags, absl::string_view more) {
  for (const char flag : more) {
    if (!absl::StrContains(flags, flag)) flags.push_back(flag);
  }
}

}  // namespace

std::string FinalRecipientOf(absl::string_view address, absl::string_view own_name) {
  absl::ConsumePrefix(&address, "<");
  absl::ConsumeSuffix(&address, ">");
  const bool local = !absl::StrContains(address, '@');
  return absl::StrCat("RFC822; ", address, local ? "@" : "", local ? own_name : "");
}

ExpansionWalk::ExpansionWalk(Site& site, Macros& macros, ExpandOptions options)
    : site_(site),
      macros_(macros),
      expand_(std::move(options)),
      notes_(site.env().log(), {expand_.id, expand_.log_errors, expand_.observer}),
      max_depth_(static_cast<int>(
          std::clamp<int64_t>(site.configuration().options.Number(OptionId::kMaxAliasRecursion), 0,
                              kDeepestRecursion))),
      old_style_lists_(site.configuration().options.Flag(OptionId::kOldStyleHeaders)) {}

std::string ExpansionWalk::OwnName() const {
  const Text* const own = macros_.Find(OneCharacterName('j'));
  if (own == nullptr) return "";
  return macros_.ExpandToString(*own, site_.configuration().names).value_or("");
}

Task<std::optional<ParsedAddress>> ExpansionWalk::Parse(absl::string_view address, char delimiter,
                                                        size_t* end) {
  macros_.SetLiteral(well_known::kAddrType, "e r");
  notes_.set_address(address);
  ParseOptions parse;
  parse.delimiter = delimiter;
  std::optional<ParsedAddress> parsed = co_await ParseAddress(context(), address, parse, end);
  if (parsed.has_value() && parsed->mailer == nullptr) notes_.NoteExit(parsed->exit_code);
  co_return parsed;
}

void ExpansionWalk::Take(SendEntry& entry, const ParsedAddress& parsed) {
  entry.mailer = parsed.mailer;
  entry.host = parsed.host.value_or("");
  entry.user = parsed.user;
  entry.not_remote = parsed.not_remote;
  // Whoever asks whether it exists is told 4xx; whoever has mail for it keeps it.
  const bool waits = parsed.mailer == nullptr && parsed.temporary_error && !verifying();
  if (parsed.deferred || waits) {
    entry.state = SendState::kDeferred;
  } else if (parsed.mailer == nullptr) {
    entry.state = SendState::kBad;
  }
  if (entry.state == SendState::kSend) return;
  entry.exit_code = parsed.exit_code;
  const ExpansionNote& said = notes_.last();
  entry.status = parsed.status.empty() ? said.enhanced : parsed.status;
  entry.text = absl::StrCat(said.code, said.enhanced.empty() ? "" : " ", said.enhanced,
                            said.code.empty() ? "" : " ", said.text);
  if (parsed.deferred && !notes_.deferral().empty()) entry.text = notes_.deferral();
}

void ExpansionWalk::Bad(SendEntry& entry, absl::string_view code, absl::string_view status,
                        std::string text, int exit_code) {
  entry.state = SendState::kBad;
  entry.status = std::string(status);
  entry.text = absl::StrCat(code, " ", status, " ", text);
  entry.exit_code = exit_code;
  notes_.Error(code, status, entry.address, std::move(text), exit_code);
}

void ExpansionWalk::Deferred(SendEntry& entry, absl::string_view code, absl::string_view status,
                             std::string text) {
  entry.state = SendState::kDeferred;
  entry.status = std::string(status);
  entry.text = absl::StrCat(code, " ", status, " ", text);
  entry.exit_code = kExitTemporaryFailure;
}

Task<size_t> ExpansionWalk::AddEntry(SendList& list, SendEntry entry, const ParsedAddress* parsed) {
  std::optional<ParsedAddress> own;
  if (parsed == nullptr) {
    own = co_await Parse(entry.address, '\0', nullptr);
    // What was said about it is all that is known.
    if (!own.has_value()) own.emplace().exit_code = kExitUsage;
    parsed = &*own;
  }
  Take(entry, *parsed);
  if (entry.final_recipient.empty()) {
    entry.final_recipient = FinalRecipientOf(entry.address, OwnName());
  }
  const size_t known = list.entries.size(), merged = list.merged.size();
  const size_t at = co_await Enter(list, std::move(entry));
  if (at == known) NoteWhatCameOf(list, at, merged);
  co_return at;
}

// `at` is the newest of the envelope's recipients; `merged`: those before are of others.
void ExpansionWalk::NoteWhatCameOf(SendList& list, size_t at, size_t merged) {
  std::set<size_t> reached;
  const auto reach = [&](size_t entry) {
    const SendState state = list.entries[entry].state;
    if (!IsDead(state) && state != SendState::kBad) reached.insert(entry);
  };
  for (size_t i = at; i < list.entries.size(); ++i) reach(i);
  for (size_t i = merged; i < list.merged.size(); ++i) reach(list.merged[i].second);
  const SendEntry& asked = list.entries[at];
  if (reached.size() == 1) {
    list.entries[*reached.begin()].primary = true;
  } else if (reached.size() > 1 && absl::StrContains(asked.flags, 'S')) {
    notes_.ForTranscript(absl::StrCat(asked.address, "... expanded to multiple addresses"));
  }
}

SendEntry ExpansionWalk::Child(const SendList& list, size_t parent) const {
  const SendEntry& from = list.entries[parent];
  SendEntry child;
  child.parent = parent;
  child.depth = from.depth + 1;
  child.primary = false;
  child.flags = from.flags;
  AddFlags(child.flags, "A");
  child.original_recipient = from.original_recipient;
  child.final_recipient = from.final_recipient;
  child.full_name = from.full_name;
  ControllingUser& controller = child.controller.emplace();
  if (from.account.has_value() && from.account->user != kRootUser) {
    controller.name = from.account->name;
    controller.user = from.account->user;
    controller.group = from.account->group;
    controller.home = from.account->home;
    controller.address = from.address;
  } else if (from.controller.has_value() && !from.controller->is_default_user) {
    controller = *from.controller;
  } else {
    const Identity identity = DefaultUser(site_.configuration().options, site_.env().accounts());
    controller.name = from.user;
    controller.user = identity.user;
    controller.group = identity.group;
    controller.address = from.address;
    controller.is_default_user = true;
  }
  return child;
}

bool ExpansionWalk::IsTooDeep(SendList& list, SendEntry& entry) {
  if (entry.depth <= max_depth_) return false;
  std::string how = absl::StrCat("(", entry.depth, " aliases deep; ", max_depth_, " max)");
  if (!expand_.only_verifying) {
    site_.env().log().Write(Severity::kError,
                            absl::StrCat(expand_.id, ": aliasing/forwarding loop broken:  ", how));
  }
  const std::string text = absl::StrCat("aliasing/forwarding loop broken ", how);
  notes_.Error("554", "5.4.6", "", text, 0);
  if (entry.parent != kNoEntry) {
    SendEntry& parent = list.entries[entry.parent];
    parent.state = SendState::kBad;
    parent.status = "5.4.6";
    parent.text = absl::StrCat("554 5.4.6 ", text);
  }
  return true;
}

// `what`: "programs" or "files".
void ExpansionWalk::CheckProgramOrFile(const SendList& list, SendEntry& entry,
                                       absl::string_view what) {
  if (entry.parent == kNoEntry) {
    // One that a queue file names has been checked before it was queued.
    if (entry.controller.has_value()) return;
    return Bad(entry, "550", "5.7.1", absl::StrCat("Cannot mail directly to ", what));
  }
  const SendEntry& from = list.entries[entry.parent];
  if (from.bogus_shell && from.account.has_value() && from.account->name.empty()) {
    return Bad(entry, "550", "5.7.1",
               absl::StrCat("UID ", static_cast<uint32_t>(from.account->user),
                            " is an unknown user: cannot mail to ", what));
  }
  if (from.bogus_shell) {
    return Bad(entry, "550", "5.7.1",
               absl::StrCat("User ", from.account.has_value() ? from.account->name : from.user, "@",
                            OwnName(), " doesn't have a valid shell for mailing to ", what));
  }
  if (from.unsafe) {
    return Bad(entry, "550", "5.7.1",
               absl::StrCat("Address ", from.address, " is unsafe for mailing to ", what));
  }
}

std::optional<size_t> ExpansionWalk::FindDuplicate(SendList& list, const SendEntry& entry) {
  const auto [begin, end] = list.by_mailbox.equal_range(MailboxKey(entry));
  for (auto at = begin; at != end; ++at) {
    SendEntry& other = list.entries[at->second];
    // A primary recipient that is still worked on would find itself in what comes of it.
    if (!other.processed && other.parent == kNoEntry) continue;
    if (!other.primary) {
      if (!IsDead(other.state)) notes_.Remark(entry.address, "duplicate suppressed");
      AddFlags(other.flags, entry.flags);
      other.primary = entry.primary;
    }
    return at->second;
  }
  return std::nullopt;
}

// kNoEntry: it was too deep to become an entry.
Task<size_t> ExpansionWalk::Enter(SendList& list, SendEntry entry) {
  if (IsTooDeep(list, entry)) co_return kNoEntry;
  if (IsMailer(entry, kProgram)) CheckProgramOrFile(list, entry, "programs");
  if (entry.mailer != nullptr) {
    const std::optional<size_t> duplicate = FindDuplicate(list, entry);
    if (duplicate.has_value()) {
      if (entry.parent != kNoEntry) list.merged.emplace_back(entry.parent, *duplicate);
      co_return *duplicate;
    }
  }
  const size_t at = list.entries.size();
  if (entry.mailer != nullptr) list.by_mailbox.emplace(MailboxKey(entry), at);
  list.entries.push_back(std::move(entry));
  if (expand_.only_queueing) {
    SendEntry& added = list.entries[at];
    if (added.state == SendState::kSend) added.state = SendState::kDeferred;
  } else {
    co_await Process(list, at);
    CheckForLoop(list, at);
  }
  list.entries[at].processed = true;
  co_return at;
}

Task<void> ExpansionWalk::Process(SendList& list, size_t at) {
  const auto entry = [&list, at]() -> SendEntry& { return list.entries[at]; };
  const auto sends = [&entry] { return entry().state == SendState::kSend; };
  const Mailer* const mailer = entry().mailer;
  if (mailer == nullptr || !sends()) co_return;
  const bool quoted = absl::StrContains(entry().user, '\\');
  if (IsMailer(entry(), kInclude)) {
    co_await Include(list, at);
  } else if (IsMailer(entry(), kFile)) {
    CheckProgramOrFile(list, entry(), "files");
  }
  if (sends() && !quoted && mailer->Has('A') && !expand_.no_aliases) co_await FollowAlias(list, at);
  if (sends() && mailer->Has('5') && !entry().not_remote && site_.engine().HasRules(5)) {
    co_await AskLocalUserRules(list, at);
  }
  if (!sends() || !mailer->Has('w')) co_return;
  co_await FindAccount(list, at);
  if (!sends()) co_return;
  if (verifying()) {
    entry().state = SendState::kVerified;
  } else if (!quoted) {
    co_await Forward(list, at);
  }
}

void ExpansionWalk::CheckForLoop(SendList& list, size_t at) {
  SendEntry& entry = list.entries[at];
  if (entry.depth > 0 || !IsDead(entry.state)) return;
  size_t& alive = list.first_alive;
  while (alive < list.entries.size() && IsDead(list.entries[alive].state)) ++alive;
  if (alive < list.entries.size()) return;
  entry.state = SendState::kBad;
  entry.status = "5.4.6";
  entry.text = "554 5.4.6 aliasing/forwarding loop broken";
  notes_.Error("554", "5.4.6", "", "aliasing/forwarding loop broken", 0);
  alive = at;
}

void ExpansionWalk::DefineFor(const SendEntry& entry) {
  const std::string home = entry.account.has_value() ? entry.account->home : "";
  macros_.SetLiteral(OneCharacterName('z'), home);
  macros_.SetLiteral(OneCharacterName('u'), entry.user);
  if (entry.host.empty()) {
    macros_.Unset(OneCharacterName('h'));
  } else {
    macros_.SetLiteral(OneCharacterName('h'), entry.host);
  }
}

Expander::Expander(Site& site, Macros& macros, ExpandOptions options)
    : expansion_(std::make_unique<ExpansionWalk>(site, macros, std::move(options))) {}
Expander::~Expander() = default;

Task<size_t> Expander::Add(SendList& list, absl::string_view address, const ParsedAddress* parsed) {
  SendEntry entry;
  entry.address = std::string(address);
  entry.flags = "PFD";
  co_return co_await expansion_->AddEntry(list, std::move(entry), parsed);
}

Task<size_t> Expander::AddEntry(SendList& list, SendEntry entry, const ParsedAddress* parsed) {
  co_return co_await expansion_->AddEntry(list, std::move(entry), parsed);
}

Task<int> Expander::AddList(SendList& list, absl::string_view addresses) {
  co_return co_await expansion_->AddList(list, addresses, kNoEntry);
}

int Expander::exit_code() const { return expansion_->notes().exit_code(); }

}  // namespace stagepost
