#include <cstdio>

#include "davit/yaml/number.hpp"
#include "emitter.hpp"

namespace davit::compose {

void JsonEmitter::new_line() {
  if (indent_ == 0) return;
  out_ += '\n';
  out_.append(indent_ * levels_.size(), ' ');
}

void JsonEmitter::before_value() {
  if (after_key_) {
    after_key_ = false;
    return;
  }
  if (levels_.empty()) return;
  Level& level = levels_.back();
  if (!level.first) out_ += ',';
  level.first = false;
  new_line();
}

void JsonEmitter::open(char bracket, Emptiness emptiness) {
  before_value();
  out_ += bracket;
  levels_.push_back({emptiness == Emptiness::Empty, bracket == '{', true});
}

void JsonEmitter::close(char bracket) {
  const bool empty = levels_.back().first;
  levels_.pop_back();
  if (!empty) new_line();
  out_ += bracket;
}

void JsonEmitter::key(std::string_view name) {
  before_value();
  quoted(name);
  out_ += indent_ == 0 ? ":" : ": ";
  after_key_ = true;
}

void JsonEmitter::scalar(yaml::Kind kind, std::string_view text) {
  before_value();
  switch (kind) {
    case yaml::Kind::Null:
      out_ += "null";
      return;
    case yaml::Kind::Bool:
    case yaml::Kind::Int:
      out_ += text;
      return;
    case yaml::Kind::Float:
      out_ += yaml::json_number(text);
      return;
    default:
      quoted(text);
      return;
  }
}

void JsonEmitter::quoted(std::string_view text) {
  out_ += '"';
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out_ += '\\';
      out_ += c;
    } else if (c == '\n') {
      out_ += "\\n";
    } else if (c == '\r') {
      out_ += "\\r";
    } else if (c == '\t') {
      out_ += "\\t";
    } else if (c == '\b') {
      out_ += "\\b";
    } else if (c == '\f') {
      out_ += "\\f";
    } else if (byte < 0x20 || c == '<' || c == '>' || c == '&') {
      char hex[8];
      std::snprintf(hex, sizeof hex, "\\u%04x", static_cast<unsigned>(byte));
      out_ += hex;
    } else if (text.substr(i).starts_with("\xE2\x80\xA8") || text.substr(i).starts_with("\xE2\x80\xA9")) {
      out_ += text[i + 2] == '\xA8' ? "\\u2028" : "\\u2029";
      i += 2;
    } else {
      out_ += c;
    }
  }
  out_ += '"';
}

}  // namespace davit::compose
