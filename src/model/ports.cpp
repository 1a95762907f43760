#include "davit/model/ports.hpp"

namespace davit::model {
namespace {

enum class Family { Both, V4, V6 };

Family family_of(const std::string& address) {
  if (address.empty()) return Family::Both;
  return address.find(':') == std::string::npos ? Family::V4 : Family::V6;
}

bool is_everywhere(const std::string& address) {
  return address.empty() || address == "0.0.0.0" || address == "::";
}

bool share_an_address(const std::string& a, const std::string& b) {
  if (!is_everywhere(a) && !is_everywhere(b)) return a == b;
  const Family of_a = family_of(a);
  const Family of_b = family_of(b);
  return of_a == of_b || of_a == Family::Both || of_b == Family::Both;
}

}  // namespace

bool is_fixed(const Port& port) {
  return port.published && port.published->first != 0 && port.published->first == port.published->last;
}

bool clash(const Port& a, const Port& b) {
  return is_fixed(a) && is_fixed(b) && a.protocol == b.protocol && a.published == b.published &&
         share_an_address(a.host_ip, b.host_ip);
}

}  // namespace davit::model
