// SPDX-License-Identifier: MIT
// The daemon restarted under a page that is open: the page says so, goes on by itself, and ends with the truth.
import assert from "node:assert/strict";
import { browserTests } from "./support/browser_test.js";

const claim = browserTests({ faults: { latency: { constant_ms: 30 } } });

for (const signal of ["SIGTERM", "SIGKILL"]) {
  claim(`restart: the page goes on behind a daemon ended by ${signal}, no event twice`, {}, async (watched, scene) => {
    const { page } = watched;
    watched.permit(/ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE/);
    await watched.listen();
    const id = await scene.submit(`restarted by ${signal}`, 3000);
    await watched.go(`runs/${id}`);
    await scene.untilRun(id, (run) => run.devices.accepted > 200);

    await scene.endDaemon(signal);
    await watched.sees(/No answer from the daemon since/);
    await watched.picture(`lost-${signal}`);
    await scene.startDaemon();
    await page.getByText(/No answer from the daemon since/).waitFor({ state: "detached" });
    const run = await scene.untilRun(id, (each) => each.finished_at !== null);
    await watched.sees(/✓ succeeded/);

    assert.equal(run.devices.accepted + run.devices.presumed, 3000);
    const all = (await scene.get(`events?run=${id}&limit=1000`)).items.map((event) => event.id);
    await page.waitForFunction((last) => window.heard.includes(last), all.at(-1));
    const heard = (await page.evaluate(() => window.heard)).filter((each) => all.includes(each));
    assert.deepEqual(heard, all);
  });
}
