#include "inline_dockerfile.hpp"

#include <algorithm>
#include <string_view>

namespace davit::cli {
namespace {

std::string_view line_of(std::string_view text, std::uint32_t number) {
  for (std::uint32_t line = 1; line < number; ++line) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
  return text.substr(0, text.find('\n'));
}

std::uint32_t indentation_of(std::string_view line) {
  return static_cast<std::uint32_t>(std::min(line.find_first_not_of(' '), line.size()));
}

/// Where the lines of the Dockerfile begin, when they stand one below the other.
struct Block {
  std::uint32_t first_line = 0;
  std::uint32_t indentation = 0;
};

std::optional<Block> block_of(const InlineDockerfile& file) {
  const std::string_view head = line_of(file.compose_text, file.value.begin.line);
  const std::size_t column = file.value.begin.column;
  if (column == 0 || column > head.size() || head[column - 1] != '|') return std::nullopt;
  Block block{file.value.begin.line + 1, 0};
  // Empty lines at the top belong to the Dockerfile, but do not tell how far it is indented.
  for (std::uint32_t line = block.first_line; block.indentation == 0; ++line) {
    const std::string_view text = line_of(file.compose_text, line);
    if (text.data() == nullptr) return std::nullopt;
    if (indentation_of(text) < text.size()) block.indentation = indentation_of(text);
    if (!text.empty() && text.front() != ' ') return std::nullopt;
  }
  return block;
}

class Mover {
 public:
  explicit Mover(const InlineDockerfile& file) : file_(file), block_(block_of(file)) {}

  [[nodiscard]] bool concerns(const std::optional<Span>& place) const {
    return place && place->file && *place->file == file_.name;
  }
  [[nodiscard]] bool is_exact() const { return block_.has_value(); }

  [[nodiscard]] Span moved(const Span& place) const {
    if (!block_ || place.begin.line == 0) return file_.value;
    return {file_.value.file, moved(place.begin), moved(place.end)};
  }

 private:
  [[nodiscard]] Position moved(const Position& at) const {
    if (at.line == 0) return {};
    return {block_->first_line + at.line - 1, block_->indentation + at.column};
  }
  const InlineDockerfile& file_;
  std::optional<Block> block_;
};

}  // namespace

Diagnostic in_compose_file(Diagnostic diagnostic, const InlineDockerfile& file) {
  const Mover mover(file);
  if (mover.concerns(diagnostic.where)) {
    const std::uint32_t line = diagnostic.where->begin.line;
    diagnostic.where = mover.moved(*diagnostic.where);
    if (!mover.is_exact() && line > 0)
      diagnostic.notes.insert(diagnostic.notes.begin(), {"in line " + std::to_string(line) + " of the Dockerfile", {}});
  }
  for (Diagnostic::Note& note : diagnostic.notes)
    if (mover.concerns(note.where)) note.where = mover.moved(*note.where);
  return diagnostic;
}

BuildPlaces::BuildPlaces(const Context& context, const model::Service& service, const build::BuildRequest& request) {
  const model::Build& build = service.build.value();
  const Span& value = build.of("dockerfile_inline");
  if (build.dockerfile_inline.empty() || !value.file) return;
  const auto text = context.files.read(*value.file);
  if (text) inline_.emplace(InlineDockerfile{request.dockerfile, value, *text});
}

Diagnostic BuildPlaces::moved(Diagnostic diagnostic) const {
  return inline_ ? in_compose_file(std::move(diagnostic), *inline_) : diagnostic;
}

std::vector<Diagnostic> BuildPlaces::moved(const Diagnostics& diagnostics) const {
  std::vector<Diagnostic> out;
  for (const Diagnostic& diagnostic : diagnostics.items()) out.push_back(moved(diagnostic));
  return out;
}

}  // namespace davit::cli
