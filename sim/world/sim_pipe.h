// A pipe inside one simulated host: bounded, with back-pressure, end of stream and EPIPE.
//
// The two ends are made together and share the buffer; either may be destroyed first. Bytes move at
// once, since a pipe has no latency of its own: the reader runs when the scheduler picks it.
#ifndef STAGEPOST_SIM_WORLD_SIM_PIPE_H_
#define STAGEPOST_SIM_WORLD_SIM_PIPE_H_

#include <cstddef>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "mta/env/stream.h"

namespace stagepost {

// Linux's default.
inline constexpr size_t kPipeBytes = 65536;

struct SimPipe {
  std::unique_ptr<ByteSource> source;
  std::unique_ptr<ByteSink> sink;
};

SimPipe MakeSimPipe();

// /dev/null as standard input and output.
std::unique_ptr<ByteSource> MakeNullSource();
std::unique_ptr<ByteSink> MakeNullSink();

// A source that gives `text`, then end of stream.
std::unique_ptr<ByteSource> MakeTextSource(absl::string_view text);
// A sink that appends to `*captured`, which outlives it.
std::unique_ptr<ByteSink> MakeCapturingSink(std::string* captured);

}  // namespace stagepost

#endif  // STAGEPOST_SIM_WORLD_SIM_PIPE_H_
