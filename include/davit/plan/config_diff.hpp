#pragma once
// Which attributes of a service differ from those a container was made with. The container keeps a short digest for
// each attribute, never its value: values may be passwords, and labels are shown to everyone.

#include <string>
#include <vector>

namespace davit::plan {

/// A compact text with a digest for each attribute of the canonical JSON of a service, two levels deep ("image",
/// "environment.DEBUG"). Empty for text that is no JSON object.
[[nodiscard]] std::string config_keys(const std::string& config_json);

/// The attributes that were added, removed or changed between two such texts, in order of their names.
[[nodiscard]] std::vector<std::string> changed_keys(const std::string& before, const std::string& after);

}  // namespace davit::plan
