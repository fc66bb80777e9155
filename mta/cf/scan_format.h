// The scanf(3) patterns of class files: F{w}/etc/hosts %*s %s. Operations Guide, 5.3.
//
// Conversions are %s, %c and %[set], each with an optional width and an optional `*` that throws
// the word away. One conversion gives the word; a second one, which crashes sendmail, and
// conversions that give no word (%d) are refused.
#ifndef STAGEPOST_MTA_CF_SCAN_FORMAT_H_
#define STAGEPOST_MTA_CF_SCAN_FORMAT_H_

#include <bitset>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace stagepost {

class ScanFormat {
 public:
  // kInvalidArgument: more than one word is asked for, or a conversion that is none.
  static absl::StatusOr<ScanFormat> Parse(absl::string_view pattern);

  // The word of `line` that the pattern yields; nullopt: it does not match. Valid as long as
  // `line`.
  std::optional<absl::string_view> Scan(absl::string_view line) const;

 private:
  struct Step {
    enum class Kind : uint8_t { kSpace, kLiteral, kWord, kCharacters, kSet };
    Kind kind = Kind::kLiteral;
    char literal = '\0';
    size_t width = 0;  // 0: any, of kCharacters: 1
    bool store = false;
    std::bitset<256> set;
  };

  static absl::StatusOr<Step> ParseConversion(absl::string_view& pattern);
  // Takes what matches the step from `line`; nullopt: nothing does.
  static std::optional<absl::string_view> Match(const Step& step, absl::string_view& line);

  std::vector<Step> steps_;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_CF_SCAN_FORMAT_H_
