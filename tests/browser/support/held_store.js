// SPDX-License-Identifier: MIT
// Another process that keeps the store from being written to, as a backup of somebody else's making may.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

const holder = `
import sqlite3, sys
store = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=10)
store.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
store.execute("ROLLBACK")
`;

/** @return lets it go again, and waits until it has */
export async function holdStore(scene) {
  const child = spawn("python3", ["-c", holder, join(scene.folder, "sluice.db")], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ended = once(child, "exit");
  await Promise.race([once(child.stdout, "data"), ended]);
  if (child.exitCode !== null) throw new Error("the store could not be held");
  return async () => {
    child.stdin.end();
    await ended;
  };
}
