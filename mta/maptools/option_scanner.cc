#include "mta/maptools/option_scanner.h"

#include "absl/strings/str_cat.h"

namespace stagepost {

OptionScanner::OptionScanner(const Arguments& arguments, absl::string_view letters)
    : arguments_(arguments), letters_(letters) {}

std::optional<ScannedOption> OptionScanner::Next() {
  if (letter_ != 0) return TakeOption();
  for (; word_ < arguments_.size(); ++word_) {
    const std::string& word = arguments_[word_];
    if (word == "--") {
      operands_.insert(operands_.end(), arguments_.begin() + static_cast<ptrdiff_t>(word_) + 1,
                       arguments_.end());
      word_ = arguments_.size();
      return std::nullopt;
    }
    if (word.size() > 1 && word[0] == '-') {
      letter_ = 1;
      return TakeOption();
    }
    operands_.push_back(word);
  }
  return std::nullopt;
}

ScannedOption OptionScanner::TakeOption() {
  const std::string& word = arguments_[word_];
  ScannedOption option{.letter = word[letter_], .value = "", .error = ""};
  const size_t known =
      option.letter == ':' ? absl::string_view::npos : letters_.find(option.letter);
  const bool has_value =
      known != absl::string_view::npos && known + 1 < letters_.size() && letters_[known + 1] == ':';
  const std::string program = arguments_.empty() ? "" : arguments_[0];
  const auto fail = [&](absl::string_view what) {
    option.error = absl::StrCat(program, ": ", what, " -- '", std::string(1, option.letter), "'\n");
    option.letter = '?';
  };
  ++letter_;
  if (has_value) {
    if (letter_ < word.size()) {
      option.value = word.substr(letter_);
    } else if (++word_ < arguments_.size()) {
      option.value = arguments_[word_];
    } else {
      fail("option requires an argument");
    }
    ++word_;
    letter_ = 0;
    return option;
  }
  if (known == absl::string_view::npos) fail("invalid option");
  if (letter_ == word.size()) {
    ++word_;
    letter_ = 0;
  }
  return option;
}

}  // namespace stagepost
