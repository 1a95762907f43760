#pragma once
// The lexical layer of a Dockerfile: parser directives, comments, continuation lines, heredoc bodies.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "davit/base/diagnostic.hpp"
#include "davit/dockerfile/instruction.hpp"

namespace davit::dockerfile {

/// One instruction on one line: continuation lines joined, comments dropped, every byte knows where it came from.
class LogicalLine {
 public:
  LogicalLine() = default;
  explicit LogicalLine(std::shared_ptr<const std::string> file) : file_(std::move(file)) {}

  /// Adds a stretch of one physical line.
  void append(std::string_view text, Position from);

  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] Position position(std::size_t offset) const;
  /// The place of a stretch of the joined text; it ends on the line where it begins.
  [[nodiscard]] Span span(std::size_t begin, std::size_t end) const;

  std::vector<Heredoc> heredocs;
  std::string heredoc_source;  ///< the bodies and terminators as written, for handing them on to the shell

 private:
  struct Piece {
    std::size_t offset;
    Position from;
  };
  std::shared_ptr<const std::string> file_;
  std::string text_;
  std::vector<Piece> pieces_;
};

struct Lines {
  char escape = '\\';
  std::vector<LogicalLine> lines;
  Diagnostics diagnostics;  ///< errors and warnings
  Checks checks;
};

/// Splits a Dockerfile into instructions.
[[nodiscard]] Lines split_lines(std::string_view text, const std::shared_ptr<const std::string>& file);

/// The heredoc words of an instruction's line (RUN, COPY, ADD, and ONBUILD of them), with offset in the line.
struct HeredocWord {
  Heredoc heredoc;
  std::size_t offset = 0;
  std::size_t length = 0;
};
[[nodiscard]] std::vector<HeredocWord> find_heredocs(std::string_view line);

}  // namespace davit::dockerfile
