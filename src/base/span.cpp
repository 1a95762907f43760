#include "davit/base/span.hpp"

namespace davit {

std::string Span::to_string() const {
  if (file == nullptr) return "<unknown>";
  if (begin.line == 0) return *file;
  return *file + ":" + std::to_string(begin.line) + ":" + std::to_string(begin.column);
}

}  // namespace davit
