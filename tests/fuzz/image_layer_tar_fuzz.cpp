// Layer archives: any bytes are unpacked or refused with an error, and nothing appears beside the root.
#include <fcntl.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "davit/base/error.hpp"
#include "davit/image/layer_tar.hpp"
#include "davit/image/remove_tree.hpp"

namespace {

const std::filesystem::path& work_folder() {
  static const std::filesystem::path folder = [] {
    std::string pattern = "/dev/shm/davit-fuzz-XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr) std::abort();
    return std::filesystem::path(pattern);
  }();
  return folder;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace davit::image;
  const auto root = work_folder() / "root";
  std::filesystem::create_directory(root);
  {
    const davit::Fd fd(::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    MemorySource source({reinterpret_cast<const char*>(data), size});
    try {
      const auto plain = decompress(source);
      unpack_tar(*plain, fd.get(), {.max_entries = 1000, .max_bytes = 1U << 20U});
      (void)write_layer_tar(fd.get(), OverlayMarks::Trusted, [](std::span<const char>) {});
    } catch (const davit::Error&) {  // refused: that is an answer
    }
  }
  remove_tree(root);
  if (!std::filesystem::is_empty(work_folder())) std::abort();
  return 0;
}
