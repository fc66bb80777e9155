// The header of a message from an attacker: found within bounds, the same however the text is cut;
// its lists of addresses are read to their end, and folding them twice changes nothing more.
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "mta/base/check.h"
#include "mta/message/address_list.h"
#include "mta/message/header_collector.h"
#include "mta/message/known_fields.h"
#include "mta/rewrite/tokenizer.h"

namespace {

constexpr size_t kLimit = 512;

struct Found {
  stagepost::Header header;
  std::string body, from_line;
  bool too_large = false;
};

Found Find(absl::string_view text, size_t piece) {
  stagepost::HeaderCollector collector(kLimit);
  Found found;
  for (size_t at = 0; at < text.size(); at += piece) {
    collector.Take(text.substr(at, piece), found.body);
  }
  collector.Finish(found.body);
  found.header = collector.header();
  found.from_line = collector.from_line();
  found.too_large = collector.too_large();
  return found;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  const Found whole = Find(text, size + 1);
  for (const size_t piece : {1, 7}) {
    const Found cut = Find(text, piece);
    CHECK(cut.body == whole.body && cut.from_line == whole.from_line);
    CHECK(cut.too_large == whole.too_large && cut.header.size() == whole.header.size());
    for (size_t i = 0; i < cut.header.size(); ++i) {
      CHECK(cut.header[i].name == whole.header[i].name);
      CHECK(cut.header[i].value == whole.header[i].value);
    }
  }
  const stagepost::Tokenizer tokenizer(".:%@!^/[]+");
  const bool old_style = stagepost::IsOldStyle(whole.header, true);
  size_t bytes = 0;
  for (const stagepost::HeaderField& field : whole.header) {
    CHECK(field.value.find('\0') == std::string::npos);
    bytes += field.name.size() + field.value.size();
    if (!stagepost::TraitsOf(field.name).has_addresses()) continue;
    const std::string once = stagepost::FoldAddresses(tokenizer, field, old_style);
    CHECK(once.size() <= 12 * field.value.size() + 16);
  }
  CHECK(bytes <= kLimit);
  CHECK(whole.body.size() <= size);
  return 0;
}
