// The classes sequence and switch: maps made of maps, asked one after the other.
#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "mta/dns/host_lookup.h"
#include "mta/maps/map_classes.h"
#include "mta/maps/map_table.h"

namespace stagepost {
namespace {

constexpr size_t kMaxMembers = 12;
// Maps made of maps that one look-up may go through.
constexpr int kMaxVisits = 1000;

class SequenceMap : public BaseMap {
 public:
  SequenceMap(const MapArguments& arguments, MapFlags flags)
      : BaseMap(arguments.context, arguments.name, arguments.map_class, std::move(flags)),
        table_(arguments.table) {}

  void AddMember(absl::string_view name) { members_.emplace_back(name); }
  const std::vector<std::string>& members() const { return members_; }

 protected:
  Task<absl::Status> OpenClass(std::string&) override {
    int visits = kMaxVisits;
    if (IsTooDeep(*this, kMaxMapDepth, visits)) {
      co_return absl::InvalidArgumentError(
          absl::StrCat("Sequence map ", name(), ": maps within maps without end"));
    }
    co_return absl::OkStatus();
  }

  const MapTable& table() const { return table_; }

 private:
  Task<MapAnswer> AskClass(absl::string_view key,
                           absl::Span<const absl::string_view> arguments) override {
    MapAnswer all{.status = kExitNoHost};
    for (const std::string& name : members_) {
      Map* const member = table_.Find(name);
      std::string message;
      if (member == nullptr || !co_await member->Open(message)) continue;
      MapAnswer answer = co_await member->Ask(key, arguments);
      for (const std::string& text : {message, answer.message}) {
        if (!text.empty()) absl::StrAppend(&all.message, all.message.empty() ? "" : "\n", text);
      }
      if (answer.value.has_value()) {
        all.value = std::move(answer.value);
        all.status = kExitOk;
        break;
      }
      if (answer.status == kExitTemporaryFailure) all.status = kExitTemporaryFailure;
    }
    co_return all;
  }

  // Whether maps stand within maps more than `depth` deep, or so that one look-up may ask more than
  // `visits` of them; a ring does both. The members of a switch that is not open yet do not count;
  // it looks itself when it is opened.
  bool IsTooDeep(const SequenceMap& map, int depth, int& visits) const {
    if (depth == 0 || --visits < 0) return true;
    for (const std::string& name : map.members_) {
      const auto* const member = dynamic_cast<const SequenceMap*>(table_.Find(name));
      if (member != nullptr && IsTooDeep(*member, depth - 1, visits)) return true;
    }
    return false;
  }

  const MapTable& table_;
  std::vector<std::string> members_;  // names: a later K line may give one another map
};

// A sequence whose members come from the service switch: NAME.SOURCE for each source of a service.
class SwitchMap final : public SequenceMap {
 public:
  using SequenceMap::SequenceMap;

 private:
  Task<absl::Status> OpenClass(std::string& message) override {
    const std::vector<std::string> sources = co_await context().hosts.SourcesOf(flags().file);
    if (sources.empty()) co_return absl::NotFoundError("");
    if (!members().empty()) co_return absl::OkStatus();
    for (const std::string& source : sources) {
      const std::string member = absl::StrCat(name(), ".", source);
      if (table().Find(member) != nullptr) {
        AddMember(member);
      } else {
        absl::StrAppend(&message, message.empty() ? "" : "\n", "Switch map ", name(),
                        ": unknown member map ", member);
      }
    }
    co_return co_await SequenceMap::OpenClass(message);
  }
};

bool IsNameCharacter(char c) { return absl::ascii_isalnum(c) || c == '_' || c == '.'; }

}  // namespace

std::unique_ptr<BaseMap> MakeSequenceMap(const MapArguments& arguments) {
  auto map = std::make_unique<SequenceMap>(arguments, MapFlags());
  absl::string_view text = arguments.text;
  while (!text.empty()) {
    size_t end = 0;
    while (end < text.size() && IsNameCharacter(text[end])) ++end;
    const absl::string_view name = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (name.empty()) continue;
    const absl::string_view owner = arguments.name;
    if (arguments.table.Find(name) == nullptr && !absl::EqualsIgnoreCase(name, owner)) {
      arguments.errors.push_back(
          absl::StrCat("Sequence map ", owner, ": unknown member map ", name));
    } else if (map->members().size() == kMaxMembers) {
      arguments.errors.push_back(
          absl::StrCat("Sequence map ", owner, ": too many member maps (", kMaxMembers, " max)"));
      break;
    } else {
      map->AddMember(name);
    }
  }
  return map;
}

std::unique_ptr<BaseMap> MakeSwitchMap(const MapArguments& arguments) {
  MapFlags flags = CommonFlags(arguments);
  const bool has_file = HasFile(arguments, flags);
  auto map = std::make_unique<SwitchMap>(arguments, std::move(flags));
  if (!has_file) map->Invalidate();
  return map;
}

}  // namespace stagepost
