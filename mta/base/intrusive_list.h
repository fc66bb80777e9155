// A doubly linked list whose links live in the elements: no allocation, O(1) removal by the
// element.
//
//   struct Waiter : ListNode<Waiter> { … };
//   List<Waiter> waiters;  waiters.PushBack(w);  w.Unlink();
//
// The list owns nothing. An element unlinks itself when it is destroyed; a list that is destroyed
// with elements leaves them unlinked. An element is in at most one list per ListNode base (use the
// Tag for several).
#ifndef STAGEPOST_MTA_BASE_INTRUSIVE_LIST_H_
#define STAGEPOST_MTA_BASE_INTRUSIVE_LIST_H_

#include "mta/base/check.h"

namespace stagepost {

template <class T, class Tag>
class List;

template <class T, class Tag = void>
class ListNode {
 public:
  ListNode() = default;
  ListNode(const ListNode&) = delete;
  ListNode& operator=(const ListNode&) = delete;
  ~ListNode() { Unlink(); }

  bool linked() const { return next_ != nullptr; }
  void Unlink() {
    if (next_ == nullptr) return;
    previous_->next_ = next_;
    next_->previous_ = previous_;
    next_ = previous_ = nullptr;
  }

 private:
  friend class List<T, Tag>;
  ListNode* next_ = nullptr;
  ListNode* previous_ = nullptr;
};

template <class T, class Tag = void>
class List {
 public:
  using Node = ListNode<T, Tag>;

  List() { head_.next_ = head_.previous_ = &head_; }
  List(const List&) = delete;
  List& operator=(const List&) = delete;
  ~List() {
    while (!empty()) PopFront();
    head_.next_ = head_.previous_ = nullptr;
  }

  // For range-for. The current element may be unlinked once the iterator has moved on.
  class Iterator {
   public:
    explicit Iterator(Node* node) : node_(node) {}
    T& operator*() const { return static_cast<T&>(*node_); }
    Iterator& operator++() {
      node_ = node_->next_;
      return *this;
    }
    friend bool operator==(const Iterator&, const Iterator&) = default;

   private:
    Node* node_;
  };
  Iterator begin() const { return Iterator(head_.next_); }
  Iterator end() const { return Iterator(head_.next_->previous_); }  // the head itself

  bool empty() const { return head_.next_ == &head_; }
  // REQUIRES: not empty.
  T& front() const { return static_cast<T&>(*head_.next_); }
  T& back() const { return static_cast<T&>(*head_.previous_); }

  // REQUIRES: `element` is in no list of this Tag.
  void PushBack(T& element) {
    Node& node = element;
    DCHECK(!node.linked());
    node.previous_ = head_.previous_;
    node.next_ = &head_;
    head_.previous_->next_ = &node;
    head_.previous_ = &node;
  }

  // REQUIRES: not empty.
  T& PopFront() {
    T& element = front();
    static_cast<Node&>(element).Unlink();
    return element;
  }

  // REQUIRES: not empty.
  T& PopBack() {
    T& element = back();
    static_cast<Node&>(element).Unlink();
    return element;
  }

  // Moves every element of `other` behind those of this list.
  void TakeAll(List& other) {
    if (other.empty()) return;
    head_.previous_->next_ = other.head_.next_;
    other.head_.next_->previous_ = head_.previous_;
    head_.previous_ = other.head_.previous_;
    head_.previous_->next_ = &head_;
    other.head_.next_ = other.head_.previous_ = &other.head_;
  }

 private:
  Node head_;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_BASE_INTRUSIVE_LIST_H_
