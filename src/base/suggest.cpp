#include "davit/base/suggest.hpp"

#include <algorithm>
#include <cctype>

namespace davit {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before;  // row i-2, for swaps
  std::vector<std::size_t> previous(b.size() + 1);
  std::vector<std::size_t> current(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) previous[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    current[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t cost = a[i - 1] == b[j - 1] ? 0 : 1;
      current[j] = std::min({previous[j] + 1, current[j - 1] + 1, previous[j - 1] + cost});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        current[j] = std::min(current[j], before[j - 2] + 1);
    }
    before = previous;
    std::swap(previous, current);
  }
  return previous[b.size()];
}

std::optional<std::string> nearest(std::string_view given, const std::vector<std::string>& candidates) {
  constexpr std::size_t kLongestName = 256;  // the distance is quadratic; nobody mistypes such a name
  constexpr std::size_t kMostNames = 1000;   // one of many is a guess, and thousands of guesses take long
  if (given.size() > kLongestName || candidates.size() > kMostNames) return std::nullopt;
  // Of a name of one letter nothing is left to go by when it is wrong.
  const std::size_t allowed = given.size() < 2 ? 0 : std::max<std::size_t>(1, given.size() / 3);
  const std::string wanted = lower(given);
  std::optional<std::string> best;
  std::size_t best_distance = allowed + 1;
  for (const auto& candidate : candidates) {
    if (candidate.size() > kLongestName || candidate.size() > given.size() + allowed ||
        given.size() > candidate.size() + allowed)
      continue;
    const std::size_t distance = edit_distance(wanted, lower(candidate));
    if (distance < best_distance) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

std::string join_names(const std::vector<std::string>& names, std::size_t at_most) {
  std::string out;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i == at_most) return out + " and " + std::to_string(names.size() - at_most) + " more";
    if (i > 0) out += ", ";
    out += names[i];
  }
  return out;
}

std::string counted(std::size_t number, const std::string& singular, const std::string& plural) {
  const std::string& many = plural.empty() ? singular + "s" : plural;
  return std::to_string(number) + " " + (number == 1 ? singular : many);
}

}  // namespace davit
