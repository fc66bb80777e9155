// MaxMimeHeaderLength: fields of MIME that readers of mail have choked on are kept short, and their
// quotes and comments balanced. Operations Guide, 5.6; the classes {checkMIMETextHeaders},
// {checkMIMEFieldHeaders} and {checkMIMEHeaders} say which fields.
#ifndef STAGEPOST_MTA_MESSAGE_MIME_LIMITS_H_
#define STAGEPOST_MTA_MESSAGE_MIME_LIMITS_H_

#include <cstddef>
#include <string>
#include <vector>

#include "mta/cf/configuration.h"
#include "mta/message/header.h"

namespace stagepost {

// Shortens the value of `field` where it must be. Gives what the log says of it, at
// Severity::kAlert: "Truncated MIME Content-Type header due to field size (length = 311) (possible
// attack)".
std::vector<std::string> LimitMimeField(const Configuration& configuration, HeaderField& field);

// Cuts `text` to `limit` bytes and closes what is open in it, quotes and comments, within that
// length. False: nothing was wrong with it.
bool ShortenBalanced(std::string& text, size_t limit);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_MESSAGE_MIME_LIMITS_H_
