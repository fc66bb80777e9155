// .forward and :include: files, lists of addresses, and /etc/shells: whoever writes them, lines
// stay lines, no address is looked at twice, and everything comes to an end.
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "mta/base/check.h"
#include "mta/expand/address_list.h"
#include "mta/expand/user_file.h"
#include "mta/expand/valid_shells.h"
#include "mta/rewrite/tokenizer.h"
#include "mta/rewrite/tokens.h"

namespace stagepost {
namespace {

// Takes a list apart as an expansion does.
void TryList(absl::string_view list, char delimiter, const Tokenizer& tokenizer) {
  size_t rounds = 0;
  for (absl::string_view rest = SkipSeparators(list); !rest.empty(); rest = SkipSeparators(rest)) {
    CHECK(rest[0] != ',' && !absl::ascii_isspace(rest[0]));
    CHECK(++rounds <= list.size());
    const absl::string_view window = AddressWindow(rest);
    CHECK(window.size() <= kAddressWindowBytes);
    TokenList tokens;
    const ScanResult scan = tokenizer.Scan(window, {.delimiter = delimiter}, tokens);
    CHECK(scan.end <= window.size());
    const size_t before = rest.size();
    SkipAddress(rest, scan.end, delimiter);
    CHECK(rest.size() < before);
  }
}

void TryFile(absl::string_view text, const Tokenizer& tokenizer) {
  int number = 0;
  for (const UserFileLine& line : LinesOfUserFile(text)) {
    CHECK(line.number > number);
    number = line.number;
    CHECK(!line.text.empty() && line.text[0] != '#');
    CHECK(!absl::StrContains(line.text, '\n'));
    CHECK(line.text.data() >= text.data() && line.text.end() <= text.end());
    TryList(line.text, ',', tokenizer);
  }
}

}  // namespace
}  // namespace stagepost

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  const stagepost::Tokenizer tokenizer(".:%@!^/[]+");
  stagepost::TryFile(text, tokenizer);
  stagepost::TryList(text, ' ', tokenizer);
  for (const absl::string_view shell : stagepost::ParseShells(text)) {
    CHECK(!shell.empty() && shell[0] == '/');
    CHECK(shell.find_first_of(" \n#") == absl::string_view::npos);
  }
  return 0;
}
