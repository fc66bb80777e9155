#include "mta/cf/support.h"

namespace stagepost {

absl::string_view SupportName(Support support) {
  switch (support) {
    case Support::kYes:
      return "yes";
    case Support::kPartly:
      return "partly";
    case Support::kNo:
      return "no";
    case Support::kNothing:
      return "nothing to do";
    case Support::kRefused:
      return "refused";
  }
  return "";
}

}  // namespace stagepost
