#include "embedded/kept_turns.hpp"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "davit/base/error.hpp"
#include "embedded/memory_file.hpp"

namespace davit::embedded {

namespace json = boost::json;

namespace {

constexpr const char* kLine = "turns";
constexpr const char* kConnections = "t/";

std::string text_of(const json::object& object, std::string_view name) {
  return std::string(object.at(name).as_string());
}

}  // namespace

std::string line_to_json(const std::vector<Turns::Place>& line) {
  json::array out;
  for (const auto& place : line)
    out.push_back(json::object{{"id", place.id},
                               {"kind", place.kind == Turns::Kind::Lower ? "lower" : "raise"},
                               {"cause", place.cause},
                               {"lowered_by", place.lowered_by}});
  return json::serialize(out);
}

std::vector<Turns::Place> line_from_json(const std::string& text) {
  try {
    std::vector<Turns::Place> line;
    const json::value parsed = json::parse(text);
    for (const json::value& value : parsed.as_array()) {
      const json::object& object = value.as_object();
      const auto kind = text_of(object, "kind") == "lower" ? Turns::Kind::Lower : Turns::Kind::Raise;
      line.push_back({text_of(object, "id"), kind, text_of(object, "cause"), text_of(object, "lowered_by")});
    }
    return line;
  } catch (const std::exception& error) {
    throw Error(std::string("cannot read the line of waiting commands: ") + error.what());
  }
}

void KeptTurns::put_line(const std::vector<Turns::Place>& line) {
  // A new file each time: a supervisor that dies while it writes leaves the last one as it was.
  const Fd file = memory_file(kLine, line_to_json(line));
  keeper_.put(kLine, file.get());
}

void KeptTurns::put_connection(const std::string& id, int connection) {
  keeper_.put(kConnections + id, connection);
}

void KeptTurns::drop_connection(const std::string& id) {
  keeper_.drop(kConnections + id);
}

KeptTurns::Recovered KeptTurns::take(std::map<std::string, Fd>& held) {
  Recovered recovered;
  const Fd line = std::move(held[kLine]);
  held.erase(kLine);
  if (line) recovered.line = line_from_json(read_all(line.get()));
  std::erase_if(recovered.line, [&](const Turns::Place& place) {
    const auto found = held.find(kConnections + place.id);
    if (found == held.end() || !found->second) return true;
    recovered.connections.emplace(place.id, std::move(found->second));
    held.erase(found);
    return false;
  });
  return recovered;
}

}  // namespace davit::embedded
