#include "frames.hpp"

#include <map>

#include "label.hpp"

namespace davit::picture {

Frames frames_of(const Picture& picture) {
  Frames frames;
  const bool framed = shows_networks(picture);
  std::map<std::string, std::vector<std::size_t>> members;
  for (std::size_t i = 0; i < picture.boxes.size(); ++i) {
    const std::string network = framed ? only_network(picture.boxes[i]) : "";
    if (network.empty())
      frames.outside.push_back(i);
    else
      members[network].push_back(i);
  }
  for (auto& [key, boxes] : members) frames.networks.push_back({key, std::move(boxes)});
  return frames;
}

}  // namespace davit::picture
