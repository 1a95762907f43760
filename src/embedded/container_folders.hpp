#pragma once
// Whose the folders of containers in the data root are, told by the folders themselves.

#include <cstddef>
#include <functional>

#include "embedded/paths.hpp"

namespace davit::embedded {

/// Writes into a container's folder that it is of this project and run root. Throws Error.
void mark_folder(const Paths& paths, const ContainerId& id);

/// Removes the folders that are marked as this project's and whose container is not known: a supervisor was killed
/// between the removal of a row and that of the folder, or somebody removed the database. Others are left alone.
/// Returns how many. For when nobody makes or removes containers of the project.
std::size_t remove_stray_folders(const Paths& paths, const std::function<bool(const ContainerId&)>& is_known);

}  // namespace davit::embedded
