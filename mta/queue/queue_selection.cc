#include "mta/queue/queue_selection.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace stagepost {
namespace {

bool ContainsIgnoringCase(absl::string_view text, absl::string_view part) {
  return absl::StrContains(absl::AsciiStrToLower(text), absl::AsciiStrToLower(part));
}

// Whether the term holds. A negated one holds of recipients if one of them is without the text.
bool Holds(const SelectionTerm& term, const SelectionSubject& subject) {
  switch (term.field) {
    case SelectionTerm::Field::kId:
      return absl::StrContains(subject.id, term.text) != term.negated;
    case SelectionTerm::Field::kSender:
      return ContainsIgnoringCase(subject.sender, term.text) != term.negated;
    case SelectionTerm::Field::kReason:
      return ContainsIgnoringCase(subject.reason, term.text) != term.negated;
    case SelectionTerm::Field::kRecipient:
      break;
  }
  return std::any_of(subject.recipients.begin(), subject.recipients.end(),
                     [&](const std::string& recipient) {
                       return ContainsIgnoringCase(recipient, term.text) != term.negated;
                     });
}

}  // namespace

absl::string_view PrefixOf(QueueFileKind kind) {
  switch (kind) {
    case QueueFileKind::kQuarantined:
      return "hf";
    case QueueFileKind::kLost:
      return "Qf";
    case QueueFileKind::kWaiting:
      break;
  }
  return "qf";
}

bool QueueSelection::looks_inside() const {
  return std::any_of(terms.begin(), terms.end(), [](const SelectionTerm& term) {
    return term.field != SelectionTerm::Field::kId;
  });
}

bool QueueSelection::Holds(const SelectionSubject& subject) const {
  using Field = SelectionTerm::Field;
  for (const Field field : {Field::kId, Field::kRecipient, Field::kSender, Field::kReason}) {
    bool asked = false, holds = false;
    for (const SelectionTerm& term : terms) {
      if (term.field != field) continue;
      asked = true;
      if (stagepost::Holds(term, subject)) holds = true;
    }
    if (asked && !holds) return false;
  }
  return true;
}

QueueSelection SelectionOfNode(absl::string_view node) {
  QueueSelection selection;
  if (absl::ConsumePrefix(&node, "#")) {
    selection.group = std::string(node);
    return selection;
  }
  // As sendmail compares them: anywhere in the recipient.
  const bool with_subdomains = absl::ConsumePrefix(&node, "@");
  SelectionTerm term;
  term.field = SelectionTerm::Field::kRecipient;
  term.text = absl::StrCat(with_subdomains ? "" : "@", node);
  selection.terms.push_back(std::move(term));
  return selection;
}

}  // namespace stagepost
