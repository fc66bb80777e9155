// What expectations of several kinds share: counts, and how things are shown. Only for
// *expectations.cc.
#ifndef STAGEPOST_SIM_CHECK_EXPECTATION_TEXT_H_
#define STAGEPOST_SIM_CHECK_EXPECTATION_TEXT_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace stagepost {

// nullopt: as expected.
using Unmet = std::optional<std::string>;

// Text as it is shown in a failure: escaped, at most a few hundred bytes of it.
inline std::string ShowExpected(absl::string_view text) {
  constexpr size_t kMost = 400;
  std::string shown = absl::CEscape(text.substr(0, kMost));
  if (text.size() > kMost) absl::StrAppend(&shown, "… (", text.size(), " bytes)");
  return absl::StrCat("\"", shown, "\"");
}

// The fields that count, as every counting expectation has them.
template <class Counting>
Unmet CheckCount(const Counting& expect, bool has_exact, uint32_t exact, size_t seen,
                 absl::string_view what) {
  if (has_exact && seen != exact) {
    return absl::StrCat("expected ", exact, " ", what, ", there are ", seen);
  }
  if (expect.has_at_least() && seen < expect.at_least()) {
    return absl::StrCat("expected at least ", expect.at_least(), " ", what, ", there are ", seen);
  }
  if (expect.has_at_most() && seen > expect.at_most()) {
    return absl::StrCat("expected at most ", expect.at_most(), " ", what, ", there are ", seen);
  }
  return std::nullopt;
}

template <class Texts>
Unmet CheckContains(const Texts& texts, absl::string_view in, absl::string_view what) {
  for (const std::string& text : texts) {
    if (!absl::StrContains(in, text)) {
      return absl::StrCat(what, " does not contain ", ShowExpected(text), "; it is ",
                          ShowExpected(in));
    }
  }
  return std::nullopt;
}

}  // namespace stagepost

#endif  // STAGEPOST_SIM_CHECK_EXPECTATION_TEXT_H_
