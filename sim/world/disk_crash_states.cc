#include "sim/world/disk_crash_states.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "sim/world/disk_journal.h"
#include "sim/world/disk_pending.h"

namespace stagepost {
namespace {

// A file's pending changes are 2^n outcomes; of more changes only prefixes are enumerated.
constexpr size_t kMaxSubsets = 12;

using Names = std::map<std::string, const Inode*, std::less<>>;

// Not by address, which differs between runs.
struct ByNumber {
  bool operator()(const Inode* a, const Inode* b) const { return a->number < b->number; }
};

// What is left of one inode.
struct Remains {
  InodeAttributes attributes;
  std::string bytes;
};

const Inode* RootOf(const Disk& disk) {
  const Identity root;
  const DiskCaller caller{root, 0, nullptr, 0, absl::UnixEpoch()};
  return disk.Find(caller, "/", /*follow=*/true).value;
}

// Directories as a set of surviving entry operations leaves them.
class Entries {
 public:
  Entries(const std::vector<EntryOperation>& operations, const std::vector<bool>& kept) {
    for (const EntryOperation& operation : operations) {
      for (const EntryChange& change : operation.all()) Touch(*change.directory);
    }
    for (size_t i = operations.size(); i-- > 0;) {
      for (int k = operations[i].count; k-- > 0;) {
        Put(operations[i].changes[k], operations[i].changes[k].before);
      }
    }
    for (size_t i = 0; i < operations.size(); ++i) {
      if (!kept[i]) continue;
      for (const EntryChange& change : operations[i].all()) Put(change, change.after);
    }
  }

  const Names& Of(const Inode& directory) { return Touch(directory); }

 private:
  Names& Touch(const Inode& directory) {
    const auto [found, added] = directories_.try_emplace(&directory);
    if (added) {
      for (const DirectoryEntries::Entry& entry : directory.entries.entries()) {
        found->second.emplace(entry.name, entry.inode);
      }
    }
    return found->second;
  }
  void Put(const EntryChange& change, const Inode* inode) {
    Names& names = directories_[change.directory];
    if (inode == nullptr) {
      names.erase(change.name);
    } else {
      names[change.name] = inode;
    }
  }

  std::map<const Inode*, Names, ByNumber> directories_;
};

// The tree below one directory: paths, and what they lead to.
struct Tree {
  std::vector<std::pair<std::string, const Inode*>> lines;  // sorted
  std::vector<const Inode*> inodes;                         // each once, in order of the lines
  std::map<const Inode*, int, ByNumber> links;
};

Tree TreeBelow(Entries& entries, const Inode* at, absl::string_view directory) {
  for (const absl::string_view name : absl::StrSplit(directory, '/', absl::SkipEmpty())) {
    const Names& names = entries.Of(*at);
    const auto found = names.find(name);
    if (found == names.end() || !found->second->is_directory()) return {};
    at = found->second;
  }
  Tree tree;
  std::vector<std::pair<std::string, const Inode*>> todo = {{"", at}};
  while (!todo.empty()) {
    const auto [path, inode] = std::move(todo.back());
    todo.pop_back();
    for (const auto& [name, child] : entries.Of(*inode)) {
      const char* const mark = child->is_directory() ? "/" : "";
      tree.lines.emplace_back(absl::StrCat(path, name, mark), child);
      if (child->is_directory()) todo.push_back(tree.lines.back());
    }
  }
  std::sort(tree.lines.begin(), tree.lines.end());
  for (const auto& [path, inode] : tree.lines) {
    if (++tree.links[inode] == 1) tree.inodes.push_back(inode);
  }
  return tree;
}

std::string Line(const std::string& path, const Inode& inode, const Remains& remains, int links) {
  if (inode.is_symlink()) return absl::StrCat(path, " -> ", remains.bytes, "\n");
  const InodeAttributes& attributes = remains.attributes;
  std::string line = absl::StrFormat("%s %04o %d:%d", path, attributes.mode,
                                     static_cast<uint32_t>(attributes.owner),
                                     static_cast<uint32_t>(attributes.group));
  if (inode.is_regular()) absl::StrAppend(&line, " \"", absl::CEscape(remains.bytes), "\"");
  if (links > 1) absl::StrAppend(&line, " ", links, " links");
  return line + "\n";
}

class Enumerator {
 public:
  Enumerator(const Disk& disk, absl::string_view directory, const CrashStatesOptions& options)
      : operations_(disk.journal().operations()),
        root_(RootOf(disk)),
        directory_(directory),
        options_(options) {}

  CrashStates Run() {
    std::vector<bool> kept;
    ChooseEntries(kept);
    CrashStates result;
    result.states.assign(states_.begin(), states_.end());
    result.complete = complete_;
    return result;
  }

 private:
  bool Full() {
    if (states_.size() < options_.max_states) return false;
    complete_ = false;
    return true;
  }

  // Every set of entry operations that holds what each of its members needs.
  void ChooseEntries(std::vector<bool>& kept) {
    const size_t next = kept.size();
    if (next == operations_.size()) {
      Entries entries(operations_, kept);
      const Tree tree = TreeBelow(entries, root_, directory_);
      std::map<const Inode*, Remains, ByNumber> chosen;
      ChooseRemains(tree, 0, chosen);
      return;
    }
    if (Full()) return;
    bool possible = true;
    for (size_t i = 0; i < next && possible; ++i) {
      possible = kept[i] || !DependsOn(operations_[next], operations_[i]);
    }
    for (const bool keep : {true, false}) {
      if (keep && !possible) continue;
      kept.push_back(keep);
      ChooseEntries(kept);
      kept.pop_back();
    }
  }

  // Of what the tree shows, every combination.
  void ChooseRemains(const Tree& tree, size_t next,
                     std::map<const Inode*, Remains, ByNumber>& chosen) {
    if (next == tree.inodes.size()) {
      std::string text;
      for (const auto& [path, inode] : tree.lines) {
        text += Line(path, *inode, chosen[inode], tree.links.at(inode));
      }
      if (states_.count(text) != 0 || !Full()) states_.insert(std::move(text));
      return;
    }
    const Inode* const inode = tree.inodes[next];
    for (const Remains& remains : RemainsOf(*inode)) {
      if (Full()) return;
      chosen[inode] = remains;
      ChooseRemains(tree, next + 1, chosen);
    }
  }

  const std::vector<Remains>& RemainsOf(const Inode& inode) {
    const auto [found, added] = remains_.try_emplace(&inode);
    std::vector<Remains>& list = found->second;
    if (!added) return list;
    if (inode.pending.empty()) {
      list.push_back({inode.attributes, inode.bytes});
    } else {
      for (const PendingOutcome& outcome : OutcomesOf(inode)) AddRemains(inode, outcome, list);
    }
    return list;
  }

  static void AddRemains(const Inode& inode, const PendingOutcome& outcome,
                         std::vector<Remains>& list) {
    Inode copy;
    copy.type = inode.type;
    copy.attributes = inode.attributes;
    copy.bytes = inode.bytes;
    copy.pending = inode.pending;
    Settle(copy, outcome);
    const auto same = [&](const Remains& other) {
      return other.bytes == copy.bytes && other.attributes.mode == copy.attributes.mode &&
             other.attributes.owner == copy.attributes.owner &&
             other.attributes.group == copy.attributes.group;
    };
    if (std::none_of(list.begin(), list.end(), same)) {
      list.push_back({copy.attributes, std::move(copy.bytes)});
    }
  }

  std::vector<PendingOutcome> OutcomesOf(const Inode& inode) {
    const size_t count = inode.pending.size();
    std::vector<PendingOutcome> outcomes;
    if (count > kMaxSubsets) {
      complete_ = false;
      for (size_t kept = 0; kept <= count; ++kept) {
        std::vector<bool> flags(count, false);
        std::fill_n(flags.begin(), kept, true);
        AddWithTears(inode, flags, outcomes);
      }
      return outcomes;
    }
    for (uint64_t set = 0; set < uint64_t{1} << count; ++set) {
      std::vector<bool> flags(count);
      for (size_t i = 0; i < count; ++i) flags[i] = (set >> i & 1) != 0;
      AddWithTears(inode, flags, outcomes);
    }
    return outcomes;
  }

  // `kept` as it is, and with its last change torn wherever it can be.
  void AddWithTears(const Inode& inode, const std::vector<bool>& kept,
                    std::vector<PendingOutcome>& outcomes) {
    outcomes.push_back({.kept = kept, .tear = std::nullopt});
    size_t last = kept.size();
    while (last > 0 && !kept[last - 1]) --last;
    if (last == 0) return;
    const PendingChange& change = inode.pending[--last];
    if (change.kind != PendingChange::Kind::kWrite) return;
    for (uint64_t bytes = 0; bytes < change.length; bytes += options_.tear_bytes) {
      if (outcomes.size() >= options_.max_states) {
        complete_ = false;
        return;
      }
      for (const bool zero_tail : {false, true}) {
        PendingOutcome::Tear tear{.change = last, .bytes = bytes, .zero_tail = zero_tail};
        outcomes.push_back({.kept = kept, .tear = tear});
      }
    }
  }

  const std::vector<EntryOperation>& operations_;
  const Inode* const root_;
  const absl::string_view directory_;
  const CrashStatesOptions options_;
  std::map<const Inode*, std::vector<Remains>, ByNumber> remains_;
  std::set<std::string> states_;
  bool complete_ = true;
};

}  // namespace

CrashStates AllCrashStates(const Disk& disk, absl::string_view directory,
                           const CrashStatesOptions& options) {
  return Enumerator(disk, directory, options).Run();
}

std::string TreeText(const Disk& disk, absl::string_view directory) {
  Entries entries({}, {});
  const Tree tree = TreeBelow(entries, RootOf(disk), directory);
  std::string text;
  for (const auto& [path, inode] : tree.lines) {
    text += Line(path, *inode, {inode->attributes, inode->bytes}, tree.links.at(inode));
  }
  return text;
}

}  // namespace stagepost
