#include "davit/dockerfile/parser.hpp"

#include "dockerfile/instructions.hpp"

namespace davit::dockerfile {
namespace {

bool no_errors(const Diagnostics& diagnostics) {
  return !diagnostics.has_errors();
}

/// Puts instructions into stages.
class Builder {
 public:
  explicit Builder(Lines lines) : lines_(std::move(lines)), diagnostics_(std::move(lines_.diagnostics)) {
    out_.escape = lines_.escape;
    out_.checks = lines_.checks;
  }

  Result<Dockerfile, Diagnostics> run(const std::shared_ptr<const std::string>& file) {
    for (const LogicalLine& line : lines_.lines) add(line);
    if (lines_.lines.empty()) {
      diagnostics_.add(Diagnostic::error("empty-dockerfile", "file with no instructions", Span{file, {}, {}})
                           .with_hint("start it with 'FROM IMAGE', or with 'FROM scratch' for an empty file system"));
    } else if (out_.stages.empty() && no_errors(diagnostics_)) {
      diagnostics_.add(Diagnostic::error("no-stage", "no FROM in this file: nothing to build", Span{file, {}, {}})
                           .with_hint("write 'FROM IMAGE' before the first instruction that is not ARG"));
    }
    diagnostics_.sort_and_unique();
    if (!no_errors(diagnostics_)) return std::move(diagnostics_);
    out_.warnings = diagnostics_.items();
    return std::move(out_);
  }

 private:
  void add(const LogicalLine& line) {
    const Head head = read_head(line);
    if (head.keyword == "FROM") {
      seen_from_ = true;
      if (auto stage = read_from(line, head, lines_.escape, diagnostics_)) add(*std::move(stage));
      return;
    }
    auto instruction = read_instruction(line, head, lines_.escape, diagnostics_);
    if (!instruction) return;
    if (seen_from_) {
      if (!out_.stages.empty()) out_.stages.back().instructions.push_back(*std::move(instruction));
    } else if (auto* arg = std::get_if<Arg>(&instruction->body)) {
      out_.global_args.push_back(std::move(*arg));
    } else {
      diagnostics_.add(
          Diagnostic::error("no-stage", instruction->keyword + " stands before the first FROM", instruction->where)
              .with_hint("only ARG may stand there; start with FROM"));
    }
  }

  void add(Stage stage) {
    for (const Stage& other : out_.stages)
      if (!stage.name.empty() && other.name == stage.name)
        diagnostics_.add(Diagnostic::warning("duplicate-stage-name",
                                             "stage name '" + stage.name + "' is used twice: the last one counts",
                                             stage.name_where)
                             .note("the first one", other.name_where));
    out_.stages.push_back(std::move(stage));
  }

  Lines lines_;
  Diagnostics diagnostics_;
  Dockerfile out_;
  bool seen_from_ = false;
};

}  // namespace

Result<Dockerfile, Diagnostics> parse(std::string_view text, const std::string& file) {
  const auto name = std::make_shared<const std::string>(file);
  return Builder(split_lines(text, name)).run(name);
}

Result<Instruction, Diagnostics> parse_trigger(std::string_view text, const std::string& origin) {
  Lines lines = split_lines(text, std::make_shared<const std::string>(origin));
  Diagnostics diagnostics = std::move(lines.diagnostics);
  if (lines.lines.size() != 1) {
    diagnostics.add(Diagnostic::error("bad-onbuild", "'" + std::string(text) + "' is not one instruction"));
    return diagnostics;
  }
  auto instruction = read_instruction(lines.lines[0], read_head(lines.lines[0]), lines.escape, diagnostics);
  if (!instruction || diagnostics.has_errors()) return diagnostics;
  return *std::move(instruction);
}

const std::vector<std::string>& instruction_names() {
  static const std::vector<std::string> names{"ADD",    "ARG",   "CMD",         "COPY",  "ENTRYPOINT", "ENV",
                                              "EXPOSE", "FROM",  "HEALTHCHECK", "LABEL", "MAINTAINER", "ONBUILD",
                                              "RUN",    "SHELL", "STOPSIGNAL",  "USER",  "VOLUME",     "WORKDIR"};
  return names;
}

}  // namespace davit::dockerfile
