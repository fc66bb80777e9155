#include "sim/peer/sh.h"

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "mta/async/scope.h"
#include "mta/base/errno.h"
#include "mta/base/status_macros.h"
#include "sim/peer/sh_parser.h"
#include "sim/peer/sh_programs.h"
#include "sim/peer/sh_streams.h"
#include "sim/peer/sh_utilities.h"
#include "sim/world/sim_pipe.h"

namespace stagepost {
namespace {

constexpr int kUsageStatus = 2;
constexpr size_t kMaxArgumentBytes = 128 << 10;  // of one command, as Linux has it for one word

struct Shell {
  Environment& env;
  Arguments parameters;  // $0, $1, …
  int status = 0;
  bool exiting = false;

  std::string Where(int line) const { return absl::StrCat(parameters[0], ": ", line, ": "); }
};

std::string ValueOf(const Shell& shell, const std::string& name) {
  size_t index = 0;
  if (name == "?") return absl::StrCat(shell.status);
  if (name == "$") return absl::StrCat(static_cast<int>(shell.env.process().pid()));
  if (name == "#") return absl::StrCat(shell.parameters.size() - 1);
  if (absl::SimpleAtoi(name, &index)) {
    return index < shell.parameters.size() ? shell.parameters[index] : "";
  }
  return shell.env.process().EnvironmentVariable(name).value_or("");
}

// One word as the fields it stands for: values without quotes are split at blanks.
class Fields {
 public:
  explicit Fields(const Shell& shell) : shell_(shell) {}

  absl::Status Add(const ShWord& word) {
    open_ = false;
    for (const ShPart& part : word.parts) {
      const bool text = part.kind == ShPart::Kind::kText;
      const std::string value = text ? part.text : ValueOf(shell_, part.text);
      bytes_ += value.size();
      if (bytes_ > kMaxArgumentBytes) return ErrnoStatus(Errno::kE2BIG, "expansion");
      if (text || part.quoted) {
        Current() += value;
        continue;
      }
      if (IsShellPattern(value)) {
        return absl::InvalidArgumentError(
            absl::StrCat("a pattern of file names in $", part.text, " ", kNotInSimulatedShell));
      }
      Split(value);
    }
    return absl::OkStatus();
  }
  Arguments Take() { return std::move(fields_); }

 private:
  std::string& Current() {
    if (!open_) fields_.emplace_back();
    open_ = true;
    return fields_.back();
  }
  void Split(absl::string_view value) {
    for (const char c : value) {
      if (c == ' ' || c == '\t' || c == '\n') {
        open_ = false;
      } else {
        Current() += c;
      }
    }
  }

  const Shell& shell_;
  Arguments fields_;
  bool open_ = false;  // what comes next belongs to the last field
  size_t bytes_ = 0;
};

Task<absl::Status> OpenRedirection(Shell& shell, const ShRedirection& redirection,
                                   ShStreams& streams) {
  using Kind = ShRedirection::Kind;
  if (redirection.kind == Kind::kDuplicate) {
    const auto source = redirection.source == 1 ? streams.output : streams.error;
    (redirection.descriptor == 1 ? streams.output : streams.error) = source;
    co_return absl::OkStatus();
  }
  Fields fields(shell);
  CO_RETURN_IF_ERROR(fields.Add(redirection.target));
  const Arguments names = fields.Take();
  if (names.size() != 1) co_return absl::InvalidArgumentError("a redirection to several files");
  OpenOptions options = {.read = true};
  if (redirection.kind != Kind::kRead) {
    options = {.write = true, .create = true, .mode = 0666};
    options.truncate = redirection.kind == Kind::kWrite;
    options.append = redirection.kind == Kind::kAppend;
  }
  auto file = co_await shell.env.files().Open(names[0], options);
  if (!file.ok()) {
    co_return absl::InvalidArgumentError(
        absl::StrCat(names[0], ": ", ErrnoText(ErrnoOf(file.status()))));
  }
  if (redirection.kind == Kind::kRead) {
    streams.input = std::make_shared<ShInput>(*std::move(file));
  } else {
    auto& output = redirection.descriptor == 1 ? streams.output : streams.error;
    output = std::make_shared<ShOutput>(*std::move(file));
  }
  co_return absl::OkStatus();
}

// The arguments of the command; its redirections are in `streams` then.
Task<absl::StatusOr<Arguments>> Prepare(Shell& shell, const ShCommand& command,
                                        ShStreams& streams) {
  Fields fields(shell);
  for (const ShWord& word : command.words) CO_RETURN_IF_ERROR(fields.Add(word));
  for (const ShRedirection& redirection : command.redirections) {
    CO_RETURN_IF_ERROR(co_await OpenRedirection(shell, redirection, streams));
  }
  co_return fields.Take();
}

Task<int> Exit(Shell& shell, const ShCall& call) {
  int status = shell.status;
  if (call.arguments.size() > 1 && !absl::SimpleAtoi(call.arguments[1], &status)) {
    status = co_await ShComplain(call, "not a number", kUsageStatus);
  }
  shell.exiting = true;
  co_return status & 255;
}

Task<int> RunCommand(Shell& shell, const ShCommand& command, ShStreams streams) {
  const std::string where = shell.Where(command.line);
  const std::shared_ptr<ShOutput> error = streams.error;
  const absl::StatusOr<Arguments> arguments = co_await Prepare(shell, command, streams);
  if (!arguments.ok()) {
    (void)co_await error->Write(absl::StrCat(where, arguments.status().message(), "\n"));
    co_return kUsageStatus;
  }
  if (arguments->empty() || (*arguments)[0] == ":") co_return 0;
  const ShCall call{shell.env, streams, *arguments};
  if ((*arguments)[0] == "exit") co_return co_await Exit(shell, call);
  const ShUtility utility = FindShUtility((*arguments)[0]);
  if (utility != nullptr) co_return co_await utility(call);
  co_return co_await RunShProgram(shell.env, streams, *arguments, where);
}

// One of several commands of a pipeline: its exit is its own.
Task<absl::Status> RunStage(const Shell& shell, const ShCommand& command, ShStreams streams,
                            int& status) {
  Shell inner{shell.env, shell.parameters, shell.status};
  status = co_await RunCommand(inner, command, std::move(streams));
  co_return absl::OkStatus();
}

Task<int> RunPipeline(Shell& shell, const ShPipeline& pipeline, const ShStreams& streams) {
  const std::vector<ShCommand>& commands = pipeline.commands;
  if (commands.size() == 1) co_return co_await RunCommand(shell, commands[0], streams);
  std::vector<int> statuses(commands.size(), 0);
  TaskScope stages(co_await CurrentContext(), "sh pipeline", TaskScope::Policy::kSupervise,
                   kMaxShStages);
  std::shared_ptr<ShInput> input = streams.input;
  for (size_t i = 0; i < commands.size(); ++i) {
    ShStreams stage{std::move(input), streams.output, streams.error};
    if (i + 1 < commands.size()) {
      SimPipe pipe = MakeSimPipe();
      stage.output = std::make_shared<ShOutput>(std::move(pipe.sink));
      input = std::make_shared<ShInput>(std::move(pipe.source));
    }
    (void)stages.Spawn(&RunStage, std::cref(shell), std::cref(commands[i]), std::move(stage),
                       std::ref(statuses[i]));
  }
  (void)co_await stages.Join();
  co_return statuses.back();
}

Task<int> RunScript(Shell& shell, std::string text, const ShStreams& streams) {
  const auto script = ParseShell(text);
  if (!script.ok()) {
    (void)co_await streams.error->Write(
        absl::StrCat(shell.parameters[0], ": ", script.status().message(), "\n"));
    co_return kUsageStatus;
  }
  for (const ShPipeline& pipeline : *script) {
    if (pipeline.when == ShPipeline::When::kIfSucceeded && shell.status != 0) continue;
    if (pipeline.when == ShPipeline::When::kIfFailed && shell.status == 0) continue;
    shell.status = co_await RunPipeline(shell, pipeline, streams);
    if (shell.exiting) break;
  }
  co_return shell.status;
}

Task<absl::StatusOr<std::string>> ReadScript(FileSystem& files, std::string path) {
  CO_ASSIGN_OR_RETURN(std::unique_ptr<File> file, co_await files.Open(path, {.read = true}));
  std::string text;
  std::array<char, 4096> buffer;
  while (text.size() <= kMaxShScriptBytes) {
    CO_ASSIGN_OR_RETURN(const size_t got, co_await file->Read(text.size(), absl::MakeSpan(buffer)));
    if (got == 0) break;
    text.append(buffer.data(), got);
  }
  co_return text;
}

}  // namespace

Task<int> ShMain(Environment& env, Arguments arguments) {
  const ShStreams streams{std::make_shared<ShInput>(env.process().standard_input()),
                          std::make_shared<ShOutput>(env.process().standard_output()),
                          std::make_shared<ShOutput>(env.process().standard_error())};
  if (arguments.size() > 2 && arguments[1] == "-c") {
    const std::string text = arguments[2];
    arguments.erase(arguments.begin() + 1, arguments.begin() + 3);
    // The word after the text is $0; messages begin with "sh" without one.
    if (arguments.size() > 1) {
      arguments.erase(arguments.begin());
    } else {
      arguments[0] = "sh";
    }
    Shell shell{env, std::move(arguments)};
    co_return co_await RunScript(shell, text, streams);
  }
  if (arguments.size() < 2 || arguments[1].empty() || arguments[1][0] == '-') {
    const std::string what = arguments.size() < 2 ? "a script on standard input" : arguments[1];
    (void)co_await streams.error->Write(
        absl::StrCat("sh: ", what, " ", kNotInSimulatedShell, "\n"));
    co_return kUsageStatus;
  }
  const auto text = co_await ReadScript(env.files(), arguments[1]);
  if (!text.ok()) {
    const Errno error = ErrnoOf(text.status());
    (void)co_await streams.error->Write(
        absl::StrCat("sh: ", arguments[1], ": ", ErrnoText(error), "\n"));
    co_return error == Errno::kENOENT ? 127 : 126;
  }
  arguments.erase(arguments.begin());
  Shell shell{env, std::move(arguments)};
  co_return co_await RunScript(shell, *text, streams);
}

}  // namespace stagepost
