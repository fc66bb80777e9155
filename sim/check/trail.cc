#include "sim/check/trail.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace stagepost {
namespace {

// Calls `use` with every field of the lines, unfolded. Stops at an empty line if `header_only`.
template <class Use>
void ForEachField(absl::string_view text, bool header_only, Use use) {
  std::string field;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    absl::ConsumeSuffix(&line, "\r");
    if (!line.empty() && (line[0] == ' ' || line[0] == '\t')) {
      if (!field.empty()) absl::StrAppend(&field, " ", absl::StripAsciiWhitespace(line));
      continue;
    }
    if (!field.empty()) use(field);
    field = std::string(line);
    if (line.empty() && header_only) return;
  }
  if (!field.empty()) use(field);
}

// The word behind the first `word`: " by ", " id ".
std::string After(absl::string_view field, absl::string_view word) {
  const size_t at = field.find(word);
  if (at == field.npos) return "";
  const absl::string_view rest = field.substr(at + word.size());
  return std::string(rest.substr(0, rest.find_first_of(" ;\t")));
}

void AddHop(absl::string_view field, std::vector<Hop>& hops) {
  if (!absl::StartsWithIgnoreCase(field, "received:")) return;
  hops.push_back({absl::AsciiStrToLower(After(field, " by ")), After(field, " id ")});
}

}  // namespace

std::vector<Hop> TrailOf(absl::string_view message) {
  std::vector<Hop> hops;
  ForEachField(message, /*header_only=*/true,
               [&](absl::string_view field) { AddHop(field, hops); });
  return hops;
}

std::vector<Hop> AllHops(absl::string_view text) {
  std::vector<Hop> hops;
  ForEachField(text, /*header_only=*/false, [&](absl::string_view field) { AddHop(field, hops); });
  return hops;
}

std::vector<Hop> TrailOfQueueFile(absl::string_view queue_file) {
  std::vector<Hop> hops;
  ForEachField(queue_file, /*header_only=*/false, [&](absl::string_view field) {
    // H?FLAGS?Name: value
    if (!absl::ConsumePrefix(&field, "H?")) return;
    const size_t end = field.find('?');
    if (end != field.npos) AddHop(field.substr(end + 1), hops);
  });
  return hops;
}

}  // namespace stagepost
