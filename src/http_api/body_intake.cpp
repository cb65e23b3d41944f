// SPDX-License-Identifier: MIT
#include "http_api/body_intake.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

namespace sluice {
namespace {

namespace asio = boost::asio;

Error did_not_come() { return {ErrorKind::usage, "the body did not come", ""}; }

/// Does `work` with the file at `files`. There the file is let go before the caller goes on: an upload that
/// nobody keeps is gone from the disk when its answer is written, and not some time after.
template <class Work>
asio::awaitable<Result<void>> done_at(asio::any_io_executor files, std::shared_ptr<UploadedFile> file,
                                      Work work) {
  auto task = [lent = std::move(file), work = std::move(work)]() mutable -> asio::awaitable<Result<void>> {
    const std::shared_ptr<UploadedFile> held = std::move(lent);
    co_return work(*held);
  };
  const Result<void> done = co_await asio::co_spawn(files, std::move(task), asio::use_awaitable);
  co_return done;
}

}  // namespace

asio::awaitable<Result<std::string>> BodyIntake::take_text() {
  while (bytes_.waiting().size() < left_ && !bytes_.has_ended()) co_await bytes_.more();
  // Whoever has left does not wait for what he has asked, even if all of it has come.
  if (bytes_.has_ended()) co_return did_not_come();
  std::string text = bytes_.take(left_);
  left_ = 0;
  co_return text;
}

asio::awaitable<Result<std::shared_ptr<UploadedFile>>> BodyIntake::take_upload(asio::any_io_executor files,
                                                                               std::string folder) {
  const std::uint64_t announced = left_;
  const auto begin = [folder]() -> asio::awaitable<Result<std::shared_ptr<UploadedFile>>> {
    co_return UploadedFile::begin(folder);
  };
  auto begun = co_await asio::co_spawn(files, begin, asio::use_awaitable);
  if (begun.has_error()) co_return begun.error();
  const std::shared_ptr<UploadedFile> file = *std::move(begun);
  timer_.note(&ClientDeadline::upload_begun);
  while (left_ > 0) {
    if (bytes_.waiting().empty() && !bytes_.has_ended()) co_await bytes_.more();
    if (bytes_.has_ended()) co_return did_not_come();
    std::string piece = bytes_.take(left_);
    left_ -= piece.size();
    auto append = [piece = std::move(piece)](UploadedFile& to) { return to.append(piece); };
    const Result<void> appended = co_await done_at(files, file, std::move(append));
    if (appended.has_error()) co_return appended.error();
    timer_.note(&ClientDeadline::upload_taken, announced - left_);
  }
  const Result<void> finished = co_await done_at(files, file, [](UploadedFile& all) { return all.finish(); });
  if (finished.has_error()) co_return finished.error();
  co_return file;
}

}  // namespace sluice
