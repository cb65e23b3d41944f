// SPDX-License-Identifier: MIT
// Devices of which nobody knows whether they got the command: a person decides, and the page says what that means.
import assert from "node:assert/strict";
import { after } from "node:test";
import { browserTests } from "./support/browser_test.js";
import { deviceNames } from "./support/scene.js";
import { startScriptedCloud } from "./support/scripted_cloud.js";

// A code that nobody knows says neither that the call was executed nor that it was not.
const unclear = { status: 200, body: { Success: false, Code: "iot.something.New", ErrorMessage: "?", RequestId: "r" } };
const cloud = await startScriptedCloud(() => unclear);
after(cloud.end);
const claim = browserTests({ endpoint: cloud.endpoint });

const inDoubt = async (scene, name, first) => {
  const run = await scene.submit(name, deviceNames(30, first), { chunk_size: 10 });
  await scene.untilRun(run, (each) => each.devices.in_doubt === 30);
  return run;
};

claim("doubt: what is counted as accepted is presumed, one chunk and then all", {}, async (watched, scene) => {
  const run = await inDoubt(scene, "accept", 1);
  await watched.giveToken();
  await watched.go(`runs/${run}`);
  await watched.picture("doubts");

  const one = watched.page.getByRole("button", { name: /^Count as accepted: chunk/ }).first();
  assert.match(await watched.pressAndConfirm(one, { reason: "seen on the wall" }), /10 devices in 1 chunk count/);
  await scene.untilRun(run, (each) => each.devices.presumed === 10);
  await watched.sees("20 devices in 2 chunks were sent the command");
  await watched.page.getByRole("button", { name: "Show all in doubt" }).click();
  await watched.sees("20 of 20 devices on this page.");
  const all = watched.page.getByRole("button", { name: "Count as accepted: all" });
  await watched.pressAndConfirm(all, { reason: "seen on the wall" });

  const record = await scene.untilRun(run, (each) => each.devices.in_doubt === 0);
  assert.equal(record.devices.presumed, 30);
});

claim("doubt: sending once more says that the command may run twice, and does it", {}, async (watched, scene) => {
  const run = await inDoubt(scene, "resend", 1001);
  const before = (await scene.get(`runs/${run}`)).requests;
  await watched.giveToken();
  await watched.go(`runs/${run}`);

  const all = watched.page.getByRole("button", { name: "Send once more: all" });
  const said = await watched.pressAndConfirm(all, { reason: "nothing moved" });
  assert.match(said, /30 devices in 3 chunks are sent the command once more\. They may have got it already/);

  const record = await scene.untilRun(run, (each) => each.devices.in_doubt === 30 && each.requests > before);
  assert.equal(record.requests, before + 3);
});

claim("doubt: a token for operating may not have anything sent once more", {}, async (watched, scene) => {
  const run = await inDoubt(scene, "not allowed", 2001);
  watched.permit(/403/);
  await watched.giveToken(scene.tokens.operate);
  await watched.go(`runs/${run}`);

  const all = watched.page.getByRole("button", { name: "Send once more: all" });
  await watched.pressAndConfirm(all, { reason: "nothing moved" });
  await watched.page.locator("#notice", { hasText: "✗" }).waitFor();

  assert.equal((await scene.get(`runs/${run}`)).devices.in_doubt, 30);
});

claim("doubt: the list comes, though it could not be had at first", {}, async (watched, scene) => {
  const { page } = watched;
  const run = await inDoubt(scene, "late list", 3001);
  watched.permit(/503/);
  const problem = { status: 503, detail: "too many questions" };
  let asked = 0;
  await page.route("**/doubts?*", (route) =>
    ++asked > 1 ? route.continue() : route.fulfill({ status: 503, json: problem }),
  );

  await watched.go(`runs/${run}`);

  await page.locator(".in-doubt tbody tr").nth(2).waitFor();
  assert.equal(await page.locator(".in-doubt tbody tr").count(), 3);
});

claim("doubt: once it is decided, no code has devices in doubt any more", {}, async (watched, scene) => {
  const { page } = watched;
  const run = await inDoubt(scene, "by code", 4001);
  await watched.giveToken();
  await watched.go(`runs/${run}`);
  await page.getByRole("button", { name: "30 devices in doubt with iot.something.New" }).waitFor();

  const all = page.getByRole("button", { name: "Count as accepted: all" });
  await watched.pressAndConfirm(all, { reason: "seen on the wall" });

  await page.getByRole("button", { name: "0 devices in doubt with iot.something.New" }).waitFor();
});
