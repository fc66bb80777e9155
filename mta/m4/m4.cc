#include "mta/m4/m4.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "mta/base/check.h"

namespace stagepost {
namespace {

// For a person who looks for the quote that is missing: the first line behind the one where it all
// begins that opens more than it closes. Empty if there is none, or quotes are not single bytes.
std::string SuspectLine(absl::string_view text, uint32_t first_line, absl::string_view open,
                        absl::string_view close) {
  if (open.size() != 1 || close.size() != 1 || open == close) return "";
  uint32_t line = first_line;
  for (const absl::string_view each : absl::StrSplit(text, '\n')) {
    const auto opened = std::count(each.begin(), each.end(), open[0]);
    const auto closed = std::count(each.begin(), each.end(), close[0]);
    if (line != first_line && opened > closed) {
      return absl::StrCat("line ", line, " has more ", open, " than ", close);
    }
    ++line;
  }
  return "";
}

}  // namespace

M4::M4(const M4Limits& limits) : limits_(limits) {
  for (const M4BuiltinInfo& info : M4Builtins()) {
    symbols_.Define(info.name,
                    std::make_shared<const M4Definition>(M4Definition{"", info.builtin}));
  }
  for (const absl::string_view name : {"__gnu__", "__unix__"}) Define(name, "");
}

void M4::Define(absl::string_view name, absl::string_view text) {
  symbols_.Define(
      name, std::make_shared<const M4Definition>(M4Definition{std::string(text), std::nullopt}));
}

void M4::Undefine(absl::string_view name) { symbols_.Undefine(name); }

void M4::Begin(absl::string_view name, std::shared_ptr<const std::string> text) {
  if (state_ == State::kFinished) return;
  CHECK(state_ == State::kBetweenFiles) << "the file before is not read to its end";
  state_ = State::kReading;
  input_.PushFile(std::string(name), std::move(text), {});
  if (debug('i')) Debug(absl::StrCat("input read from ", name));
  CheckLimits();
}

void M4::End() {
  if (state_ == State::kFinished) return;
  CHECK(state_ == State::kBetweenFiles) << "the last file is not read to its end";
  state_ = State::kEnding;
  StartWrapped();
}

M4Event M4::Run(uint64_t steps) {
  if (waiting_) return wanted_;
  const uint64_t stop = this->steps() + steps;
  while (state_ == State::kReading || state_ == State::kEnding) {
    if (this->steps() >= stop) return M4Event::kPaused;
    Step();
    if (waiting_) return wanted_;
  }
  return state_ == State::kFinished ? M4Event::kFinished : M4Event::kInputEnd;
}

void M4::Step() {
  ++steps_;
  if (steps() > limits_.steps) return FailLimit("steps");
  M4Token token;
  const size_t files = input_.files_open();
  input_.ReadToken(&token);
  if (debug('i') && input_.files_open() < files) {
    Debug(input_.here().use == 0
              ? "input exhausted"
              : absl::StrCat("input reverted to ", input_.file_name(input_.here()), ", line ",
                             input_.here().line));
  }
  if (token.kind == M4Token::Kind::kUnended) return FailUnended(token);
  if (calls_.empty()) {
    TakeToken(token);
  } else {
    CollectToken(token);
  }
}

void M4::TakeToken(const M4Token& token) {
  switch (token.kind) {
    case M4Token::Kind::kEnd:
      if (state_ == State::kReading) {
        state_ = State::kBetweenFiles;
      } else {
        StartWrapped();
      }
      return;
    case M4Token::Kind::kWord:
      if (!StartCall(token)) Ship(token.text);
      return;
    case M4Token::Kind::kBuiltin:
      return;
    default:
      Ship(token.text);
  }
}

void M4::CollectToken(const M4Token& token) {
  Call& call = calls_.back();
  switch (token.kind) {
    case M4Token::Kind::kEnd:
      return FailUnendedCall();
    case M4Token::Kind::kBytes:
      if (call.skip_space && absl::ascii_isspace(static_cast<unsigned char>(token.text[0]))) return;
      break;
    case M4Token::Kind::kOpen:
      ++call.parentheses;
      break;
    case M4Token::Kind::kComma:
      if (call.parentheses == 0) return EndArgument();
      break;
    case M4Token::Kind::kClose:
      if (call.parentheses == 0) {
        EndArgument();
        return CarryOut();
      }
      --call.parentheses;
      break;
    case M4Token::Kind::kWord:
      call.skip_space = false;
      if (StartCall(token)) return;
      break;
    case M4Token::Kind::kBuiltin:
      call.skip_space = false;
      if (argument_text_.size() == call.argument_begin) call.builtin = token.builtin;
      return;
    default:
      break;
  }
  call.skip_space = false;
  argument_text_.append(token.text.data(), token.text.size());
}

// False if the word is no macro.
bool M4::StartCall(const M4Token& token) {
  const M4Symbol* const symbol = symbols_.Find(token.text);
  if (symbol == nullptr || !symbol->defined()) return false;
  std::shared_ptr<const M4Definition> definition = symbol->definitions.back();
  const bool open = input_.OpenFollows();
  if (!open && definition->builtin.has_value() && InfoOf(*definition->builtin).blind) return false;
  if (calls_.size() >= limits_.nested_calls) {
    FailLimit("nested calls");
    return true;
  }
  Call& call = calls_.emplace_back();
  call.symbol = symbol;
  call.definition = std::move(definition);
  call.place = token.place;
  call.text_begin = call.argument_begin = argument_text_.size();
  call.first = arguments_.size();
  call.id = ++calls_made_;
  call.traced = symbol->traced || trace_all_ || debug('t');
  if (call.traced && debug('c')) TraceName();
  if (!open) {
    CarryOut();
    return true;
  }
  M4Token parenthesis;
  input_.ReadToken(&parenthesis);
  call.argument = input_.here();
  return true;
}

void M4::EndArgument() {
  Call& call = calls_.back();
  // Text beside a builtin is lost.
  if (call.builtin.has_value()) argument_text_.resize(call.argument_begin);
  arguments_.push_back({argument_text_.size(), call.builtin});
  call.builtin.reset();
  call.argument_begin = argument_text_.size();
  call.argument = input_.here();
  call.skip_space = true;
}

void M4::CarryOut() {
  CheckLimits();
  if (state_ == State::kFinished) return;
  Call& call = calls_.back();
  const std::shared_ptr<const M4Definition> definition = call.definition;
  call.end = input_.here();
  input_.set_here(call.place);
  const std::optional<M4Builtin> builtin = definition->builtin;
  current_ = {call.symbol->name, call.text_begin, call.first, arguments_.size() - call.first,
              !builtin.has_value() || !InfoOf(*builtin).takes_builtins};
  if (call.traced && debug('c')) TraceCall();
  input_.BeginText();
  if (builtin.has_value()) {
    RunBuiltin(*builtin);
  } else {
    ExpandText(*definition);
  }
  if (!waiting_) CompleteCall();
}

void M4::CompleteCall() {
  if (state_ == State::kFinished) return;
  const Call& call = calls_.back();
  if (call.traced) TraceResult();
  bytes_moved_ += input_.text().size() - input_.text_begin();
  bytes_moved_ += argument_text_.size() - call.text_begin;
  input_.EndText();
  input_.set_here(call.end);
  argument_text_.resize(call.text_begin);
  arguments_.resize(call.first);
  calls_.pop_back();
  undivert_next_ = 0;
}

void M4::Ship(absl::string_view text) {
  if (divert_ < 0) return;
  bytes_moved_ += text.size();
  if (divert_ == 0) {
    output_bytes_ += text.size();
    output_.append(text.data(), text.size());
  } else {
    diverted_bytes_ += text.size();
    diversions_[divert_].append(text.data(), text.size());
  }
}

void M4::StartWrapped() {
  if (wrapped_.empty()) {
    divert_ = 0;
    UndivertAll();
    return Finish(exit_code_);
  }
  // The last one is read first.
  for (const Wrapped& wrapped : std::exchange(wrapped_, {})) {
    input_.PushText(wrapped.text, wrapped.place);
  }
  wrapped_bytes_ = 0;
}

void M4::Finish(int exit_code) {
  exit_code_ = exit_code;
  state_ = State::kFinished;
  calls_.clear();
  input_.Clear();
}

void M4::CheckLimits() {
  if (input_.files_open() > limits_.nested_files) return FailLimit("nested files");
  if (input_.uses().size() > limits_.files) return FailLimit("files");
  if (input_.depth() > limits_.input_blocks) return FailLimit("nested expansions");
  const uint64_t bytes = input_.bytes() + argument_text_.size() +
                         arguments_.size() * sizeof(Argument) + symbols_.bytes() + diverted_bytes_ +
                         wrapped_bytes_;
  if (bytes > limits_.bytes) return FailLimit("bytes held");
  if (output_bytes_ + message_bytes_ > limits_.output_bytes) return FailLimit("bytes written");
}

void M4::Fail(M4Finding finding, absl::string_view message) {
  if (state_ == State::kFinished) return;
  WarnAt(finding.place, message);
  Stop(std::move(finding));
}

void M4::Stop(M4Finding finding) {
  findings_.push_back(std::move(finding));
  waiting_ = false;
  Finish(1);
}

void M4::FailLimit(absl::string_view what) {
  M4Finding finding;
  finding.place = calls_.empty() ? input_.here() : calls_.back().place;
  finding.what = absl::StrCat("this would exceed the limit of ", what);
  finding.hint = "a macro that calls itself without end?";
  Fail(std::move(finding), absl::StrCat("ERROR: too much: limit of ", what, " reached"));
}

void M4::FailUnended(const M4Token& token) {
  M4Finding finding;
  finding.place = token.place;
  if (token.comment) {
    finding.what = "the comment that begins here never ends";
    return Fail(std::move(finding), "ERROR: end of file in comment");
  }
  finding.what =
      absl::StrCat("the quote ", input_.open_quote(), " that opens here is never closed");
  finding.hint =
      SuspectLine(token.text, token.place.line, input_.open_quote(), input_.close_quote());
  if (finding.hint.empty()) {
    finding.hint = absl::StrCat("a ", input_.close_quote(), " is missing, or a ",
                                input_.open_quote(), " is one too many");
  }
  Fail(std::move(finding), "ERROR: end of file in string");
}

void M4::FailUnendedCall() {
  const Call& call = calls_.back();
  M4Finding finding;
  finding.place = call.place;
  finding.what = absl::StrCat("the arguments of ", call.symbol->name, " that begin here never end");
  finding.hint = "a ) is missing";
  // GNU m4 names the last argument, a person looks for the first.
  WarnAt(call.argument, "ERROR: end of file in argument list");
  Stop(std::move(finding));
}

}  // namespace stagepost
