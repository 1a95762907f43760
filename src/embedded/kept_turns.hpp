#pragma once
// The line of commands, as the keeper holds it for the next supervisor.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "davit/base/fd.hpp"
#include "embedded/keeper_link.hpp"
#include "embedded/turns.hpp"

namespace davit::embedded {

/// A turn lasts as long as its command keeps one connection open. The keeper has a copy of that connection, so a
/// command does not notice that a supervisor died, and the next one finds whoever is still there in the order of
/// before: without it, the first to come back would be let in beside the one whose turn it is.
class KeptTurns {
 public:
  explicit KeptTurns(KeeperLink& keeper) : keeper_(keeper) {}

  /// After every change of the line. Throws Error.
  void put_line(const std::vector<Turns::Place>& line);
  /// Before the command is told anything about its turn.
  void put_connection(const std::string& id, int connection);
  void drop_connection(const std::string& id);

  struct Recovered {
    std::vector<Turns::Place> line;
    std::map<std::string, Fd> connections;  ///< one for each in the line
  };
  /// Takes out of `held` what was put there. Commands without a connection were not told of a turn, and ask again.
  [[nodiscard]] static Recovered take(std::map<std::string, Fd>& held);

 private:
  KeeperLink& keeper_;
};

[[nodiscard]] std::string line_to_json(const std::vector<Turns::Place>& line);
/// Throws Error.
[[nodiscard]] std::vector<Turns::Place> line_from_json(const std::string& text);

}  // namespace davit::embedded
