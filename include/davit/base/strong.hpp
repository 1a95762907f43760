#pragma once
// Strings that must not be swapped for one another.

#include <compare>
#include <functional>
#include <ostream>
#include <string>
#include <utility>

namespace davit {

template <class Tag>
class StrongString {
 public:
  StrongString() = default;
  explicit StrongString(std::string text) : text_(std::move(text)) {}
  [[nodiscard]] const std::string& str() const { return text_; }
  [[nodiscard]] bool empty() const { return text_.empty(); }
  friend auto operator<=>(const StrongString&, const StrongString&) = default;
  friend std::ostream& operator<<(std::ostream& out, const StrongString& s) { return out << s.text_; }

 private:
  std::string text_;
};

using ContainerId = StrongString<struct ContainerIdTag>;  ///< 64 hex digits
using ImageId = StrongString<struct ImageIdTag>;          ///< "sha256:" and 64 hex digits: the digest of the config

}  // namespace davit

template <class Tag>
struct std::hash<davit::StrongString<Tag>> {
  std::size_t operator()(const davit::StrongString<Tag>& s) const noexcept { return std::hash<std::string>{}(s.str()); }
};
