#include "davit/logs/framer.hpp"

#include <algorithm>
#include <cstring>

namespace davit::logs {

Framer::Framer(Stream stream, WallTime time)
    : full_(make_header(time, stream, Extent::Full)), partial_(make_header(time, stream, Extent::Partial)) {}

Framer::Framed Framer::frame(std::string_view data, End end, std::span<char> out) const {
  const char* in = data.data();
  const char* const in_end = in + data.size();
  char* to = out.data();
  char* const to_end = to + out.size();
  while (in != in_end) {
    const auto left = static_cast<std::size_t>(in_end - in);
    // A newline right behind kMaxText bytes still ends the record.
    const auto* const newline = static_cast<const char*>(std::memchr(in, '\n', std::min(left, kMaxText + 1)));
    std::size_t text = 0;
    if (newline != nullptr) {
      text = static_cast<std::size_t>(newline - in);
    } else if (left > kMaxText) {
      text = kMaxText;
    } else if (end == End::Batch) {
      text = left;
    } else {
      break;
    }
    if (static_cast<std::size_t>(to_end - to) < kHeaderSize + text + 1) break;
    std::memcpy(to, newline != nullptr ? full_.data() : partial_.data(), kHeaderSize);
    std::memcpy(to + kHeaderSize, in, text);
    to[kHeaderSize + text] = '\n';
    to += kHeaderSize + text + 1;
    in += text + (newline != nullptr ? 1 : 0);
  }
  return {static_cast<std::size_t>(in - data.data()), static_cast<std::size_t>(to - out.data())};
}

}  // namespace davit::logs
