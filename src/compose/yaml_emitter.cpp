#include <algorithm>
#include <cstdio>

#include "davit/yaml/parse.hpp"
#include "emitter.hpp"

namespace davit::compose {
namespace {

/// Words that YAML 1.1 readers take for booleans, and numbers they take for base 60.
bool is_old_yaml(std::string_view text) {
  constexpr std::string_view kWords[] = {"y", "Y", "yes", "Yes", "YES", "on",  "On",  "ON",
                                         "n", "N", "no",  "No",  "NO",  "off", "Off", "OFF"};
  if (std::find(std::begin(kWords), std::end(kWords), text) != std::end(kWords)) return true;
  const bool digits = !text.empty() && text.find_first_not_of("0123456789:_.+-") == std::string_view::npos;
  return digits && text.find(':') != std::string_view::npos &&
         (text[0] == '+' || text[0] == '-' || (text[0] >= '0' && text[0] <= '9'));
}

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\n') || byte == 0x7F;
  });
}

bool plain_allowed(std::string_view text) {
  if (text.empty() || text.front() == ' ' || text.back() == ' ') return false;
  constexpr std::string_view kNeverFirst = "#,[]{}&*!|>'\"%@`";
  if (kNeverFirst.find(text.front()) != std::string_view::npos) return false;
  const bool indicator = text.front() == '-' || text.front() == '?' || text.front() == ':';
  if (indicator && (text.size() == 1 || text[1] == ' ')) return false;
  if (text.starts_with("---") || text.starts_with("...")) return false;
  return text.find(": ") == std::string_view::npos && text.find(" #") == std::string_view::npos && text.back() != ':';
}

bool is_string_when_plain(std::string_view text) {
  yaml::Node node;
  yaml::type_plain_scalar(node, text);
  return node.is_string() && !is_old_yaml(text) && text != "<<" && text != "=";
}

std::string single_quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("''") : std::string(1, c);
  return out + "'";
}

std::string double_quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else if (byte < 0x20 || byte == 0x7F) {
      char hex[8];
      std::snprintf(hex, sizeof hex, "\\x%02X", static_cast<unsigned>(byte));
      out += hex;
    } else {
      out += c;
    }
  }
  return out + "\"";
}

/// A block scalar may hold neither control characters nor blanks at line ends, nor start with a blank or a break.
bool block_allowed(std::string_view text) {
  return !has_control(text) && text.find(" \n") == std::string_view::npos && text.back() != ' ' &&
         text.front() != ' ' && text.front() != '\n';
}

}  // namespace

std::size_t YamlEmitter::value_indent() const {
  if (levels_.empty()) return 0;
  return levels_.back().indent + 2;
}

void YamlEmitter::item() {
  Level& level = levels_.back();
  if (!(level.first && level.inline_first)) out_.append(level.indent, ' ');
  level.first = false;
  out_ += "-";
  at_ = At::Item;
}

void YamlEmitter::begin(bool is_list, Emptiness emptiness) {
  if (!levels_.empty() && levels_.back().is_list) item();
  const std::size_t indent = value_indent();
  const bool after_item = at_ == At::Item;
  if (emptiness == Emptiness::Empty) {
    out_ += at_ == At::Start ? "" : " ";
    out_ += is_list ? "[]\n" : "{}\n";
  } else if (at_ == At::Key) {
    out_ += '\n';
  } else if (after_item) {
    out_ += ' ';
  }
  levels_.push_back({is_list, true, indent, after_item});
  at_ = At::Start;
}

void YamlEmitter::begin_map(Emptiness emptiness) {
  begin(false, emptiness);
}
void YamlEmitter::begin_list(Emptiness emptiness) {
  begin(true, emptiness);
}

void YamlEmitter::key(std::string_view name) {
  Level& level = levels_.back();
  if (!(level.first && level.inline_first)) out_.append(level.indent, ' ');
  level.first = false;
  if (has_control(name) || name.find('\n') != std::string_view::npos || !is_string_when_plain(name))
    out_ += double_quoted(name);
  else
    out_ += plain_allowed(name) ? std::string(name) : single_quoted(name);
  out_ += ':';
  at_ = At::Key;
}

void YamlEmitter::scalar(yaml::Kind kind, std::string_view text) {
  if (!levels_.empty() && levels_.back().is_list) item();
  if (at_ != At::Start) out_ += ' ';
  if (kind == yaml::Kind::Null) {
    out_ += "null\n";
  } else if (kind == yaml::Kind::String) {
    string(text);
  } else {
    out_.append(text).append("\n");
  }
  at_ = At::Start;
}

void YamlEmitter::string(std::string_view text) {
  if (text.find('\n') != std::string_view::npos && block_allowed(text)) {
    const bool clipped = text.ends_with('\n');
    const bool kept = text.ends_with("\n\n") || text == "\n";
    out_ += kept ? "|+\n" : clipped ? "|\n" : "|-\n";
    const std::string indent(value_indent(), ' ');
    for (std::size_t from = 0; from < text.size();) {
      const std::size_t end = std::min(text.find('\n', from), text.size());
      if (end > from) out_.append(indent).append(text.substr(from, end - from));
      out_ += '\n';
      from = end + 1;
    }
    return;
  }
  if (has_control(text) || text.find('\n') != std::string_view::npos || !is_string_when_plain(text))
    out_ += double_quoted(text);
  else
    out_ += plain_allowed(text) ? std::string(text) : single_quoted(text);
  out_ += '\n';
}

}  // namespace davit::compose
