// SPDX-License-Identifier: MIT
// The pages, and what each shows when it is there. A page that is added to app.js belongs here: the tests of all pages
// go through this list.

/** @param run a run that there is */
export const pagesOf = (run) => [
  { name: "overview", address: "", shows: "Overview" },
  { name: "run", address: `runs/${run}`, shows: new RegExp(`^Run ${run}: `) },
  { name: "schedules", address: "schedules", shows: "Schedules" },
  { name: "plan", address: "plan", shows: "Plan a job" },
];

export const isShown = (page, { shows }) => page.getByRole("heading", { level: 1, name: shows }).waitFor();
