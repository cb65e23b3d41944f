// SPDX-License-Identifier: MIT
// What "we could not do our work" looks like: an Error says what, where and what to do next, and never a
// secret. What the world answered is an Outcome (outcome.hpp), not an Error.
#pragma once

#include <boost/system/result.hpp>
#include <string>
#include <utility>

namespace sluice {

/// Which kind of trouble it is; the command line maps each kind to one exit code.
enum class ErrorKind {
  unexpected,     ///< a bug or a broken machine
  usage,          ///< the command line itself is wrong
  invalid_input,  ///< job file, device list or configuration is invalid
  not_found,      ///< a run, file or tenant that does not exist
  unreachable,    ///< the endpoint cannot be reached
  refused,        ///< wrong state, lock, expectation not met
  unauthorized,   ///< credentials or permission
  storage,        ///< the store cannot be read or written now; trying again may help
  storage_busy,   ///< another program holds it; trying again helps as soon as that one lets go
  storage_lost,   ///< the store takes nothing more until a restart
};

struct Error {
  ErrorKind kind = ErrorKind::unexpected;
  std::string message;  ///< what and where, one line or several; hostile text in it is already escaped
  std::string hint;     ///< the next step; may be empty
};

template <class T>
using Result = boost::system::result<T, Error>;

/// Called by boost::system::result when value() is asked of an error: that is a mistake of ours.
[[noreturn]] void throw_exception_from_error(const Error& error, const boost::source_location& where);

}  // namespace sluice
