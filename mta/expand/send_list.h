// The recipients of one envelope while they are resolved, expanded and delivered: sendmail's send
// queue. Addresses that a file or an alias brings stand behind the one that they come from.
//
// A value, held by a session (for its RCPTs), a delivery job or -bv; entries never move or go, so
// that an index stays good; they are added by an Expander only. Mailers belong to the
// configuration, which outlives the list.
#ifndef STAGEPOST_MTA_EXPAND_SEND_LIST_H_
#define STAGEPOST_MTA_EXPAND_SEND_LIST_H_

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "mta/cf/configuration.h"
#include "mta/env/identity.h"

namespace stagepost {

inline constexpr size_t kNoEntry = static_cast<size_t>(-1);

// Under whose identity files are read and written, and programs run, on behalf of a recipient: the
// owner of the .forward or :include: file that named it, or DefaultUser. The C line of a qf file.
struct ControllingUser {
  std::string name;  // to the groups of this user it belongs; empty: only to `group`
  UserId user = kRootUser;
  GroupId group = kRootGroup;
  std::string home;
  // Whose .forward or alias it was, as log lines show it (ctladdr=); empty: do not.
  std::string address;
  // Nobody's .forward or :include: file: `user` and `group` are DefaultUser's. Log lines of
  // sendmail show group 0 then: "ctladdr=<list@corp.example> (1/0)".
  bool is_default_user = false;
};

enum class SendState {
  kSend,       // to be delivered: mailer, host and user are known
  kVerified,   // it exists; it has not been expanded (ExpandMode::kVerify)
  kExpanded,   // replaced by what came of it
  kDuplicate,  // another entry is the same mailbox
  kBad,        // never: status and text say why
  kDeferred,   // not now: status and text say why
  kDone,       // delivered, relayed, or discarded
};

struct SendEntry {
  // As replies, log lines and R lines show it: "<alice@corp.example>", "bob", "|/bin/cat",
  // "\\alice". With the angle brackets that were given.
  std::string address;
  const Mailer* mailer = nullptr;  // null: *error*
  std::string host;
  std::string user;
  SendState state = SendState::kSend;
  // The entry whose alias, .forward or :include: brought this one; kNoEntry: the envelope did.
  size_t parent = kNoEntry;
  int depth = 0;  // aliases and files above it
  // It stands for a recipient of the envelope: it is one, or all that has come of one. Only those
  // are asked for receipts and named in them (RFC 3461, 5.2.7.1).
  bool primary = true;
  // Always there for entries with a parent; of others only if a qf file's C line had one.
  std::optional<ControllingUser> controller;
  // Envelope sender of what goes out for the entries below it, if an owner- alias says so
  // (see SenderFor()).
  std::optional<std::string> owner;
  // R line flags, ORCPT and final recipient; children have their parent's.
  std::string flags;
  std::string original_recipient;
  std::string final_recipient;
  // What is wrong with it, or how it fared. "5.1.1"; "550 5.1.1 User unknown" (with `address` in
  // front where replies and transcripts show it).
  std::string status;
  std::string text;
  int exit_code = 0;

  // The account behind it, for mailers that deliver to accounts (flag w); $z, EXPN's full name.
  struct Account {
    std::string name;
    UserId user = kRootUser;
    GroupId group = kRootGroup;
    std::string home;   // empty: none
    std::string shell;  // empty: none
  };
  std::optional<Account> account;
  std::string full_name;  // own or inherited

  // What follows is the Expander's.
  bool refers_to_itself = false;  // its alias or .forward names itself: it is delivered, too
  bool processed = false;         // later entries may be duplicates of it
  bool not_remote = false;        // ParsedAddress::not_remote
  bool unsafe = false;            // its file could be tampered with: no programs, no files
  bool bogus_shell = false;       // its owner has no valid shell: no programs, no files
};

struct SendList {
  std::vector<SendEntry> entries;

  // The Expander's. Entries before this one lead nowhere any more.
  size_t first_alive = 0;
  // Entries that lead to one that had been there before, and that one.
  std::vector<std::pair<size_t, size_t>> merged;
  // By mailer, user and host: finds duplicates.
  std::multimap<std::string, size_t> by_mailbox;
};

// The owner- alias that stands nearest above an entry: the envelope sender of what goes out for it;
// nullptr: that of the message.
const std::string* SenderFor(const SendList& list, size_t entry);

// The entries in the order in which sendmail lists them: those of the message itself, then those of
// each owner; among those, by host.
std::vector<size_t> ListingOrder(const SendList& list);

// What VRFY and EXPN answer for an entry behind "250 2.1.5 ": "Bob Brown <bob@mx1.corp.example>",
// "<|/bin/cat>". `own_name` is $j.
std::string ListingOf(const SendEntry& entry, absl::string_view own_name);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_EXPAND_SEND_LIST_H_
