#include "limits.hpp"

#include <algorithm>

#include "davit/base/units.hpp"

namespace davit::compose {

Result<std::string> BoundedFiles::read(const std::string& path, std::uint64_t limit) const {
  if (paths_.size() >= kMostFiles && !paths_.contains(path))
    return Diagnostic::error("load-limit", "cannot read '" + path + "': this project has read " +
                                               std::to_string(kMostFiles) + " files already, and more are not allowed");
  if (bytes_ >= kMostBytes)
    return Diagnostic::error("load-limit", "cannot read '" + path + "': the files of this project have more than " +
                                               format_bytes(static_cast<std::int64_t>(kMostBytes)) + " altogether");
  paths_.insert(path);
  auto text = files_.read(path, std::min(limit, kMostFileBytes));
  if (text) bytes_ += text->size();
  return text;
}

}  // namespace davit::compose
