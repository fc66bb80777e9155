// The inside of Expander: the walk from an address down to mailboxes.
#ifndef STAGEPOST_MTA_EXPAND_EXPANSION_WALK_H_
#define STAGEPOST_MTA_EXPAND_EXPANSION_WALK_H_

#include <optional>
#include <string>

#include "mta/expand/expander.h"
#include "mta/expand/notes.h"
#include "mta/expand/user_file.h"

namespace stagepost {

// Entries of the list are named by index throughout: it grows while they are worked on.
class ExpansionWalk {
 public:
  ExpansionWalk(Site& site, Macros& macros, ExpandOptions options);

  Task<size_t> AddEntry(SendList& list, SendEntry entry, const ParsedAddress* parsed);
  // The addresses of `text`, from the last to the first. `parent`: whose alias or file it is; of
  // kNoEntry they are the envelope's own. How many there were.
  Task<int> AddList(SendList& list, absl::string_view text, size_t parent);
  const NoteTaker& notes() const { return notes_; }

 private:
  // expander.cc: entering an address into the list.
  Task<size_t> Enter(SendList& list, SendEntry entry);
  void NoteWhatCameOf(SendList& list, size_t at, size_t merged);
  Task<void> Process(SendList& list, size_t at);
  bool IsTooDeep(SendList& list, SendEntry& entry);
  void CheckProgramOrFile(const SendList& list, SendEntry& entry, absl::string_view what);
  std::optional<size_t> FindDuplicate(SendList& list, const SendEntry& entry);
  void CheckForLoop(SendList& list, size_t at);
  SendEntry Child(const SendList& list, size_t parent) const;
  Task<std::optional<ParsedAddress>> Parse(absl::string_view address, char delimiter, size_t* end);
  void Take(SendEntry& entry, const ParsedAddress& parsed);

  // expander_list.cc: what a list of addresses says.
  Task<std::optional<SendEntry>> NextOf(SendList& list, absl::string_view& rest, char delimiter,
                                        size_t parent);
  bool RefersToItself(SendList& list, const SendEntry& child);
  bool HasAccount(const SendEntry& entry);

  // expander_local.cc: aliases, ruleset 5, accounts.
  Task<void> FollowAlias(SendList& list, size_t at);
  Task<std::optional<std::string>> LookUpAlias(SendList& list, size_t at, std::string name,
                                               bool is_owner);
  Task<void> FindOwner(SendList& list, size_t at);
  Task<void> AskLocalUserRules(SendList& list, size_t at);
  Task<void> FindAccount(SendList& list, size_t at);
  absl::StatusOr<User> FindByFullName(absl::string_view name);
  Task<absl::Status> TakeAccount(SendEntry& entry, const User& user);

  // expander_files.cc: :include: and .forward.
  Task<void> Include(SendList& list, size_t at);
  Task<void> Forward(SendList& list, size_t at);
  // Gives the errors of ReadUserFile().
  Task<absl::Status> ReadFile(SendList& list, size_t at, std::string path, UserFileKind kind);
  Task<absl::Status> BelongTo(SendList& list, size_t at, UserId owner);
  Task<bool> ForwardFrom(SendList& list, size_t at, std::string path);
  Identity IdentityFor(const SendList& list, size_t at);
  bool MayServePrograms();

  void Bad(SendEntry& entry, absl::string_view code, absl::string_view status, std::string text,
           int exit_code = 0);
  void Deferred(SendEntry& entry, absl::string_view code, absl::string_view status,
                std::string text);
  void DefineFor(const SendEntry& entry);
  std::string OwnName() const;

  const Options& options() const { return site_.configuration().options; }
  Accounts& accounts() { return site_.env().accounts(); }
  bool verifying() const { return expand_.mode == ExpandMode::kVerify; }
  AddressContext context() { return {site_.engine(), site_.configuration(), macros_, &notes_}; }

  Site& site_;
  Macros& macros_;
  const ExpandOptions expand_;
  NoteTaker notes_;
  const int max_depth_;
  // Blanks separate addresses of the command line, until something in them speaks against it.
  bool old_style_lists_;
};

// What DSNs say of a primary recipient. RFC 3464, 2.3.2.
std::string FinalRecipientOf(absl::string_view address, absl::string_view own_name);

// Whether it leads nowhere any more: replaced, or somebody else's.
inline bool IsDead(SendState state) {
  return state == SendState::kExpanded || state == SendState::kDuplicate ||
         state == SendState::kDone;
}

}  // namespace stagepost

#endif  // STAGEPOST_MTA_EXPAND_EXPANSION_WALK_H_
