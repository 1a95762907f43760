#include "image_users.hpp"

#include "davit/state/containers.hpp"

namespace davit::cli {

std::vector<image::ImageUser> image_users(const std::filesystem::path& data_root) {
  std::vector<image::ImageUser> users;
  auto database = state::Database::open(data_root / "davit.db");
  for (const state::Container& container : state::Containers(database).all())
    users.push_back({container.image, container.name});
  return users;
}

}  // namespace davit::cli
