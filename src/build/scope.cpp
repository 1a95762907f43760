#include "build/scope.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include "davit/base/suggest.hpp"
#include "davit/image/image_config.hpp"

namespace davit::build {
namespace {

Span word_part(const Span& where, std::size_t offset) {
  Span out = where;
  // Only within the word's own line: a word never spans two.
  if (out.begin.line == out.end.line && out.begin.column + offset < out.end.column)
    out.begin.column += static_cast<std::uint32_t>(offset);
  return out;
}

}  // namespace

void fail(std::string code, std::string message, const Span& where) {
  throw PlanMistake{Diagnostic::error(std::move(code), std::move(message), where)};
}

std::array<std::string, 2> spellings(const std::string& name) {
  std::array<std::string, 2> both{name, name};
  for (char& c : both[0]) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  for (char& c : both[1]) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return both;
}

bool is_proxy_argument(const std::string& name) {
  static constexpr std::array<std::string_view, 5> kNames{"HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY",
                                                          "ALL_PROXY"};
  return std::find(kNames.begin(), kNames.end(), spellings(name)[0]) != kNames.end();
}

GlobalScope::GlobalScope(const dockerfile::Dockerfile& file, const Arguments& given, const std::string& target_stage)
    : given_(given), escape_(file.escape) {
  const std::string architecture = image::host_architecture();
  const std::string platform = "linux/" + architecture;
  for (const std::string side : {"TARGET", "BUILD"}) {
    values_[side + "PLATFORM"] = platform;
    values_[side + "OS"] = "linux";
    values_[side + "OSVERSION"] = "";
    values_[side + "ARCH"] = architecture;
    values_[side + "VARIANT"] = "";
  }
  values_["TARGETSTAGE"] = target_stage.empty() ? "default" : target_stage;
  for (auto& [name, value] : values_)
    if (const auto found = given.find(name); found != given.end()) value = found->second;
  // A name without value in a default is no mistake here: the FROM line that uses it complains.
  for (const auto& arg : file.global_args) {
    for (const auto& name : arg.names) {
      declared_[name.name.text] = name.name.where;
      if (const auto found = given.find(name.name.text); found != given.end()) {
        values_[name.name.text] = found->second;
      } else if (name.fallback) {
        const auto lookup = [&](std::string_view wanted) { return this->value(wanted); };
        auto expanded = dockerfile::expand(name.fallback->text, lookup, escape_);
        if (!expanded)
          fail("bad-substitution", expanded.error().message, word_part(name.fallback->where, expanded.error().offset));
        values_[name.name.text] = std::move(expanded->text);
      }
    }
  }
}

std::optional<std::string> GlobalScope::value(std::string_view name) const {
  const auto found = values_.find(name);
  if (found == values_.end()) return std::nullopt;
  return found->second;
}

void StageScope::declare(const dockerfile::Arg& arg, std::set<std::string>& consumed) {
  for (const auto& declaration : arg.names) {
    const std::string name = declaration.name.text;
    std::optional<std::string> value;
    const auto given = global_->given().find(name);
    if (given != global_->given().end()) {
      value = given->second;
      consumed.insert(name);
    } else if (declaration.fallback) {
      value = expand(*declaration.fallback);
    } else {
      value = global_->value(name);
    }
    declared_.insert(name);
    std::erase_if(arguments_, [&](const auto& pair) { return pair.first == name; });
    if (value) arguments_.emplace_back(name, *std::move(value));
  }
}

std::optional<std::string> StageScope::value(std::string_view name) const {
  if (const auto found = env_.find(name); found != env_.end()) return found->second;
  for (const auto& [key, value] : arguments_)
    if (key == name) return value;
  return std::nullopt;
}

std::string StageScope::expand(const dockerfile::Word& word) const {
  return expand_text(word.text, word.where, global_->escape(), dockerfile::Quotes::Remove);
}

std::string StageScope::expand_text(std::string_view text, const Span& where, char escape,
                                    dockerfile::Quotes quotes) const {
  const auto lookup = [this](std::string_view name) { return value(name); };
  auto expanded = dockerfile::expand(text, lookup, escape, quotes);
  if (!expanded) fail("bad-substitution", expanded.error().message, word_part(where, expanded.error().offset));
  warn_unset(expanded->unset, where);
  return std::move(expanded->text);
}

std::vector<std::string> StageScope::expand_to_words(const dockerfile::Word& word) const {
  const auto lookup = [this](std::string_view name) { return value(name); };
  auto words = dockerfile::expand_to_words(word.text, lookup, global_->escape());
  if (!words) fail("bad-substitution", words.error().message, word_part(word.where, words.error().offset));
  return *std::move(words);
}

void StageScope::warn_unset(const std::vector<std::string>& names, const Span& where) const {
  for (const std::string& name : names) {
    if (declared_.contains(name)) continue;  // declared without a value: meant to be empty
    auto warning = Diagnostic::warning("undefined-variable", "variable '" + name + "' has no value", where);
    std::vector<std::string> known;
    for (const auto& [key, value] : env_) known.push_back(key);
    for (const auto& [key, value] : arguments_) known.push_back(key);
    const auto declared = global_->declared().find(name);
    if (declared != global_->declared().end()) {
      warning.note("ARG " + name + " is declared before FROM, which only FROM lines see", declared->second);
      warning.with_hint("add 'ARG " + name + "' to this stage");
    } else if (const auto best = nearest(name, known)) {
      warning.with_hint("did you mean '" + *best + "'?");
    }
    warnings_->push_back(std::move(warning));
  }
}

}  // namespace davit::build
