#include "davit/build/plain_progress.hpp"

#include <array>
#include <cstdio>

namespace davit::build {
namespace {

std::string seconds(BuildObserver::Seconds time, int digits) {
  std::array<char, 32> text{};
  const int length = std::snprintf(text.data(), text.size(), "%.*f", digits, time.count());
  return {text.data(), static_cast<std::size_t>(length)};
}

}  // namespace

void PlainProgress::line(const Vertex& vertex, const std::string& text) {
  const std::string number = "#" + std::to_string(vertex.id) + " ";
  std::string out;
  if (last_ != vertex.id) {
    if (last_ != 0) out += "\n";
    // Back to a step that was shown before: a reminder instead of its title.
    out += number + (titled_.insert(vertex.id).second ? vertex.title : "...") + "\n";
    last_ = vertex.id;
  }
  if (!text.empty()) out += number + text + "\n";
  write_(out);
}

void PlainProgress::warning(const Diagnostic& diagnostic) {
  if (warn_) return warn_(diagnostic);
  write_(render(diagnostic, nullptr));
}
void PlainProgress::started(const Vertex& vertex) {
  line(vertex, "");
}
void PlainProgress::cached(const Vertex& vertex) {
  line(vertex, "CACHED");
}
void PlainProgress::output(const Vertex& vertex, Stream, Seconds at, std::string_view text) {
  line(vertex, seconds(at, 3) + " " + std::string(text));
}
void PlainProgress::done(const Vertex& vertex, Seconds took) {
  line(vertex, "DONE " + seconds(took, 1) + "s");
}
void PlainProgress::failed(const Vertex& vertex, const std::string& why) {
  line(vertex, "ERROR: " + why);
}
void PlainProgress::cancelled(const Vertex& vertex) {
  line(vertex, "CANCELED");
}

}  // namespace davit::build
