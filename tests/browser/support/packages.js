// SPDX-License-Identifier: MIT
// What the tests take from others. run.sh installs it below build/, so that nothing is installed into the tree.
import { createRequire } from "node:module";
import { join } from "node:path";

const folder = process.env.SLUICE_BROWSER_PACKAGES;
if (!folder) throw new Error("SLUICE_BROWSER_PACKAGES is not set; start these tests by tests/browser/run.sh");
const require = createRequire(join(folder, "package.json"));

export const { chromium } = require("playwright-core");
/** The text of a script that puts `axe` into a page. */
export const axeSource = require("axe-core").source;
