#include "mta/rewrite/crack_address.h"

#include <algorithm>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace stagepost {
namespace {

// What the result may hold, $g counting two.
constexpr size_t kRoom = 255;

// A phrase with one of these is quoted.
constexpr absl::string_view kAlwaysQuoted = "@,;:\\()[]";

class Cracker {
 public:
  Cracker(absl::string_view address, const CrackOptions& options)
      : in_(absl::StripLeadingAsciiWhitespace(address)), options_(options) {}

  Text Run() {
    while (at_ < in_.size() && !overflow_) Next();
    Close();
    if (overflow_) {
      // Nothing but the address is kept.
      out_ = "<>";
      has_g_ = true;
      place_of_g_ = 1;
    }
    Text text;
    AppendCharacters(text, absl::string_view(out_).substr(0, place_of_g_));
    if (has_g_) {
      Piece piece;
      piece.kind = Piece::Kind::kMacro;
      piece.name = OneCharacterName('g');
      text.push_back(piece);
      // A piece of its own behind the macro.
      const absl::string_view rest = absl::string_view(out_).substr(place_of_g_);
      if (!rest.empty()) AppendCharacters(text, rest);
    }
    return text;
  }

 private:
  size_t size() const { return out_.size() + (has_g_ ? 2 : 0); }
  bool copying() const { return copying_ > 0; }
  void Put(char c) {
    if (size() >= room_) overflow_ = true;
    if (!overflow_) out_.push_back(c);
  }
  void Unput() {
    if (out_.size() > (has_g_ ? place_of_g_ : 0)) out_.pop_back();
  }
  // Keeps room for what closes a bracket.
  void Reserve() {
    if (size() > --room_) overflow_ = true;
  }

  void Next() {
    const char c = in_[at_++];
    if (copying()) Put(c);
    if (c == '\\') return Escape();
    if (c == '"' && comments_ <= 0) {
      quoted_ = !quoted_;
      // A quoted string behind <…> is more than sendmail has room for, unless it ends the text.
      if (copying() && at_ < in_.size()) overflow_ = true;
      if (copying()) Put(c);
      return;
    }
    if (quoted_) return Address();
    if (Comment(c)) return;
    if (c == '[') ++brackets_;
    if (c == ']') --brackets_;
    if (c == ':' && angles_ <= 0 && brackets_ <= 0 && !group_ && !options_.colon_ok) return Colon();
    if (c == ';' && copying_ <= 0 && !options_.colon_ok) Put(c);
    if (absl::StrContains(kAlwaysQuoted, c) || absl::StrContains(options_.must_quote, c)) {
      must_quote_ = true;
    }
    if (c == '<') return OpenAngle();
    if (c == '>') return CloseAngle();
    Address();
  }

  void Escape() {
    if (comments_ <= 0 && !quoted_) must_quote_ = true;
    if (at_ < in_.size()) {
      if (copying()) Put(in_[at_]);
      ++at_;
    }
    Address();
  }

  // Whether `c` belongs to a comment.
  bool Comment(char c) {
    if (c == '(') {
      ++comments_;
      if (copying_++ <= 0) {
        if (out_.size() > head_ || (has_g_ && place_of_g_ >= head_)) Put(' ');
        Put(c);
      }
      Reserve();
    }
    if (comments_ > 0) {
      if (c == ')') {
        --comments_;
        --copying_;
        ++room_;
      }
      return true;
    }
    if (c == ')' && copying()) Unput();
    return false;
  }

  // "group:"; what stood before it is no address.
  void Colon() {
    if (at_ < in_.size() && (in_[at_] == ':' || in_[at_] == '.')) {
      // DECnet: host::user, host:.user
      if (comments_ <= 0) must_quote_ = true;
      if (copying()) {
        Put(':');
        Put(in_[at_]);
      }
      ++at_;
      return Address();
    }
    group_ = true;
    Restart();
    while (at_ < in_.size() && absl::ascii_isspace(in_[at_])) Put(in_[at_++]);
    head_ = out_.size();
    from_ = at_;
  }

  void OpenAngle() {
    // Of two angle brackets the first is part of the name.
    if (angle_seen_) must_quote_ = true;
    angle_seen_ = true;
    room_ += angles_;
    angles_ = 1;
    Restart();
    Reserve();
  }

  // Throws away what was put out since the last start; instead comes what was read, quoted if it
  // must be.
  void Restart() {
    out_.resize(std::min(out_.size(), head_));
    if (has_g_ && place_of_g_ >= head_) has_g_ = false;
    size_t stop = at_;
    if (must_quote_) {
      Put('"');
      --stop;
      while (stop > 0 && absl::ascii_isspace(in_[stop - 1])) --stop;
    }
    for (size_t i = from_; i < stop; ++i) {
      if (must_quote_ && in_[i] == '"') Put('\\');
      Put(in_[i]);
    }
    if (must_quote_) {
      if (out_.size() == 1) {
        out_.clear();  // nothing to quote; behind a group's colon it is quoted all the same
      } else {
        Put('"');
      }
      for (; stop < at_; ++stop) Put(in_[stop]);
    }
    copying_ = 0;
    has_g_ = false;
    must_quote_ = false;
  }

  void CloseAngle() {
    if (angles_ > 0) {
      --angles_;
      ++room_;
    } else {
      if (copying_ > 0) Unput();
      must_quote_ = true;
      return;
    }
    if (copying_++ <= 0) Put('>');
  }

  // A character of the address itself.
  void Address() {
    if (copying_ > 0 || has_g_) return;
    if (out_.size() > head_ && out_.back() == ')') Put(' ');
    if (size() + 2 > room_) overflow_ = true;
    has_g_ = true;
    place_of_g_ = out_.size();
  }

  void Close() {
    room_ = kRoom;
    for (; comments_ > 0; --comments_) Put(')');
    for (; angles_ > 0; --angles_) Put('>');
    if (!has_g_) place_of_g_ = out_.size();
  }

  const absl::string_view in_;
  const CrackOptions& options_;
  size_t at_ = 0;
  size_t from_ = 0;  // where what would be the name begins
  std::string out_;
  size_t head_ = 0;  // where it goes to
  size_t room_ = kRoom;
  bool overflow_ = false;
  bool has_g_ = false;
  size_t place_of_g_ = 0;
  bool quoted_ = false;
  bool must_quote_ = false;
  bool group_ = false;
  bool angle_seen_ = false;
  int comments_ = 0;
  int angles_ = 0;
  int brackets_ = 0;
  int copying_ = 0;
};

}  // namespace

Text CrackAddress(absl::string_view address, const CrackOptions& options) {
  return Cracker(address, options).Run();
}

}  // namespace stagepost
