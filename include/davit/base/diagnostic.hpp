#pragma once
// What davit tells its user about a mistake: one message, its place, its cause, a way out.

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "davit/base/span.hpp"

namespace davit {

enum class Severity { Note, Warning, Error };

/// One message. Text is lower case, without a full stop, names in single quotes.
struct Diagnostic {
  /// A second place or a fact that belongs to the message.
  struct Note {
    std::string text;
    std::optional<Span> where;
    friend bool operator==(const Note&, const Note&) = default;
  };

  /// The part of what was asked for that a message is about, in the words of a Compose file as far as who found it
  /// knows them: attribute "cap_add", item "FOO" (a name in a list, a key, a path in the container; may be empty).
  struct Subject {
    std::string attribute;
    std::string item;
    friend bool operator==(const Subject&, const Subject&) = default;
  };

  Severity severity = Severity::Error;
  std::string code;     ///< stable short name, such as "unknown-dependency"; empty when nobody needs one
  std::string message;  ///< what was found and what is allowed
  std::optional<Span> where;
  std::vector<Note> notes;
  std::optional<std::string> hint;   ///< the way out
  std::optional<Subject> subject{};  ///< for whoever knows where that stands, when `where` is still open

  friend bool operator==(const Diagnostic&, const Diagnostic&) = default;

  [[nodiscard]] static Diagnostic error(std::string code, std::string message, std::optional<Span> where = {});
  [[nodiscard]] static Diagnostic warning(std::string code, std::string message, std::optional<Span> where = {});
  Diagnostic& note(std::string text, std::optional<Span> at = {}) &;
  Diagnostic&& note(std::string text, std::optional<Span> at = {}) &&;
  Diagnostic& with_hint(std::string text) &;
  Diagnostic&& with_hint(std::string text) &&;
  /// Says what it is about, unless that has been said.
  Diagnostic& about(std::string attribute, std::string item = {}) &;
  Diagnostic&& about(std::string attribute, std::string item = {}) &&;
};

/// The messages of one load, so that the user sees all mistakes at once.
class Diagnostics {
 public:
  void add(Diagnostic diagnostic) { items_.push_back(std::move(diagnostic)); }
  void append(const Diagnostics& other);
  [[nodiscard]] bool has_errors() const;
  [[nodiscard]] bool empty() const { return items_.empty(); }
  [[nodiscard]] const std::vector<Diagnostic>& items() const { return items_; }
  /// By file in order of first mention, then by position; messages without a place last. Exact repeats are dropped.
  void sort_and_unique();

  friend bool operator==(const Diagnostics&, const Diagnostics&) = default;

 private:
  std::vector<Diagnostic> items_;
};

/// Returns the text of a file named in a span, for the excerpt; nullopt leaves the excerpt out.
using SourceLookup = std::function<std::optional<std::string>(const std::string& file)>;

struct RenderOptions {
  bool colour = false;
};

/// Prints one diagnostic as a compiler would: head line, excerpt with a caret, notes, hint. Ends with a newline.
///
///     compose.yaml:14:9: error: service 'api' depends on unknown service 'databse'
///        14 |       - databse
///           |         ^~~~~~~
///       note: services in this project: api, database
///       hint: did you mean 'database'?
[[nodiscard]] std::string render(const Diagnostic& diagnostic, const SourceLookup& sources, RenderOptions options = {});

}  // namespace davit
