// Which messages of the queue are meant: -qI, -qR, -qS, -qQ, -qL and -qG of the command line.
#ifndef STAGEPOST_MTA_QUEUE_QUEUE_SELECTION_H_
#define STAGEPOST_MTA_QUEUE_QUEUE_SELECTION_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace stagepost {

// What a control file's name begins with.
enum class QueueFileKind : uint8_t {
  kWaiting,      // qf
  kQuarantined,  // hf
  kLost,         // Qf: set aside for an administrator
};

// "qf", "hf", "Qf".
absl::string_view PrefixOf(QueueFileKind kind);

// One -q[!]X of a command line.
struct SelectionTerm {
  enum class Field : uint8_t { kId, kRecipient, kSender, kReason };  // I, R, S, Q
  Field field = Field::kId;
  std::string text;      // somewhere in it; case does not count, but in ids it does
  bool negated = false;  // of recipients: one of them is without it

  friend bool operator==(const SelectionTerm&, const SelectionTerm&) = default;
};

// What a term looks at.
struct SelectionSubject {
  std::string id;
  std::string sender;  // as in the S line
  std::string reason;  // of the quarantine
  std::vector<std::string> recipients;
};

struct QueueSelection {
  QueueFileKind kind = QueueFileKind::kWaiting;
  // Terms of one field: one that holds is enough; each field that
  // has terms must hold.
  std::vector<SelectionTerm> terms = {};
  std::string group = {};  // -qG; empty: all

  // Whether it is not simply all that wait: MinQueueAge does not count then.
  bool is_narrow() const { return !terms.empty() || kind != QueueFileKind::kWaiting; }
  // Whether sender, recipients or reason must be known to tell.
  bool looks_inside() const;
  bool Holds(const SelectionSubject& subject) const;
  friend bool operator==(const QueueSelection&, const QueueSelection&) = default;
};

// What messages are gathered for: a run leaves out those whose turn it is not, and what is more
// than it may take; a listing has all that are selected.
enum class GatherFor : uint8_t { kRun, kListing };

// What ETRN asks for (RFC 1985): messages with a recipient at a host, "mx.corp.example"; at a
// domain and below, "@corp.example"; or of a queue group, "#slow".
QueueSelection SelectionOfNode(absl::string_view node);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_QUEUE_QUEUE_SELECTION_H_
