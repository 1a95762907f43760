#pragma once
// JSON for described structs. Boost.JSON converts them too, but refuses an object in which a member is missing; stored
// specs outlive the version that wrote them, so here a missing member keeps its default.

#include <boost/describe.hpp>
#include <boost/json.hpp>
#include <boost/mp11.hpp>
#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "davit/base/error.hpp"
#include "davit/base/strong.hpp"

namespace davit::engine::reflect {

namespace json = boost::json;

template <class T>
json::value to_value(const T& value);
template <class T>
void from_value(const json::value& from, T& to);

namespace detail {

template <class T>
struct Codec;  // primary: described structs and enums, below

template <class T>
  requires std::is_integral_v<T> && (!std::is_same_v<T, bool>)
struct Codec<T> {
  static json::value write(T value) { return value; }
  static void read(const json::value& from, T& to) { to = from.to_number<T>(); }
};

template <>
struct Codec<bool> {
  static json::value write(bool value) { return value; }
  static void read(const json::value& from, bool& to) { to = from.as_bool(); }
};

template <>
struct Codec<double> {
  static json::value write(double value) { return value; }
  static void read(const json::value& from, double& to) { to = from.to_number<double>(); }
};

template <>
struct Codec<std::string> {
  static json::value write(const std::string& value) { return json::string(value); }
  static void read(const json::value& from, std::string& to) { to = std::string(from.as_string()); }
};

template <class Tag>
struct Codec<StrongString<Tag>> {
  static json::value write(const StrongString<Tag>& value) { return json::string(value.str()); }
  static void read(const json::value& from, StrongString<Tag>& to) {
    to = StrongString<Tag>(std::string(from.as_string()));
  }
};

template <>
struct Codec<std::chrono::nanoseconds> {
  static json::value write(std::chrono::nanoseconds value) { return value.count(); }
  static void read(const json::value& from, std::chrono::nanoseconds& to) {
    to = std::chrono::nanoseconds(from.to_number<std::int64_t>());
  }
};

template <class Clock>
struct Codec<std::chrono::time_point<Clock, std::chrono::nanoseconds>> {
  using Time = std::chrono::time_point<Clock, std::chrono::nanoseconds>;
  static json::value write(Time value) { return value.time_since_epoch().count(); }
  static void read(const json::value& from, Time& to) {
    to = Time(std::chrono::nanoseconds(from.to_number<std::int64_t>()));
  }
};

template <class T>
struct Codec<std::optional<T>> {
  static json::value write(const std::optional<T>& value) { return value ? to_value(*value) : json::value(nullptr); }
  static void read(const json::value& from, std::optional<T>& to) {
    if (from.is_null()) return to.reset();
    from_value(from, to.emplace());
  }
};

template <class T>
struct Codec<std::vector<T>> {
  static json::value write(const std::vector<T>& values) {
    json::array out;
    out.reserve(values.size());
    for (const auto& value : values) out.push_back(to_value(value));
    return out;
  }
  static void read(const json::value& from, std::vector<T>& to) {
    to.clear();
    for (const auto& item : from.as_array()) from_value(item, to.emplace_back());
  }
};

template <class T>
struct Codec<std::map<std::string, T>> {
  static json::value write(const std::map<std::string, T>& values) {
    json::object out;
    for (const auto& [key, value] : values) out.emplace(key, to_value(value));
    return out;
  }
  static void read(const json::value& from, std::map<std::string, T>& to) {
    to.clear();
    for (const auto& item : from.as_object()) from_value(item.value(), to[std::string(item.key())]);
  }
};

template <class A, class B>
struct Codec<std::pair<A, B>> {
  static json::value write(const std::pair<A, B>& pair) {
    return json::array{to_value(pair.first), to_value(pair.second)};
  }
  static void read(const json::value& from, std::pair<A, B>& to) {
    from_value(from.as_array().at(0), to.first);
    from_value(from.as_array().at(1), to.second);
  }
};

template <class T>
  requires std::is_enum_v<T>
struct Codec<T> {
  static json::value write(T value) { return json::string(boost::describe::enum_to_string(value, "?")); }
  static void read(const json::value& from, T& to) {
    const std::string name(from.as_string());
    if (!boost::describe::enum_from_string(name.c_str(), to)) throw Error("unknown value '" + name + "'");
  }
};

template <class T>
  requires boost::describe::has_describe_members<T>::value
struct Codec<T> {
  using Members = boost::describe::describe_members<T, boost::describe::mod_public>;

  static json::value write(const T& value) {
    json::object out;
    boost::mp11::mp_for_each<Members>([&](auto member) { out.emplace(member.name, to_value(value.*member.pointer)); });
    return out;
  }

  static void read(const json::value& from, T& to) {
    const json::object& object = from.as_object();
    boost::mp11::mp_for_each<Members>([&](auto member) {
      const json::value* const item = object.if_contains(member.name);
      if (item == nullptr) return;
      try {
        from_value(*item, to.*member.pointer);
      } catch (Error& e) {
        e.context(std::string("in '") + member.name + "'");
        throw;
      } catch (const std::exception& e) {
        throw Error(std::string("wrong type for '") + member.name + "': " + e.what());
      }
    });
  }
};

}  // namespace detail

template <class T>
json::value to_value(const T& value) {
  return detail::Codec<T>::write(value);
}

template <class T>
void from_value(const json::value& from, T& to) {
  detail::Codec<T>::read(from, to);
}

template <class T>
std::string write(const T& value) {
  return json::serialize(to_value(value));
}

/// Throws Error naming `what` when the text is not JSON or not of T's shape.
template <class T>
T read(const std::string& text, const char* what) {
  boost::system::error_code error;
  const json::value value = json::parse(text, error);
  if (error) throw Error(std::string("cannot read ") + what + ": " + error.message());
  T out;
  try {
    from_value(value, out);
  } catch (Error& e) {
    e.context(std::string("while reading ") + what);
    throw;
  } catch (const std::exception& e) {
    throw Error(std::string("cannot read ") + what + ": " + e.what());
  }
  return out;
}

}  // namespace davit::engine::reflect
