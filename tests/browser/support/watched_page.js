// SPDX-License-Identifier: MIT
// A page of the dashboard in Chromium that lets nothing pass: an error in the console, an exception, a breach of the
// content security policy or a dialog of the browser's own makes its test fail.
import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { chromium } from "./packages.js";

const pictures = process.env.SLUICE_BROWSER_PICTURES;

/** As root in a container, Chromium has no sandbox to be in; it sees nothing but our own pages. */
export const launch = () =>
  chromium.launch({ executablePath: process.env.SLUICE_CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });

export class WatchedPage {
  #found = [];
  #permitted = [];

  /** @param options as of playwright's newContext: {colorScheme, viewport, bypassCSP} */
  static async open(browser, scene, address = "", options = {}) {
    const watched = new WatchedPage();
    watched.context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
    watched.scene = scene;
    await watched.#open(address);
    return watched;
  }

  /** One more tab of the same browser; what comes up in it counts as come up here. */
  async beside(address = "") {
    const watched = new WatchedPage();
    Object.assign(watched, { context: this.context, scene: this.scene });
    watched.#found = this.#found;
    await watched.#open(address);
    return watched;
  }

  async #open(address) {
    this.page = await this.context.newPage();
    await this.#watch();
    await this.go(address);
  }

  async #watch() {
    const { page } = this;
    page.setDefaultTimeout(15_000);
    page.on("console", (message) => {
      if (message.type() === "error") this.#found.push(`console: ${message.text()} ${message.location().url}`);
    });
    page.on("pageerror", (trouble) => this.#found.push(`exception: ${trouble.stack}`));
    page.on("dialog", (dialog) => {
      this.#found.push(`dialog: ${dialog.message()}`);
      dialog.dismiss();
    });
    await page.exposeFunction("tellBreach", (breach) => this.#found.push(`policy: ${breach}`));
    await page.addInitScript(() =>
      document.addEventListener("securitypolicyviolation", (event) =>
        window.tellBreach(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`),
      ),
    );
  }

  /** What the test brings about on purpose, such as a refused request, which the console tells too. */
  permit(pattern) {
    this.#permitted.push(pattern);
  }

  go(address) {
    return this.page.goto(`${this.scene.address}/#/${address}`);
  }

  async giveToken(token = this.scene.tokens.admin) {
    await this.page.getByRole("button", { name: "Token" }).click();
    await this.page.getByRole("textbox", { name: "Token" }).fill(token);
    await this.page.getByRole("button", { name: "Use it" }).click();
  }

  /**
   * Presses the button, given by its name or as a locator, and the one of the question that follows. The program must
   * know the command line that the question tells.
   * @return what the question said
   */
  async pressAndConfirm(button, { reason, typed } = {}) {
    const named = () => this.page.getByRole("button", { name: button, exact: true }).first();
    await (typeof button === "string" ? named() : button).click();
    const dialog = this.page.getByRole("dialog");
    const said = await dialog.innerText();
    this.scene.checkCommand(await dialog.locator(".command").innerText());
    if (reason) await dialog.getByLabel(/^Reason/).fill(reason);
    if (typed) await dialog.getByLabel(/^To confirm/).fill(`${typed}`);
    await dialog.locator("button[value=do]").click();
    return said;
  }

  /** From now on, every event that the page's own stream brings, by number, in window.heard. */
  listen() {
    return this.page.evaluate(async () => {
      const { onEvent } = await import("/dashboard/live.js");
      window.heard = [];
      onEvent((event) => window.heard.push(event.id));
    });
  }

  /** Waits until the page says it. */
  sees(text) {
    return this.page.getByText(text).first().waitFor();
  }

  async picture(name) {
    if (!pictures) return;
    await mkdir(pictures, { recursive: true });
    await this.page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true });
  }

  /** Ends it, and fails if something came up that no test permitted. */
  async close() {
    // A request that a test answers itself may still be under way.
    await this.page.unrouteAll({ behavior: "ignoreErrors" });
    await this.context.close();
    const wrong = this.#found.filter((text) => !this.#permitted.some((pattern) => pattern.test(text)));
    assert.deepEqual(wrong, []);
  }
}
