// SPDX-License-Identifier: MIT
// The program under test as a process of its own, which is ended by its own number and by nothing else.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";

const program = process.env.SLUICE_PROGRAM;
const running = new Set();
process.on("exit", () => running.forEach((child) => child.kill("SIGKILL")));

/** Settings of whoever runs the tests stay out of them. */
function environment(folder) {
  const mine = Object.entries(process.env).filter(([name]) => !/^(SLUICE|ALIBABA_CLOUD)_/.test(name));
  return { ...Object.fromEntries(mine), XDG_CONFIG_HOME: folder, XDG_STATE_HOME: folder };
}

/** @return what it printed. Fails with its words if it does. */
export function runProgram(folder, ...options) {
  const done = spawnSync(program, options, { cwd: folder, env: environment(folder), encoding: "utf8" });
  if (done.status !== 0) throw new Error(`sluice ${options[0]} ended with ${done.status}: ${done.stderr}`);
  return done.stdout;
}

export class Program {
  #child;
  #said = "";

  constructor(folder, ...options) {
    const stdio = ["ignore", "pipe", "pipe"];
    this.#child = spawn(program, options, { cwd: folder, env: environment(folder), stdio });
    running.add(this.#child);
    this.#child.on("exit", () => running.delete(this.#child));
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => (this.#said = (this.#said + text).slice(-20_000)));
    }
  }

  get processId() {
    return this.#child.pid;
  }

  /** Waits until it can be used. @param isReady asked again and again, gives what is wanted, or nothing yet */
  async ready(isReady) {
    const deadline = Date.now() + 20_000;
    while (Date.now() < deadline && this.#child.exitCode === null) {
      const found = await isReady(this.#said);
      if (found) return found;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    throw new Error(`the program did not start: ${this.#said}`);
  }

  async end(signal = "SIGTERM") {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, "exit");
    const tooLate = setTimeout(() => this.#child.kill("SIGKILL"), 15_000);
    this.#child.kill(signal);
    await ended;
    clearTimeout(tooLate);
  }
}
