#include "tools/campaign_journal.h"

#include <filesystem>
#include <optional>
#include <system_error>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "mta/base/status_macros.h"
#include "sim/campaign/seed_result.h"
#include "tools/stagepost_files.h"

namespace stagepost {
namespace {

constexpr size_t kMaxJournalBytes = size_t{1} << 30;

bool ReadLine(absl::string_view line, CampaignTally& tally, std::vector<std::set<uint64_t>>& done) {
  if (absl::ConsumePrefix(&line, "probe ")) {
    tally.probes.emplace(line);
    return true;
  }
  const bool result = absl::ConsumePrefix(&line, "result ");
  if (!result && !absl::ConsumePrefix(&line, "difference ")) return false;
  size_t index = 0;
  const size_t space = line.find(' ');
  if (space == line.npos || !absl::SimpleAtoi(line.substr(0, space), &index) ||
      index >= tally.scenarios.size()) {
    return false;
  }
  line.remove_prefix(space + 1);
  if (result) {
    const absl::StatusOr<SeedResult> parsed = ParseSeedResult(line);
    if (!parsed.ok()) return false;
    if (done[index].insert(parsed->seed).second) tally.scenarios[index].Add(*parsed);
    return true;
  }
  const std::vector<std::string> words = absl::StrSplit(line, ' ');
  HashDifference difference;
  if (words.size() != 3 || !absl::SimpleAtoi(words[0], &difference.seed)) return false;
  difference.first_hash = words[1];
  difference.second_hash = words[2];
  tally.scenarios[index].differences.push_back(std::move(difference));
  return true;
}

}  // namespace

absl::Status CampaignJournal::Open(const std::string& path, const std::string& header,
                                   CampaignTally& tally, std::vector<std::set<uint64_t>>& done) {
  std::string text;
  std::error_code error;
  if (std::filesystem::exists(path, error)) {
    absl::StatusOr<std::string> read = ReadWholeFile(path, kMaxJournalBytes);
    RETURN_IF_ERROR(read.status());
    text = *std::move(read);
    if (text.size() > kMaxJournalBytes) {
      return absl::InvalidArgumentError(absl::StrCat(path, ": too large"));
    }
  }
  const size_t whole = text.rfind('\n') == std::string::npos ? 0 : text.rfind('\n') + 1;
  const bool fresh = whole == 0 && absl::StartsWith(header, text);
  if (!fresh) {
    if (!absl::StartsWith(text, header)) {
      return absl::InvalidArgumentError(absl::StrCat(
          path, ": of a campaign with other options or scenarios, or no such file at all"));
    }
    const absl::string_view rest =
        absl::string_view(text).substr(header.size(), whole - header.size());
    for (const absl::string_view line : absl::StrSplit(rest, '\n', absl::SkipEmpty())) {
      if (!ReadLine(line, tally, done)) {
        return absl::InvalidArgumentError(absl::StrCat(path, ": damaged"));
      }
    }
    // What follows must not be taken for the rest of a line that was cut off.
    std::filesystem::resize_file(path, whole, error);
  }
  file_.open(path, std::ios::binary | (fresh ? std::ios::trunc : std::ios::app));
  if (fresh) file_ << header << std::flush;
  if (error || !file_)
    return absl::PermissionDeniedError(absl::StrCat(path, ": cannot be written"));
  return absl::OkStatus();
}

bool CampaignJournal::Add(const std::string& line) {
  if (!file_.is_open()) return true;
  file_ << line << "\n" << std::flush;
  return file_.good();
}

}  // namespace stagepost
