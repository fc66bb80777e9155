// The recipients of one envelope while they are resolved, expanded and delivered: sendmail's send
// queue. Addresses that a file or an alias brings stand behind the one that they come from.
//
// A value, held by a session (for its RCPTs), a delivery job or -bv; entries never move or go, so
// that an index stays good. Mailers belong to the configuration, which outlives the list.
#ifndef STAGEPOST_MTA_EXPAND_SEND_LIST_H_
#define STAGEPOST_MTA_EXPAND_SEND_LIST_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "mta/cf/configuration.h"
#include "mta/env/identity.h"

namespace stagepost {

// Under whose identity files are read and written, and programs run, on behalf of a recipient: the
// owner of the .forward or :include: file that named it, or DefaultUser. The C line of a qf file.
struct ControllingUser {
  std::string name;
  UserId user = kRootUser;
  GroupId group = kRootGroup;
  std::string home;
  // Whose .forward or alias it was, as log lines show it (ctladdr=); empty: do not.
  std::string address;
  // Set by :include: and .forward files that somebody could have tampered with, or whose owner has
  // no valid shell: mail to files and programs is refused.
  bool unsafe = false;
  bool bogus_shell = false;
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

inline constexpr size_t kNoEntry = static_cast<size_t>(-1);

struct SendEntry {
  // As replies, log lines and R lines show it: "<alice@corp.example>", "bob", "|/bin/cat",
  // "\\alice". With the angle brackets that were given.
  std::string address;
  const Mailer* mailer = nullptr;
  std::string host;
  std::string user;
  SendState state = SendState::kSend;
  // The entry whose alias, .forward or :include: brought this one; kNoEntry: the envelope did.
  size_t parent = kNoEntry;
  int depth = 0;  // aliases above it
  std::optional<ControllingUser> controller;
  // Envelope sender of what goes out for it, if an owner- alias says so; else that of the message.
  std::optional<std::string> sender;
  // R line flags, ORCPT and final recipient; children have their parent's.
  std::string flags;
  std::string original_recipient;
  std::string final_recipient;
  // What is wrong with it, or how it fared. "5.1.1"; "550 5.1.1 <x>... User unknown".
  std::string status;
  std::string text;
  int exit_code = 0;
};

struct SendList {
  std::vector<SendEntry> entries;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_EXPAND_SEND_LIST_H_
