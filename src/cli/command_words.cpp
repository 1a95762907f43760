#include "command_words.hpp"

#include <cctype>

#include "davit/base/error.hpp"
#include "davit/base/suggest.hpp"

namespace davit::cli {

Diagnostic unknown_flag(const CLI::App& command, const std::string& word) {
  std::vector<std::string> known;
  for (const auto* option : command.get_options())
    for (const auto& name : option->get_lnames()) known.push_back("--" + name);
  auto diagnostic = Diagnostic::error("unknown-flag", "unknown flag: " + word);
  if (const auto near = nearest(word.substr(0, word.find('=')), known))
    diagnostic.with_hint("did you mean '" + *near + "'?");
  return diagnostic;
}

std::vector<std::string> trailing_words(const CLI::App& command) {
  std::vector<std::string> words = command.remaining();
  if (words.empty()) return words;
  if (words.front() == "--") {
    words.erase(words.begin());
  } else if (words.front().starts_with('-')) {
    throw Error(unknown_flag(command, words.front()));
  }
  return words;
}

Lookup variables_of(const Context& context, const model::Project& project) {
  return [&context, &project](const std::string& name) -> std::optional<std::string> {
    // Empty for a project that was found without its file.
    const auto found = project.environment.find(name);
    return found == project.environment.end() ? context.env(name) : std::optional(found->second);
  };
}

bool is_yes(const std::optional<std::string>& value) {
  if (!value) return false;
  constexpr std::string_view kBlanks = " \t\r\n";
  const std::size_t first = value->find_first_not_of(kBlanks);
  if (first == std::string::npos) return false;
  std::string word = value->substr(first, value->find_last_not_of(kBlanks) + 1 - first);
  for (char& c : word) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return word == "1" || word == "t" || word == "true" || word == "y";
}

std::vector<std::pair<std::string, std::string>> environment_words(const std::vector<std::string>& words,
                                                                   const Lookup& lookup) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const auto& word : words) {
    const auto equals = word.find('=');
    if (equals != std::string::npos)
      out.emplace_back(word.substr(0, equals), word.substr(equals + 1));
    else if (const auto value = lookup(word))
      out.emplace_back(word, *value);
  }
  return out;
}

}  // namespace davit::cli
