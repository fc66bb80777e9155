// Which rulesets want to see the fields of a message's header: H lines with $>ruleset.
// cf/README, "Header Checks"; Operations Guide, 5.7.
#ifndef STAGEPOST_MTA_MESSAGE_HEADER_CHECK_H_
#define STAGEPOST_MTA_MESSAGE_HEADER_CHECK_H_

#include <string>
#include <vector>

#include "mta/cf/configuration.h"
#include "mta/cf/macros.h"
#include "mta/message/header.h"

namespace stagepost {

struct HeaderCheck {
  std::string ruleset;
  std::string field;     // ${hdr_name}
  std::string argument;  // the value behind the colon, unfolded
  bool strip_comments = true;
  size_t length = 0;  // ${hdrlen}: of the value before ${currHeader} was cut
};

// In the order of the fields. H*: asks about fields that have no ruleset of their own.
std::vector<HeaderCheck> HeaderChecks(const Configuration& configuration, const Header& header);

// Defines ${hdr_name}, ${hdrlen}, ${currHeader} and ${addr_type} ("h") for one of them.
void DefineHeaderCheckMacros(const HeaderCheck& check, Macros& macros);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_MESSAGE_HEADER_CHECK_H_
