#pragma once
// How the things of a build are called.

#include <filesystem>
#include <string>

#include "davit/network/names.hpp"

namespace davit::build {

/// `<data root>/build/work-<id>`.
[[nodiscard]] std::filesystem::path work_folder(const std::filesystem::path& data_root, const std::string& id);
/// "" for a folder that is none.
[[nodiscard]] std::string id_of_work_folder(const std::filesystem::path& folder);

/// "davit-build-<8 hex of the data root's hash>-": what the names of all cgroups of builds on this data root begin
/// with.
[[nodiscard]] std::string cgroup_prefix(const std::filesystem::path& data_root);
/// "davit-build-<hash>-<id>-": those of one build.
[[nodiscard]] std::string cgroup_prefix(const std::filesystem::path& data_root, const std::string& id);

/// No project can have this name. The data root takes the place of the run root: builds belong to it.
[[nodiscard]] network::Scope network_scope(const std::filesystem::path& data_root, const std::string& id);
/// The id in such a scope's project; "" when it is no build.
[[nodiscard]] std::string id_of_scope(const network::Scope& scope);

}  // namespace davit::build
