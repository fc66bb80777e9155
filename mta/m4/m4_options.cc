#include "mta/m4/m4_options.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "mta/base/status_macros.h"

namespace stagepost {
namespace {

constexpr absl::string_view kHelp =
    R"(usage: stagepost m4 [OPTION...] [FILE...]

Evaluates m4 as GNU m4 does, and writes the result to standard output: with
sendmail's m4 library, a sendmail.cf from a sendmail.mc.

  -I DIR             looks for included files there, too, after the working
                     directory; and for sendmail's m4 library (DIR/m4/cf.m4)
  -D NAME[=VALUE]    defines a macro before the files that follow
  -U NAME            undefines one
  --allow-commands   lets syscmd and esyscmd run commands with /bin/sh
  --terse            writes no more about an error than GNU m4 does
  --help             this text

FILE is - for standard input, which is also read where no file is named. A file
is looked for like an included one. Wherever m4/cf.m4 is named and is not there,
the library of this machine is taken.

Exit status: that of GNU m4 (0, 1, or what m4exit says); 64 wrong usage; 74 the
result cannot be written.
)";

class Parser {
 public:
  explicit Parser(const Arguments& arguments) : arguments_(arguments) {}

  absl::StatusOr<M4Options> Run() {
    while (next_ < arguments_.size()) {
      const std::string& word = arguments_[next_++];
      if (only_files_ || word == "-" || !absl::StartsWith(word, "-")) {
        options_.steps.push_back({M4Step::Kind::kFile, word, ""});
      } else if (word == "--") {
        only_files_ = true;
      } else {
        RETURN_IF_ERROR(Option(word));
      }
    }
    const bool file = std::any_of(options_.steps.begin(), options_.steps.end(),
                                  [](const M4Step& s) { return s.kind == M4Step::Kind::kFile; });
    if (!file) options_.steps.push_back({M4Step::Kind::kFile, "-", ""});
    return std::move(options_);
  }

 private:
  absl::Status Option(const std::string& word) {
    if (word == "--allow-commands") {
      options_.allow_commands = true;
    } else if (word == "--terse") {
      options_.terse = true;
    } else if (word == "--help" || word == "-h") {
      options_.help = true;
    } else if (std::optional<std::string> directory = Value(word, "-I", "--include")) {
      options_.include_path.push_back(*std::move(directory));
    } else if (std::optional<std::string> definition = Value(word, "-D", "--define")) {
      const size_t equals = definition->find('=');
      const std::string value = equals == std::string::npos ? "" : definition->substr(equals + 1);
      options_.steps.push_back({M4Step::Kind::kDefine, definition->substr(0, equals), value});
    } else if (std::optional<std::string> name = Value(word, "-U", "--undefine")) {
      options_.steps.push_back({M4Step::Kind::kUndefine, *std::move(name), ""});
    } else if (word == "-I" || word == "-D" || word == "-U") {
      return absl::InvalidArgumentError(absl::StrCat(word, " needs a value"));
    } else {
      return absl::InvalidArgumentError(absl::StrCat("unknown option \"", word, "\""));
    }
    return absl::OkStatus();
  }

  // Of "-Ivalue", "-I value", "--include=value" and "--include value".
  std::optional<std::string> Value(const std::string& word, absl::string_view brief,
                                   absl::string_view full) {
    if (word == brief || word == full) {
      if (next_ == arguments_.size()) return std::nullopt;
      return arguments_[next_++];
    }
    if (absl::StartsWith(word, brief)) return word.substr(brief.size());
    if (absl::StartsWith(word, absl::StrCat(full, "="))) return word.substr(full.size() + 1);
    return std::nullopt;
  }

  const Arguments& arguments_;
  size_t next_ = 1;
  bool only_files_ = false;
  M4Options options_;
};

}  // namespace

absl::StatusOr<M4Options> ParseM4Options(const Arguments& arguments) {
  return Parser(arguments).Run();
}

absl::string_view M4Help() { return kHelp; }

}  // namespace stagepost
