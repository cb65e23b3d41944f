// SPDX-License-Identifier: MIT
#include "app/preview_routes.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <string>
#include <utility>

#include "app/job_preview.hpp"
#include "http_api/resources/page_answer.hpp"

namespace sluice {
namespace {

namespace asio = boost::asio;

using Preview = Result<std::string> (*)(const PostedJob&, const Config&, const Environment&);

Result<std::string> validated(const PostedJob& posted, const Config& /*config*/,
                              const Environment& /*environment*/) {
  Result<JobAndText> loaded = job_from(posted.text, posted.send);
  if (loaded.has_error()) return loaded.error();
  const Result<void> given = give_devices(loaded->job, posted);
  if (given.has_error()) return given.error();
  const Result<Survey> surveyed = survey_alone(posted.send, *loaded);
  if (surveyed.has_error()) return surveyed.error();
  return validity_json(loaded->job, *surveyed);
}

Result<std::string> planned(const PostedJob& posted, const Config& config, const Environment& environment) {
  Result<PreparedJob> prepared = prepare_job_text(posted.text, posted.send, config, environment);
  if (prepared.has_error()) return prepared.error();
  const Result<void> given = give_devices(prepared->job, posted);
  if (given.has_error()) return given.error();
  const Result<PlannedJob> plan = plan_job(*prepared, posted.send, environment);
  if (plan.has_error()) return plan.error();
  return plan_json(plan->plan);
}

asio::awaitable<ApiAnswer> answer_to(const PreviewGround& ground, Preview preview, ApiRequest request) {
  const Result<PostedJob> posted = posted_job(request, ground.find_list);
  if (posted.has_error()) co_return refused(posted.error());
  const Config config = ground.config();
  auto work = [&]() -> asio::awaitable<Result<std::string>> {
    co_return preview(*posted, config, ground.environment);
  };
  Result<std::string> said = co_await asio::co_spawn(ground.thread, std::move(work), asio::use_awaitable);
  if (said.has_error()) co_return refused(said.error());
  co_return json_answer(std::move(*said));
}

Route route_of(const std::shared_ptr<const PreviewGround>& ground, std::string pattern, std::string operation,
               Preview preview) {
  return {.method = "POST",
          .pattern = std::move(pattern),
          .scope = ApiScope::read,
          .operation = std::move(operation),
          .handler = [ground, preview](
                         ApiRequest request) { return answer_to(*ground, preview, std::move(request)); },
          .body = ApiBody::json};
}

}  // namespace

std::vector<Route> preview_routes(PreviewGround ground) {
  const auto shared = std::make_shared<const PreviewGround>(std::move(ground));
  return {route_of(shared, "/api/v1/jobs:validate", "validateJob", validated),
          route_of(shared, "/api/v1/jobs:plan", "planJob", planned)};
}

}  // namespace sluice
