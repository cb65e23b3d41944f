// SPDX-License-Identifier: MIT
// A daemon that wants a token: it is asked for, a wrong one is refused, and one may do no more than its scope says.
import assert from "node:assert/strict";
import { browserTests } from "./support/browser_test.js";

const claim = browserTests({ anonymous: false });

const giveIn = async (page, token) => {
  await page.getByRole("textbox", { name: "Token" }).fill(token);
  await page.getByRole("button", { name: "Use it" }).click();
};

claim("token: it is asked for once, a wrong one is refused, the right one works", {}, async (watched, scene) => {
  const { page } = watched;
  // Five wrong answers in a second are more than the daemon listens to.
  watched.permit(/401|429/);
  await scene.submit("first", 10);

  await watched.sees("The daemon wants a token for this.");
  assert.equal(await page.getByRole("dialog").count(), 1);
  await giveIn(page, "not-a-token");
  await watched.sees("The daemon did not take the token.");
  await giveIn(page, scene.tokens.read);

  await page.getByRole("link", { name: "1", exact: true }).waitFor();
  await page.waitForTimeout(500);
  assert.equal(await page.getByRole("dialog").count(), 0);
});

claim("token: without one, nothing is asked again until somebody presses a button", {}, async (watched) => {
  const { page } = watched;
  watched.permit(/401/);
  await watched.sees("The daemon wants a token for this.");
  await page.getByRole("button", { name: "Leave it" }).click();
  await watched.sees("the daemon wants a token");

  let requests = 0;
  page.on("request", () => ++requests);
  await page.waitForTimeout(2500);
  assert.equal(await page.getByRole("dialog").count(), 0);
  assert.equal(requests, 0);

  await page.getByRole("button", { name: "Stop everything" }).click();
  await page.getByRole("dialog").locator("button[value=do]").click();
  await watched.sees("The daemon wants a token for this.");
});

claim("token: the plan is checked, and tenants are offered, once there is one", {}, async (watched, scene) => {
  const { page } = watched;
  watched.permit(/401/);
  await watched.sees("The daemon wants a token for this.");
  await page.getByRole("button", { name: "Leave it" }).click();
  await watched.go("plan");
  await page.getByRole("button", { name: "Start from an example" }).click();
  await watched.sees("✗ the daemon wants a token");

  await watched.giveToken(scene.tokens.operate);
  await watched.sees("✓ hello is valid");
  await page.locator("select[name=tenant] option[value=south]").waitFor({ state: "attached" });
  await watched.picture("plan-after-token");
});

claim("token: one for reading may not stop anything, one for operating may", {}, async (watched, scene) => {
  const { page } = watched;
  watched.permit(/401|403/);
  const run = await scene.submit("long", 20_000);
  await giveIn(page, scene.tokens.read);
  await page.getByRole("link", { name: String(run), exact: true }).waitFor();

  await watched.pressAndConfirm("Stop everything");
  await page.locator("#notice", { hasText: "✗" }).waitFor();
  assert.notEqual((await scene.get(`runs/${run}`)).status, "paused");

  await watched.giveToken(scene.tokens.operate);
  await watched.pressAndConfirm("Stop everything");
  await page.locator("#notice", { hasText: "✓" }).waitFor();
  await scene.untilRun(run, (each) => each.status === "paused");
});

claim("token: it is nowhere but in the page's memory, and gone with the page", {}, async (watched, scene) => {
  const { page } = watched;
  watched.permit(/401/);
  await giveIn(page, scene.tokens.read);
  await page.getByRole("link", { name: "1", exact: true }).waitFor();

  const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]));
  assert.equal(kept, '[{},{},""]');
  assert.deepEqual(await watched.context.cookies(), []);
  assert.ok(!(await page.content()).includes(scene.tokens.read));
  await page.reload();
  await watched.sees("The daemon wants a token for this.");
});

claim("token: what cannot be one is refused where it is typed, the daemon as there", {}, async (watched, scene) => {
  const { page } = watched;
  watched.permit(/401/);
  await watched.sees("The daemon wants a token for this.");

  await giveIn(page, "slc_geheim–1");
  const field = page.getByRole("textbox", { name: "Token" });
  assert.match(await field.evaluate((node) => node.validationMessage), /no token: .* plain letters, digits and signs/);
  assert.equal(await page.locator("#connection").innerText(), "");

  await giveIn(page, ` ${scene.tokens.read}\n`);
  await page.locator(".tenants tbody tr").first().waitFor();
  assert.equal(await page.getByRole("dialog").count(), 0);
});

claim("token: a request that cannot be made is told as such, the daemon as there", {}, async (watched, scene) => {
  const { page } = watched;
  watched.permit(/401/);
  await giveIn(page, scene.tokens.read);
  await page.locator(".tenants tbody tr").first().waitFor();

  await page.evaluate(async () => (await import("/dashboard/api.js")).setToken("slc_geheim–1"));

  await page.locator("#notice", { hasText: /^✗ Failed to construct 'Headers'/ }).waitFor();
  assert.equal(await page.locator("#connection").innerText(), "");
});

claim("token: a daemon that is back and takes it no more is told as there", {}, async (watched, scene) => {
  const { page } = watched;
  watched.permit(/401|429/);
  watched.permit(/ERR_(CONNECTION_(REFUSED|RESET)|INCOMPLETE_CHUNKED_ENCODING|EMPTY_RESPONSE|SOCKET_NOT_CONNECTED)/);
  await giveIn(page, scene.tokens.read);
  await page.locator(".tenants tbody tr").first().waitFor();
  await scene.endDaemon();
  await watched.sees(/No answer from the daemon since/);

  // With other tokens than before.
  await scene.configure(10, false);
  await scene.startDaemon();
  await watched.sees("The daemon did not take the token.");

  await page.locator("#connection", { hasText: /^$/ }).waitFor({ state: "attached" });
});
