#include <algorithm>
#include <cstdint>
#include <cstdio>

#include "davit/yaml/number.hpp"
#include "emitter.hpp"
#include "yaml_style.hpp"

namespace davit::compose {
namespace {

constexpr std::size_t kWidth = 80;

std::string hexadecimal(std::uint32_t rune) {
  char text[16];
  std::snprintf(text, sizeof text, rune <= 0xFF ? "\\x%02X" : rune <= 0xFFFF ? "\\u%04X" : "\\U%08X", rune);
  return text;
}

std::uint32_t decoded(std::string_view character) {
  const auto first = static_cast<unsigned char>(character[0]);
  if (character.size() == 1) return first;
  std::uint32_t rune = first & (0xFFU >> (character.size() + 1));
  for (const char c : character.substr(1)) rune = (rune << 6U) | (static_cast<unsigned char>(c) & 0x3FU);
  return rune;
}

/// A character as double quotes write it; empty when it stands for itself.
std::string escaped(std::string_view character) {
  const std::uint32_t rune = decoded(character);
  switch (rune) {
    case 0x00:
      return "\\0";
    case 0x07:
      return "\\a";
    case 0x08:
      return "\\b";
    case 0x09:
      return "\\t";
    case 0x0A:
      return "\\n";
    case 0x0B:
      return "\\v";
    case 0x0C:
      return "\\f";
    case 0x0D:
      return "\\r";
    case 0x1B:
      return "\\e";
    case 0x22:
      return "\\\"";
    case 0x5C:
      return "\\\\";
    case 0x85:
      return "\\N";
    case 0x2028:
      return "\\L";
    case 0x2029:
      return "\\P";
    default:
      return is_printable(character) ? std::string() : hexadecimal(rune);
  }
}

/// Whether a reader that takes the first line's indentation for the block's would take too much.
bool starts_indented(std::string_view text) {
  const std::size_t first = text.find_first_not_of('\n');
  return first != std::string_view::npos && text[first] == ' ';
}

}  // namespace

std::vector<const yaml::Entry*> Emitter::ordered(const yaml::Node& map) const {
  std::vector<const yaml::Entry*> entries;
  entries.reserve(map.entries.size());
  for (const yaml::Entry& entry : map.entries) entries.push_back(&entry);
  return entries;
}

std::vector<const yaml::Entry*> YamlEmitter::ordered(const yaml::Node& map) const {
  std::vector<const yaml::Entry*> entries = Emitter::ordered(map);
  std::sort(entries.begin(), entries.end(),
            [](const yaml::Entry* a, const yaml::Entry* b) { return natural_less(a->key, b->key); });
  return entries;
}

void YamlEmitter::put(std::string_view text) {
  out_ += text;
  for (const char c : text) column_ += (static_cast<unsigned char>(c) & 0xC0U) == 0x80U ? 0 : 1;
}

void YamlEmitter::new_line(std::size_t indent) {
  out_ += '\n';
  out_.append(indent, ' ');
  column_ = indent;
}

/// At the start of an entry: its indentation, unless it stands on the line of the mark above it.
void YamlEmitter::begin_entry(std::string_view mark) {
  Level& level = levels_.back();
  if (!(level.first && level.inline_first)) {
    out_.append(level.indent, ' ');
    column_ = level.indent;
  }
  level.first = false;
  put(mark);
}

void YamlEmitter::before_value() {
  if (!levels_.empty() && levels_.back().collection == Collection::List) {
    begin_entry("-");
    at_ = At::Item;
  }
}

void YamlEmitter::begin(Collection collection, Emptiness emptiness) {
  before_value();
  const std::size_t indent = levels_.empty() ? 0 : value_indent();
  const bool on_line = at_ == At::Item || at_ == At::Complex;
  if (emptiness == Emptiness::Empty) {
    if (at_ != At::Start) out_ += ' ';
    out_ += collection == Collection::List ? "[]\n" : "{}\n";
  } else if (at_ == At::Key) {
    out_ += '\n';
  } else if (on_line) {
    put(" ");
  }
  levels_.push_back({collection, true, indent, on_line});
  at_ = At::Start;
}

/// Inside a list only the "- " is skipped, whatever the step.
std::size_t YamlEmitter::value_indent() const {
  if (levels_.empty()) return step_;
  return levels_.back().indent + (levels_.back().collection == Collection::List ? 2 : step_);
}

void YamlEmitter::end() {
  levels_.pop_back();
  at_ = At::Start;
}

void YamlEmitter::key(std::string_view name) {
  if (is_simple_key(name)) {
    begin_entry("");
    string(name, Folding::Never);
    put(":");
    at_ = At::Key;
    return;
  }
  begin_entry("? ");
  string(name, Folding::AtBlanks);
  if (!out_.ends_with('\n')) out_ += '\n';
  out_.append(levels_.back().indent, ' ');
  column_ = levels_.back().indent;
  put(":");
  at_ = At::Complex;
}

void YamlEmitter::scalar(yaml::Kind kind, std::string_view text) {
  before_value();
  if (at_ != At::Start) put(" ");
  switch (kind) {
    case yaml::Kind::Null:
      put("null");
      break;
    case yaml::Kind::String:
      string(text, Folding::AtBlanks);
      break;
    case yaml::Kind::Float:
      put(yaml::general_number(text));
      break;
    default:
      put(text);
  }
  if (!out_.ends_with('\n')) out_ += '\n';
  at_ = At::Start;
}

void YamlEmitter::string(std::string_view text, Folding folding) {
  switch (scalar_style(text, folding == Folding::Never ? ScalarPlace::Key : ScalarPlace::Value)) {
    case ScalarStyle::Plain:
      return plain(text, folding);
    case ScalarStyle::SingleQuoted:
      return single_quoted(text, folding);
    case ScalarStyle::DoubleQuoted:
      return double_quoted(text, folding);
    case ScalarStyle::Literal:
      return literal(text);
  }
}

/// A blank in the middle, past the width.
bool YamlEmitter::may_fold(std::string_view text, std::size_t at) const {
  return column_ > kWidth && at > 0 && at + 1 < text.size() && text[at - 1] != ' ';
}

void YamlEmitter::plain(std::string_view text, Folding folding) {
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t width = utf8_width(text[i]);
    const bool fold = text[i] == ' ' && folding == Folding::AtBlanks && may_fold(text, i) && text[i + 1] != ' ';
    if (fold)
      new_line(value_indent());
    else
      put(text.substr(i, width));
    i += width;
  }
}

void YamlEmitter::single_quoted(std::string_view text, Folding folding) {
  put("'");
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t width = utf8_width(text[i]);
    const bool fold = text[i] == ' ' && folding == Folding::AtBlanks && may_fold(text, i) && text[i + 1] != ' ';
    if (fold)
      new_line(value_indent());
    else
      put(text[i] == '\'' ? "''" : text.substr(i, width));
    i += width;
  }
  put("'");
}

void YamlEmitter::double_quoted(std::string_view text, Folding folding) {
  put("\"");
  bool after_blank = false;
  for (std::size_t i = 0; i < text.size();) {
    const std::string_view character = text.substr(i, utf8_width(text[i]));
    if (character == " ") {
      if (folding == Folding::AtBlanks && !after_blank && may_fold(text, i)) {
        new_line(value_indent());
        if (text[i + 1] == ' ') put("\\");
      } else {
        put(" ");
      }
    } else {
      const std::string escape = escaped(character);
      put(escape.empty() ? character : std::string_view(escape));
    }
    after_blank = character == " ";
    i += character.size();
  }
  put("\"");
}

void YamlEmitter::literal(std::string_view text) {
  put("|");
  if (starts_indented(text)) put(std::to_string(step_));
  const bool broken = text.ends_with('\n');
  if (!broken) put("-");
  if (broken && (text.size() == 1 || text.ends_with("\n\n"))) put("+");
  out_ += '\n';
  for (std::size_t from = 0; from < text.size();) {
    const std::size_t end = std::min(text.find('\n', from), text.size());
    if (end > from) out_.append(value_indent(), ' ').append(text.substr(from, end - from));
    out_ += '\n';
    from = end + 1;
  }
}

}  // namespace davit::compose
