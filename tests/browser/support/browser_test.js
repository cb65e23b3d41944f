// SPDX-License-Identifier: MIT
// One browser and one scene for the tests of a file.
import { after, before, test } from "node:test";
import { Scene } from "./scene.js";
import { launch, WatchedPage } from "./watched_page.js";

/**
 * @param options of Scene.start, or a function that gives them
 * @return claim(name, {address, …options of the page}, async (watched, scene) => …): a test with a page of its own
 */
export function browserTests(options = {}) {
  const shared = {};
  before(async () => {
    shared.scene = await Scene.start(options);
    shared.browser = await launch();
  });
  after(async () => {
    await shared.browser?.close();
    await shared.scene?.end();
  });
  return (name, { address = "", ...pageOptions }, work) =>
    test(name, { timeout: 90_000 }, async () => {
      const watched = await WatchedPage.open(shared.browser, shared.scene, address, pageOptions);
      try {
        await work(watched, shared.scene);
      } catch (trouble) {
        await watched.picture(`failed ${name}`.replace(/[^a-z0-9]+/gi, "-").slice(0, 80)).catch(() => {});
        await watched.close().catch((more) => console.error(more.message));
        throw trouble;
      }
      await watched.close();
    });
}
