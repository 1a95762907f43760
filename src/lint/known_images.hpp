#pragma once
// What is known about images by their names.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace davit::lint {

/// A program that keeps data and trusts its network, by the last part of its image's name.
struct Database {
  std::string_view image;  ///< "postgres"
  std::string_view title;  ///< "PostgreSQL"
  std::span<const std::uint16_t> ports;
  std::string_view data;  ///< folder of its data in the container; empty for caches
};

/// By the name of an image, tag and registry left out; null for others.
[[nodiscard]] const Database* database_image(std::string_view image);

/// By a port that is a database's by long use; null for others. For images that were built.
[[nodiscard]] const Database* database_port(std::uint16_t port);

/// An image reference in its parts: "ghcr.io/a/b:1@sha256:…" is {"ghcr.io/a/b", "1", "sha256:…"}.
struct ImageName {
  std::string_view repository;
  std::string_view tag;     ///< empty when there is none
  std::string_view digest;  ///< empty when there is none
  [[nodiscard]] std::string_view last_part() const { return repository.substr(repository.rfind('/') + 1); }
};
[[nodiscard]] ImageName split_image(std::string_view image);

/// True for the official image of a name and for well-known builds of it, which keep their data in the same folder.
[[nodiscard]] bool is_usual_repository(std::string_view image);

/// Images whose entry point reads NAME_FILE in place of NAME.
[[nodiscard]] bool reads_secret_files(std::string_view image);

}  // namespace davit::lint
