// The class program: what a program prints for the key.
#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "mta/base/status_macros.h"
#include "mta/env/stream.h"
#include "mta/maps/map_classes.h"

namespace stagepost {
namespace {

// What of the output counts; the rest is read and forgotten.
constexpr size_t kMaxOutputBytes = 2047;

// Who DefaultUser is; sendmail's own, the user number 1, where it names none.
Identity DefaultIdentity(const Options& options, Accounts& accounts) {
  const absl::string_view text = options.Text(OptionId::kDefaultUser);
  const size_t colon = std::min(text.find_first_of(":."), text.size());
  Identity identity{UserId{1}, GroupId{1}, {}};
  uint32_t number = 0;
  if (absl::SimpleAtoi(text.substr(0, colon), &number)) {
    identity.user = UserId{number};
  } else if (const auto user = accounts.FindUser(text.substr(0, colon)); user.ok()) {
    identity.user = user->id;
    identity.group = user->group;
  }
  const absl::string_view group_name = text.substr(std::min(colon + 1, text.size()));
  if (absl::SimpleAtoi(group_name, &number)) {
    identity.group = GroupId{number};
  } else if (const auto group = accounts.FindGroup(group_name); group.ok()) {
    identity.group = group->id;
  }
  return identity;
}

class ProgramMap final : public BaseMap {
 public:
  using BaseMap::BaseMap;

 private:
  Task<MapAnswer> AskClass(absl::string_view key,
                           absl::Span<const absl::string_view> arguments) override {
    const ProgramRequest request = Request(key);
    absl::StatusOr<std::unique_ptr<Child>> child = co_await context().env.programs().Start(request);
    if (!child.ok()) co_return MapAnswer{.status = kMapConfiguration};
    const absl::StatusOr<std::string> output = co_await ReadOutput((*child)->TakeOutput());
    const absl::StatusOr<ExitStatus> end = co_await (*child)->Wait();
    if (!end.ok() || !output.ok()) {
      const absl::Status& wrong = end.ok() ? output.status() : end.status();
      co_return Failed(kMapTemporary,
                       absl::StrCat("prog_map_lookup(", name(), "): ", wrong.message()));
    }
    if (end->killed_by.has_value()) {
      co_return Failed(kMapUnavailable,
                       absl::StrCat("prog_map_lookup(", name(), "): child died on signal ",
                                    static_cast<int>(*end->killed_by)));
    }
    if (end->code != 0 || output->empty()) co_return MapAnswer{.status = end->code};
    const absl::string_view line = *output;
    co_return Found(line.substr(0, line.find('\n')), key, arguments);
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
      request.identity = DefaultIdentity(context().configuration.options, env.accounts());
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
