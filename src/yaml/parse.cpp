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

/// A tab in the indentation of the line of an error or of the one before.
std::optional<std::size_t> tab_before(std::string_view text, std::size_t error_at) {
  std::size_t from = std::min(error_at, text.size());
  for (int line = 0; line < 2; ++line) {
    const std::size_t start = from == 0 ? 0 : text.rfind('\n', from - 1) + 1;
    const std::size_t tab = text.find_first_not_of(' ', start);
    if (tab != std::string_view::npos && text[tab] == '\t') return tab;
    if (start == 0) break;
    from = start - 1;
  }
  return std::nullopt;
}

/// yaml-cpp's texts in the words of people who write files.
Diagnostic syntax_error(const YAML::Exception& exception, const Source& source) {
  const std::size_t at = source.offset(exception.mark.line, exception.mark.column);
  const auto where = exception.mark.is_null() ? std::optional<Span>{} : source.span(at, at);
  const std::string& text = exception.msg;
  if (const auto tab = tab_before(source.text(), at))
    return Diagnostic::error("yaml-syntax", "invalid YAML: a tab in the indentation", source.span(*tab, *tab + 1))
        .with_hint("indent with blanks, YAML does not allow tabs");
  auto result = Diagnostic::error("yaml-syntax", "invalid YAML: " + text, where);
  if (text.find("illegal map value") != std::string::npos || text.find("end of map not found") != std::string::npos)
    return result.with_hint("check the indentation, and put values that contain ': ' in quotes");
  if (text.find("unknown token") != std::string::npos)
    return result.with_hint("a value may not start with '@', '`' or '%'; put it in quotes");
  return result;
}

}  // namespace

Parsed parse(std::string_view text, const std::shared_ptr<const std::string>& file, const Limits& limits,
             Reuses reuses) {
  Parsed parsed;
  const auto stop = [&parsed](Diagnostic why) {
    parsed.diagnostics.add(std::move(why));
    parsed.complete = false;
  };
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  if (text.size() > limits.bytes) {
    stop(Diagnostic::error("yaml-limit",
                           "the file has " + std::to_string(text.size()) + " bytes, at most " +
                               std::to_string(limits.bytes) + " are allowed",
                           Span{file, {}, {}}));
    return parsed;
  }
  const Source source(text, file);
  auto unfit = source.bad_byte();
  if (!unfit) unfit = source.open_brackets(limits.brackets);
  if (unfit) {
    stop(std::move(*unfit));
    return parsed;
  }
  ViewBuffer buffer(text);
  std::istream stream(&buffer);
  try {
    Builder builder(source, limits, reuses, parsed);
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const LimitExceeded& limit) {
    stop(limit.diagnostic);
  } catch (const YAML::Exception& exception) {
    stop(syntax_error(exception, source));
  }
  return parsed;
}

}  // namespace davit::yaml
