#include "channel.hpp"

#include <algorithm>
#include <map>

namespace davit::picture {
namespace {

struct Stretch {
  std::size_t first;
  std::size_t last;
};

/// The first track from `lowest` on with room for the net.
std::size_t free_track(std::vector<std::vector<Stretch>>& tracks, const Net& net, std::size_t lowest) {
  for (std::size_t track = lowest;; ++track) {
    if (track >= tracks.size()) tracks.resize(track + 1);
    const bool taken = std::any_of(tracks[track].begin(), tracks[track].end(), [&net](const Stretch& other) {
      return net.first() <= other.last + 1 && other.first <= net.last() + 1;
    });
    if (taken) continue;
    tracks[track].push_back({net.first(), net.last()});
    return track;
  }
}

}  // namespace

std::size_t Net::first() const {
  return std::min(to, *std::min_element(from.begin(), from.end()));
}
std::size_t Net::last() const {
  return std::max(to, *std::max_element(from.begin(), from.end()));
}

std::optional<std::size_t> route(std::vector<Net>& nets) {
  std::map<std::size_t, std::size_t> goes_on;  // column -> net
  for (std::size_t i = 0; i < nets.size(); ++i) goes_on[nets[i].to] = i;
  std::vector<std::vector<std::size_t>> below(nets.size());
  std::vector<std::size_t> above(nets.size(), 0);
  for (std::size_t i = 0; i < nets.size(); ++i)
    for (const std::size_t column : nets[i].from) {
      const auto other = goes_on.find(column);
      if (other == goes_on.end() || other->second == i) continue;
      below[i].push_back(other->second);
      ++above[other->second];
    }
  std::vector<std::size_t> lowest(nets.size(), 0);
  std::vector<std::vector<Stretch>> tracks;
  std::vector<std::size_t> ready;
  for (std::size_t i = nets.size(); i-- > 0;)
    if (above[i] == 0) ready.push_back(i);
  std::size_t done = 0;
  for (; !ready.empty(); ++done) {
    const std::size_t net = ready.back();
    ready.pop_back();
    std::size_t next = lowest[net];
    if (!nets[net].is_straight()) {
      nets[net].track = free_track(tracks, nets[net], lowest[net]);
      next = *nets[net].track + 1;
    }
    for (const std::size_t other : below[net]) {
      lowest[other] = std::max(lowest[other], next);
      if (--above[other] == 0) ready.push_back(other);
    }
  }
  if (done < nets.size()) return std::nullopt;
  return tracks.size();
}

}  // namespace davit::picture
