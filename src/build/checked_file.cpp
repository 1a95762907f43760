#include "build/checked_file.hpp"

#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>

#include <cstdint>
#include <cstring>

#include "davit/base/fd.hpp"
#include "davit/base/files.hpp"
#include "davit/base/write_all.hpp"

namespace davit::build {
namespace {

std::uint32_t checksum(std::string_view text) {
  return static_cast<std::uint32_t>(::crc32_z(0, reinterpret_cast<const unsigned char*>(text.data()), text.size()));
}

}  // namespace

std::optional<std::string> read_checked_file(const std::string& path, std::string_view magic) {
  constexpr std::uint64_t kLargest = std::uint64_t{1} << 30U;
  auto text = DiskFiles().read(path, kLargest);
  if (!text || text->size() < magic.size() + 4 || !text->starts_with(magic)) return std::nullopt;
  const std::string_view covered(text->data(), text->size() - 4);
  std::uint32_t sum = 0;
  std::memcpy(&sum, text->data() + covered.size(), 4);
  if (sum != checksum(covered)) return std::nullopt;
  return std::string(covered.substr(magic.size()));
}

void write_checked_file(const std::string& path, std::string_view magic, std::string_view body) {
  std::string text(magic);
  text += body;
  const std::uint32_t sum = checksum(text);
  text.append(reinterpret_cast<const char*>(&sum), 4);
  // Two threads of one process may save at the same time: the thread's id keeps their files apart.
  const std::string temporary = path + "." + std::to_string(::gettid());
  const Fd fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!fd) return;
  if (!write_all(fd.get(), text) || ::rename(temporary.c_str(), path.c_str()) != 0) ::unlink(temporary.c_str());
}

}  // namespace davit::build
