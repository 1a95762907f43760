#pragma once
// The part of Go's templates that people use with --format: "{{.Name}}: {{json .Labels}}". Pure.

#include <boost/json/object.hpp>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace davit::cli {

/// What a template may say about one line.
struct TemplateLine {
  std::map<std::string, std::string> fields;  ///< {{.Field}}
  boost::json::object json;                   ///< {{json .}}, {{json .Field}}
  std::map<std::string, std::string> labels;  ///< {{.Label "key"}}
};

/// One line for each; with a leading "table " a head of the fields' names and columns where the template has "\t".
/// Throws Error, with the fields there are, for anything else than a field, json, or a label. `example` has every
/// field.
[[nodiscard]] std::string render_template(std::string_view text, const TemplateLine& example,
                                          const std::vector<TemplateLine>& lines);

}  // namespace davit::cli
