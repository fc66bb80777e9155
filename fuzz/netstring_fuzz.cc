// Netstrings as they arrive: however the bytes are cut, the result is the same.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "mta/base/check.h"
#include "mta/maps/netstring.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  absl::string_view whole = text;
  stagepost::NetstringReader at_once, in_pieces;
  const absl::Status status = at_once.Take(whole);
  CHECK(at_once.received() <= stagepost::kMaxNetstringBytes);

  absl::Status pieces;
  size_t at = 0;
  while (at < text.size() && pieces.ok() && !in_pieces.complete()) {
    const size_t length = std::min<size_t>(1 + text[at] % 5u, text.size() - at);
    absl::string_view piece = text.substr(at, length);
    pieces = in_pieces.Take(piece);
    at += length - piece.size();
  }
  CHECK(status.ok() == pieces.ok());
  CHECK(at_once.complete() == in_pieces.complete());
  if (!at_once.complete()) return 0;
  CHECK(at_once.text() == in_pieces.text());
  CHECK(whole == text.substr(at));
  // What it holds can be written again, and read.
  const std::string again = stagepost::MakeNetstring(at_once.text());
  absl::string_view rest = again;
  stagepost::NetstringReader reader;
  CHECK(reader.Take(rest).ok() && reader.complete() && rest.empty());
  CHECK(reader.text() == at_once.text());
  return 0;
}
