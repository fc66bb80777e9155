// Is the simulated file system like Linux? Random calls under several identities go to a Disk and
// to a tmpfs, and must give the same errors, the same results and the same trees.
//
//   file_sequence_test --sequences=1000000 --first=1   as many, from that seed on (10,000 and 1)
//
// Needs root, for chroot(2), a mount and other identities. The sequences run in child processes. Of
// a sequence that makes a difference, the report shows the fewest of its steps that do.
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "conformance/contract/file_sequence.h"
#include "gtest/gtest.h"
#include "mta/posix/signals.h"

namespace stagepost::file_sequence {
namespace {

uint64_t first_seed = 1;
uint64_t sequences = 10'000;
// Test cases, for Bazel to spread over shards.
constexpr uint64_t kParts = 10;
// One in so many sequences goes through the seam, too.
constexpr uint64_t kSeamShare = 50;

// Where the sides differ: the number of the step, and the two outcomes. No step is number -1.
struct Difference {
  int step = -1;
  Outcome simulated, real;
  std::vector<Step> steps;  // as many as were done
};

using Comparison = std::function<Difference(const std::vector<Step>& steps)>;

Step OfRoot(Call call, const std::string& path) {
  Step step;
  step.call = call;
  step.path = path;
  return step;
}

Difference CompareCalls(const std::vector<Step>& steps, const Protections& protections) {
  const std::unique_ptr<FileSide> simulated = MakeDiskSide(protections);
  const std::unique_ptr<FileSide> real = MakeLinuxSide();
  Difference difference;
  const auto differs = [&](const Step& step) {
    difference.steps.push_back(step);
    difference.simulated = simulated->Do(step);
    difference.real = real->Do(step);
    if (difference.simulated == difference.real) return false;
    difference.step = static_cast<int>(difference.steps.size()) - 1;
    return true;
  };
  for (const Step& step : steps) {
    if (differs(step)) return difference;
  }
  // Open directories of a step may hold a lock, but not the tree from being looked at.
  for (const std::string& path : TreeOf(*real)) {
    for (const Call call : {Call::kLstat, Call::kReadlink, Call::kList}) {
      if (differs(OfRoot(call, path))) return difference;
    }
    Step open = OfRoot(Call::kOpen, path);
    open.open = {.read = true, .no_follow = true, .non_blocking = true};
    Step read = OfRoot(Call::kRead, path);
    if (differs(open) || differs(read)) return difference;
  }
  return difference;
}

Difference CompareThroughTheSeam(const std::vector<Step>& steps, const Protections& protections) {
  Difference difference;
  difference.steps = steps;
  std::erase_if(difference.steps, [](const Step& step) {
    return step.call == Call::kChdir || step.call == Call::kMkfifo;
  });
  const std::vector<Outcome> simulated = DoInSimulator(difference.steps, protections);
  const std::vector<Outcome> real = DoOnLinux(difference.steps);
  for (size_t i = 0; i < difference.steps.size(); ++i) {
    difference.simulated = i < simulated.size() ? simulated[i] : Outcome{-1, "not reached"};
    difference.real = i < real.size() ? real[i] : Outcome{-1, "not reached"};
    if (difference.simulated == difference.real) continue;
    difference.step = static_cast<int>(i);
    difference.steps.resize(i + 1);
    return difference;
  }
  return difference;
}

// The fewest steps that still make a difference, leaving out one after the other.
Difference Minimise(Difference difference, const Comparison& compare) {
  for (size_t i = difference.steps.size(); i-- > 0;) {
    std::vector<Step> fewer = difference.steps;
    fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i));
    Difference again = compare(fewer);
    if (again.step < 0) continue;
    difference = std::move(again);
    i = std::min(i, difference.steps.size());
  }
  return difference;
}

std::string Report(const char* how, uint64_t seed, const Difference& difference) {
  std::string report = absl::StrCat(how, ", seed ", seed, ":\n");
  for (const Step& step : difference.steps) absl::StrAppend(&report, "  ", Describe(step), "\n");
  const auto add = [&](const char* side, const Outcome& outcome) {
    absl::StrAppend(&report, side, ": errno ", outcome.error, " '", outcome.text, "'\n");
  };
  add("simulated", difference.simulated);
  add("linux", difference.real);
  return report;
}

std::string CompareSeed(uint64_t seed, const Protections& protections) {
  const std::vector<Step> steps = Sequence(seed);
  const auto run = [&](const char* how, const Comparison& compare) {
    const Difference difference = compare(steps);
    if (difference.step < 0) return std::string();
    return Report(how, seed, Minimise(difference, compare));
  };
  std::string report = run(
      "by calls", [&](const std::vector<Step>& some) { return CompareCalls(some, protections); });
  if (!report.empty() || seed % kSeamShare != 0) return report;
  return run("through the seam", [&](const std::vector<Step>& some) {
    return CompareThroughTheSeam(some, protections);
  });
}

// A tmpfs of this process's own, as its root directory.
std::string EnterEmptyRoot() {
  const char* const temporary = ::getenv("TEST_TMPDIR");
  std::string top = absl::StrCat(temporary == nullptr ? "/tmp" : temporary, "/sequence.XXXXXX");
  const bool entered = ::mkdtemp(top.data()) != nullptr && ::unshare(CLONE_NEWNS) == 0 &&
                       ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
                       ::mount("tmpfs", top.c_str(), "tmpfs", 0, "mode=0755") == 0 &&
                       ::chroot(top.c_str()) == 0 && ::chdir("/") == 0;
  return entered ? "" : absl::StrCat("no empty root at ", top, ": errno ", errno);
}

// In a child, which leaves the machine as it is.
std::string CompareInChild(uint64_t first, uint64_t count, const Protections& protections) {
  int ends[2];
  if (::pipe(ends) != 0) return "pipe";
  const pid_t child = ::fork();
  if (child == 0) {
    PrepareSignals();
    std::string report = EnterEmptyRoot();
    for (uint64_t seed = first; seed < first + count && report.empty(); ++seed) {
      report = CompareSeed(seed, protections);
    }
    report.resize(std::min<size_t>(report.size(), 60000));
    const ssize_t written = ::write(ends[1], report.data(), report.size());
    ::_exit(written < 0);
  }
  ::close(ends[1]);
  std::string report;
  char buffer[4096];
  for (ssize_t n; (n = ::read(ends[0], buffer, sizeof buffer)) > 0;) {
    report.append(buffer, static_cast<size_t>(n));
  }
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (status != 0 && report.empty()) report = absl::StrCat("child ended with ", status);
  return report;
}

class FileSequences : public testing::TestWithParam<uint64_t> {};

TEST_P(FileSequences, SameOnBothSides) {
  const uint64_t begin = sequences * GetParam() / kParts;
  const uint64_t end = sequences * (GetParam() + 1) / kParts;
  const Protections protections = Protections::OfThisMachine();
  EXPECT_EQ(CompareInChild(first_seed + begin, end - begin, protections), "");
}

INSTANTIATE_TEST_SUITE_P(Part, FileSequences, testing::Range(uint64_t{0}, kParts));

// A kernel that is set otherwise than the simulator takes it to be.
TEST(FileSequencesReport, ADifferenceIsFoundAndMadeSmall) {
  Protections wrong = Protections::OfThisMachine();
  wrong.hardlinks = wrong.hardlinks == 0;
  const std::string report = CompareInChild(1, 1000, wrong);
  EXPECT_TRUE(absl::StrContains(report, "by calls, seed ")) << report;
  EXPECT_TRUE(absl::StrContains(report, "\n  link who=")) << report;
  EXPECT_LE(std::count(report.begin(), report.end(), '\n'), 8) << report;
}

}  // namespace

bool ParseArgument(absl::string_view argument) {
  if (absl::ConsumePrefix(&argument, "--sequences=")) {
    return absl::SimpleAtoi(argument, &sequences);
  }
  return absl::ConsumePrefix(&argument, "--first=") && absl::SimpleAtoi(argument, &first_seed);
}

}  // namespace stagepost::file_sequence

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  for (int i = 1; i < argc; ++i) {
    if (!stagepost::file_sequence::ParseArgument(argv[i])) return 2;
  }
  return RUN_ALL_TESTS();
}
