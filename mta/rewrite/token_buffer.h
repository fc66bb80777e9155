// Tokens that are being rewritten: a vector that is cheap to fill and to empty.
//
// Its memory stays when it is cleared, and nothing in it is constructed or destroyed: a token is
// copied as the bytes it is made of.
#ifndef STAGEPOST_MTA_REWRITE_TOKEN_BUFFER_H_
#define STAGEPOST_MTA_REWRITE_TOKEN_BUFFER_H_

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/base/attributes.h"
#include "absl/types/span.h"
#include "mta/rewrite/overview.h"
#include "mta/rewrite/tokens.h"

namespace stagepost {

class TokenBuffer {
 public:
  // Fills a buffer from its beginning, and looks the tokens over on the way.
  class Writer {
   public:
    // `buffer` may become `limit` tokens long; what is appended at once is at most `most`.
    Writer(TokenBuffer& buffer, size_t limit, size_t most) {
      buffer.Reserve(limit + most);
      begin_ = to_ = buffer.room_.data();
      limit_ = begin_ + limit;
    }
    // REQUIRES: within_limit().
    ABSL_ATTRIBUTE_ALWAYS_INLINE void Append(absl::Span<const Token> tokens) {
      const Token* const end = tokens.data() + tokens.size();
      for (const Token* token = tokens.data(); token != end; ++token) {
        marker_.See(*token);
        *to_++ = *token;
      }
    }
    bool within_limit() const { return to_ <= limit_; }
    bool full() const { return to_ >= limit_; }
    size_t size() const { return to_ - begin_; }
    // Of all that has been appended.
    Overview overview() const { return MakeOverview(marker_.marks(), {begin_, size()}); }

   private:
    Token* begin_;
    Token* to_;
    const Token* limit_;
    Marker marker_;
  };

  size_t size() const { return size_; }
  Token& operator[](size_t i) { return room_[i]; }
  Token* begin() { return room_.data(); }
  Token* end() { return room_.data() + size_; }
  absl::Span<const Token> From(size_t first) const { return {room_.data() + first, size_ - first}; }
  absl::Span<const Token> Between(size_t first, size_t end) const {
    return {room_.data() + first, end - first};
  }

  // REQUIRES: size <= size(), or so many have been written.
  void SetSize(size_t size) { size_ = size; }
  // `tokens` are not those of this buffer.
  void Append(absl::Span<const Token> tokens) {
    Reserve(size_ + tokens.size());
    std::copy_n(tokens.data(), tokens.size(), end());
    size_ += tokens.size();
  }
  void Erase(size_t first, size_t end) {
    Shift(end, first);
    size_ -= end - first;
  }
  // Puts `tokens`, which are not those of this buffer, where [first, end) were.
  void Replace(size_t first, size_t end, absl::Span<const Token> tokens) {
    const size_t size = size_ - (end - first) + tokens.size();
    Reserve(size);
    Shift(end, first + tokens.size());
    std::copy_n(tokens.data(), tokens.size(), room_.data() + first);
    size_ = size;
  }

 private:
  static_assert(std::is_trivially_copyable_v<Token>);

  // Moves all from `from` on to `to`.
  void Shift(size_t from, size_t to) {
    if (from == size_) return;
    memmove(room_.data() + to, room_.data() + from, (size_ - from) * sizeof(Token));
  }
  void Reserve(size_t size) {
    if (size > room_.size()) [[unlikely]]
      room_.resize(2 * size);
  }

  std::vector<Token> room_;
  size_t size_ = 0;  // of room_ are in use
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_REWRITE_TOKEN_BUFFER_H_
