#include "sim/choice/choices.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "mta/base/check.h"
#include "mta/base/status_macros.h"

namespace stagepost {
namespace {

constexpr absl::string_view kMagic = "stagepost-choices 1 seed ";
constexpr uint64_t kMaxRun = uint64_t{1} << 62;

// The finaliser of SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number
// generators", with Stafford's constants): a bijection in which each input bit flips each output
// bit with probability one half.
constexpr uint64_t Mix(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

constexpr uint64_t kGolden = 0x9e3779b97f4a7c15;  // 2^64 / golden ratio, odd

// A key for the stream of `name`; byte by byte, so that byte order does not matter. Names are
// hashed once for each run.
uint64_t KeyOf(uint64_t start, absl::string_view name) {
  uint64_t key = Mix(start + kGolden * (name.size() + 1));
  for (const char c : name) key = Mix(key + kGolden + static_cast<unsigned char>(c));
  return key;
}

std::string EscapeName(absl::string_view name) {
  std::string text;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte > 0x20 && byte < 0x7f && byte != '%') {
      text.push_back(c);
    } else {
      absl::StrAppendFormat(&text, "%%%02X", byte);
    }
  }
  return text;
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

absl::StatusOr<std::string> UnescapeName(absl::string_view text) {
  std::string name;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      name.push_back(text[i]);
      continue;
    }
    const int high = i + 2 < text.size() ? HexDigit(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? HexDigit(text[i + 2]) : -1;
    if (high < 0 || low < 0) return absl::InvalidArgumentError("bad %XX in a name");
    name.push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  if (name.empty() || name.size() > Choices::kMaxNameBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("a name has 1 to ", Choices::kMaxNameBytes, " bytes"));
  }
  // One spelling for each name, so that a log is what Log() would write.
  if (EscapeName(name) != text)
    return absl::InvalidArgumentError("a name is not escaped as it must");
  return name;
}

// Decimal digits only: SimpleAtoi also takes signs and spaces.
bool ParseNumber(absl::string_view text, uint64_t* number) {
  if (text.empty() || text.size() > 20) return false;
  for (const char c : text) {
    if (c < '0' || c > '9') return false;
  }
  return absl::SimpleAtoi(text, number);
}

}  // namespace

Choices Choices::FromSeed(uint64_t seed, const Options& options) {
  return Choices(seed, /*replaying=*/false, options.record);
}

absl::StatusOr<Choices> Choices::FromLog(absl::string_view text) {
  if (text.size() > kMaxLogBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("line 1: a choice log has at most ", kMaxLogBytes, " bytes"));
  }
  Choices choices(0, /*replaying=*/true, /*record=*/true);
  size_t number = 0;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    absl::Status status;
    if (number == 1) {
      if (!absl::StartsWith(line, kMagic) ||
          !ParseNumber(line.substr(kMagic.size()), &choices.seed_)) {
        status = absl::InvalidArgumentError(
            absl::StrCat("not a choice log: expected \"", kMagic, "NUMBER\""));
      }
    } else if (!line.empty()) {
      status = choices.ParseStream(line);
    }
    if (!status.ok()) {
      return absl::InvalidArgumentError(absl::StrCat("line ", number, ": ", status.message()));
    }
  }
  return choices;
}

absl::Status Choices::ParseStream(absl::string_view line) {
  const size_t end = line.find(' ');
  ASSIGN_OR_RETURN(const std::string name, UnescapeName(line.substr(0, end)));
  if (names_.contains(name)) return absl::InvalidArgumentError("a name appears twice");
  if (streams_.size() >= kMaxNames) {
    return absl::InvalidArgumentError(absl::StrCat("more than ", kMaxNames, " names"));
  }
  State& state = streams_[static_cast<uint32_t>(StreamOf(name))];
  if (end == absl::string_view::npos) return absl::InvalidArgumentError("a name without values");
  for (absl::string_view word : absl::StrSplit(line.substr(end + 1), ' ')) {
    const size_t star = word.find('*');
    Run run = {0, 1};
    const bool good =
        ParseNumber(word.substr(0, star), &run.value) &&
        (star == absl::string_view::npos ||
         (ParseNumber(word.substr(star + 1), &run.count) && run.count > 0 && run.count <= kMaxRun));
    if (!good) {
      return absl::InvalidArgumentError(absl::StrCat("expected VALUE or VALUE*COUNT, found \"",
                                                     absl::CHexEscape(word.substr(0, 40)), "\""));
    }
    state.replay.push_back(run);
  }
  return absl::OkStatus();
}

Choices::Stream Choices::StreamOf(absl::string_view name) {
  if (const auto found = names_.find(name); found != names_.end()) return found->second;
  CHECK(!name.empty() && name.size() <= kMaxNameBytes) << name;
  const auto stream = static_cast<Stream>(streams_.size());
  State& state = streams_.emplace_back();
  state.name = std::string(name);
  state.key1 = KeyOf(seed_, name);
  state.key2 = KeyOf(~seed_, name);
  names_.emplace(state.name, stream);
  return stream;
}

uint64_t Choices::Draw(State& state, uint64_t range) {
  uint64_t x = Mix(Mix(state.key1 + kGolden * state.drawn++) ^ state.key2);
  if (range == 0) return x;
  // Lemire's multiplication: the high word of x * range is uniform if values of x whose low word
  // falls into the first 2^64 mod range are refused. They are replaced by further values of the
  // same counter, so that the number of draws stays the number of calls.
  auto product = static_cast<unsigned __int128>(x) * range;
  if (static_cast<uint64_t>(product) < range) {
    const uint64_t refused = (0 - range) % range;
    while (static_cast<uint64_t>(product) < refused) {
      x = Mix(x + kGolden);
      product = static_cast<unsigned __int128>(x) * range;
    }
  }
  return static_cast<uint64_t>(product >> 64);
}

uint64_t Choices::Replay(State& state, uint64_t range) {
  ++state.drawn;
  if (state.replay_run == state.replay.size()) return 0;
  const Run& run = state.replay[state.replay_run];
  if (++state.replay_used == run.count) {
    ++state.replay_run;
    state.replay_used = 0;
  }
  return range == 0 ? run.value : run.value % range;
}

std::string Choices::Log() const {
  std::string text = absl::StrCat(kMagic, seed_, "\n");
  for (const auto& [name, stream] : names_) {
    const std::vector<Run>& runs = streams_[static_cast<uint32_t>(stream)].recorded;
    size_t size = runs.size();
    if (size > 0 && runs.back().value == 0) --size;
    if (size == 0) continue;
    text += EscapeName(name);
    for (size_t i = 0; i < size; ++i) {
      absl::StrAppend(&text, " ", runs[i].value);
      if (runs[i].count > 1) absl::StrAppend(&text, "*", runs[i].count);
    }
    text += '\n';
  }
  return text;
}

}  // namespace stagepost
