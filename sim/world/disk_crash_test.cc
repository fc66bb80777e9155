// What a crash may leave, over many seeds: never less than was synced, and every kind of loss.
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "sim/choice/choices.h"
#include "sim/world/disk.h"
#include "sim/world/disk_editor.h"

namespace stagepost {
namespace {

constexpr uint64_t kSeeds = 1000;

// One disk, driven by root.
class World {
 public:
  OpenFile& Create(absl::string_view path, FileMode mode = 0600) {
    const DiskResult<OpenFile*> made =
        disk.Open(caller, path, {.read = true, .write = true, .create = true, .mode = mode});
    EXPECT_EQ(made.error, Errno::kOk) << path;
    return *made.value;
  }
  OpenFile& Open(absl::string_view path) {
    return *disk.Open(caller, path, {.read = true, .write = true}).value;
  }
  void Append(OpenFile& file, absl::string_view bytes) {
    EXPECT_EQ(disk.Write(caller, file, disk.Stat(file).size, bytes).value, bytes.size());
  }
  void SyncDirectory(absl::string_view path) {
    EXPECT_EQ(disk.SyncDirectory(caller, path), Errno::kOk);
  }
  void Rename(absl::string_view from, absl::string_view to) {
    EXPECT_EQ(disk.Rename(caller, from, to), Errno::kOk);
  }
  // "-" if there is no such file.
  std::string Content(absl::string_view path) {
    const absl::StatusOr<std::string> content = edit.ReadFile(path);
    return content.ok() ? *content : "-";
  }

  const Identity root;
  const DiskCaller caller{root, 0, nullptr, 1, absl::UnixEpoch()};
  Disk disk{absl::UnixEpoch()};
  DiskEditor edit{disk, absl::UnixEpoch()};
};

// Every state that `look` saw after act() and a crash, over all seeds.
template <class Act, class Look>
std::map<std::string, int> States(Act act, Look look) {
  std::map<std::string, int> states;
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    World world;
    act(world);
    Choices choices = Choices::FromSeed(seed);
    world.disk.Crash(choices);
    const std::string state = look(world);
    ++states[state];
    // What is left is durable.
    Choices again = Choices::FromSeed(seed + kSeeds);
    world.disk.Crash(again);
    EXPECT_EQ(look(world), state);
  }
  return states;
}

template <class Map>
std::set<std::string> Keys(const Map& map) {
  std::set<std::string> keys;
  for (const auto& [key, count] : map) keys.insert(key);
  return keys;
}

using Set = std::set<std::string>;

TEST(DiskCrash, ReplayWithoutChoicesKeepsEverything) {
  World world;
  world.Append(world.Create("/f"), "bytes");
  world.disk.MakeDirectory(world.caller, "/d", 0755);
  world.Rename("/f", "/d/g");
  Choices zeros = Choices::FromLog("stagepost-choices 1 seed 0\n").value();
  world.disk.Crash(zeros);
  EXPECT_EQ(world.Content("/d/g"), "bytes");
  EXPECT_EQ(world.disk.open_files(), 0u);
}

TEST(DiskCrash, WhatIsSyncedSurvives) {
  const auto states = States(
      [](World& w) {
        OpenFile& f = w.Create("/f");
        w.Append(f, "synced");
        w.disk.ChangeMode(w.caller, f, 0640);
        w.disk.Sync(f);
        w.SyncDirectory("/");
      },
      [](World& w) { return absl::StrCat(w.Content("/f"), w.edit.Stat("/f")->mode); });
  EXPECT_EQ(Keys(states), (Set{absl::StrCat("synced", 0640)}));
}

TEST(DiskCrash, AFileSyncDoesNotSyncTheEntry) {
  const auto states = States(
      [](World& w) {
        OpenFile& f = w.Create("/f");
        w.Append(f, "synced");
        w.disk.Sync(f);
      },
      [](World& w) { return w.Content("/f"); });
  EXPECT_EQ(Keys(states), (Set{"-", "synced"}));
}

TEST(DiskCrash, ADirectorySyncDoesNotSyncTheContent) {
  const auto states = States(
      [](World& w) {
        w.Append(w.Create("/f"), "abc");
        w.SyncDirectory("/");
      },
      [](World& w) { return w.Content("/f"); });
  const Set all = {"",
                   "a",
                   "ab",
                   "abc",
                   std::string("\0\0\0", 3),
                   std::string("a\0\0", 3),
                   std::string("ab\0", 3)};
  EXPECT_EQ(Keys(states), all);
}

TEST(DiskCrash, WritesAreLostTornAndReordered) {
  const auto states = States(
      [](World& w) {
        w.edit.WriteFile("/f", "........").IgnoreError();
        OpenFile& f = w.Open("/f");
        w.disk.Write(w.caller, f, 0, "1111");
        w.disk.Write(w.caller, f, 4, "2222");
        w.disk.Write(w.caller, f, 8, "3333");
      },
      [](World& w) {
        std::string content = w.Content("/f");
        for (char& c : content) c = c == '\0' ? '0' : c;
        return content;
      });
  const Set seen = Keys(states);
  for (const char* expected :
       {"........", "111122223333", "1111....", "11112222", "....2222", "11......", "1111222.",
        "111122223", "........3333", "111122220000", "....22223333", "111122223300"}) {
    EXPECT_TRUE(seen.count(expected)) << expected;
  }
  for (const std::string& state : seen) EXPECT_GE(state.size(), 8u) << state;
}

TEST(DiskCrash, LargeWritesTearAtSectorsToo) {
  std::set<size_t> sizes;
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    World w;
    w.edit.WriteFile("/f", "").IgnoreError();
    w.Append(w.Open("/f"), std::string(4096, 'x'));
    Choices choices = Choices::FromSeed(seed);
    w.disk.Crash(choices);
    sizes.insert(w.Content("/f").size());
  }
  for (size_t size = 0; size <= 4096; size += 512) EXPECT_TRUE(sizes.count(size)) << size;
  EXPECT_GT(sizes.size(), 20u);
}

TEST(DiskCrash, LaterHolesReadAsZeros) {
  const auto states = States(
      [](World& w) {
        w.edit.WriteFile("/f", "").IgnoreError();
        OpenFile& f = w.Open("/f");
        w.Append(f, "A");
        w.Append(f, "B");
      },
      [](World& w) { return w.Content("/f"); });
  EXPECT_TRUE(states.count(std::string("\0B", 2)));
  EXPECT_FALSE(states.count("B"));
}

TEST(DiskCrash, OverwritesAndTruncationsComeBack) {
  const auto states = States(
      [](World& w) {
        w.edit.WriteFile("/f", "old content").IgnoreError();
        OpenFile& f = w.Open("/f");
        w.disk.Truncate(w.caller, f, 0);
        w.Append(f, "new");
      },
      [](World& w) { return w.Content("/f"); });
  for (const char* expected : {"old content", "", "new", "n", "new content"}) {
    EXPECT_TRUE(states.count(expected)) << expected;
  }
}

TEST(DiskCrash, ARenameIsAtomic) {
  // How a queue file comes to be: the directory sync is what makes it so.
  for (const bool synced : {false, true}) {
    const auto states = States(
        [&](World& w) {
          w.edit.WriteFile("/q/qf1", "old").IgnoreError();
          OpenFile& tf = w.Create("/q/tf1");
          w.Append(tf, "new");
          w.disk.Sync(tf);
          w.Rename("/q/tf1", "/q/qf1");
          if (synced) w.SyncDirectory("/q");
        },
        [](World& w) { return absl::StrCat(w.Content("/q/qf1"), " ", w.Content("/q/tf1")); });
    EXPECT_EQ(Keys(states), synced ? (Set{"new -"}) : (Set{"old -", "old new", "new -"}));
  }
}

TEST(DiskCrash, ARenameBetweenDirectoriesIsAtomicWhicheverIsSynced) {
  for (const char* synced : {"", "/a", "/b"}) {
    const auto states = States(
        [&](World& w) {
          w.edit.WriteFile("/a/f", "x").IgnoreError();
          w.edit.MakeDirectories("/b").IgnoreError();
          w.Rename("/a/f", "/b/g");
          if (*synced != '\0') w.SyncDirectory(synced);
        },
        [](World& w) { return absl::StrCat(w.Content("/a/f"), w.Content("/b/g")); });
    EXPECT_EQ(Keys(states), *synced == '\0' ? (Set{"x-", "-x"}) : (Set{"-x"})) << synced;
  }
}

TEST(DiskCrash, LinkAndUnlinkAreTwoOperations) {
  const auto states = States(
      [](World& w) {
        w.edit.WriteFile("/a", "x").IgnoreError();
        w.disk.Link(w.caller, "/a", "/b");
        w.disk.Unlink(w.caller, "/a");
      },
      [](World& w) { return w.Content("/a") + w.Content("/b"); });
  EXPECT_EQ(Keys(states), (Set{"x-", "xx", "-x", "--"}));
}

TEST(DiskCrash, WhatWasCreatedAndRemovedMayBeThere) {
  const auto states = States(
      [](World& w) {
        w.disk.Close(w.Create("/lock"));
        w.disk.Unlink(w.caller, "/lock");
      },
      [](World& w) { return w.Content("/lock"); });
  EXPECT_EQ(Keys(states), (Set{"-", ""}));
}

TEST(DiskCrash, ADirectoryIsReachableOnlyThroughItsParentsSync) {
  const auto states = States(
      [](World& w) {
        w.disk.MakeDirectory(w.caller, "/d", 0755);
        OpenFile& f = w.Create("/d/f");
        w.Append(f, "x");
        w.disk.Sync(f);
        w.SyncDirectory("/d");
      },
      [](World& w) { return absl::StrCat(w.edit.Stat("/d").ok() ? "d" : "-", w.Content("/d/f")); });
  EXPECT_EQ(Keys(states), (Set{"--", "dx"}));
}

TEST(DiskCrash, AMoveIntoANewDirectoryNeverLosesTheFile) {
  const auto states = States(
      [](World& w) {
        w.edit.WriteFile("/f", "x").IgnoreError();
        w.disk.MakeDirectory(w.caller, "/d", 0755);
        w.Rename("/f", "/d/f");
        w.SyncDirectory("/d");
      },
      [](World& w) { return w.Content("/f") + w.Content("/d/f"); });
  EXPECT_EQ(Keys(states), (Set{"-x"}));
}

TEST(DiskCrash, RemovingADirectoryKeepsWhatWasMovedOutOfIt) {
  const auto states = States(
      [](World& w) {
        w.edit.WriteFile("/d/f", "x").IgnoreError();
        w.Rename("/d/f", "/f");
        w.disk.RemoveDirectory(w.caller, "/d");
      },
      [](World& w) {
        return absl::StrCat(w.edit.Stat("/d").ok() ? "d" : "-", w.Content("/d/f"), w.Content("/f"));
      });
  EXPECT_EQ(Keys(states), (Set{"dx-", "d-x", "--x"}));
}

TEST(DiskCrash, AFailedSyncIsNotMadeGoodByTheNext) {
  const auto states = States(
      [](World& w) {
        w.edit.WriteFile("/f", "").IgnoreError();
        OpenFile& f = w.Open("/f");
        w.Append(f, "x");
        w.disk.SyncFailed(f);
        w.disk.Sync(f);
      },
      [](World& w) { return w.Content("/f"); });
  EXPECT_EQ(states.size(), 3u);  // nothing, "x", and a zero
  EXPECT_TRUE(states.count(""));
}

TEST(DiskCrash, WhatCouldNotBeWrittenMayBeCutOff) {
  const auto states = States(
      [](World& w) {
        w.edit.WriteFile("/f", "old").IgnoreError();
        OpenFile& f = w.Open("/f");
        w.Append(f, "lost");
        w.disk.SyncFailed(f);
        w.disk.Truncate(w.caller, f, 3);
        w.disk.Sync(f);
        w.Append(f, "new");
        w.disk.Sync(f);
      },
      [](World& w) { return w.Content("/f"); });
  EXPECT_EQ(Keys(states), (Set{"oldnew"}));
}

TEST(DiskCrash, SetUpIsDurableWithoutMakingTheRestSo) {
  const auto states = States(
      [](World& w) {
        w.Create("/f");
        w.edit.WriteFile("/g", "set up").IgnoreError();
        w.edit.ChangeMode("/g", 0400).IgnoreError();
      },
      [](World& w) {
        return absl::StrCat(w.Content("/f"), w.Content("/g"), w.edit.Stat("/g")->mode);
      });
  EXPECT_EQ(Keys(states), (Set{absl::StrCat("-set up", 0400), absl::StrCat("set up", 0400)}));
}

TEST(DiskCrash, LongHistoriesWithoutSyncsStayBounded) {
  World w;
  OpenFile& log = w.Create("/log");
  for (int i = 0; i < 3000; ++i) {
    w.disk.Close(w.Create("/lock"));
    w.disk.Unlink(w.caller, "/lock");
    w.Append(log, "line\n");
  }
  EXPECT_LE(w.disk.journal().operations().size(), EntryJournal::kMaxOperations);
  Choices choices = Choices::FromSeed(3);
  w.disk.Crash(choices);
  EXPECT_TRUE(absl::StartsWith(w.Content("/log"), "line\nline\n"));
}

// Random trees, syncs and crashes against a plain account of what must be there.
TEST(DiskCrash, RandomHistoriesKeepTheirPromises) {
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    World w;
    Choices choices = Choices::FromSeed(seed);
    const auto pick = [&](uint64_t range) { return choices.Pick("act", range); };
    const auto path = [&] {
      static constexpr const char* kDirectories[] = {"/", "/a/", "/b/", "/a/c/", "/b/c/"};
      static constexpr const char* kNames[] = {"a", "b", "c", "f", "g"};
      return absl::StrCat(kDirectories[pick(5)], kNames[pick(5)]);
    };
    std::map<std::string, std::string> promised;  // durable file in a directory that is never moved
    w.edit.MakeDirectories("/safe").IgnoreError();
    for (int step = 0; step < 60; ++step) {
      switch (pick(8)) {
        case 0:
          w.disk.MakeDirectory(w.caller, path(), 0755);
          break;
        case 1:
          w.disk.Rename(w.caller, path(), path());
          break;
        case 2:
          w.disk.RemoveDirectory(w.caller, path());
          break;
        case 3:
          w.disk.Unlink(w.caller, path());
          break;
        case 4:
          w.disk.Link(w.caller, path(), path());
          break;
        case 5: {
          const DiskResult<OpenFile*> made =
              w.disk.Open(w.caller, path(), {.write = true, .create = true, .exclusive = true});
          if (made.ok()) w.Append(*made.value, "x");
          break;
        }
        case 6:
          w.disk.SyncDirectory(w.caller, path());
          break;
        case 7: {
          const std::string name = absl::StrCat("/safe/", step);
          const std::string from = path();
          if (w.disk.LinkStat(w.caller, from).value.type != FileType::kRegular) break;
          if (w.disk.Rename(w.caller, from, name) != Errno::kOk) break;
          OpenFile& file = w.Open(name);
          w.disk.Sync(file);
          w.SyncDirectory("/safe");
          promised[name] = w.Content(name);
          break;
        }
      }
    }
    const auto check = [&] {
      for (const auto& [name, content] : promised) EXPECT_EQ(w.Content(name), content) << seed;
    };
    w.disk.Crash(choices);
    check();
    w.disk.Crash(choices);
    check();
  }
}

}  // namespace
}  // namespace stagepost
