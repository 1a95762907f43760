#pragma once
// Small cache files: a magic line, bytes, and the CRC-32 of both. Host byte order: they never leave the machine.

#include <optional>
#include <string>
#include <string_view>

namespace davit::build {

/// The bytes between; nullopt when the file is missing, of another kind, or damaged.
[[nodiscard]] std::optional<std::string> read_checked_file(const std::string& path, std::string_view magic);

/// Replaces the file in one step; when that fails, the old one stays or none is there.
void write_checked_file(const std::string& path, std::string_view magic, std::string_view body);

}  // namespace davit::build
