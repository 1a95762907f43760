#include "davit/yaml/parse.hpp"

#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <istream>
#include <streambuf>

#include "builder.hpp"
#include "source.hpp"
#include "syntax_error.hpp"

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
    stop(syntax_error(source, exception.msg, source.offset(exception.mark.line, exception.mark.column)));
  }
  return parsed;
}

}  // namespace davit::yaml
