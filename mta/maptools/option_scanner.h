// Command lines in the manner of getopt(3), GNU's: letters may be bundled, a value may stand in the
// same word, options may follow operands, "--" ends them.
//
//   OptionScanner scanner(arguments, "C:Nf");       // -C has a value
//   while (const std::optional<ScannedOption> option = scanner.Next()) {
//     switch (option->letter) { … case '?': print(option->error); … }
//   }
//   scanner.operands()
#ifndef STAGEPOST_MTA_MAPTOOLS_OPTION_SCANNER_H_
#define STAGEPOST_MTA_MAPTOOLS_OPTION_SCANNER_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "mta/env/process.h"

namespace stagepost {

struct ScannedOption {
  char letter = 0;    // '?': unknown, or without its value
  std::string value;  // of options that have one
  std::string error;  // with '?': one line as getopt prints it, begins with the program's name
};

class OptionScanner {
 public:
  // `letters` as getopt's: each option's letter, followed by ':' if it has a value.
  OptionScanner(const Arguments& arguments, absl::string_view letters);

  // The next option; nullopt: there is none.
  std::optional<ScannedOption> Next();
  // What is no option, in order. REQUIRES: Next() has given nullopt.
  const std::vector<std::string>& operands() const { return operands_; }

 private:
  ScannedOption TakeOption();

  const Arguments& arguments_;
  const absl::string_view letters_;
  size_t word_ = 1;    // the word being read
  size_t letter_ = 0;  // the letter in it; 0: none yet
  std::vector<std::string> operands_;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_MAPTOOLS_OPTION_SCANNER_H_
