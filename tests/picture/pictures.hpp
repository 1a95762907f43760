#pragma once
// Pictures to draw in tests.

#include <map>
#include <string>
#include <vector>

#include "davit/picture/picture.hpp"

namespace davit::picture::test {

struct Needs {
  std::string from;
  std::string to;
  model::DependencyCondition condition = model::DependencyCondition::Started;
  bool required = true;
  bool restart = false;
};

/// A project "shop" with these services, in this order, and their levels.
[[nodiscard]] Picture pictured(const std::vector<std::string>& names, const std::vector<Needs>& needs);

/// The box of that name, to be changed.
[[nodiscard]] Box& box(Picture& picture, const std::string& name);

}  // namespace davit::picture::test
