#include "mta/posix/small_blocks.h"

#include <cstdint>
#include <cstring>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace stagepost {
namespace {

using Bytes = std::unique_ptr<char[]>;

// Filled, so that blocks that overlap show.
Bytes Filled(size_t size, char with) {
  Bytes bytes = std::make_unique_for_overwrite<char[]>(size);
  memset(bytes.get(), with, size);
  return bytes;
}

class SmallBlocks : public testing::Test {
 protected:
  void SetUp() override {
    if (SmallBlockSlabBytes() == 0) GTEST_SKIP() << "every block is the C library's";
  }
};

TEST_F(SmallBlocks, AreAlignedAndApart) {
  std::vector<Bytes> all;
  for (int round = 0; round < 50; ++round) {
    for (size_t size = 1; size <= 600; ++size) {
      all.push_back(Filled(size, static_cast<char>(size)));
      EXPECT_EQ(reinterpret_cast<uintptr_t>(all.back().get()) % 16, 0);
      EXPECT_EQ(IsSmallBlock(all.back().get()), size <= 512) << size;
    }
  }
  for (size_t i = 0; i < all.size(); ++i) {
    const size_t size = i % 600 + 1;
    EXPECT_EQ(std::string(all[i].get(), size), std::string(size, static_cast<char>(size)));
  }
}

TEST_F(SmallBlocks, AreUsedAgain) {
  const auto use = [] {
    std::vector<Bytes> all;
    for (size_t i = 0; i < 20'000; ++i) all.push_back(Filled(1 + i % 512, 'x'));
  };
  use();
  const size_t slabs = SmallBlockSlabBytes();
  for (int round = 0; round < 20; ++round) use();
  EXPECT_EQ(SmallBlockSlabBytes(), slabs);
}

TEST_F(SmallBlocks, ComeBackFromOtherThreads) {
  const auto use = [] {
    std::vector<Bytes> mine;
    for (size_t i = 0; i < 5'000; ++i) mine.push_back(Filled(1 + i % 100, 'x'));
    std::vector<Bytes> theirs;
    std::thread other([&mine, &theirs] {
      for (size_t i = 0; i < 100; ++i) theirs.push_back(Filled(1 + i, 'y'));
      mine.clear();
    });
    other.join();
    for (const Bytes& bytes : theirs) EXPECT_FALSE(IsSmallBlock(bytes.get()));
  };
  use();
  const size_t slabs = SmallBlockSlabBytes();
  for (int round = 0; round < 20; ++round) use();
  EXPECT_LE(SmallBlockSlabBytes(), slabs + slabs / 2);
}

TEST_F(SmallBlocks, OfNothingAreBlocksToo) {
  std::set<void*> blocks;
  for (int i = 0; i < 3000; ++i) blocks.insert(::operator new(0));
  EXPECT_EQ(blocks.size(), 3000);
  for (void* const block : blocks) ::operator delete(block);
}

}  // namespace
}  // namespace stagepost
