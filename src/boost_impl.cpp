// SPDX-License-Identifier: MIT
// The one file in which Asio and Beast are compiled (see BOOST_ASIO_SEPARATE_COMPILATION in CMakeLists.txt),
// so that every other file only pays for the declarations it uses.
#include <boost/asio/impl/src.hpp>
#include <boost/asio/ssl/impl/src.hpp>
#include <boost/beast/src.hpp>
