#pragma once
// What the failure of a step needs to be understood: its line, and whether the disk is full.

#include <exception>
#include <filesystem>

#include "davit/base/error.hpp"

namespace davit::build {

/// Any failure as an Error.
[[nodiscard]] Error as_error(const std::exception& failure);

/// One that points nowhere points at `where`, the step's instruction.
[[nodiscard]] Error placed_at(const Error& error, const Span& where);

/// Says so when the file system of the data root is full, and how to go on: what fails on a full disk tells it only
/// sometimes. Call it before the half-made files are removed, and before placed_at: a mistake in the Dockerfile keeps
/// its own hint. Safe to repeat.
[[nodiscard]] Error with_full_disk(Error error, const std::filesystem::path& data_root);

}  // namespace davit::build
