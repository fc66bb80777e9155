#include "mta/bin/makemap_options.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "mta/maptools/map_tool.h"
#include "mta/maptools/option_scanner.h"

namespace stagepost {
namespace {

constexpr char kUsage[] =
    "Usage: makemap [-C cffile] [-N] [-c cachesize] [-D commentchar]\n"
    "               [-d] [-e] [-f] [-i type] [-l] [-o] [-r] [-s] [-t delimiter]\n"
    "               [-u] [-v] type mapname\n";

// -L: the types that may be asked for; -x: what their files are called.
constexpr char kAllTypes[] = "cf\nCF\nhash\nbtree\nimplicit\n";
constexpr char kSuffixes[] = "hash:db\nbtree:db\nimplicit:\n";

// MakemapOptions that list something do so at once, whatever follows.
std::optional<MakemapAnswer> ListAnswer(char letter) {
  switch (letter) {
    case 'l':
      return MakemapAnswer{kMapTypes, "", kExitOk};
    case 'L':
      return MakemapAnswer{kAllTypes, "", kExitOk};
    case 'x':
      return MakemapAnswer{kSuffixes, "", kExitOk};
    default:
      return std::nullopt;
  }
}

void TakeOption(ScannedOption option, MakemapOptions& options, std::string& complaints) {
  switch (option.letter) {
    case 'C':
      options.configuration = std::move(option.value);
      break;
    case 'D':
      options.text.comment = option.value.empty() ? '\0' : option.value[0];
      break;
    case 'N':
      options.terminate = true;
      break;
    case 'c':
      // Anything but a number is no wish.
      if (uint64_t bytes = 0; absl::SimpleAtoi(option.value, &bytes)) options.cache_bytes = bytes;
      break;
    case 'd':
      options.duplicates = true;
      break;
    case 'e':
      options.text.allow_empty = true;
      break;
    case 'f':
      options.text.fold_case = false;
      break;
    case 'i':
      options.fallback_type = std::move(option.value);
      break;
    case 'o':
      options.append = true;
      break;
    case 'r':
      options.replace = true;
      break;
    case 's':
      options.allow_links = true;
      break;
    case 't':
      if (option.value.empty()) {
        complaints += "Invalid separator\n";
      } else {
        options.text.separator = option.value[0];
      }
      break;
    case 'u':
      options.unmap = true;
      break;
    default:
      options.verbose = true;
  }
}

}  // namespace

std::variant<MakemapOptions, MakemapAnswer> ParseMakemapOptions(const Arguments& arguments,
                                                                std::string& complaints) {
  MakemapOptions options;
  OptionScanner scanner(arguments, "C:D:LNc:defi:lorst:uvx");
  while (std::optional<ScannedOption> option = scanner.Next()) {
    if (option->letter == '?') return MakemapAnswer{"", option->error + kUsage, kExitUsage};
    if (std::optional<MakemapAnswer> answer = ListAnswer(option->letter)) return *std::move(answer);
    TakeOption(*std::move(option), options, complaints);
  }
  if (scanner.operands().size() != 2) return MakemapAnswer{"", kUsage, kExitUsage};
  options.type = scanner.operands()[0];
  options.map = scanner.operands()[1];
  return options;
}

std::optional<MakemapAnswer> FindMakemapType(const MapSettings& settings, MakemapOptions& options) {
  const bool asked = absl::EqualsIgnoreCase(options.type, "cf");
  if (!asked && !options.type.empty()) return std::nullopt;
  if (asked) {
    const bool by_name = options.type != "cf";
    if (std::optional<std::string> type = FindMapType(settings, options.map, by_name)) {
      options.type = *std::move(type);
      return std::nullopt;
    }
  }
  options.type = options.fallback_type;
  MakemapAnswer answer{
      "", absl::StrCat("makemap: mapfile ", options.map, ": not found in ", options.configuration),
      kExitDataError};
  if (options.type.empty()) {
    answer.error += "\n";
    return answer;
  }
  answer.exit_code = kExitOk;
  absl::StrAppend(&answer.error, ", using fallback ", options.type, "\n");
  if (!options.verbose) return std::nullopt;
  return answer;
}

}  // namespace stagepost
