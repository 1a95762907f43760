#pragma once
// What `import --change` and a Dockerfile's metadata instructions do to a config. Parsing them is the `dockerfile`
// room's; here they are values.

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "davit/image/image_config.hpp"

namespace davit::image {

/// A command as CMD and ENTRYPOINT take it. The shell form is run by the config's shell.
struct CommandLine {
  enum class Form { Exec, Shell };
  Form form = Form::Exec;
  std::vector<std::string> words;  ///< Shell: one element, the text

  friend bool operator==(const CommandLine&, const CommandLine&) = default;
};

namespace change {
struct Cmd {
  CommandLine command;
};
/// Also resets CMD, as a Dockerfile's ENTRYPOINT does when the CMD is the base image's.
struct Entrypoint {
  CommandLine command;
};
struct Env {
  std::vector<std::pair<std::string, std::string>> variables;
};
struct Expose {
  std::vector<std::string> ports;  ///< "80", "80/tcp", "8000-8010/udp"
};
struct Label {
  std::vector<std::pair<std::string, std::string>> labels;
};
struct User {
  std::string user;
};
struct Volume {
  std::vector<std::string> paths;
};
/// A relative path continues the present one.
struct WorkingDir {
  std::string path;
};
struct StopSignal {
  std::string signal;
};
struct SetHealthcheck {
  Healthcheck healthcheck;
};
struct Shell {
  std::vector<std::string> words;
};
struct OnBuild {
  std::string instruction;
};
}  // namespace change

using ConfigChange = std::variant<change::Cmd, change::Entrypoint, change::Env, change::Expose, change::Label,
                                  change::User, change::Volume, change::WorkingDir, change::StopSignal,
                                  change::SetHealthcheck, change::Shell, change::OnBuild>;

/// Applies one change; the error names what is wrong with it (a port range, an empty value).
[[nodiscard]] Result<ImageConfig> apply(ImageConfig config, const ConfigChange& change);

}  // namespace davit::image
