#pragma once
// Progress as lines, in the form of BuildKit's plain progress: for pipes, CI logs, and tests.

#include <functional>
#include <set>
#include <string>

#include "davit/build/build.hpp"

namespace davit::build {

///     #5 [build 2/4] RUN make
///     #5 0.123 cc -c main.c
///     #5 DONE 0.3s
class PlainProgress final : public BuildObserver {
 public:
  using Warn = std::function<void(const Diagnostic&)>;
  /// `write` gets whole lines, each with its end. `warn` shows warnings, who knows the sources they point into; none:
  /// they are written without an excerpt.
  explicit PlainProgress(std::function<void(std::string_view)> write, Warn warn = {})
      : write_(std::move(write)), warn_(std::move(warn)) {}

  void warning(const Diagnostic& diagnostic) override;
  void started(const Vertex& vertex) override;
  void cached(const Vertex& vertex) override;
  void output(const Vertex& vertex, Stream stream, Seconds at, std::string_view line) override;
  void done(const Vertex& vertex, Seconds took) override;
  void failed(const Vertex& vertex, const std::string& why) override;
  void cancelled(const Vertex& vertex) override;

 private:
  void line(const Vertex& vertex, const std::string& text);

  std::function<void(std::string_view)> write_;
  Warn warn_;
  std::set<std::size_t> titled_;
  std::size_t last_ = 0;  ///< vertex of the last line; 0: none
};

}  // namespace davit::build
