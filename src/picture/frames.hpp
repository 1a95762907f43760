#pragma once
// Which services a frame can be drawn around: those of one network, where the project has more than one. A service on
// two networks stays outside, as frames must not cross.

#include <cstddef>
#include <string>
#include <vector>

#include "davit/picture/picture.hpp"

namespace davit::picture {

struct Frames {
  struct Network {
    std::string key;
    std::vector<std::size_t> boxes;
  };
  std::vector<Network> networks;     ///< by key, those with a service
  std::vector<std::size_t> outside;  ///< services in no frame
};

[[nodiscard]] Frames frames_of(const Picture& picture);

}  // namespace davit::picture
