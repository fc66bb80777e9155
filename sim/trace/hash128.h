// A 128-bit rolling hash: fast, the same on every platform and at every optimisation level.
//
//   Hasher128 hasher;
//   hasher.Add(7, 9);
//   hasher.AddText("MAIL FROM:<>");
//   hasher.Finish().ToString();   // 32 hexadecimal digits; the hasher goes on from where it was
//
// It tells runs apart that differ by accident; it is no defence against somebody who wants a
// collision.
//
// Two 64-bit lanes. Each step takes two words, and each lane adds the folded 128-bit product of
// both words, keyed differently in each lane, to a rotation of itself: x -> rotl(x) + fold((w ^ x)
// * (v ^ key)). The product spreads every bit of both words over the lane; the rotation keeps what
// was there even when a factor is zero. Finish() crosses the lanes and mixes twice.
#ifndef STAGEPOST_SIM_TRACE_HASH128_H_
#define STAGEPOST_SIM_TRACE_HASH128_H_

#include <bit>
#include <compare>
#include <cstdint>
#include <cstring>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace stagepost {

struct Hash128 {
  uint64_t high = 0;
  uint64_t low = 0;

  // 32 lower-case hexadecimal digits.
  std::string ToString() const {
    return absl::StrCat(absl::Hex(high, absl::kZeroPad16), absl::Hex(low, absl::kZeroPad16));
  }
  friend auto operator<=>(const Hash128&, const Hash128&) = default;
};

class Hasher128 {
 public:
  void Add(uint64_t first, uint64_t second) {
    const uint64_t a = Fold(first ^ a_, second ^ kKey1);
    const uint64_t b = Fold(second ^ b_, first ^ kKey2);
    a_ = std::rotl(a_, 23) + a;
    b_ = std::rotl(b_, 41) + b;
  }

  // The bytes, 16 at a time, the last ones padded with zeros: a caller whose texts differ in length
  // adds the length first.
  void AddText(absl::string_view text) {
    const char* data = text.data();
    size_t left = text.size();
    for (; left >= 16; left -= 16, data += 16) Add(Load(data), Load(data + 8));
    if (left == 0) return;
    char tail[16] = {};
    std::memcpy(tail, data, left);
    Add(Load(tail), Load(tail + 8));
  }

  Hash128 Finish() const {
    const uint64_t a = Fold(a_ ^ kKey3, b_ ^ kKey1) + a_;
    const uint64_t b = Fold(b_ ^ kKey3, a_ ^ kKey2) + b_;
    return {Fold(a ^ kKey2, std::rotl(b, 32) ^ kKey3) ^ b, Fold(b ^ kKey1, a ^ kKey3) ^ a};
  }

 private:
  // Odd, half of their bits set, no pattern: the fractions of the square roots of 3, 5, 7 and of
  // the golden ratio, with the last bit set.
  static constexpr uint64_t kKey0 = 0x9e3779b97f4a7c15;
  static constexpr uint64_t kKey1 = 0xbb67ae8584caa73b;
  static constexpr uint64_t kKey2 = 0x3c6ef372fe94f82b;
  static constexpr uint64_t kKey3 = 0xa54ff53a5f1d36f1;

  static uint64_t Fold(uint64_t x, uint64_t y) {
    const auto product = static_cast<unsigned __int128>(x) * y;
    return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
  }

  static uint64_t Load(const char* bytes) {
    uint64_t word;
    std::memcpy(&word, bytes, sizeof word);
    return std::endian::native == std::endian::little ? word : __builtin_bswap64(word);
  }

  uint64_t a_ = kKey0;
  uint64_t b_ = kKey3;
};

}  // namespace stagepost

#endif  // STAGEPOST_SIM_TRACE_HASH128_H_
