// What maps of all classes have in common: the quotes of a key, temporary failures, being open.
#ifndef STAGEPOST_MTA_MAPS_BASE_MAP_H_
#define STAGEPOST_MTA_MAPS_BASE_MAP_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "mta/async/task.h"
#include "mta/base/sysexits.h"
#include "mta/maps/map.h"
#include "mta/maps/map_context.h"
#include "mta/maps/map_flags.h"

namespace stagepost {

class BaseMap : public Map {
 public:
  // `map_class` is a literal; `context` outlives the map.
  BaseMap(MapContext& context, absl::string_view name, absl::string_view map_class, MapFlags flags);

  Task<MapAnswer> Lookup(absl::string_view key,
                         absl::Span<const absl::string_view> arguments) final;
  std::optional<MapAnswer> AnswerNow(absl::string_view key,
                                     absl::Span<const absl::string_view> arguments) final;
  Task<MapAnswer> Ask(absl::string_view key, absl::Span<const absl::string_view> arguments) final;
  Task<bool> Open(std::string& message) final;
  std::optional<char> blank_substitute() const override { return flags_.blank_substitute; }
  absl::string_view map_class() const override { return class_; }

  const std::string& name() const { return name_; }
  // Open, and neither broken nor gone.
  bool works() const { return state_ == State::kOpen; }
  // Nothing is known about it: it was not opened, or that failed for the moment.
  bool is_closed() const { return state_ == State::kClosed; }
  // What the K line was did not make a map: Open() gives false from now on.
  void Invalidate() { state_ = State::kGone; }

 protected:
  // Ask() of the class. The map is open.
  virtual Task<MapAnswer> AskClass(absl::string_view key,
                                   absl::Span<const absl::string_view> arguments) = 0;
  // AnswerNow() of the class, which knows of no temporary failures. The map is open.
  virtual std::optional<MapAnswer> AnswerClassNow(absl::string_view key,
                                                  absl::Span<const absl::string_view> arguments);
  // Open() of the class. An error's message is what sendmail says about it; it may be empty, and is
  // not used if the map is optional. `message` is said in any case. After kCancelled,
  // kDeadlineExceeded and what IsPassingError() nothing is known about the map, and the next look-up
  // tries again.
  virtual Task<absl::Status> OpenClass(std::string& message);

  // Found: the value with %0 … %9 filled in and -a; with -m the key with -a.
  MapAnswer Found(absl::string_view value, absl::string_view key,
                  absl::Span<const absl::string_view> arguments) const;
  // The key as it is looked up: in lower case without -f.
  std::string Folded(absl::string_view key) const;
  // Logs what sendmail calls a system error, and gives it as the answer's message.
  MapAnswer Failed(int status, std::string message) const;
  void LogError(absl::string_view message) const;
  // After an error that leaves nothing to ask: as if the map had never opened.
  void Reopen() { state_ = State::kClosed; }

  const MapFlags& flags() const { return flags_; }
  MapContext& context() const { return context_; }

 private:
  enum class State : uint8_t {
    kClosed,
    kOpen,
    kBroken,  // every answer is a temporary failure
    kGone,    // optional and not there, or never right
  };

  MapContext& context_;
  const std::string name_;
  const absl::string_view class_;
  const MapFlags flags_;
  State state_ = State::kClosed;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_MAPS_BASE_MAP_H_
