#include "davit/logs/read_pacing.hpp"

#include <utility>

namespace davit::logs {

ReadPacing::Wait ReadPacing::emptied(std::size_t bytes, Time now) {
  const std::optional<Time> before = std::exchange(last_emptied_, now);
  // A pause in which nothing came ends the flood; after any other, more is to be expected.
  const bool flood = last_ == Wait::Pause || (before && now - *before < kPause);
  last_ = flood && bytes > 0 ? Wait::Pause : Wait::UntilReadable;
  return last_;
}

}  // namespace davit::logs
