#pragma once
// What attributes the objects of a Compose file have, in the order in which docker compose prints them, and in which
// form each ends up. Read by decode (to give values that form) and by render (order, and what is left out when empty).

#include <optional>
#include <span>
#include <string_view>

#include "davit/yaml/node.hpp"

namespace davit::compose {

enum class Form {
  Text,             ///< left out when empty
  PortText,         ///< the same, of a string or an integer
  Boolean,          ///< left out when false
  MaybeBoolean,     ///< printed whenever it is there
  RequiredBoolean,  ///< always printed
  OptOut,           ///< left out when true
  Integer,          ///< left out when 0
  PlainInteger,     ///< the same, and no string may stand for it
  PlainCount,       ///< that, and at least 0
  MaybeInteger,
  Count,       ///< an integer from 0 on, left out when 0
  MaybeCount,  ///< an integer from 0 on
  Number,      ///< 32-bit float, left out when 0
  Bytes,       ///< a string of decimal digits, left out when 0
  Duration,    ///< left out when 0
  MaybeDuration,
  Command,  ///< list of words; null is printed in JSON
  Test,     ///< a string becomes [CMD-SHELL, string]
  TextList,
  ValueList,   ///< of strings or numbers
  PortList,    ///< of strings or integers
  Pairs,       ///< mapping to strings, null becomes ""
  TextPairs,   ///< the same of strings and numbers only
  MaybePairs,  ///< mapping to strings or null
  MultiPairs,  ///< mapping to lists of strings
  Hosts,       ///< sorted list of "host=address"
  SshKeys,
  Limit,         ///< integer or {soft, hard}
  FileMode,      ///< octal string
  DeviceCount,   ///< "all" is -1
  RequiredText,  ///< always printed
  RequiredInteger,
  RequiredPlainInteger,  ///< no string may stand for it
  RequiredBytes,
  Object,        ///< printed whenever it is there
  InlineObject,  ///< printed always in JSON, unless empty in YAML
  ObjectList,
  ObjectMap,  ///< mapping from names to objects or null
  LimitMap,
};

struct Shape;

struct Field {
  std::string_view name;
  Form form = Form::Text;
  const Shape* shape = nullptr;     ///< of objects
  std::string_view json_name = {};  ///< where JSON differs
};

struct Shape {
  std::span<const Field> fields;
  [[nodiscard]] const Field* find(std::string_view name) const;
  [[nodiscard]] std::optional<std::size_t> position(std::string_view name) const;
};

[[nodiscard]] const Shape& service_shape();
[[nodiscard]] const Shape& network_shape();
[[nodiscard]] const Shape& volume_shape();
[[nodiscard]] const Shape& file_object_shape();
[[nodiscard]] const Shape& model_shape();

/// The shape of a top-level section's entries; null for others.
[[nodiscard]] const Shape* section_shape(std::string_view section);

}  // namespace davit::compose
