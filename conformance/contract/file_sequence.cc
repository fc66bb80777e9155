#include "conformance/contract/file_sequence.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "sim/choice/choices.h"

namespace stagepost::file_sequence {
namespace {

constexpr uint64_t kIdentities = 5;
constexpr uint64_t kMinSteps = 20, kMaxSteps = 40;

class Generator {
 public:
  explicit Generator(Choices& choices) : choices_(choices), stream_(choices.StreamOf("step")) {}

  Step Next() {
    Step step;
    step.call = static_cast<Call>(Pick(static_cast<uint64_t>(Call::kCount)));
    if (Pick(3) == 0) step.call = Call::kOpen;
    if (Pick(5) == 0) step.call = Call::kMkdir;
    step.who = Pick(3) == 0 ? 0 : static_cast<int>(Pick(kIdentities));
    static constexpr FileMode kUmasks[] = {022, 0, 077, 027};
    step.umask = kUmasks[Pick(4)];
    step.handle = static_cast<int>(Pick(kHandles));
    step.path = Path();
    step.path2 = Path();
    step.open = RandomOpen();
    step.mode = Mode();
    static constexpr uint32_t kUsers[] = {0, 1001, 1002, 1003}, kGroups[] = {0, 1001, 1002, 12};
    if (Pick(3) != 0) step.owner = UserId{kUsers[Pick(4)]};
    if (Pick(3) != 0) step.group = GroupId{kGroups[Pick(4)]};
    step.number = Pick(40);
    step.lock = Pick(2) == 0 ? LockMode::kShared : LockMode::kExclusive;
    return step;
  }

 private:
  uint64_t Pick(uint64_t range) { return choices_.Pick(stream_, range); }
  FileMode Mode() {
    static constexpr FileMode kModes[] = {0755, 0777, 01777, 02775, 0700, 0644,  0600, 0,
                                          0711, 0722, 04755, 06775, 0640, 02644, 0111, 0007};
    return kModes[Pick(std::size(kModes))];
  }
  std::string Path() {
    const uint64_t odd = Pick(60);
    if (odd == 0) return "";
    if (odd == 1) return "/";
    if (odd == 2) return std::string(256, 'x');
    if (odd == 3) return std::string(4096, 'y');
    if (odd == 4) return std::string(255, 'z');
    std::string path = Pick(3) == 0 ? "" : "/";
    const uint64_t depth = 1 + Pick(3);
    for (uint64_t i = 0; i < depth; ++i) {
      if (i != 0) path += Pick(20) == 0 ? "//" : "/";
      static constexpr const char* kNames[] = {"a", "b", "c", "d", "e", "a", "b", "c", ".", ".."};
      path += kNames[Pick(std::size(kNames))];
    }
    if (Pick(15) == 0) path += "/";
    return path;
  }
  OpenOptions RandomOpen() {
    OpenOptions open;
    open.read = Pick(3) != 0;
    open.write = Pick(2) == 0;
    if (!open.read && !open.write) open.read = true;
    open.create = Pick(2) == 0;
    open.exclusive = open.create && Pick(4) == 0;
    open.truncate = Pick(4) == 0;
    open.append = Pick(4) == 0;
    open.no_follow = Pick(4) == 0;
    open.directory = !open.create && Pick(5) == 0;
    open.mode = Mode();
    // Nobody would open the other end of a FIFO.
    open.non_blocking = true;
    return open;
  }
  Choices& choices_;
  const Choices::Stream stream_;
};

}  // namespace

std::vector<Identity> Identities() {
  const auto user = [](uint32_t id) { return UserId{id}; };
  const auto group = [](uint32_t id) { return GroupId{id}; };
  return {
      Identity{kRootUser, kRootGroup, {}},
      Identity{user(1001), group(1001), {group(1001)}},
      Identity{user(1002), group(1002), {group(1001), group(1002)}},
      Identity{user(1003), group(12), {group(12)}},
      Identity{user(1004), kRootGroup, {kRootGroup}},
  };
}

std::vector<Step> SomeTree() {
  std::vector<Step> steps;
  const auto add = [&](Call call, std::string path, FileMode mode, uint32_t owner, uint32_t group) {
    Step step;
    step.call = call;
    step.umask = 0;
    step.path = std::move(path);
    step.mode = step.open.mode = mode;
    step.open.write = step.open.create = true;
    steps.push_back(step);
    if (call == Call::kSymlink) return steps.back().path2.swap(steps.back().path);
    step.call = Call::kLchown;
    step.owner = UserId{owner};
    step.group = GroupId{group};
    steps.push_back(step);
    step.call = Call::kChmod;
    steps.push_back(step);
  };
  add(Call::kMkdir, "/a", 0777, 1001, 1001);
  add(Call::kMkdir, "/b", 01777, 0, 0);
  add(Call::kMkdir, "/c", 02775, 0, 12);
  add(Call::kMkdir, "/a/b", 0750, 1002, 1001);
  add(Call::kMkdir, "/b/a", 02770, 1001, 1001);
  add(Call::kMkdir, "/c/c", 0711, 1003, 12);
  add(Call::kMkfifo, "/a/e", 0620, 1001, 1001);
  add(Call::kMkfifo, "/b/e", 0666, 1002, 1002);
  add(Call::kOpen, "/a/a", 0644, 1001, 1001);
  add(Call::kOpen, "/a/c", 06775, 1002, 1002);
  add(Call::kOpen, "/b/b", 0666, 1001, 1001);
  add(Call::kOpen, "/c/a", 0660, 1002, 12);
  add(Call::kOpen, "/c/c/a", 0604, 1004, 0);
  const std::pair<const char*, const char*> kLinks[] = {
      {"../a", "/b/c"}, {"/a/a", "/c/b"}, {"a/../c", "/d"}, {"nowhere", "/a/d"}, {"e", "/e"}};
  for (const auto& [target, path] : kLinks) {
    add(Call::kSymlink, path, 0, 0, 0);
    steps.back().path = target;
  }
  return steps;
}

std::string Describe(const Step& step) {
  static constexpr const char* kCalls[] = {
      "open",   "close",  "read",   "write",      "ftruncate", "fstat",           "fchmod",
      "fchown", "flock",  "fcntl",  "fsync",      "stat",      "lstat",           "mkdir",
      "rmdir",  "unlink", "rename", "rename_new", "link",      "symlink",         "readlink",
      "chmod",  "lchown", "utime",  "list",       "mkfifo",    "fsync-directory", "statfs",
      "chdir"};
  const OpenOptions& o = step.open;
  return absl::StrFormat(
      "%s who=%d umask=%o handle=%d path='%s' path2='%s' mode=%o owner=%d group=%d number=%d "
      "open=%s%s%s%s%s%s%s%s omode=%o",
      kCalls[static_cast<int>(step.call)], step.who, step.umask, step.handle,
      step.path.substr(0, 40), step.path2.substr(0, 40), step.mode,
      step.owner ? static_cast<int>(*step.owner) : -1,
      step.group ? static_cast<int>(*step.group) : -1, step.number, o.read ? "r" : "",
      o.write ? "w" : "", o.create ? "c" : "", o.exclusive ? "x" : "", o.truncate ? "t" : "",
      o.append ? "a" : "", o.no_follow ? "n" : "", o.directory ? "d" : "", o.mode);
}

std::vector<Step> Sequence(uint64_t seed) {
  Choices choices = Choices::FromSeed(seed, {.record = false});
  std::vector<Step> steps = SomeTree();
  Generator generator(choices);
  const uint64_t count = kMinSteps + choices.Pick("count", kMaxSteps - kMinSteps + 1);
  for (uint64_t i = 0; i < count; ++i) steps.push_back(generator.Next());
  return steps;
}

std::string BytesOf(const Step& step) { return absl::StrCat("w", step.number, step.mode); }

std::string StatText(const FileStat& stat) {
  const uint64_t size = stat.type == FileType::kDirectory ? 0 : stat.size;
  return absl::StrFormat("%d %o %d:%d %d bytes %d links", static_cast<int>(stat.type), stat.mode,
                         static_cast<uint32_t>(stat.owner), static_cast<uint32_t>(stat.group), size,
                         stat.links);
}

std::string ListText(const std::vector<DirectoryEntry>& entries) {
  std::vector<std::string> names;
  for (const DirectoryEntry& entry : entries) {
    names.push_back(absl::StrCat(entry.name, ":", static_cast<int>(entry.type)));
  }
  std::sort(names.begin(), names.end());
  return absl::StrJoin(names, " ");
}

Protections Protections::OfThisMachine() {
  const auto read = [](const char* name) {
    std::ifstream file(absl::StrCat("/proc/sys/fs/protected_", name));
    int value = 0;
    file >> value;
    return value;
  };
  return {read("symlinks"), read("hardlinks"), read("regular"), read("fifos")};
}

std::vector<std::string> TreeOf(FileSide& side) {
  const std::string directory = absl::StrCat(":", static_cast<int>(FileType::kDirectory));
  std::vector<std::string> found;
  std::vector<std::string> todo = {""};
  while (!todo.empty()) {
    const std::string at = std::move(todo.back());
    todo.pop_back();
    Step list;
    list.call = Call::kList;
    list.path = found.empty() ? "/" : at;
    found.push_back(list.path);
    const Outcome names = side.Do(list);
    for (const absl::string_view name : absl::StrSplit(names.text, ' ', absl::SkipEmpty())) {
      std::string path = absl::StrCat(at, "/", name.substr(0, name.rfind(':')));
      (absl::EndsWith(name, directory) ? todo : found).push_back(std::move(path));
    }
  }
  return found;
}

}  // namespace stagepost::file_sequence
