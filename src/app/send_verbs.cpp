// SPDX-License-Identifier: MIT
#include "app/send_verbs.hpp"

#include "app/commands.hpp"
#include "app/line_options.hpp"
#include "app/send_line.hpp"

namespace sluice {

SendVerbs::SendVerbs(Verbs& verbs) : common_(verbs.common()) {
  add_planning_verbs(verbs);
  add_sending_verbs(verbs);
  add_again_verbs(verbs);
}

void SendVerbs::add_planning_verbs(Verbs& verbs) {
  CLI::App* validate =
      verbs.add("validate", "Show all errors of a job file at once, or of its device list.",
                "  sluice validate job.json\n  sluice validate job.json --devices fleet.csv\n",
                [this] { return validate_command(common_, send_); });
  add_job_argument(validate, send_);
  add_list_options(validate, send_);

  CLI::App* plan =
      verbs.add("plan", "Say what a run would do: devices, requests, duration. Sends nothing.",
                "  sluice plan job.json\n  sluice plan job.json --devices fleet.csv --output json\n",
                [this] { return plan_command(common_, send_); });
  add_job_argument(plan, send_);
  add_device_options(plan, send_);
  add_tenant_option(plan, send_);
  add_endpoint_options_of_job(plan, send_);
  add_start(plan, send_, "As if it were run then, such as 2026-03-28T22:00:00Z [now]");
}

void SendVerbs::add_sending_verbs(Verbs& verbs) {
  CLI::App* run =
      verbs.add("run", "Queue a job and send it, with progress. Ctrl-C stops cleanly; resume goes on.",
                "  sluice run job.json\n  sluice run job.json --devices fleet.txt --expect-devices 5000\n"
                "  sluice run job.json --set version=2.14.0\n",
                [this] { return run_command(common_, send_); });
  CLI::App* submit =
      verbs.add("submit", "Put a job into the queue, and send nothing yet.",
                "  sluice submit job.json\n  cat fleet.txt | sluice submit job.json --devices -\n",
                [this] { return submit_command(common_, send_); });
  for (CLI::App* to : {run, submit}) {
    add_job_argument(to, send_);
    add_device_options(to, send_);
    add_tenant_option(to, send_);
    add_endpoint_options_of_job(to, send_);
    add_yes(to, send_);
    add_text(to, "--plan", "FILE", send_.plan_file,
             "A plan that was kept (plan --output json): refuse if anything\nhas changed since");
  }

  CLI::App* resume =
      verbs.add("resume", "Go on with what is unfinished: one run, or all of them.",
                "  sluice resume\n  sluice resume 7 --endpoint https://iot.cn-beijing.aliyuncs.com\n",
                [this] { return resume_command(common_, send_, run_); });
  add_run_argument(resume, run_, "The run's number; none: every unfinished run");
  // A run remembers where it was sent and how fast; the environment is not asked again.
  add_endpoint_options(resume, send_, "Where the API is [where the run was sent before]",
                       "Requests per second, at most the tenant's [the run's own]");
}

void SendVerbs::add_again_verbs(Verbs& verbs) {
  CLI::App* retry =
      verbs.add("retry", "Run the devices of a run again that failed or were not sent, or others of them.",
                "  sluice retry 7\n  sluice retry 7 --failed --where \"code glob 'iot.messagebroker.*'\"\n",
                [this] { return retry_command(common_, send_, *run_, again_); });
  retry->add_flag("--failed", again_.failed, "Those that failed [these and those not sent]");
  retry->add_flag("--not-sent", again_.not_sent, "Those that nothing was sent to: pending or canceled");
  retry->add_flag("--in-doubt", again_.in_doubt, "Those in doubt: some may get the command a second time");
  add_text(retry, "--where", "CONDITION", again_.where,
           "Only those of them for which this holds; over device, state, code,\nmessage, request_id, "
           "chunk, attempts, "
           "stage");
  CLI::App* undo =
      verbs.add("undo", "Send the job's compensating call to the devices that got the command, or may have.",
                "  sluice undo 7\n  sluice undo 7 --expect-devices 1200\n",
                [this] { return undo_command(common_, send_, *run_, again_); });
  for (CLI::App* to : {retry, undo}) {
    add_run_argument(to, run_, "The run's number")->required();
    to->add_flag("--queue-only", again_.is_queued_only, "Queue it, and send nothing yet");
    add_expected_devices(to, send_);
    add_yes(to, send_);
    add_endpoint_options(to, send_, "Where the API is [where the run was sent before]",
                         "Requests per second, at most the tenant's [the run's own]");
  }
}

}  // namespace sluice
