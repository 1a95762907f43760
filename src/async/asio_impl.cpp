// The one place where Asio's own code is compiled (BOOST_ASIO_SEPARATE_COMPILATION), which keeps every other file
// quick.
#include <boost/asio/impl/src.hpp>
