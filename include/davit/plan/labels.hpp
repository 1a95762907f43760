#pragma once
// The labels of docker compose, verbatim: other programs read them (compose-semantics 3.2).

namespace davit::plan::label {

inline constexpr const char* kProject = "com.docker.compose.project";
inline constexpr const char* kService = "com.docker.compose.service";
inline constexpr const char* kNumber = "com.docker.compose.container-number";
inline constexpr const char* kOneOff = "com.docker.compose.oneoff";
inline constexpr const char* kVersion = "com.docker.compose.version";
inline constexpr const char* kConfigHash = "com.docker.compose.config-hash";
inline constexpr const char* kImage = "com.docker.compose.image";
inline constexpr const char* kWorkingDir = "com.docker.compose.project.working_dir";
inline constexpr const char* kConfigFiles = "com.docker.compose.project.config_files";
inline constexpr const char* kEnvironmentFile = "com.docker.compose.project.environment_file";
inline constexpr const char* kDependsOn = "com.docker.compose.depends_on";
inline constexpr const char* kReplace = "com.docker.compose.replace";
inline constexpr const char* kSlug = "com.docker.compose.slug";
inline constexpr const char* kNetwork = "com.docker.compose.network";
inline constexpr const char* kVolume = "com.docker.compose.volume";

/// davit's own: a digest for each attribute of the service, so that a later `up` can name what changed. See
/// config_diff.
inline constexpr const char* kConfigKeys = "io.davit.config-keys";
/// davit's own: containers whose namespaces this one shares, "service=id" by comma, to notice that they were replaced.
inline constexpr const char* kDonors = "io.davit.donors";

}  // namespace davit::plan::label
