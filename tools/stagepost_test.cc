#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gtest/gtest.h"
#include "mta/base/version.h"
#include "tools/stagepost_command.h"
#include "tools/stagepost_files.h"
#include "tools/stagepost_options.h"
#include "tools/stagepost_report.h"

namespace stagepost {
namespace {

namespace fs = std::filesystem;

std::string Scenario(const std::string& name) {
  return absl::StrCat("name: \"", name,
                      "\" summary: \"s\" world { host { name: \"mx\" address: \"192.0.2.1\" } }\n");
}

// The command over a folder of its own and a runner that does what the scenario's name says.
class StagepostTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = absl::StrCat(::testing::TempDir(), "/stagepost.XXXXXX");
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string Path(const std::string& name) const { return absl::StrCat(folder_, "/", name); }

  std::string Write(const std::string& name, const std::string& text) {
    fs::create_directories(fs::path(Path(name)).parent_path());
    std::ofstream(Path(name), std::ios::binary) << text;
    return Path(name);
  }

  static absl::StatusOr<RunResult> Run(const LoadedScenario& scenario, const RunOptions& options) {
    const std::string& name = scenario.scenario.name();
    if (name == "broken") return absl::UnimplementedError("f:1: no such thing yet");
    RunResult result;
    result.virtual_time = absl::Milliseconds(1500) + absl::Nanoseconds(7);
    result.hash = {0, options.seed};
    result.events = 42;
    result.choice_log = absl::StrCat("stagepost-choices 1 seed ", options.seed, "\n");
    if (options.choice_log.has_value()) result.choice_log = *options.choice_log;
    if (name == "skips") result.skipped = {"f:2: no TLS here"};
    if (name == "fails" || (name == "unlucky" && options.seed % 4 == 3)) {
      result.failures = {{scenario.Where(), "expected \"1\" message, saw 0"}};
    }
    if (options.keep_trace == TraceLog::Keep::kReadable) result.trace_text = "a trace\n";
    if (options.keep_trace == TraceLog::Keep::kEverything) result.trace_text = "the trace\n";
    return result;
  }

  // Runs it; every look at the clock takes a millisecond (or `tick_`).
  int Call(std::vector<std::string> words) {
    words.insert(words.begin(), "stagepost");
    std::ostringstream out, err;
    absl::Duration now;
    const StagepostContext context = {out, err, &Run, [&] { return now += tick_; }};
    const int exit_code = RunStagepost(words, context);
    // What is printed must not depend on where the test runs.
    out_ = absl::StrReplaceAll(out.str(), {{folder_, "DIR"}});
    err_ = absl::StrReplaceAll(err.str(), {{folder_, "DIR"}});
    return exit_code;
  }

  std::string folder_;
  absl::Duration tick_ = absl::Milliseconds(1);
  std::string out_, err_;
};

TEST_F(StagepostTest, HelpsAndTellsItsVersion) {
  EXPECT_EQ(Call({"--help"}), 0);
  EXPECT_TRUE(absl::StartsWith(out_, "usage: stagepost COMMAND"));
  EXPECT_EQ(Call({"replay", "--help"}), 0);
  EXPECT_TRUE(absl::StartsWith(out_, "usage: stagepost replay"));
  EXPECT_EQ(Call({"--version"}), 0);
  EXPECT_EQ(out_, absl::StrCat("stagepost ", kVersion, "\n"));
}

TEST_F(StagepostTest, WrongUsageIs64AndOneLineWithAHint) {
  EXPECT_EQ(Call({}), 64);
  EXPECT_EQ(Call({"reply"}), 64);
  EXPECT_EQ(err_,
            "stagepost: unknown command \"reply\" (did you mean \"replay\"?)\n"
            "Try: stagepost --help\n");
  EXPECT_EQ(Call({"replay"}), 64);
  EXPECT_EQ(Call({"replay", "--sed=1", "f"}), 64);
  EXPECT_EQ(err_,
            "stagepost: unknown option \"--sed\" (did you mean \"--seed\"?)\n"
            "Try: stagepost replay --help\n");
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"--seed"},
                                             {"--seed", "x", "f"},
                                             {"--seed=-1", "f"},
                                             {"--seeds=1", "f"},
                                             {"--seeds=2..1", "f"},
                                             {"--seeds=1..1000000000", "f"},
                                             {"--seed=1", "--seeds=1..2", "f"},
                                             {"--choices=c", "--seed=1", "f"},
                                             {"--choices=", "f"},
                                             {"--seeds=1..2", "--record=r", "f"},
                                             {"--seeds=1..2", "--trace", "f"},
                                             {"--json=yes", "f"}}) {
    std::vector<std::string> all = {"replay"};
    all.insert(all.end(), words.begin(), words.end());
    EXPECT_EQ(Call(all), 64) << words[0];
  }
}

TEST_F(StagepostTest, ReplaysOneScenario) {
  const std::string file = Write("good.textproto", Scenario("good"));
  EXPECT_EQ(Call({"replay", "--seed", "7", file}), 0);
  EXPECT_EQ(
      out_,
      "held    good  virtual 1.500000007s  real 1.0ms  hash 00000000000000000000000000000007\n"
      "1 held, 0 failed; 3.0ms, 333 scenarios per second\n");
  EXPECT_EQ(err_, "");
}

TEST_F(StagepostTest, ShowsWhatFailedAndHowToSeeItAgain) {
  Write("a b/fails.textproto", Scenario("fails"));
  Write("good.textproto", Scenario("good"));
  EXPECT_EQ(Call({"replay", folder_ + "/..."}), 1);
  EXPECT_EQ(out_,
            "FAILED  fails  virtual 1.500000007s  real 1.0ms  hash "
            "00000000000000000000000000000001\n"
            "    DIR/a b/fails.textproto:1: expected \"1\" message, saw 0\n"
            "    replay: stagepost replay --seed 1 'DIR/a b/fails.textproto'\n"
            "held    good   virtual 1.500000007s  real 1.0ms  hash "
            "00000000000000000000000000000001\n"
            "1 held, 1 failed; 5.0ms, 400 scenarios per second\n");
}

TEST_F(StagepostTest, ShowsWhatWasSkippedAndTheTrace) {
  const std::string file = Write("s.textproto", Scenario("skips"));
  EXPECT_EQ(Call({"replay", "--trace", file}), 0);
  EXPECT_TRUE(absl::StrContains(out_, "    skipped: f:2: no TLS here\n\na trace\n\n")) << out_;
  EXPECT_TRUE(absl::StrContains(out_, "1 held, 0 failed, 1 steps skipped;")) << out_;
  EXPECT_EQ(Call({"replay", "--full-trace", file}), 0);
  EXPECT_TRUE(absl::StrContains(out_, "the trace\n")) << out_;
}

TEST_F(StagepostTest, SummarisesManySeeds) {
  const std::string file = Write("u.textproto", Scenario("unlucky"));
  EXPECT_EQ(Call({"replay", "--seeds", "1..50", file}), 1);
  EXPECT_TRUE(
      absl::StartsWith(out_,
                       "FAILED  unlucky  38 of 50 seeds held, 50 distinct hashes, 1000 per second\n"
                       "  seed 3:\n"
                       "    DIR/u.textproto:1: expected \"1\" message, saw 0\n"
                       "    replay: stagepost replay --seed 3 DIR/u.textproto\n"
                       "  seed 7:\n"))
      << out_;
  EXPECT_TRUE(absl::StrContains(out_, "  seed 39:\n")) << out_;
  EXPECT_FALSE(absl::StrContains(out_, "  seed 43:\n")) << out_;
  EXPECT_TRUE(absl::StrContains(out_, "  and 2 more\n38 held, 12 failed;")) << out_;
  EXPECT_EQ(err_, "");
}

TEST_F(StagepostTest, ShowsProgressWhenItTakesLong) {
  tick_ = absl::Seconds(1);
  const std::string file = Write("g.textproto", Scenario("good"));
  EXPECT_EQ(Call({"replay", "--seeds", "1..5", file}), 0);
  EXPECT_EQ(err_, "good: 2 of 5 seeds, 0 failed\ngood: 4 of 5 seeds, 0 failed\n");
}

TEST_F(StagepostTest, WritesAndReadsChoices) {
  const std::string file = Write("g.textproto", Scenario("good"));
  EXPECT_EQ(Call({"replay", "--seed=9", "--record=" + Path("c"), file}), 0);
  EXPECT_EQ(*ReadWholeFile(Path("c"), 100), "stagepost-choices 1 seed 9\n");
  EXPECT_EQ(Call({"replay", "--choices", Path("c"), "--record", Path("d"), "--json", file}), 0);
  EXPECT_EQ(*ReadWholeFile(Path("d"), 100), "stagepost-choices 1 seed 9\n");
  EXPECT_TRUE(absl::StrContains(out_, "\"seed\": 9,")) << out_;
  EXPECT_TRUE(absl::StrContains(out_, "replay --choices DIR/c DIR/g.textproto")) << out_;

  EXPECT_EQ(Call({"replay", "--record", Path("no/c"), file}), 73);
  EXPECT_EQ(Call({"replay", "--choices", Path("none"), file}), 66);
  Write("bad", "stagepost-choices 1 seed 9\nx y\n");
  EXPECT_EQ(Call({"replay", "--choices", Path("bad"), file}), 65);
  EXPECT_EQ(err_,
            "stagepost: "
            "DIR/bad: line 2: expected VALUE or VALUE*COUNT, found \"y\"\n");
  Write("h.textproto", Scenario("other"));
  EXPECT_EQ(Call({"replay", "--choices", Path("c"), folder_}), 64);
}

TEST_F(StagepostTest, BadInputHasItsOwnExitStatus) {
  EXPECT_EQ(Call({"replay", Path("none.textproto")}), 66);
  EXPECT_EQ(err_, "DIR/none.textproto: No such file or directory\n");
  EXPECT_EQ(Call({"replay", Path("none/...")}), 66);
  EXPECT_EQ(Call({"replay", folder_}), 66);
  EXPECT_EQ(err_, "stagepost: DIR: no *.textproto file below it\n");

  const std::string wrong = Write("wrong.textproto", "nmae: \"x\"\n");
  EXPECT_EQ(Call({"replay", wrong}), 65);
  EXPECT_EQ(err_,
            "DIR/wrong.textproto:1:1: field \"nmae\": Scenario has no such field (did you mean "
            "\"name\"?)\n");
  const std::string broken = Write("broken.textproto", Scenario("broken"));
  EXPECT_EQ(Call({"replay", "--seeds=1..100", broken}), 65);
  EXPECT_EQ(err_, "f:1: no such thing yet\n");
}

TEST_F(StagepostTest, OneBadFileDoesNotHideTheOthers) {
  Write("1.textproto", "x");
  Write("2.textproto", Scenario("fails"));
  Write("3.textproto", Scenario("good"));
  EXPECT_EQ(Call({"replay", folder_}), 65);
  EXPECT_TRUE(absl::StrContains(out_, "1 held, 1 failed, 1 could not be run;")) << out_;
}

TEST_F(StagepostTest, JsonHasStableNames) {
  Write("1.textproto", "x");
  Write("2.textproto", Scenario("fails"));
  Write("3.textproto", Scenario("skips"));
  EXPECT_EQ(Call({"replay", "--json", "--trace", folder_}), 65);
  EXPECT_EQ(out_, R"json({
  "scenarios": [
    {"name": "", "file": "DIR/1.textproto", "seed": 1, "result": "error", "error": "DIR/1.textproto:1:1: field \"x\": Scenario has no such field (known: name, summary, covers, world, step, expect, time_limit)"},
    {"name": "fails", "file": "DIR/2.textproto", "seed": 1, "result": "failed", "failures": [{"where": "DIR/2.textproto:1", "what": "expected \"1\" message, saw 0"}], "remarks": [], "skipped": [], "virtual_seconds": 1.500000007, "real_seconds": 0.001000000, "trace_hash": "00000000000000000000000000000001", "events": 42, "replay": "stagepost replay --seed 1 DIR/2.textproto", "trace": "a trace\n"},
    {"name": "skips", "file": "DIR/3.textproto", "seed": 1, "result": "held", "failures": [], "remarks": [], "skipped": ["f:2: no TLS here"], "virtual_seconds": 1.500000007, "real_seconds": 0.001000000, "trace_hash": "00000000000000000000000000000001", "events": 42, "replay": "stagepost replay --seed 1 DIR/3.textproto", "trace": "a trace\n"}
  ],
  "held": 1,
  "failed": 1,
  "errors": 1,
  "skipped": 1
}
)json");
}

TEST_F(StagepostTest, JsonOfManySeedsHasSummaries) {
  const std::string file = Write("u.textproto", Scenario("unlucky"));
  EXPECT_EQ(Call({"replay", "--json", "--seeds=3..4", file}), 1);
  EXPECT_TRUE(absl::StrContains(out_, R"(  "summaries": [
    {"name": "unlucky", "file": "DIR/u.textproto", "seeds": 2, "held": 1, "distinct_hashes": 2}
  ],
)")) << out_;
}

TEST_F(StagepostTest, FindsScenariosInOrder) {
  Write("b/z.textproto", "");
  Write("b/a.textproto", "");
  Write("a.textproto", "");
  Write("c.txt", "");
  fs::create_directory_symlink(Path("b"), Path("link"));
  const auto files = FindScenarios({Path("c.txt"), folder_ + "/"});
  ASSERT_TRUE(files.ok()) << files.status();
  EXPECT_EQ(*files, (std::vector<std::string>{Path("c.txt"), Path("a.textproto"),
                                              Path("b/a.textproto"), Path("b/z.textproto")}));
}

TEST_F(StagepostTest, ReadsNoMoreThanItMust) {
  EXPECT_EQ(ReadWholeFile(Write("f", "12345"), 5)->size(), 5u);
  EXPECT_EQ(ReadWholeFile(Write("f", "1234567"), 5)->size(), 6u);
  EXPECT_EQ(ReadWholeFile("/dev/zero", 5)->size(), 6u);
  EXPECT_TRUE(absl::IsNotFound(ReadWholeFile(folder_, 5).status()));
}

TEST(ReplayOptions, TakeValuesInBothForms) {
  const auto options = ParseReplayOptions({"a", "--seed=18446744073709551615", "--", "--json"});
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->first_seed, ~uint64_t{0});
  EXPECT_EQ(options->arguments, (std::vector<std::string>{"a", "--json"}));
  EXPECT_FALSE(options->json);
}

TEST(Json, StringsAreUtf8) {
  EXPECT_EQ(JsonString("a\"\\\n\x01\x7f"), R"("a\"\\\n\u0001\u007f")");
  EXPECT_EQ(JsonString("\xc3\xa4\xe2\x82\xac\xf0\x9f\x93\xae"),
            "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x93\xae\"");
  EXPECT_EQ(JsonString("\xff\xc3"), R"("\ufffd\ufffd")");
  EXPECT_EQ(JsonString("\xc0\x80\xed\xa0\x80"), R"("\ufffd\ufffd\ufffd\ufffd\ufffd")");
}

TEST(Shell, WordsAreQuotedWhereTheyMustBe) {
  EXPECT_EQ(ShellWord("a/b-1.textproto"), "a/b-1.textproto");
  EXPECT_EQ(ShellWord("a b"), "'a b'");
  EXPECT_EQ(ShellWord("a'b"), "'a'\\''b'");
  EXPECT_EQ(ShellWord(""), "''");
}

}  // namespace
}  // namespace stagepost
