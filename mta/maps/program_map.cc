// The class program: what a program prints for the key.
#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "mta/async/deadline.h"
#include "mta/base/status_macros.h"
#include "mta/cf/default_user.h"
#include "mta/env/stream.h"
#include "mta/maps/map_classes.h"

namespace stagepost {
namespace {

// What of the output counts; the rest is read and forgotten.
constexpr size_t kMaxOutputBytes = 2047;

// A program that takes longer is killed.
constexpr absl::Duration kMaxProgramTime = absl::Minutes(5);

class ProgramMap final : public BaseMap {
 public:
  using BaseMap::BaseMap;

 private:
  Task<MapAnswer> AskClass(absl::string_view key,
                           absl::Span<const absl::string_view> arguments) override {
    const ProgramRequest request = Request(key);
    absl::StatusOr<std::unique_ptr<Child>> child = co_await context().env.programs().Start(request);
    if (!child.ok()) co_return MapAnswer{.status = kExitConfiguration};
    const MonotonicTime deadline = context().env.clock().MonotonicNow() + kMaxProgramTime;
    const absl::StatusOr<Run> run = co_await WithDeadline(deadline, Follow(**child));
    if (absl::IsCancelled(run.status())) co_return MapAnswer{.status = kExitTemporaryFailure};
    if (!run.ok()) {
      co_return Failed(kExitTemporaryFailure,
                       absl::StrCat("prog_map_lookup(", name(), "): ", run.status().message()));
    }
    if (run->end.killed_by.has_value()) {
      co_return Failed(kExitUnavailable,
                       absl::StrCat("prog_map_lookup(", name(), "): child died on signal ",
                                    static_cast<int>(*run->end.killed_by)));
    }
    if (run->end.code != 0 || run->output.empty()) co_return MapAnswer{.status = run->end.code};
    const absl::string_view line = run->output;
    co_return Found(line.substr(0, line.find('\n')), key, arguments);
  }

  struct Run {
    std::string output;
    ExitStatus end;
  };

  static Task<absl::StatusOr<Run>> Follow(Child& child) {
    Run run;
    CO_ASSIGN_OR_RETURN(run.output, co_await ReadOutput(child.TakeOutput()));
    CO_ASSIGN_OR_RETURN(run.end, co_await child.Wait());
    co_return std::move(run);
  }

  // Runs as the default user, in /tmp, with next to nothing in its environment.
  ProgramRequest Request(absl::string_view key) const {
    ProgramRequest request;
    request.path = flags().file;
    request.arguments = {flags().file};
    for (const absl::string_view word :
         absl::StrSplit(flags().rest, absl::ByAnyChar(" \t"), absl::SkipEmpty())) {
      request.arguments.emplace_back(word);
    }
    request.arguments.emplace_back(key);
    request.environment = {{"AGENT", "sendmail"}};
    request.working_directory = "/tmp";
    request.pipe_output = true;
    Environment& env = context().env;
    if (env.process().credentials().effective_user == kRootUser) {
      request.identity = DefaultUser(context().configuration.options, env.accounts());
    }
    return request;
  }

  static Task<absl::StatusOr<std::string>> ReadOutput(std::unique_ptr<ByteSource> source) {
    std::string output;
    std::vector<char> buffer(4096);
    while (true) {
      CO_ASSIGN_OR_RETURN(const size_t read, co_await source->Read(absl::MakeSpan(buffer)));
      if (read == 0) co_return output;
      output.append(buffer.data(), std::min(read, kMaxOutputBytes - output.size()));
    }
  }
};

}  // namespace

std::unique_ptr<BaseMap> MakeProgramMap(const MapArguments& arguments) {
  MapFlags flags = CommonFlags(arguments);
  const bool has_file = HasFile(arguments, flags);
  auto map = std::make_unique<ProgramMap>(arguments.context, arguments.name, arguments.map_class,
                                          std::move(flags));
  if (!has_file) map->Invalidate();
  return map;
}

}  // namespace stagepost
