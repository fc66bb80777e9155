// What m4 reads: files, and the expansions of macros in front of them, cut into tokens.
//
// A stack of blocks of text; reading goes on in the block below when one is used up, so that a word
// may begin in an expansion and end in a file. The texts of expansions lie one behind the other in
// one buffer, which the next expansion is built at the end of: BeginText(), then append to text(),
// then EndText().
#ifndef STAGEPOST_MTA_M4_INPUT_H_
#define STAGEPOST_MTA_M4_INPUT_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "mta/m4/builtin_table.h"
#include "mta/m4/place.h"

namespace stagepost {

struct M4Token {
  enum class Kind : uint8_t {
    kEnd,      // of all input
    kText,     // a quoted string without its outer quotes, or a comment
    kWord,     // what could be the name of a macro
    kOpen,     // (
    kComma,    // ,
    kClose,    // )
    kBytes,    // other bytes; white space alone
    kBuiltin,  // the meaning of a builtin, as defn gives it
    kUnended,  // a quoted string or a comment at whose end the input ends
  };
  Kind kind = Kind::kEnd;
  absl::string_view text;  // until the next call of anything that is not const
  M4Builtin builtin = M4Builtin::kDnl;
  M4Place place;         // of its first byte
  bool comment = false;  // of kUnended
};

class M4Input {
 public:
  M4Input();

  // Puts a file on top. `place`: of the include; nowhere for a file of the command line.
  void PushFile(std::string name, std::shared_ptr<const std::string> text, M4Place place);
  void PushBuiltin(M4Builtin builtin);
  // Text on top that is not the expansion of a call going on.
  void PushText(absl::string_view text, M4Place place);

  // Builds text in place: what is appended between the two calls is pushed by the second. Nothing
  // may be read between them.
  void BeginText();
  std::string& text() { return arena_; }
  size_t text_begin() const { return text_begin_; }
  void EndText();

  void ReadToken(M4Token* token);
  // Whether the next token is an open parenthesis.
  bool OpenFollows();
  // Drops everything to the end of the line. False if the input ended before.
  bool SkipLine();

  // Where m4 says it is: the place of the call while a macro is expanded, else of the byte that was
  // read last.
  const M4Place& here() const { return here_; }
  void set_here(const M4Place& place) { here_ = place; }
  const std::string& file_name(const M4Place& place) const { return uses_[place.use].name; }
  const std::vector<M4FileUse>& uses() const { return uses_; }

  // Empty `begin`: there are no quotes. `end` is not empty then.
  void SetQuotes(absl::string_view begin, absl::string_view end);
  // Empty `begin`: there are no comments.
  void SetComments(absl::string_view begin, absl::string_view end);
  const std::string& open_quote() const { return open_quote_; }
  const std::string& close_quote() const { return close_quote_; }

  size_t depth() const { return blocks_.size(); }
  size_t files_open() const { return files_open_; }
  size_t bytes() const { return arena_.size() + file_bytes_ + buffer_.size(); }
  // Bytes looked at so far.
  uint64_t bytes_read() const { return bytes_read_; }
  // Drops all that has not been read.
  void Clear();

 private:
  struct Block {
    std::shared_ptr<const std::string> file;  // null: text in arena_, or a builtin
    bool is_builtin = false;
    M4Builtin builtin = M4Builtin::kDnl;
    size_t begin = 0;  // in the file or the arena
    size_t next = 0;
    size_t end = 0;
    M4Place place;           // line of a file: the one that is being read
    size_t line_begin = 0;   // of a file
    bool line_over = false;  // of a file: the next byte begins a line
  };

  // What a byte may be besides part of other text.
  static constexpr uint8_t kOwnToken = 1;
  static constexpr uint8_t kBeginsQuote = 2;
  static constexpr uint8_t kBeginsComment = 4;

  static constexpr int kNoByte = -1;       // end of input
  static constexpr int kBuiltinByte = -2;  // a builtin is next

  const char* Base(const Block& block) const {
    return block.file != nullptr ? block.file->data() : arena_.data();
  }
  void PushBlock(Block block);
  void Pop();
  void DropUsedUp();
  void EnterTop();
  void CountLine(Block& top);
  int NextByte();
  int PeekByte() const;
  bool Follows(absl::string_view what) const;
  bool TakeIfFollows(absl::string_view what);
  void ReadWord(M4Token* token);
  void ReadQuoted(M4Token* token);
  void ReadComment(M4Token* token);
  absl::string_view RunOfTop(char stop, char other_stop);
  void SkipPlain();
  void NoteUsesOfBytes();

  std::vector<Block> blocks_;
  std::string arena_;
  std::string buffer_;  // a token that does not lie in one piece
  size_t text_begin_ = 0;
  size_t files_open_ = 0;
  size_t file_bytes_ = 0;
  mutable uint64_t bytes_read_ = 0;
  bool entered_ = true;  // here_ is within the top block
  M4Builtin last_builtin_ = M4Builtin::kDnl;
  M4Place here_;
  std::vector<M4FileUse> uses_;
  std::array<uint8_t, 256> uses_of_byte_;
  std::string open_quote_ = "`";
  std::string close_quote_ = "'";
  std::string open_comment_ = "#";
  std::string close_comment_ = "\n";
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_M4_INPUT_H_
