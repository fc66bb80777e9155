// The address forms of the attack catalogue's group R, as a table: relay_forms.tsv. The audit and
// the conformance rows share it.
#ifndef STAGEPOST_TOOLS_AUDIT_RELAY_FORMS_H_
#define STAGEPOST_TOOLS_AUDIT_RELAY_FORMS_H_

#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace stagepost {

struct RelayForm {
  absl::string_view id;    // "R09"
  absl::string_view what;  // "percent before our domain"
  absl::string_view mail;  // with {placeholders}; without brackets
  absl::string_view rcpt;

  // Whether one of them has this placeholder, "{partner}".
  bool Uses(absl::string_view placeholder) const;
};

// In the table's order.
const std::vector<RelayForm>& RelayForms();

// A pattern with its placeholders filled in, as an argument of MAIL or RCPT: in brackets, unless it
// begins with "=". `values` are by name, "partner"; names in capitals give capitals.
std::string FillInForm(absl::string_view pattern, const std::map<std::string, std::string>& values);

}  // namespace stagepost

#endif  // STAGEPOST_TOOLS_AUDIT_RELAY_FORMS_H_
