// The digest of what COPY takes. What is in it: BuildKit's tarsum header (cache/contenthash/tarsum.go) without times.

#include <fcntl.h>
#include <linux/limits.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "build/layer_target.hpp"
#include "build/source_tree.hpp"
#include "davit/base/error.hpp"
#include "davit/base/sha256.hpp"
#include "davit/image/digest.hpp"

namespace davit::build {
namespace {

FileDigest from_hex(const std::string& hex) {
  FileDigest out{};
  const auto digit = [](char c) { return static_cast<unsigned char>(c <= '9' ? c - '0' : c - 'a' + 10); };
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] = static_cast<unsigned char>(digit(hex[2 * i]) << 4U | digit(hex[2 * i + 1]));
  return out;
}

/// Names and values of the attributes that a layer keeps, sorted.
std::string attributes_of(int fd, const std::string& shown) {
  const std::string names = attribute_names(fd, shown);
  std::vector<std::string> sorted;
  for (const char* name = names.data(); name < names.data() + names.size(); name += std::strlen(name) + 1)
    sorted.emplace_back(name);
  std::sort(sorted.begin(), sorted.end());
  std::string out;
  for (const std::string& name : sorted) {
    if (name.starts_with("system.") || (name.starts_with("security.") && name != "security.capability") ||
        name.starts_with("trusted.overlay."))
      continue;
    std::array<char, XATTR_SIZE_MAX> value{};
    const ssize_t size = ::fgetxattr(fd, name.c_str(), value.data(), value.size());
    if (size < 0) continue;
    out += name + "=" + std::to_string(size) + ":";
    out.append(value.data(), static_cast<std::size_t>(size));
  }
  return out;
}

FileDigest hash_file(const Fd& fd, const std::string& shown, std::vector<char>& buffer) {
  Sha256 hash;
  for (;;) {
    const ssize_t got = ::read(fd.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw_system_error("read", shown, errno);
    if (got == 0) break;
    hash.update(std::string_view(buffer.data(), static_cast<std::size_t>(got)));
  }
  hash.update(std::string_view("\n--\n"));
  hash.update(std::string_view(attributes_of(fd.get(), shown)));
  return from_hex(hash.finish_hex());
}

class ItemHasher {
 public:
  ItemHasher(const SourceTree& tree, Owners owners, DigestCache* cache) : tree_(tree), owners_(owners), cache_(cache) {}

  std::string run(Item& item) {
    line_ = item.folder ? "folder\n" : "item " + item.name + "\n";
    hash_.update(std::string_view(line_));
    for (Entry& entry : item.entries) {
      // A folder that is copied for its contents does not bring its own mode along.
      if (!(item.folder && entry.to.empty())) add(entry);
    }
    return image::finish_digest(hash_);
  }

 private:
  void add(Entry& entry) {
    line_.clear();
    line_ += entry.to;
    line_ += '\0';
    line_ += std::to_string(entry.info.st_mode);
    if (owners_ == Owners::Count)
      line_ += " " + std::to_string(entry.info.st_uid) + " " + std::to_string(entry.info.st_gid);
    line_ += '\0';
    if (S_ISREG(entry.info.st_mode)) {
      entry.digest = digest_of(entry);
      line_.append(reinterpret_cast<const char*>(entry.digest->data()), entry.digest->size());
    } else if (S_ISLNK(entry.info.st_mode)) {
      line_ += tree_.root().link_target(entry.path);
    } else if (S_ISDIR(entry.info.st_mode)) {
      const Fd folder = tree_.root().open(entry.path, O_RDONLY | O_DIRECTORY);
      line_ += attributes_of(folder.get(), shown(entry));
    } else if (S_ISCHR(entry.info.st_mode) || S_ISBLK(entry.info.st_mode)) {
      line_ += std::to_string(major(entry.info.st_rdev)) + ":" + std::to_string(minor(entry.info.st_rdev));
    }
    line_ += '\n';
    hash_.update(std::string_view(line_));
  }

  [[nodiscard]] std::string shown(const Entry& entry) const { return tree_.root().path() + "/" + entry.path; }

  FileDigest digest_of(const Entry& entry) {
    if (cache_ != nullptr)
      if (const auto known = cache_->find(entry.info)) return *known;
    if (buffer_.empty()) buffer_.resize(std::size_t{256} << 10U);
    const Fd fd = tree_.root().open(entry.path, O_RDONLY | O_NONBLOCK);
    struct stat before{};
    struct stat after{};
    if (::fstat(fd.get(), &before) != 0) throw_system_error("look at", shown(entry), errno);
    const FileDigest digest = hash_file(fd, shown(entry), buffer_);
    if (::fstat(fd.get(), &after) != 0) throw_system_error("look at", shown(entry), errno);
    if (cache_ != nullptr) cache_->put(before, after, digest);
    return digest;
  }

  const SourceTree& tree_;
  Owners owners_;
  DigestCache* cache_;
  Sha256 hash_;
  std::string line_;
  std::vector<char> buffer_;
};

}  // namespace

std::string digest_of_item(const SourceTree& tree, Item& item, Owners owners, DigestCache* cache) {
  return ItemHasher(tree, owners, cache).run(item);
}

}  // namespace davit::build
