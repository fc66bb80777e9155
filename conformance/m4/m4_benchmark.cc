// How long a sendmail.mc takes: our evaluator, our program, GNU m4.
//
//   bazel run -c opt //conformance/m4:m4_benchmark
//
// In the programs' times are their starts; GNU m4 also starts a shell for sendmail's makeinfo.sh,
// which ours does without (without_makeinfo: neither does). `ratio`: GNU m4's time by ours.
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "benchmark/benchmark.h"
#include "mta/base/check.h"
#include "mta/m4/m4.h"

namespace stagepost {
namespace {

constexpr char kSample[] = "generic-linux.mc";

// The folder cf of sendmail's library; before anybody changes the working directory.
std::string SampleFolder() {
  for (const char* const root : {"external/sendmail_deb", "../sendmail_deb", ".deps"}) {
    const std::string folder = std::string(root) + "/sendmail-cf/usr/share/sendmail/cf/cf";
    if (std::filesystem::is_directory(folder)) return std::filesystem::absolute(folder);
  }
  CHECK(false) << "sendmail-cf is not unpacked: ./tools/setup.sh test";
  return "";
}

std::string OurProgram() { return std::filesystem::absolute("conformance/m4/m4"); }

std::shared_ptr<const std::string> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  CHECK(file.is_open()) << path;
  return std::make_shared<const std::string>(std::istreambuf_iterator<char>(file),
                                             std::istreambuf_iterator<char>());
}

// Reads files as they are asked for.
void RunToEnd(M4& m4, const std::string& folder, M4Event end) {
  while (true) {
    const M4Event event = m4.Run(1'000'000'000);
    if (event == end) return;
    CHECK(event == M4Event::kNeedFile);
    const std::string name = m4.request().name;
    m4.GiveFile(name, ReadFile(folder + "/" + name));
  }
}

void BM_Evaluator(benchmark::State& state) {
  const std::string folder = SampleFolder();
  size_t bytes = 0;
  for (auto _ : state) {
    M4 m4{M4Limits()};
    m4.Define("_NO_MAKEINFO_", "");
    for (const char* const name : {"../m4/cf.m4", kSample}) {
      m4.Begin(name, ReadFile(folder + "/" + name));
      RunToEnd(m4, folder, M4Event::kInputEnd);
    }
    m4.End();
    RunToEnd(m4, folder, M4Event::kFinished);
    bytes = m4.TakeOutput().size();
  }
  CHECK(bytes > 10'000);
  state.counters["output_bytes"] = static_cast<double>(bytes);
}
BENCHMARK(BM_Evaluator)->Unit(benchmark::kMillisecond);

// Seconds from start to end of one run.
double TimeOf(const std::string& program, const std::string& folder, bool makeinfo) {
  std::vector<std::string> words = {"m4", "../m4/cf.m4", kSample};
  if (!makeinfo) words.insert(words.begin() + 1, "-D_NO_MAKEINFO_");
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  CHECK(posix_spawn_file_actions_init(&actions) == 0);
  CHECK(posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", 1, 0) == 0);
  CHECK(posix_spawn_file_actions_addchdir_np(&actions, folder.c_str()) == 0);
  const auto begin = std::chrono::steady_clock::now();
  pid_t child = 0;
  CHECK(posix_spawn(&child, program.c_str(), &actions, nullptr, arguments.data(), environ) == 0);
  int status = 0;
  CHECK(waitpid(child, &status, 0) == child);
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin;
  CHECK(status == 0) << program << " failed";
  posix_spawn_file_actions_destroy(&actions);
  return taken.count();
}

// One after the other, so that both see the same machine.
void BM_ProgramAndGnu(benchmark::State& state) {
  const std::string folder = SampleFolder();
  const std::string ours = OurProgram();
  const bool makeinfo = state.range(0) != 0;
  double our_time = 0;
  double gnu_time = 0;
  for (auto _ : state) {
    const double taken = TimeOf(ours, folder, makeinfo);
    state.SetIterationTime(taken);
    our_time += taken;
    gnu_time += TimeOf("/usr/bin/m4", folder, makeinfo);
  }
  const double runs = static_cast<double>(state.iterations());
  state.counters["gnu_ms"] = gnu_time / runs * 1000;
  state.counters["ratio"] = gnu_time / our_time;
}
BENCHMARK(BM_ProgramAndGnu)
    ->ArgName("makeinfo")
    ->Arg(1)
    ->Arg(0)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace stagepost
