// SPDX-License-Identifier: MIT
// A chunk whose cloud cannot be reached: what is tried for it is seen as it is tried.
import { browserTests } from "./support/browser_test.js";

// Nobody listens there.
const claim = browserTests({ endpoint: "http://127.0.0.1:1" });

claim("chunk: further attempts are shown as they are made, though it stays pending", {}, async (watched, scene) => {
  const { page } = watched;
  const run = await scene.submit("unheard", 1, { retry: { base: "200ms", cap: "1s", max_attempts: 100 } });
  await watched.go(`runs/${run}`);
  await page.getByRole("application", { name: /^Map of 1 chunk/ }).focus();
  await page.keyboard.press("Enter");
  const attempts = page.getByRole("table", { name: "Attempts, the oldest first" }).locator("tbody tr");
  await attempts.first().waitFor();
  const before = await attempts.count();

  await attempts.nth(before).waitFor();
});
