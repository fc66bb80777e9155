// Addresses as clients, headers and maps give them: they are cut into tokens, joined, cut again,
// and cracked. Limits hold, nothing is left unbalanced, no operator of a rule comes out of
// characters.

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "mta/base/check.h"
#include "mta/rewrite/crack_address.h"
#include "mta/rewrite/tokenizer.h"
#include "mta/rewrite/tokens.h"

namespace stagepost {
namespace {

void CheckTokens(const TokenList& tokens, bool balanced) {
  CHECK(tokens.size() <= kMaxTokens);
  int angles = 0;
  for (const Token& token : tokens) {
    CHECK(token.size > 0 && token.size <= kMaxTokenBytes) << token.size;
    CHECK(token.kind == Token::Kind::kWord || token.kind == Token::Kind::kSpecial);
    CHECK(token.hash == CaselessHash(token.text()).value());
    CHECK(SameToken(token, token));
    if (token.text() == "<") ++angles;
    if (token.text() == ">") --angles;
    CHECK(angles >= 0 || !balanced);
  }
  CHECK(angles == 0 || !balanced);
}

void CheckScan(absl::string_view line, const ScanOptions& options) {
  const Tokenizer tokenizer(".:%@!^/[]+");
  TokenList tokens;
  const ScanResult result = tokenizer.Scan(line, options, tokens);
  CHECK(result.end <= line.size());
  CHECK(result.ok == !tokens.empty());
  CHECK(result.messages.size() <= 2 * line.size() + 2);
  CHECK(tokens.arena().bytes() <= 16384) << tokens.arena().bytes();
  // What follows 0xff means nothing, be it a bracket that was put in.
  const bool balanced = !options.lenient && !absl::StrContains(line, '\xff');
  CheckTokens(tokens, balanced);
  CHECK(ShowTokens(tokens).size() <= 4 * line.size() + 64);
  // What was joined and is cut again is no longer than an address may be, or refused.
  TokenList again;
  const ScanResult second = tokenizer.ScanAgain(tokens, '.', again);
  if (second.ok) CHECK(again.size() <= kMaxTokens);
}

}  // namespace
}  // namespace stagepost

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace stagepost;  // NOLINT
  const absl::string_view line(reinterpret_cast<const char*>(data), size);
  CheckScan(line, {});
  CheckScan(line, {.comments = Comments::kKeep, .delimiter = ','});
  CheckScan(line, {.delimiter = ' '});
  CheckScan(line, {.delimiter = ',', .lenient = true});
  size_t cracked = 0;
  for (const Piece& piece : CrackAddress(line)) {
    cracked += piece.kind == Piece::Kind::kMacro ? 2 : piece.characters.size();
  }
  CHECK(cracked <= 256) << cracked;
  return 0;
}
