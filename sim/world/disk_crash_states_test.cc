#include "sim/world/disk_crash_states.h"

#include <functional>
#include <iostream>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gtest/gtest.h"
#include "sim/choice/choices.h"
#include "sim/world/disk_editor.h"

namespace stagepost {
namespace {

constexpr CrashStatesOptions kEveryByte = {.tear_bytes = 1};

// One disk with a queue directory, driven by root.
class Machine {
 public:
  Machine() { EXPECT_TRUE(DiskEditor(disk, absl::UnixEpoch()).MakeDirectories("/q").ok()); }
  OpenFile& Open(absl::string_view path) {
    return *disk.Open(caller, path, {.read = true, .write = true, .create = true}).value;
  }

  const Identity root;
  const DiskCaller caller{root, 0, nullptr, 1, absl::UnixEpoch()};
  Disk disk{absl::UnixEpoch()};
  OpenFile* file = nullptr;
};

// A state of the table, and who would leave it: a journalling ext4 (data=ordered, as Debian mounts
// it), which commits operations in order and a file's name with its sync, or only some other file
// system that POSIX allows.
struct Expected {
  const char* state;
  enum { kExt4, kOnlyPosix } by;
};
struct CrashPoint {
  const char* step;
  std::function<Errno(Machine&)> act;
  std::vector<Expected> states;
};

std::string OneLine(const std::string& state) {
  return state.empty() ? "nothing"
                       : absl::StrReplaceAll(state.substr(0, state.size() - 1),
                                             {{"\n", "; "}, {" 0600 0:0", ""}, {" 0644 0:0", ""}});
}

std::set<std::string> Lines(const CrashStates& states) {
  std::set<std::string> lines;
  for (const std::string& state : states.states) lines.insert(OneLine(state));
  return lines;
}

// Does the steps, and at each compares the states after a crash with the table, and with what
// crashes really leave.
void CheckTable(const std::function<void(Machine&)>& begin, const std::vector<CrashPoint>& points) {
  for (size_t done = 1; done <= points.size(); ++done) {
    const auto make = [&](Machine& machine) {
      begin(machine);
      for (size_t i = 0; i < done; ++i) ASSERT_EQ(points[i].act(machine), Errno::kOk);
    };
    const CrashPoint& point = points[done - 1];
    Machine machine;
    make(machine);
    const CrashStates states = AllCrashStates(machine.disk, "/q", kEveryByte);
    EXPECT_TRUE(states.complete);
    std::set<std::string> expected, crashed;
    for (const Expected& state : point.states) expected.insert(state.state);
    EXPECT_EQ(Lines(states), expected) << point.step;
    std::cout << point.step << ": " << states.states.size() << " states\n";
    for (const Expected& state : point.states) {
      std::cout << "    " << state.state << (state.by == Expected::kExt4 ? "" : "    (not ext4)")
                << "\n";
    }
    for (uint64_t seed = 0; seed < 2000; ++seed) {
      Machine other;
      make(other);
      Choices choices = Choices::FromSeed(seed);
      other.disk.Crash(choices);
      crashed.insert(OneLine(TreeText(other.disk, "/q")));
    }
    EXPECT_EQ(crashed, expected) << point.step;
  }
}

Errno Create(Machine& m) {
  m.file = &m.Open("/q/tf");
  return Errno::kOk;
}
Errno Write(Machine& m) { return m.disk.Write(m.caller, *m.file, 0, "ab").error; }
Errno Sync(Machine& m) { return m.disk.Sync(*m.file); }
Errno Rename(Machine& m) { return m.disk.Rename(m.caller, "/q/tf", "/q/qf"); }
Errno SyncDirectory(Machine& m) { return m.disk.SyncDirectory(m.caller, "/q"); }

constexpr auto kExt4 = Expected::kExt4;
constexpr auto kOnlyPosix = Expected::kOnlyPosix;

// How a queue file comes to be.
TEST(DiskCrashStates, CreateWriteSyncRenameSyncDirectory) {
  CheckTable([](Machine&) {},
             {{"create tf", &Create, {{"nothing", kExt4}, {"tf \"\"", kExt4}}},
              {"write tf",
               &Write,
               {{"nothing", kExt4},
                {"tf \"\"", kExt4},
                {"tf \"ab\"", kExt4},
                {"tf \"a\"", kOnlyPosix},
                {"tf \"a\\000\"", kOnlyPosix},
                {"tf \"\\000\\000\"", kOnlyPosix}}},
              {"sync tf", &Sync, {{"tf \"ab\"", kExt4}, {"nothing", kOnlyPosix}}},
              {"rename tf to qf",
               &Rename,
               {{"tf \"ab\"", kExt4}, {"qf \"ab\"", kExt4}, {"nothing", kOnlyPosix}}},
              {"sync directory", &SyncDirectory, {{"qf \"ab\"", kExt4}}}});
}

void OldFile(Machine& m) {
  EXPECT_TRUE(DiskEditor(m.disk, absl::UnixEpoch()).WriteFile("/q/qf", "old").ok());
}

// How it is written again, while the old one is never lost.
TEST(DiskCrashStates, ReplaceByRename) {
  CheckTable(
      &OldFile,
      {{"create tf", &Create, {{"qf \"old\"", kExt4}, {"qf \"old\"; tf \"\"", kExt4}}},
       {"write tf",
        &Write,
        {{"qf \"old\"", kExt4},
         {"qf \"old\"; tf \"\"", kExt4},
         {"qf \"old\"; tf \"ab\"", kExt4},
         {"qf \"old\"; tf \"a\"", kOnlyPosix},
         {"qf \"old\"; tf \"a\\000\"", kOnlyPosix},
         {"qf \"old\"; tf \"\\000\\000\"", kOnlyPosix}}},
       {"sync tf", &Sync, {{"qf \"old\"; tf \"ab\"", kExt4}, {"qf \"old\"", kOnlyPosix}}},
       {"rename tf to qf",
        &Rename,
        {{"qf \"old\"; tf \"ab\"", kExt4}, {"qf \"ab\"", kExt4}, {"qf \"old\"", kOnlyPosix}}},
       {"sync directory", &SyncDirectory, {{"qf \"ab\"", kExt4}}}});
}

// Without the sync of the file the old content may be gone and the new one not there: on ext4, too,
// when it is mounted with noauto_da_alloc.
TEST(DiskCrashStates, ReplaceByRenameWithoutSync) {
  CheckTable(&OldFile,
             {{"create tf", &Create, {{"qf \"old\"", kExt4}, {"qf \"old\"; tf \"\"", kExt4}}},
              {"write tf",
               &Write,
               {{"qf \"old\"", kExt4},
                {"qf \"old\"; tf \"\"", kExt4},
                {"qf \"old\"; tf \"ab\"", kExt4},
                {"qf \"old\"; tf \"a\"", kOnlyPosix},
                {"qf \"old\"; tf \"a\\000\"", kOnlyPosix},
                {"qf \"old\"; tf \"\\000\\000\"", kOnlyPosix}}},
              {"rename tf to qf",
               &Rename,
               {{"qf \"old\"", kExt4},
                {"qf \"old\"; tf \"\"", kExt4},
                {"qf \"old\"; tf \"ab\"", kExt4},
                {"qf \"\"", kExt4},
                {"qf \"ab\"", kExt4},
                {"qf \"old\"; tf \"a\"", kOnlyPosix},
                {"qf \"old\"; tf \"a\\000\"", kOnlyPosix},
                {"qf \"old\"; tf \"\\000\\000\"", kOnlyPosix},
                {"qf \"a\"", kOnlyPosix},
                {"qf \"a\\000\"", kOnlyPosix},
                {"qf \"\\000\\000\"", kOnlyPosix}}},
              {"sync directory",
               &SyncDirectory,
               {{"qf \"\"", kExt4},
                {"qf \"ab\"", kExt4},
                {"qf \"a\"", kOnlyPosix},
                {"qf \"a\\000\"", kOnlyPosix},
                {"qf \"\\000\\000\"", kOnlyPosix}}}});
}

TEST(DiskCrashStates, TreesAttributesAndLinks) {
  Machine m;
  m.disk.MakeDirectory(m.caller, "/q/d", 0700);
  m.disk.Symlink(m.caller, "to", "/q/d/l");
  m.disk.Sync(m.Open("/q/f"));
  m.disk.SyncDirectory(m.caller, "/q");
  m.disk.ChangeMode(m.caller, "/q/f", 0640);
  m.disk.ChangeOwner(m.caller, "/q/f", UserId{7}, GroupId{8});
  m.disk.Link(m.caller, "/q/f", "/q/d/g");
  const CrashStates states = AllCrashStates(m.disk, "/q", {});
  // Each link is there or not. Attributes are written together: the new owner comes with the mode.
  EXPECT_EQ(states.states.size(), 12u);
  const std::set<std::string> all(states.states.begin(), states.states.end());
  EXPECT_TRUE(all.count("d/ 0700 0:0\nf 0600 0:0 \"\"\n"));
  EXPECT_TRUE(
      all.count("d/ 0700 0:0\nd/g 0640 7:8 \"\" 2 links\nd/l -> to\nf 0640 7:8 \"\" 2 links\n"));
  EXPECT_TRUE(all.count(TreeText(m.disk, "/q")));
  EXPECT_EQ(TreeText(m.disk, "/q/d"), "g 0640 7:8 \"\"\nl -> to\n");
  EXPECT_EQ(TreeText(m.disk, "/none"), "");
}

TEST(DiskCrashStates, ThereIsALimit) {
  Machine m;
  for (int i = 0; i < 40; ++i) m.disk.Close(m.Open(absl::StrCat("/q/f", i)));
  CrashStates states = AllCrashStates(m.disk, "/q", {.max_states = 100});
  EXPECT_EQ(states.states.size(), 100u);
  EXPECT_FALSE(states.complete);
  Machine writer;
  OpenFile& file = writer.Open("/q/f");
  for (uint64_t i = 0; i < 100; ++i) writer.disk.Write(writer.caller, file, i, "x");
  states = AllCrashStates(writer.disk, "/q", {.max_states = 1000});
  EXPECT_FALSE(states.complete);
  EXPECT_GE(states.states.size(), 101u);
}

// Whatever a crash leaves is among the states, and is what the disk stays.
TEST(DiskCrashStates, HoldWhateverACrashLeaves) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    const auto act = [&](Machine& m) {
      Choices choices = Choices::FromSeed(seed);
      const auto pick = [&](uint64_t range) { return choices.Pick("act", range); };
      const auto path = [&] {
        static constexpr const char* kPaths[] = {"/q/a", "/q/b", "/q/d/a", "/q/d/b", "/q/d"};
        return kPaths[pick(5)];
      };
      for (int step = 0; step < 8; ++step) {
        const char* const at = path();
        const char* const to = path();
        switch (pick(8)) {
          case 0:
            m.disk.MakeDirectory(m.caller, at, 0755);
            break;
          case 1:
            m.disk.Rename(m.caller, at, to);
            break;
          case 2:
            m.disk.Unlink(m.caller, at);
            m.disk.RemoveDirectory(m.caller, at);
            break;
          case 3:
            m.disk.Link(m.caller, at, to);
            break;
          case 4:
            m.disk.SyncDirectory(m.caller, at);
            break;
          case 5:
            m.disk.ChangeMode(m.caller, at, 0711);
            break;
          default: {
            const DiskResult<OpenFile*> file =
                m.disk.Open(m.caller, at, {.write = true, .create = true});
            if (!file.ok()) break;
            m.disk.Write(m.caller, *file.value, pick(3), "xy");
            if (pick(3) == 0) m.disk.Sync(*file.value);
          }
        }
      }
    };
    Machine machine;
    act(machine);
    const CrashStates states = AllCrashStates(machine.disk, "/q", kEveryByte);
    const std::set<std::string> all(states.states.begin(), states.states.end());
    EXPECT_TRUE(all.count(TreeText(machine.disk, "/q")) != 0 || !states.complete) << seed;
    for (uint64_t crash = 0; crash < 20 && states.complete; ++crash) {
      Machine other;
      act(other);
      Choices choices = Choices::FromSeed(crash);
      other.disk.Crash(choices);
      const std::string left = TreeText(other.disk, "/q");
      EXPECT_TRUE(all.count(left)) << "seed " << seed << ", crash " << crash << "\n" << left;
      EXPECT_EQ(AllCrashStates(other.disk, "/q", kEveryByte).states,
                std::vector<std::string>{left});
    }
  }
}

}  // namespace
}  // namespace stagepost
