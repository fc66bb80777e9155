#include "mta/m4/input.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace stagepost {
namespace {

bool IsWordStart(int byte) {
  return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte == '_';
}
bool IsWordByte(int byte) { return IsWordStart(byte) || (byte >= '0' && byte <= '9'); }

}  // namespace

M4Input::M4Input() : uses_(1) { NoteUsesOfBytes(); }

void M4Input::PushBlock(Block block) {
  blocks_.push_back(std::move(block));
  entered_ = false;
}

void M4Input::PushFile(std::string name, std::shared_ptr<const std::string> text, M4Place place) {
  Block block;
  block.end = text->size();
  block.file = std::move(text);
  block.place = {static_cast<uint32_t>(uses_.size()), 1, 0};
  uses_.push_back({std::move(name), place});
  ++files_open_;
  file_bytes_ += block.end;
  PushBlock(std::move(block));
}

void M4Input::PushBuiltin(M4Builtin builtin) {
  Block block;
  block.is_builtin = true;
  block.builtin = builtin;
  block.place = here_;
  PushBlock(std::move(block));
}

void M4Input::PushText(absl::string_view text, M4Place place) {
  const M4Place before = std::exchange(here_, place);
  BeginText();
  arena_.append(text.data(), text.size());
  EndText();
  here_ = before;
}

void M4Input::BeginText() {
  DropUsedUp();
  text_begin_ = arena_.size();
}

void M4Input::EndText() {
  if (arena_.size() == text_begin_) return;
  Block block;
  block.begin = block.next = text_begin_;
  block.end = arena_.size();
  block.place = here_;
  PushBlock(std::move(block));
}

void M4Input::Pop() {
  const Block& top = blocks_.back();
  if (top.file != nullptr) {
    --files_open_;
    file_bytes_ -= top.file->size();
  } else if (!top.is_builtin) {
    arena_.resize(top.begin);
  }
  blocks_.pop_back();
  entered_ = false;
}

// Expansions that have been read to their end, so that recursion at the end of a macro needs no
// more and more blocks.
void M4Input::DropUsedUp() {
  while (!blocks_.empty() && blocks_.back().file == nullptr && !blocks_.back().is_builtin &&
         blocks_.back().next == blocks_.back().end) {
    Pop();
  }
}

void M4Input::Clear() {
  while (!blocks_.empty()) Pop();
}

void M4Input::EnterTop() {
  if (entered_) return;
  here_ = blocks_.back().place;
  entered_ = true;
}

void M4Input::CountLine(Block& top) {
  if (!top.line_over) return;
  top.line_over = false;
  top.line_begin = top.next;
  here_.line = ++top.place.line;
}

int M4Input::NextByte() {
  while (!blocks_.empty()) {
    EnterTop();
    Block& top = blocks_.back();
    if (top.is_builtin) {
      last_builtin_ = top.builtin;
      Pop();
      return kBuiltinByte;
    }
    if (top.file != nullptr) CountLine(top);
    if (top.next < top.end) {
      const char c = Base(top)[top.next++];
      ++bytes_read_;
      if (c == '\n' && top.file != nullptr) top.line_over = true;
      return static_cast<unsigned char>(c);
    }
    Pop();
  }
  here_ = {};
  return kNoByte;
}

int M4Input::PeekByte() const {
  for (auto block = blocks_.rbegin(); block != blocks_.rend(); ++block) {
    if (block->is_builtin) return kBuiltinByte;
    if (block->next < block->end) return static_cast<unsigned char>(Base(*block)[block->next]);
  }
  return kNoByte;
}

bool M4Input::Follows(absl::string_view what) const {
  if (what.empty()) return false;
  for (auto block = blocks_.rbegin(); block != blocks_.rend(); ++block) {
    if (block->is_builtin) return false;
    const size_t size = std::min(what.size(), block->end - block->next);
    // Long quotes are not to make work that nobody counts.
    if (size > 1) bytes_read_ += size;
    if (absl::string_view(Base(*block) + block->next, size) != what.substr(0, size)) return false;
    what.remove_prefix(size);
    if (what.empty()) return true;
  }
  return false;
}

bool M4Input::TakeIfFollows(absl::string_view what) {
  if (!Follows(what)) return false;
  for (size_t i = 0; i < what.size(); ++i) NextByte();
  return true;
}

// The bytes of the top block up to a newline (with it) or to a stop (without it).
absl::string_view M4Input::RunOfTop(char stop, char other_stop) {
  if (blocks_.empty() || blocks_.back().is_builtin) return {};
  EnterTop();
  Block& top = blocks_.back();
  if (top.next == top.end) return {};
  if (top.file != nullptr) CountLine(top);
  const char* const base = Base(top);
  const size_t begin = top.next;
  size_t next = begin;
  while (next < top.end) {
    const char c = base[next];
    if (c == stop || c == other_stop) break;
    ++next;
    if (c == '\n') {
      top.line_over = top.file != nullptr;
      break;
    }
  }
  top.next = next;
  bytes_read_ += next - begin;
  return {base + begin, next - begin};
}

void M4Input::ReadToken(M4Token* token) {
  *token = M4Token();
  buffer_.clear();
  const int next = PeekByte();
  const uint8_t uses = next < 0 ? 0 : uses_of_byte_[static_cast<size_t>(next)];
  const bool quote = (uses & kBeginsQuote) != 0 && Follows(open_quote_);
  const bool comment = (uses & kBeginsComment) != 0 && Follows(open_comment_);
  const int byte = NextByte();
  token->place = here_;
  if (byte == kNoByte) return;
  if (byte == kBuiltinByte) {
    token->kind = M4Token::Kind::kBuiltin;
    token->builtin = last_builtin_;
    return;
  }
  const Block& top = blocks_.back();
  if (top.file != nullptr) {
    token->place.column = static_cast<uint32_t>(top.next - top.line_begin);
  }
  if (comment) {
    for (size_t i = 1; i < open_comment_.size(); ++i) NextByte();
    return ReadComment(token);
  }
  if (IsWordStart(byte)) return ReadWord(token);
  if (quote) {
    for (size_t i = 1; i < open_quote_.size(); ++i) NextByte();
    return ReadQuoted(token);
  }
  token->kind = byte == '('   ? M4Token::Kind::kOpen
                : byte == ',' ? M4Token::Kind::kComma
                : byte == ')' ? M4Token::Kind::kClose
                              : M4Token::Kind::kBytes;
  const size_t begin = top.next - 1;
  if (uses == 0) SkipPlain();
  token->text = absl::string_view(Base(top) + begin, top.next - begin);
}

// The bytes that mean nothing to m4 are one token, for speed.
void M4Input::SkipPlain() {
  Block& top = blocks_.back();
  const char* const base = Base(top);
  const size_t begin = top.next;
  while (top.next < top.end && uses_of_byte_[static_cast<unsigned char>(base[top.next])] == 0) {
    ++top.next;
  }
  bytes_read_ += top.next - begin;
}

void M4Input::ReadWord(M4Token* token) {
  token->kind = M4Token::Kind::kWord;
  Block& top = blocks_.back();
  const char* const base = Base(top);
  const size_t begin = top.next - 1;
  size_t next = top.next;
  while (next < top.end && IsWordByte(static_cast<unsigned char>(base[next]))) ++next;
  bytes_read_ += next - top.next;
  top.next = next;
  token->text = absl::string_view(base + begin, next - begin);
  if (next < top.end || !IsWordByte(PeekByte())) return;
  buffer_.assign(token->text.data(), token->text.size());
  while (IsWordByte(PeekByte())) buffer_ += static_cast<char>(NextByte());
  token->text = buffer_;
}

void M4Input::ReadQuoted(M4Token* token) {
  token->kind = M4Token::Kind::kText;
  const char stop = open_quote_[0];
  const char other_stop = close_quote_[0];
  size_t level = 1;
  while (true) {
    absl::string_view run = RunOfTop(stop, other_stop);
    buffer_.append(run.data(), run.size());
    if (TakeIfFollows(close_quote_)) {
      if (--level == 0) break;
      absl::StrAppend(&buffer_, close_quote_);
    } else if (TakeIfFollows(open_quote_)) {
      ++level;
      absl::StrAppend(&buffer_, open_quote_);
    } else if (run.empty()) {
      const int byte = NextByte();
      if (byte == kNoByte) {
        token->kind = M4Token::Kind::kUnended;
        break;
      }
      if (byte >= 0) buffer_ += static_cast<char>(byte);
    }
  }
  token->text = buffer_;
}

void M4Input::ReadComment(M4Token* token) {
  token->kind = M4Token::Kind::kText;
  buffer_ = open_comment_;
  const char stop = close_comment_[0];
  while (true) {
    const absl::string_view run = RunOfTop(stop, stop);
    buffer_.append(run.data(), run.size());
    if (TakeIfFollows(close_comment_)) break;
    if (!run.empty()) continue;
    const int byte = NextByte();
    if (byte == kNoByte) {
      token->kind = M4Token::Kind::kUnended;
      token->comment = true;
      break;
    }
    if (byte >= 0) buffer_ += static_cast<char>(byte);
  }
  if (token->kind == M4Token::Kind::kText) absl::StrAppend(&buffer_, close_comment_);
  token->text = buffer_;
}

bool M4Input::OpenFollows() {
  return PeekByte() == '(' && !Follows(open_comment_) && !Follows(open_quote_);
}

bool M4Input::SkipLine() {
  const M4Place before = here_;
  int byte = 0;
  do {
    RunOfTop('\n', '\n');
    byte = NextByte();
  } while (byte != kNoByte && byte != '\n');
  // Where the newline stands in another block, the next byte is to say so.
  if (here_.use != before.use || here_.line != before.line) entered_ = false;
  return byte != kNoByte;
}

void M4Input::SetQuotes(absl::string_view begin, absl::string_view end) {
  open_quote_ = std::string(begin);
  close_quote_ = std::string(end);
  NoteUsesOfBytes();
}

void M4Input::SetComments(absl::string_view begin, absl::string_view end) {
  open_comment_ = std::string(begin);
  close_comment_ = std::string(end);
  NoteUsesOfBytes();
}

void M4Input::NoteUsesOfBytes() {
  for (int byte = 0; byte < 256; ++byte) {
    const bool own = IsWordStart(byte) || byte == '(' || byte == ',' || byte == ')' ||
                     absl::ascii_isspace(static_cast<unsigned char>(byte));
    uses_of_byte_[static_cast<size_t>(byte)] = own ? kOwnToken : 0;
  }
  if (!open_quote_.empty())
    uses_of_byte_[static_cast<unsigned char>(open_quote_[0])] |= kBeginsQuote;
  if (!open_comment_.empty()) {
    uses_of_byte_[static_cast<unsigned char>(open_comment_[0])] |= kBeginsComment;
  }
}

}  // namespace stagepost
