// An evaluator of m4, as GNU m4 1.4.19 does it: output, messages and exit status are the same.
//
// It is a machine without a world. The caller gives it files one after the other and runs it; when
// a macro needs something from outside (a file to include, a command to run) the machine stops and
// says what, the caller finds out in its own way and answers, and runs it on:
//
//   M4 m4({});
//   m4.Begin("sendmail.mc", text);
//   while (true) {
//     switch (m4.Run(kSteps)) {
//       case M4Event::kNeedFile:  m4.GiveFile(path, bytes);  or  m4.RefuseFile(Errno::kENOENT);
//       case M4Event::kInputEnd:  m4.Begin(next file)  or  m4.End();
//       case M4Event::kFinished:  m4.output(), m4.messages(), m4.exit_code()
//       …
//
// Nothing nests on the C++ stack, and what input can make it do is bounded by M4Limits: going
// beyond stops it with an error. Not here: freezing state, changeword, debugfile with a file's
// name, NULs in text, GNU's undocumented order of messages when debugmode is changed by a traced
// call.
#ifndef STAGEPOST_MTA_M4_M4_H_
#define STAGEPOST_MTA_M4_M4_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "mta/base/errno.h"
#include "mta/m4/builtin_table.h"
#include "mta/m4/emacs_regex.h"
#include "mta/m4/input.h"
#include "mta/m4/number.h"
#include "mta/m4/place.h"
#include "mta/m4/symbols.h"

namespace stagepost {

struct M4Limits {
  size_t nested_calls = 50'000;        // macros whose arguments are being collected
  size_t input_blocks = 100'000;       // expansions and files that are being read
  size_t nested_files = 100;           // files that include each other
  size_t files = 10'000;               // included in one run
  uint64_t bytes = 256 << 20;          // held at one time: input, arguments, macros, diversions
  uint64_t output_bytes = 1ull << 30;  // written in one run
  uint64_t steps = 1'000'000'000;      // tokens read, and bytes moved / 16
  size_t format_bytes = 1 << 20;       // of one result of format
};

enum class M4Event : uint8_t {
  kPaused,         // the steps are used up; run on
  kInputEnd,       // the file is done: Begin() another or End()
  kNeedFile,       // request(): answer with GiveFile() or RefuseFile()
  kNeedCommand,    // request(): answer with GiveCommand() or RefuseCommand()
  kNeedTemporary,  // request(): answer with GiveTemporary() or RefuseFile()
  kFinished,       // exit_code() and failure() stand
};

struct M4Request {
  std::string name;  // a file as written, a command, or the pattern of a temporary file's name
  M4Builtin by{};    // kInclude, kSinclude, kUndivert; kSyscmd, kEsyscmd; kMaketemp
};

// What went wrong, for a person; beyond the line that GNU m4 would have written.
struct M4Finding {
  M4Place place;             // where it went wrong, or began to
  std::string what;          // a sentence without a full stop
  std::string missing_file;  // the name, if a file was not found
  std::string hint;          // what was probably meant; may be empty
};

class M4 {
 public:
  explicit M4(const M4Limits& limits);

  // As -D and -U of the command line.
  void Define(absl::string_view name, absl::string_view text);
  void Undefine(absl::string_view name);

  // The next file of the command line. REQUIRES: nothing run yet, or kInputEnd.
  void Begin(absl::string_view name, std::shared_ptr<const std::string> text);
  // No further file: texts of m4wrap, then what is still diverted. REQUIRES: as Begin().
  void End();

  // Goes on for about `steps` steps.
  M4Event Run(uint64_t steps);

  const M4Request& request() const { return request_; }
  // `path`: how the file is called from now on.
  void GiveFile(absl::string_view path, std::shared_ptr<const std::string> text);
  void RefuseFile(Errno why);
  // `status`: as sysval is to say it. `output`: what the command wrote.
  void GiveCommand(absl::string_view output, int status);
  void RefuseCommand(absl::string_view why);
  void GiveTemporary(absl::string_view path);
  // Something to stand among the messages, such as what a command said.
  void GiveMessages(absl::string_view text);

  // Taken by the caller whenever it likes.
  std::string TakeOutput() { return std::exchange(output_, {}); }
  std::string TakeMessages() { return std::exchange(messages_, {}); }

  int exit_code() const { return exit_code_; }
  // At most 20; those that made the exit code what it is.
  const std::vector<M4Finding>& findings() const { return findings_; }
  // Where files were included from; see M4Place.
  const std::vector<M4FileUse>& uses() const { return input_.uses(); }
  uint64_t steps() const { return steps_ + (input_.bytes_read() + bytes_moved_) / 16; }

 private:
  static constexpr size_t kMaxFindings = 20;

  enum class State : uint8_t { kReading, kBetweenFiles, kEnding, kFinished };

  // A macro whose arguments are being collected, or which is being carried out.
  struct Call {
    const M4Symbol* symbol = nullptr;
    std::shared_ptr<const M4Definition> definition;
    M4Place place;              // of its name
    M4Place argument;           // where the argument being collected begins
    M4Place end;                // where reading stood when its arguments were complete
    size_t text_begin = 0;      // of its arguments in argument_text_
    size_t argument_begin = 0;  // of the one being collected
    size_t first = 0;           // argument 1 in arguments_
    size_t parentheses = 0;
    uint64_t id = 0;
    bool skip_space = true;  // at the beginning of an argument
    bool traced = false;
    std::optional<M4Builtin> builtin;  // of the argument being collected
  };
  struct Argument {
    size_t end = 0;  // in argument_text_; it begins where the one before ends
    std::optional<M4Builtin> builtin;
  };
  // The arguments of the macro that is carried out. Number 0 is its name.
  struct Arguments {
    absl::string_view name;
    size_t text_begin = 0;
    size_t first = 0;  // argument 1 in arguments_
    size_t count = 0;
    bool flat = false;  // builtins among them are empty
  };

  // m4.cc: the machine
  void Step();
  void TakeToken(const M4Token& token);
  void CollectToken(const M4Token& token);
  bool StartCall(const M4Token& token);
  void EndArgument();
  void CarryOut();
  void CompleteCall();
  void Ship(absl::string_view text);
  void StartWrapped();
  void Finish(int exit_code);
  void CheckLimits();
  void Fail(M4Finding finding, absl::string_view message);  // the message is at the finding's place
  void Stop(M4Finding finding);
  void FailLimit(absl::string_view what);
  void FailUnended(const M4Token& token);
  void FailUnendedCall();

  // answers.cc
  void Answered(M4Event event);
  void AfterUndivert();

  // expand.cc: for those that carry out a macro
  absl::string_view Text(size_t n) const;  // of argument n; empty if there are fewer
  std::optional<M4Builtin> BuiltinOf(size_t n) const;
  std::optional<int32_t> Number(size_t n);  // nullopt: none, and it has been said
  std::string& result() { return input_.text(); }
  bool Room(size_t more);  // these three: false if there is no room left, and that is the end
  bool Append(absl::string_view text);
  bool AppendArguments(size_t from, absl::string_view separator, bool quoted);
  void ExpandText(const M4Definition& definition);
  bool TooFew(const M4BuiltinInfo& info);
  void WarnExcess();
  void Warn(absl::string_view text);
  void WarnAt(const M4Place& place, absl::string_view text);

  // builtins.cc
  void RunBuiltin(M4Builtin builtin);
  std::shared_ptr<const M4Definition> NamedByFirst(M4Builtin builtin);
  void AfterTooFew(M4Builtin builtin);
  bool RunDefinition(M4Builtin builtin);
  void RunOther(M4Builtin builtin);
  void Ask(M4Builtin builtin);
  void DoDefine(bool push);
  void DoDefn();
  void DoIfelse();
  void DoChangecom();
  void DoChangequote();
  void DoDnl();
  void DoErrprint();
  void DoM4exit();
  void DoM4wrap();
  void DoDivert();
  void DoUndivert();
  void UndivertNumber(int64_t number);
  void UndivertAll();

  // text_builtins.cc
  bool RunText(M4Builtin builtin);
  void DoIncrement(int by);
  void DoEval();
  void DoSubstr();
  void DoTranslit();
  void DoFormat();
  void DoRegexp();
  void DoPatsubst();
  std::shared_ptr<const EmacsRegex> RegexArgument(absl::string_view said);
  bool Substitute(absl::string_view replacement, const std::vector<absl::string_view>& match,
                  const EmacsRegex& regex);
  bool CheckedMessages();

  // debug_builtins.cc
  bool RunDebug(M4Builtin builtin);
  void DoDebugfile();
  void DoDebugmode();
  void DoDumpdef();
  void DoTrace(bool on);
  bool debug(char flag) const { return debug_flags_.find(flag) != std::string::npos; }
  void DebugLine(absl::string_view text);
  std::string DebugHead(absl::string_view what) const;
  void Debug(absl::string_view text);
  std::string TraceHead() const;
  void TraceName();
  void TraceCall();
  void TraceResult();
  std::string TracedArguments() const;

  const M4Limits limits_;
  M4SymbolTable symbols_;
  M4Input input_;
  State state_ = State::kBetweenFiles;
  std::vector<Call> calls_;
  std::string argument_text_;
  std::vector<Argument> arguments_;
  Arguments current_;
  bool waiting_ = false;  // for an answer to request_
  M4Event wanted_ = M4Event::kPaused;
  M4Request request_;
  size_t undivert_next_ = 0;  // argument of undivert to go on with

  int32_t divert_ = 0;
  std::map<int32_t, std::string> diversions_;
  uint64_t diverted_bytes_ = 0;
  struct Wrapped {
    std::string text;
    M4Place place;
  };
  std::vector<Wrapped> wrapped_;
  size_t wrapped_bytes_ = 0;
  absl::btree_map<std::string, std::shared_ptr<const EmacsRegex>> regexes_;

  std::string output_;
  uint64_t output_bytes_ = 0;
  std::string messages_;
  uint64_t message_bytes_ = 0;
  int exit_code_ = 0;
  int sysval_ = 0;
  std::vector<M4Finding> findings_;
  std::string debug_flags_;
  bool debug_output_ = true;
  bool trace_all_ = false;
  uint64_t calls_made_ = 0;
  uint64_t steps_ = 0;
  uint64_t bytes_moved_ = 0;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_M4_M4_H_
