#pragma once
// Walks over the files as they are written.

#include <functional>

#include "subject.hpp"

namespace davit::lint {

/// An entry of a section in one document, such as a service.
struct DocumentEntry {
  Place place;
  const yaml::Node& node;
};

/// Calls `visit` for every service, network, volume, secret, config and model of every file.
void for_each_entry(const Subject& subject, const std::function<void(const DocumentEntry&)>& visit);

/// Calls `visit` for every scalar below a node, keys `x-…` left out.
void for_each_scalar(const yaml::Node& node, const std::function<void(const yaml::Node&)>& visit);

/// The nodes at a path below a node: keys, and "[]" for every item of a list.
void for_each_at(const yaml::Node& node, std::string_view path, const std::function<void(const yaml::Node&)>& visit);

/// The entry that a place in a file belongs to; an empty Place for what is in none.
[[nodiscard]] Place place_at(const Subject& subject, const Span& where);

}  // namespace davit::lint
