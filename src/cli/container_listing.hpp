#pragma once
// What `ps`, `port` and `images` print about containers. Pure: what is shown follows from what was observed and the
// time.

#include <string>
#include <string_view>
#include <vector>

#include "davit/engine/observed.hpp"

namespace davit::cli {

enum class Truncate { No, Yes };

/// "web-1" of "shop-web-1"; a container_name of its own stays as it is.
[[nodiscard]] std::string shown_name(const engine::ObservedContainer& container);
[[nodiscard]] std::string shown_name(const std::string& project, const std::string& container);

/// docker's words: "Up 3 seconds (healthy)", "Exited (1) 2 minutes ago", "Created".
[[nodiscard]] std::string status_text(const engine::ObservedContainer& container, engine::WallTime now);

/// docker's words: "0.0.0.0:8080->80/tcp, [::]:8080->80/tcp, 6379/tcp"; neighbours as ranges.
[[nodiscard]] std::string ports_text(const std::vector<engine::PublishedPort>& ports);

/// The command as docker quotes it; cut to 20 characters.
[[nodiscard]] std::string command_text(const std::vector<std::string>& command, Truncate truncate);

/// docker compose's table, by name.
[[nodiscard]] std::string ps_table(std::vector<engine::ObservedContainer> containers, engine::WallTime now,
                                   Truncate truncate);

/// docker compose's `ps --format json`: an object a line, by name.
[[nodiscard]] std::string ps_json_lines(std::vector<engine::ObservedContainer> containers, engine::WallTime now,
                                        Truncate truncate);

/// Lines made from a template such as "{{.Name}} {{.State}}"; see render_template().
[[nodiscard]] std::string ps_template(std::vector<engine::ObservedContainer> containers, engine::WallTime now,
                                      Truncate truncate, std::string_view text);

}  // namespace davit::cli
