#pragma once
// Typed access to the members of an image document, with errors that name the member. Every member that was read is
// taken out of the object: what remains is unknown to us and kept.

#include <boost/json.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace davit::image {

/// Parses a document that must be an object; throws davit::Error with `what` ("the image config") in the message.
[[nodiscard]] boost::json::value parse_document(std::string_view text, const std::string& what);

class JsonReader {
 public:
  /// `where` names the object in messages: "config" or "" for the document itself.
  JsonReader(boost::json::object object, std::string where) : object_(std::move(object)), where_(std::move(where)) {}

  // Absent and null members give empty values.
  [[nodiscard]] std::string text(const char* name);
  [[nodiscard]] std::optional<std::int64_t> integer(const char* name);
  [[nodiscard]] bool boolean(const char* name);
  [[nodiscard]] std::vector<std::string> texts(const char* name);
  [[nodiscard]] std::set<std::string> keys(const char* name);
  [[nodiscard]] std::map<std::string, std::string> text_map(const char* name);
  [[nodiscard]] std::optional<JsonReader> object(const char* name);
  /// The objects of an array.
  [[nodiscard]] std::vector<JsonReader> objects(const char* name);

  /// What was not read.
  [[nodiscard]] std::string rest() const { return boost::json::serialize(object_); }

 private:
  [[nodiscard]] std::optional<boost::json::value> take(const char* name);
  [[noreturn]] void refuse(const char* name, const char* expected) const;
  [[nodiscard]] std::string path_of(const char* name) const;

  boost::json::object object_;
  std::string where_;
};

}  // namespace davit::image
