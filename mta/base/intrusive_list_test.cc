#include "mta/base/intrusive_list.h"

#include <memory>
#include <vector>

#include "gtest/gtest.h"

namespace stagepost {
namespace {

struct Item : ListNode<Item> {
  explicit Item(int v) : value(v) {}
  int value;
};

std::vector<int> Drain(List<Item>& list) {
  std::vector<int> values;
  while (!list.empty()) values.push_back(list.PopFront().value);
  return values;
}

TEST(List, KeepsOrder) {
  Item a(1), b(2), c(3);
  List<Item> list;
  list.PushBack(a);
  list.PushBack(b);
  list.PushBack(c);
  EXPECT_EQ(Drain(list), (std::vector<int>{1, 2, 3}));
  EXPECT_FALSE(a.linked());
}

TEST(List, PopsFromBothEnds) {
  Item a(1), b(2), c(3);
  List<Item> list;
  list.PushBack(a);
  list.PushBack(b);
  list.PushBack(c);
  EXPECT_EQ(&list.front(), &a);
  EXPECT_EQ(&list.back(), &c);
  EXPECT_EQ(&list.PopBack(), &c);
  EXPECT_FALSE(c.linked());
  EXPECT_EQ(Drain(list), (std::vector<int>{1, 2}));
}

TEST(List, IsWalkedInOrder) {
  Item a(1), b(2), c(3);
  List<Item> list;
  for (const Item& item : list) FAIL() << item.value;
  list.PushBack(a);
  list.PushBack(b);
  list.PushBack(c);
  std::vector<int> values;
  for (auto it = list.begin(); it != list.end();) {
    Item& item = *it;
    ++it;
    values.push_back(item.value);
    item.Unlink();
  }
  EXPECT_EQ(values, (std::vector<int>{1, 2, 3}));
  EXPECT_TRUE(list.empty());
}

TEST(List, AnElementLeavesWhenItDies) {
  Item a(1), c(3);
  auto b = std::make_unique<Item>(2);
  List<Item> list;
  list.PushBack(a);
  list.PushBack(*b);
  list.PushBack(c);
  b.reset();
  EXPECT_EQ(Drain(list), (std::vector<int>{1, 3}));
}

TEST(List, ADyingListLetsGo) {
  Item a(1);
  {
    List<Item> list;
    list.PushBack(a);
  }
  EXPECT_FALSE(a.linked());
}

TEST(List, TakeAllAppends) {
  Item a(1), b(2), c(3);
  List<Item> first, second;
  first.PushBack(a);
  second.PushBack(b);
  second.PushBack(c);
  first.TakeAll(second);
  EXPECT_TRUE(second.empty());
  EXPECT_EQ(Drain(first), (std::vector<int>{1, 2, 3}));
  first.TakeAll(second);
  EXPECT_TRUE(first.empty());
}

}  // namespace
}  // namespace stagepost
