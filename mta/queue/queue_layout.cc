#include "mta/queue/queue_layout.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "mta/base/errno.h"
#include "mta/base/status_macros.h"
#include "mta/cf/option_value.h"

namespace stagepost {
namespace {

QueueSortOrder OrderOf(char letter) {
  switch (letter) {
    case 'h':
      return QueueSortOrder::kHost;
    case 'f':
      return QueueSortOrder::kFileName;
    case 'm':
      return QueueSortOrder::kModification;
    case 'r':
      return QueueSortOrder::kRandom;
    case 't':
      return QueueSortOrder::kTime;
    case 'n':
      return QueueSortOrder::kNone;
    default:
      return QueueSortOrder::kPriority;
  }
}

SuperSafe SuperSafeOf(char letter) {
  switch (letter) {
    case 'i':
      return SuperSafe::kInteractive;
    case 'p':
      return SuperSafe::kPostMilter;
    case 'f':
      return SuperSafe::kFalse;
    default:
      return SuperSafe::kTrue;
  }
}

// "/var/spool/mqueue/q*" -> base "/var/spool/mqueue/", group path "/var/spool/mqueue/q", wildcard.
void SetDirectory(absl::string_view directory, QueueLayout& layout) {
  if (directory.empty()) directory = "mqueue";
  QueueGroupLayout& group = layout.groups[0];
  group.wildcard = absl::ConsumeSuffix(&directory, "*");
  group.path = std::string(directory);
  if (group.wildcard) {
    const size_t slash = directory.rfind('/');
    layout.base = slash == directory.npos ? "./" : std::string(directory.substr(0, slash + 1));
    return;
  }
  while (group.path.size() > 1 && group.path.back() == '/') group.path.pop_back();
  layout.base = group.path == "/" ? "/" : absl::StrCat(group.path, "/");
}

constexpr int64_t kMaxGroupNumber = 1'000'000;

// As sendmail reads numbers: what is none counts as 0.
int NumberOf(const QueueGroup& line, char key, int otherwise) {
  const auto it = line.equates.find(key);
  if (it == line.equates.end()) return otherwise;
  return static_cast<int>(std::max<int64_t>(ReadNumber(it->second, kMaxGroupNumber), 0));
}

absl::Status SetPath(absl::string_view path, const QueueLayout& layout, QueueGroupLayout& group) {
  if (!absl::StartsWith(path, "/")) {
    return ErrnoStatus(Errno::kENOENT, absl::StrCat("QueuePath ", path, " not absolute"));
  }
  const bool inside = absl::StartsWith(path, layout.base) || absl::StrCat(path, "/") == layout.base;
  if (!inside) {
    return ErrnoStatus(
        Errno::kENOENT,
        absl::StrCat("QueuePath ", path, " not subpath of QueueDirectory ", layout.base));
  }
  group.wildcard = absl::ConsumeSuffix(&path, "*");
  group.path = std::string(path);
  while (!group.wildcard && group.path.size() > 1 && group.path.back() == '/') {
    group.path.pop_back();
  }
  return absl::OkStatus();
}

absl::Status ReadGroup(const QueueGroup& line, QueueLayout& layout,
                       std::vector<std::string>& warnings) {
  const bool is_default = absl::EqualsIgnoreCase(line.name, kDefaultQueueGroup);
  QueueGroupLayout group = layout.groups[0];
  if (!is_default) {
    group = {.name = line.name,
             .path = group.path,
             .wildcard = group.wildcard,
             .runners = group.runners,
             .runners_given = group.runners_given};
  }
  const auto path = line.equates.find('P');
  if (path != line.equates.end()) RETURN_IF_ERROR(SetPath(path->second, layout, group));
  const auto flags = line.equates.find('F');
  if (flags != line.equates.end()) group.parallel = absl::StrContains(flags->second, "f");
  group.runners = NumberOf(line, 'R', group.runners);
  group.runners_given = group.runners_given || line.equates.count('R') > 0;
  group.max_jobs = NumberOf(line, 'J', group.max_jobs);
  group.max_recipients = NumberOf(line, 'r', group.max_recipients);
  group.nice = NumberOf(line, 'N', group.nice);
  const auto interval = line.equates.find('I');
  if (interval != line.equates.end()) {
    std::vector<std::string> said_by_the_reader;
    group.interval = absl::Seconds(ReadInterval(interval->second, 'm', said_by_the_reader));
  }
  if (line.equates.count('R') > 0 && group.runners > 1 && !group.parallel) {
    warnings.push_back(absl::StrCat("Warning: Q=", line.name, ": R=", group.runners,
                                    ": multiple queue runners specified\n\tbut flag '", "f",
                                    "' is not set\n"));
  }
  if (is_default) {
    layout.groups[0] = std::move(group);
  } else {
    layout.groups.push_back(std::move(group));
  }
  return absl::OkStatus();
}

}  // namespace

const QueueGroupLayout* QueueLayout::FindGroup(absl::string_view name) const {
  for (const QueueGroupLayout& group : groups) {
    if (absl::EqualsIgnoreCase(group.name, name)) return &group;
  }
  return nullptr;
}

absl::StatusOr<QueueLayout> MakeQueueLayout(const Configuration& configuration,
                                            std::vector<std::string>& warnings) {
  const Options& options = configuration.options;
  QueueLayout layout;
  SetDirectory(options.Text(OptionId::kQueueDirectory), layout);
  layout.groups[0].runners = static_cast<int>(
      std::clamp<int64_t>(options.Number(OptionId::kMaxRunnersPerQueue), 0, 1'000'000));
  layout.groups[0].runners_given = options.IsSet(OptionId::kMaxRunnersPerQueue);
  layout.submission = options.Flag(OptionId::kUseMSP);
  if (options.IsSet(OptionId::kQueueFileMode)) {
    layout.file_mode =
        static_cast<FileMode>(options.Number(OptionId::kQueueFileMode)) & FileMode{0777};
  }
  layout.super_safe = SuperSafeOf(options.Character(OptionId::kSuperSafe));
  layout.delivers_first = options.Character(OptionId::kDeliveryMode) == 'i';
  layout.min_free_blocks = options.Number(OptionId::kMinFreeBlocks);
  layout.order = OrderOf(options.Character(OptionId::kQueueSortOrder));
  layout.max_run_size = options.Number(OptionId::kMaxQueueRunSize);
  layout.min_age = options.Interval(OptionId::kMinQueueAge);
  layout.max_age = options.Interval(OptionId::kMaxQueueAge);
  layout.recipient_factor = options.Number(OptionId::kRecipientFactor);
  layout.class_factor = options.Number(OptionId::kClassFactor);
  layout.retry_factor = options.Number(OptionId::kRetryFactor);
  layout.queue_factor = options.Number(OptionId::kQueueFactor);
  if (options.IsSet(OptionId::kQueueLA)) layout.queue_load = options.Number(OptionId::kQueueLA);
  for (const QueueGroup& line : configuration.queue_groups) {
    RETURN_IF_ERROR(ReadGroup(line, layout, warnings));
  }
  return layout;
}

std::vector<std::string> ChangeLayout(QueueLayout wanted, QueueLayout& layout) {
  std::vector<std::string> stays;
  bool same_groups = wanted.base == layout.base && wanted.groups.size() == layout.groups.size();
  for (QueueGroupLayout& group : layout.groups) {
    const QueueGroupLayout* const other = wanted.FindGroup(group.name);
    const bool same =
        other != nullptr && other->path == group.path && other->wildcard == group.wildcard;
    same_groups = same_groups && same;
    if (same) group = *other;
  }
  if (!same_groups) stays.push_back("QueueDirectory and the directories of queue groups");
  if (wanted.super_safe != layout.super_safe) stays.push_back("SuperSafe");
  wanted.base = std::move(layout.base);
  wanted.groups = std::move(layout.groups);
  wanted.super_safe = layout.super_safe;
  wanted.delivers_first = layout.delivers_first;
  layout = std::move(wanted);
  return stays;
}

QueueLayout SingleQueue(absl::string_view directory) {
  QueueLayout layout;
  SetDirectory(directory, layout);
  return layout;
}

std::vector<QueuePart> DivideByQueueGroup(const QueueLayout& layout,
                                          absl::Span<const std::string> groups) {
  std::vector<QueuePart> by_group;
  std::map<std::string, size_t> index;
  for (size_t i = 0; i < groups.size(); ++i) {
    const QueueGroupLayout* group = layout.FindGroup(groups[i]);
    const std::string& name = group == nullptr ? layout.groups[0].name : group->name;
    const auto [it, is_new] = index.emplace(name, by_group.size());
    if (is_new) by_group.push_back({name, {}});
    by_group[it->second].recipients.push_back(i);
  }
  std::vector<QueuePart> parts;
  for (QueuePart& whole : by_group) {
    const size_t limit = static_cast<size_t>(layout.FindGroup(whole.group)->max_recipients);
    const size_t step = limit == 0 ? whole.recipients.size() : limit;
    for (size_t from = 0; from < whole.recipients.size(); from += step) {
      const size_t to = std::min(from + step, whole.recipients.size());
      parts.push_back({whole.group,
                       {whole.recipients.begin() + static_cast<ptrdiff_t>(from),
                        whole.recipients.begin() + static_cast<ptrdiff_t>(to)}});
    }
  }
  return parts;
}

int64_t InitialPriority(const QueueLayout& layout, int64_t message_bytes, int message_class,
                        size_t recipients) {
  return message_bytes - message_class * layout.class_factor +
         static_cast<int64_t>(recipients) * layout.recipient_factor;
}

bool IsTooYoung(const QueueLayout& layout, absl::Time now, absl::Time created,
                absl::Time last_attempt, int attempts) {
  if (attempts <= 0 || last_attempt == absl::InfinitePast()) return false;
  const absl::Duration since = now - last_attempt;
  // A time of the future is a clock that was set, and no reason to wait.
  if (since < absl::ZeroDuration()) return false;
  if (since < layout.min_age) return true;
  if (layout.max_age <= absl::ZeroDuration()) return false;
  return since < std::min(last_attempt - created, layout.max_age);
}

bool IsOnlyQueued(const QueueLayout& layout, double load, int64_t priority) {
  if (!layout.queue_load.has_value()) return false;
  const double excess = load - static_cast<double>(*layout.queue_load);
  if (excess < 0) return false;
  return static_cast<double>(priority) > static_cast<double>(layout.queue_factor) / (excess + 1);
}

}  // namespace stagepost
