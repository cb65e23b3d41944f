// SPDX-License-Identifier: MIT
// The button that stops everything, while nothing can be written into the store.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { browserTests } from "./support/browser_test.js";
import { holdStore } from "./support/held_store.js";
import { deviceNames } from "./support/scene.js";

const claim = browserTests();

/** How many requests the cloud has had: its own record has a line for each. */
const requestsOf = async (scene) => (await readFile(join(scene.folder, "ledger"), "utf8")).split("\n").length;

claim(
  "stop: it works while the store is held, says so, and is on record once it is let go",
  {},
  async (watched, scene) => {
    const { page } = watched;
    const run = await scene.submit("long", 20_000);
    await scene.untilRun(run, (each) => each.devices.accepted > 0);
    await watched.giveToken();
    const letGo = await holdStore(scene);

    try {
      await watched.pressAndConfirm("Stop everything", { reason: "smoke in the field" });
      await watched.sees(/Nothing more of 1 run is sent\. The store is slow or held: the record follows\./);
      const sent = await requestsOf(scene);
      await page.waitForTimeout(1000);
      assert.equal(await requestsOf(scene), sent);
    } finally {
      await letGo();
    }

    const paused = await scene.untilRun(run, (each) => each.status === "paused");
    assert.match(JSON.stringify(paused), /smoke in the field/);
  },
);

claim("held store: every page says so, as long as it is held", {}, async (watched, scene) => {
  const { page } = watched;
  const run = await scene.submit("waits", deviceNames(20_000, 100_001));
  await scene.untilRun(run, (each) => each.devices.accepted > 0);
  const letGo = await holdStore(scene);

  try {
    for (const address of ["", `runs/${run}`, "plan", "schedules"]) {
      await watched.go(address);
      await watched.sees("Another program keeps the store from being written");
    }
  } finally {
    await letGo();
  }

  await page.getByText("Another program keeps the store").waitFor({ state: "detached" });
});
