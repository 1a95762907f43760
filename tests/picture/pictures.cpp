#include "picture/pictures.hpp"

#include <algorithm>
#include <stdexcept>

namespace davit::picture::test {

Picture pictured(const std::vector<std::string>& names, const std::vector<Needs>& needs) {
  Picture picture;
  picture.project = "shop";
  std::map<std::string, std::size_t> index;
  for (const std::string& name : names) {
    index[name] = picture.boxes.size();
    Box box;
    box.name = name;
    box.image = name + ":1";
    box.networks = {"default"};
    picture.boxes.push_back(box);
  }
  for (const Needs& need : needs)
    picture.links.push_back({.from = index.at(need.from),
                             .to = index.at(need.to),
                             .condition = need.condition,
                             .required = need.required,
                             .restart = need.restart});
  for (bool changed = true; changed;) {
    changed = false;
    for (const Link& link : picture.links)
      if (picture.boxes[link.from].level < picture.boxes[link.to].level + 1) {
        picture.boxes[link.from].level = picture.boxes[link.to].level + 1;
        changed = true;
      }
  }
  return picture;
}

Box& box(Picture& picture, const std::string& name) {
  const auto found =
      std::find_if(picture.boxes.begin(), picture.boxes.end(), [&](const Box& b) { return b.name == name; });
  if (found == picture.boxes.end()) throw std::out_of_range(name);
  return *found;
}

}  // namespace davit::picture::test
