// SPDX-License-Identifier: MIT
// Buttons pressed while the daemon is away: nobody is left to believe that something was done, or will be.
import assert from "node:assert/strict";
import { browserTests } from "./support/browser_test.js";
import { holdStore } from "./support/held_store.js";

const claim = browserTests({ faults: { latency: { constant_ms: 30 } } });

const broken = /ERR_(CONNECTION_(REFUSED|RESET)|INCOMPLETE_CHUNKED_ENCODING|EMPTY_RESPONSE|SOCKET_NOT_CONNECTED)/;

claim("away: a stop that the daemon never got is told as not stopped, until it is", {}, async (watched, scene) => {
  const { page } = watched;
  watched.permit(broken);
  const run = await scene.submit("goes on", 20_000);
  await watched.giveToken();
  await scene.endDaemon("SIGTERM");
  await watched.sees(/No answer from the daemon since/);

  await watched.pressAndConfirm("Stop everything");

  await watched.sees(/NOT stopped: the daemon does not answer, and does not do it later\. .*sluice stop/);
  await scene.startDaemon();
  await watched.sees(/The daemon answers again\. NOT stopped: press once more/);
  assert.equal(await page.getByText("NOT stopped: the daemon does not answer").count(), 0);
  await watched.pressAndConfirm("Stop everything");
  await watched.sees(/✓ 1 run is paused/);
  await scene.untilRun(run, (each) => each.status === "paused");
});

claim("away: an order is told at once, and as not known when its answer got lost", {}, async (watched, scene) => {
  watched.permit(broken);
  const [{ run }] = (await scene.get("runs?limit=1")).items;
  await scene.post(`runs/${run}:resume`);
  await watched.go(`runs/${run}`);
  await watched.giveToken();
  const letGo = await holdStore(scene);

  try {
    await watched.pressAndConfirm("Pause");
    await watched.sees("Pausing …");
    await scene.endDaemon("SIGKILL");
    await watched.sees(new RegExp(`Whether it is paused is not known.*sluice pause ${run}`));
  } finally {
    await letGo();
  }
  await scene.startDaemon();
  await watched.sees(/The daemon answers again\. See whether it is paused/);
});
