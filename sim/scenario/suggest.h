// "Did you mean": the nearest of the known words to one that is unknown.
#ifndef STAGEPOST_SIM_SCENARIO_SUGGEST_H_
#define STAGEPOST_SIM_SCENARIO_SUGGEST_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace stagepost {

// How many letters must be added, left out, replaced or swapped with their neighbour to make `b` of
// `a`. Time and memory are the product and the sum of their lengths.
size_t EditDistance(absl::string_view a, absl::string_view b);

// The nearest word of `known`, the first of several; empty if none is near: at most one change for
// every three letters, and at least one is allowed.
std::string NearestWord(absl::string_view word, const std::vector<std::string>& known);

// ` (did you mean "y"?)`, or ` (known: a, b, c)` if none is near and there are few, or nothing.
std::string DidYouMean(absl::string_view word, const std::vector<std::string>& known);

}  // namespace stagepost

#endif  // STAGEPOST_SIM_SCENARIO_SUGGEST_H_
