#include "davit/yaml/parse.hpp"

#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <istream>
#include <streambuf>

#include "builder.hpp"
#include "source.hpp"

namespace davit::yaml {
namespace {

/// Reads from memory without a copy.
class ViewBuffer final : public std::streambuf {
 public:
  explicit ViewBuffer(std::string_view text) {
    char* begin = const_cast<char*>(text.data());
    setg(begin, begin, begin + text.size());
  }
};

/// yaml-cpp's texts in the words of people who write files.
Diagnostic syntax_error(const YAML::Exception& exception, const Source& source) {
  const std::size_t at = source.offset(exception.mark.line, exception.mark.column);
  const auto where = exception.mark.is_null() ? std::optional<Span>{} : source.span(at, at);
  const std::string& text = exception.msg;
  const std::size_t line_start = source.text().rfind('\n', at == 0 ? 0 : at - 1);
  const std::size_t from = line_start == std::string_view::npos ? 0 : line_start + 1;
  const std::size_t line_end = std::min(source.text().find('\n', from), source.text().size());
  const bool tab = source.text().substr(from, line_end - from).find('\t') != std::string_view::npos;
  auto result = Diagnostic::error("yaml-syntax", "invalid YAML: " + text, where);
  if (tab) return result.with_hint("YAML indents with blanks, never with tabs");
  if (text.find("illegal map value") != std::string::npos || text.find("end of map not found") != std::string::npos)
    return result.with_hint("check the indentation, and put values that contain ': ' in quotes");
  if (text.find("unknown token") != std::string::npos)
    return result.with_hint("a value may not start with '@', '`' or '%'; put it in quotes");
  return result;
}

}  // namespace

Parsed parse(std::string_view text, const std::shared_ptr<const std::string>& file, const Limits& limits) {
  Parsed parsed;
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  if (text.size() > limits.bytes) {
    parsed.diagnostics.add(Diagnostic::error("yaml-limit",
                                             "the file has " + std::to_string(text.size()) + " bytes, at most " +
                                                 std::to_string(limits.bytes) + " are allowed",
                                             Span{file, {}, {}}));
    return parsed;
  }
  const Source source(text, file);
  if (auto bad = source.bad_byte()) {
    parsed.diagnostics.add(std::move(*bad));
    return parsed;
  }
  ViewBuffer buffer(text);
  std::istream stream(&buffer);
  try {
    Builder builder(source, limits, parsed);
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const LimitExceeded& limit) {
    parsed.diagnostics.add(limit.diagnostic);
  } catch (const YAML::Exception& exception) {
    parsed.diagnostics.add(syntax_error(exception, source));
  }
  return parsed;
}

}  // namespace davit::yaml
