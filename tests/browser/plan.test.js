// SPDX-License-Identifier: MIT
// Plan a job: what is wrong is shown at its place, what would happen in numbers, and then it is sent.
import assert from "node:assert/strict";
import { utimes } from "node:fs/promises";
import { join } from "node:path";
import { browserTests } from "./support/browser_test.js";
import { deviceNames, jobText } from "./support/scene.js";

const claim = browserTests({ faults: { latency: { constant_ms: 20 } } });
const plan = { address: "plan" };

const jobField = (page) => page.getByRole("textbox", { name: "Job file (JSON)" });
const deviceField = (page) => page.getByRole("textbox", { name: /^Devices, one a line/ });

claim("plan: an error is shown at its place, and a press on it goes there", plan, async (watched) => {
  const { page } = watched;
  watched.permit(/422/);
  await jobField(page).fill('{\n  "name": "größe",\n  "chunk_size": 500\n}');

  await watched.sees("✗ 2 things to correct");
  await page.getByRole("button", { name: "Job 3:17" }).click();
  await watched.picture("plan-errors");

  const marked = await jobField(page).evaluate((field) =>
    field.value.slice(field.selectionStart, field.selectionStart + 3),
  );
  assert.equal(marked, "500");
  assert.match(await page.locator(".excerpt").nth(1).textContent(), /^ {2}"chunk_size": 500\n {16}\^$/);
});

claim("plan: a name that is none is shown with its line in the devices", plan, async (watched) => {
  const { page } = watched;
  watched.permit(/422/);
  await jobField(page).fill(jobText("fw", ["dev-0001"]));
  await deviceField(page).fill("dev-0001\n\nx\n");

  await page.getByRole("button", { name: "Devices, line 3" }).click();

  assert.equal(await deviceField(page).evaluate((field) => field.selectionStart), "dev-0001\n\n".length);
});

claim("plan: a few devices are sent with two presses, and the page goes to their run", plan, async (watched, scene) => {
  const { page } = watched;
  await watched.giveToken();
  await page.getByRole("button", { name: "Start from an example" }).click();

  await watched.sees("✓ hello is valid");
  await watched.picture("plan");
  const said = await watched.pressAndConfirm("Send it …");
  await page.waitForURL(/#\/runs\/\d+$/);

  assert.match(said, /2 devices of tenant north are sent the command in 1 request/);
  assert.match(said, /sluice submit job\.json --expect-devices 2/);
  const run = await scene.untilRun(Number(page.url().split("/").at(-1)), (each) => each.status === "succeeded");
  assert.equal(run.devices.total, 2);
});

claim("plan: after an outage it checks again by itself", plan, async (watched, scene) => {
  const { page } = watched;
  watched.permit(/ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE/);
  await scene.endDaemon("SIGTERM");
  await page.getByRole("button", { name: "Start from an example" }).click();
  await watched.sees("✗ the daemon does not answer");
  await watched.sees(/this page goes on by itself/);

  await scene.startDaemon();
  await watched.sees("✓ hello is valid");
  await page.getByRole("button", { name: "Send it …" }).waitFor();
});

claim("plan: what is changed cannot be sent before it is checked", plan, async (watched) => {
  const { page } = watched;
  await page.getByRole("button", { name: "Start from an example" }).click();
  await watched.sees("✓ hello is valid");

  // In one go: the daemon's answer to the new text must not come in between.
  const shown = await deviceField(page).evaluate((field) => {
    field.value = "dev-000001";
    field.dispatchEvent(new Event("input"));
    return document.querySelector("main, body").innerText;
  });
  assert.match(shown, /Checking …/);
  assert.doesNotMatch(shown, /hello is valid|Send it/);

  await watched.sees("✓ hello is valid");
  await page.getByRole("button", { name: "Send it …" }).click();
  const said = await page.getByRole("dialog").innerText();
  assert.match(said, /^1 device of tenant north is sent the command/m);
  assert.match(said, /--devices devices\.txt --expect-devices 1/);
});

claim("plan: 600 devices at once are sent only when their number is typed", plan, async (watched, scene) => {
  const { page } = watched;
  await watched.giveToken();
  await jobField(page).fill(jobText("many", ["dev-0001"], { stages: undefined }));
  await deviceField(page).fill([...deviceNames(600), "dev-000001"].join("\n"));
  await watched.sees("1 duplicate");

  await page.getByRole("button", { name: "Send it …" }).click();
  const act = page.getByRole("button", { name: "Send to 600 devices" });
  assert.equal(await act.isDisabled(), true);
  await page.getByLabel(/^To confirm/).fill("601");
  assert.equal(await act.isDisabled(), true);
  await page.getByLabel(/^To confirm/).fill("600");
  await act.click();
  await page.waitForURL(/#\/runs\/\d+$/);

  const run = await scene.untilRun(Number(page.url().split("/").at(-1)), (each) => each.status === "succeeded");
  assert.equal(run.devices.accepted, 600);
});

claim("plan: a list of 100,000 devices goes up as a file, by its column", plan, async (watched, scene) => {
  const { page } = watched;
  await watched.giveToken();
  await jobField(page).fill(
    jobText("fleet", ["dev-0001"], {
      stages: [
        { name: "canary", devices: 10, soak: "1h" },
        { name: "all", percent: 100 },
      ],
    }),
  );
  await scene.write(
    "fleet.csv",
    `hw,serial\n${deviceNames(100_000)
      .map((name) => `a,${name}`)
      .join("\n")}\n`,
  );

  await page.getByLabel("Open a device list").setInputFiles(join(scene.folder, "fleet.csv"));
  await page.getByLabel("Column that holds the device's name").fill("serial");
  await watched.sees("✓ fleet is valid");
  const said = await watched.pressAndConfirm("Send it …");
  await page.waitForURL(/#\/runs\/\d+$/);

  assert.match(said, /100,000 devices .* begins with 10 devices \(canary\)/);
  assert.match(said, /--devices fleet\.csv --column serial/);
  const run = await scene.get(`runs/${page.url().split("/").at(-1)}`);
  assert.equal(run.devices.total, 100_000);
});

const planned = (page, devices) => page.locator(`dt:text-is("Devices") + dd:text-is("${devices}")`);

claim(
  "plan: a device list that was corrected on the disk is opened again, and not sent as it was",
  plan,
  async (watched, scene) => {
    const { page } = watched;
    const path = join(scene.folder, "corrected.txt");
    const write = async (devices) => {
      await scene.write("corrected.txt", devices.join("\n"));
      // Browsers look at whole seconds.
      await utimes(path, 1_800_000_000 + devices.length, 1_800_000_000 + devices.length);
    };
    await watched.giveToken();
    await write(deviceNames(2));
    await jobField(page).fill(jobText("fw", ["dev-0001"]));
    await page.getByLabel("Open a device list").setInputFiles(path);
    await planned(page, 2).waitFor();

    await write(deviceNames(3));
    await page.getByRole("button", { name: "Send it …" }).click();
    await watched.sees("✗ the file corrected.txt has changed since it was opened");
    assert.equal(await page.getByRole("dialog").count(), 0);
    assert.equal(await page.getByRole("button", { name: "Send it …" }).count(), 0);
    await page.getByLabel("Open a device list").setInputFiles(path);
    await planned(page, 3).waitFor();

    // As when somebody comes back from an editor.
    await write(deviceNames(4));
    await page.evaluate(() => dispatchEvent(new Event("focus")));
    await watched.sees("Open it again.");
  },
);

/** Drops a file onto the fields of that name. */
const drop = (page, fields, name, text) =>
  page.getByRole("group", { name: fields }).evaluate(
    (node, [fileName, content]) => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([content], fileName));
      node.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
    },
    [name, text],
  );

claim("plan: files are opened, dropped and taken away", plan, async (watched, scene) => {
  const { page } = watched;
  await watched.giveToken();
  await scene.write("opened.json", jobText("opened", ["dev-0001", "dev-0002"]));
  await page.getByLabel("Open a job file").setInputFiles(join(scene.folder, "opened.json"));
  await watched.sees("✓ opened is valid");
  await planned(page, 2).waitFor();

  await drop(page, "Devices", "list.txt", deviceNames(5).join("\n"));
  await watched.sees("list.txt, 1 kB");
  await planned(page, 5).waitFor();
  await drop(page, "Job", "dropped.json", jobText("dropped", ["dev-0001"]));
  await watched.sees("✓ dropped is valid");
  await page.getByRole("button", { name: "Send it …" }).click();
  const command = await page.getByRole("dialog").locator(".command").innerText();
  assert.equal(command, "sluice submit dropped.json --devices list.txt --expect-devices 5");
  await page.keyboard.press("Escape");

  // One that misses its place must not take the page's.
  const isHeld = await page.evaluate(
    () => !document.body.dispatchEvent(new DragEvent("drop", { bubbles: true, cancelable: true })),
  );
  assert.equal(isHeld, true);

  await page.getByRole("button", { name: "Take it away" }).click();
  await planned(page, 1).waitFor();
  assert.equal(await deviceField(page).isVisible(), true);
  assert.notEqual(await page.evaluate(() => document.activeElement.tagName), "BODY");
});

claim("plan: of more tenants than a page has by itself each can be taken", {}, async ({ page }, scene) => {
  await page.route(/\/api\/v1\/tenants(\?|$)/, async (route) => {
    const limit = Number(new URL(route.request().url()).searchParams.get("limit") ?? 100);
    const answer = await (await route.fetch()).json();
    const items = Array.from({ length: 150 }, (_, index) => ({ ...answer.items[0], tenant: `tenant-${index + 1}` }));
    await route.fulfill({ json: { ...answer, items: items.slice(0, limit) } });
  });
  await page.goto(`${scene.address}/#/plan`);

  await page.locator("select[name=tenant] option[value=tenant-150]").waitFor({ state: "attached" });
});

claim("plan: an approval is waited for before its stage, and not after it", plan, async (watched) => {
  const { page } = watched;
  const stages = [
    { name: "canary", devices: 1, soak: "10m" },
    { name: "tenth", devices: 2, approval: true },
    { name: "rest", percent: 100 },
  ];
  await watched.giveToken();
  await jobField(page).fill(jobText("asks-first", deviceNames(20, 900_001), { stages }));
  await watched.sees("✓ asks-first is valid");

  const rows = await page.locator("table.stages tbody tr").allInnerTexts();
  const approvals = rows.map((row) => /and an approval/.test(row));
  assert.deepEqual(approvals, [false, true, false]);
  assert.match(rows[0], /soaks 10 min 0 s$/);
  assert.match(rows[1], /^tenth\s+2\s+1\s+10 min 0 s and an approval\s.*–$/s);
  await watched.sees(/, if it begins now and waits for nobody's approval$/);
  await watched.picture("plan-approval");
  await page.getByRole("button", { name: "Send it …" }).click();
  const said = await page.getByRole("dialog").innerText();
  assert.match(said, /It begins with 1 device \(canary\)\. It waits for an approval before tenth\. Once it is stopped/);
});

claim("plan: the example takes the place of nothing that was typed", plan, async (watched) => {
  const { page } = watched;
  watched.permit(/422/);
  await jobField(page).fill('{"name": "mine"}');

  await page.getByRole("button", { name: "Start from an example" }).click();

  await watched.sees("There is a job in the field: empty it first.");
  assert.equal(await jobField(page).inputValue(), '{"name": "mine"}');
  await jobField(page).fill("");
  await page.getByRole("button", { name: "Start from an example" }).click();
  await watched.sees("✓ hello is valid");
  assert.equal(await page.getByText("There is a job in the field").count(), 0);
});
