// SPDX-License-Identifier: MIT
// What is wrong with a document, collected while it is read, so that all of it can be said at once.
#pragma once

#include <cstddef>
#include <map>
#include <string>

#include "sluice/core/result.hpp"
#include "sluice/jobfile/json_document.hpp"

namespace sluice {

class Findings {
 public:
  /// @param document outlives this
  explicit Findings(const JsonDocument& document) : document_(document) {}

  /// @param offset where in the document
  void add(std::size_t offset, std::string field, std::string text);

  bool empty() const { return findings_.empty(); }
  const JsonDocument& document() const { return document_; }
  std::string place_in_words(std::size_t offset) const;

  /// All of them as one error, in the order of their places; of very many the first hundred.
  Error to_error() const;

 private:
  struct What {
    std::string field;
    std::string text;
  };

  const JsonDocument& document_;
  std::multimap<std::size_t, What> findings_;  // by offset; at the same one in the order of their coming
};

}  // namespace sluice
