// What Content-Type and Content-Transfer-Encoding say. RFC 2045, sections 5 and 6.
#ifndef STAGEPOST_MTA_MESSAGE_MIME_TYPE_H_
#define STAGEPOST_MTA_MESSAGE_MIME_TYPE_H_

#include <cstddef>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"

namespace stagepost {

// A longer boundary is none; RFC 2046 allows 70.
inline constexpr size_t kMaxBoundaryBytes = 126;

struct ContentType {
  std::string type;      // lower case; "text" if nothing can be read
  std::string subtype;   // lower case; "plain"
  std::string boundary;  // empty: none, or one that is too long

  bool Is(absl::string_view type_and_subtype) const {
    return absl::StartsWith(type_and_subtype, type) &&
           type_and_subtype.size() == type.size() + 1 + subtype.size() &&
           type_and_subtype[type.size()] == '/' && absl::EndsWith(type_and_subtype, subtype);
  }
  std::string name() const { return type + "/" + subtype; }
};

ContentType ReadContentType(absl::string_view value);

// "quoted-printable": the word in lower case, without comments; empty: there is none.
std::string ReadEncoding(absl::string_view value);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_MESSAGE_MIME_TYPE_H_
