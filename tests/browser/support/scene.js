// SPDX-License-Identifier: MIT
// A daemon with two tenants, north and south, and the simulated cloud that it sends to, in a folder of their own.
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Program, runProgram } from "./program.js";

/** A free one now; the daemon keeps it over a restart. */
async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const credentials = (account) =>
  `[default]\ntype = access_key\naccess_key_id = testid${account}\naccess_key_secret = testsecret\n`;

/** Names dev-000001, dev-000002, … */
export const deviceNames = (count, first = 1) =>
  Array.from({ length: count }, (_, index) => `dev-${String(first + index).padStart(6, "0")}`);

/** A job for these devices; `more` are further members of the job file. */
export const jobText = (name, devices, more = {}) =>
  JSON.stringify({
    name,
    tenant: "north",
    call: { product_key: "a1BwAGVxxxx", identifier: "Set", args: { version: 1 } },
    targets: { devices },
    stages: "none",
    ...more,
  });

export class Scene {
  tokens = {};
  #programs = {};

  /**
   * @param options {faults: a fault plan; rate: of each tenant; limit: the cloud's, of each account; anonymous: whether
   *   reading needs no token; jobs: the job files of the daemon's folder, by their names; endpoint: of another cloud}
   */
  static async start({ faults = {}, rate = 10, limit = rate, anonymous = true, jobs = {}, endpoint } = {}) {
    const scene = new Scene();
    scene.folder = await mkdtemp(join(tmpdir(), "sluice-browser-"));
    scene.port = await freePort();
    scene.address = `http://127.0.0.1:${scene.port}`;
    await mkdir(join(scene.folder, "jobs"));
    for (const [name, text] of Object.entries(jobs)) await scene.write(`jobs/${name}`, text);
    scene.endpoint = endpoint ?? (await scene.startCloud(faults, limit));
    await scene.configure(rate, anonymous);
    await scene.startDaemon();
    return scene;
  }

  write(name, text) {
    return writeFile(join(this.folder, name), text, { mode: 0o600 });
  }

  async startCloud(faults, limit) {
    await this.write("faults.json", JSON.stringify(faults));
    const options = `--quiet --port 0 --keys 2 --limit ${limit} --faults faults.json --ledger ledger`.split(" ");
    this.#programs.cloud = new Program(this.folder, "simulate", ...options);
    return this.#programs.cloud.ready((said) => /^http:\S+/m.exec(said)?.[0]);
  }

  async configure(rate, anonymous) {
    const lines = ["read", "operate", "admin"].map((scope) => {
      const made = JSON.parse(runProgram(this.folder, "token", "new", scope, "--scope", scope, "--output", "json"));
      this.tokens[scope] = made.token;
      return made.line;
    });
    await this.write("tokens", `${lines.join("\n")}\n`);
    await this.write("key1", credentials(1));
    await this.write("key2", credentials(2));
    const tenant = (account) => ({ endpoint: this.endpoint, rate, credentials_file: `key${account}` });
    const api = { listen: [`127.0.0.1:${this.port}`], tokens_file: "tokens", ...(anonymous && { anonymous: "read" }) };
    const config = {
      store: "sluice.db",
      default_tenant: "north",
      jobs_folder: "jobs",
      api,
      tenants: { north: tenant(1), south: tenant(2) },
    };
    await this.write("config.json", JSON.stringify(config));
  }

  async startDaemon() {
    this.#programs.daemon = new Program(this.folder, "serve", "--config", "config.json");
    await this.#programs.daemon.ready(() =>
      fetch(`${this.address}/healthz`).then(
        (answer) => answer.ok,
        () => false,
      ),
    );
  }

  endDaemon(signal) {
    return this.#programs.daemon.end(signal);
  }

  get daemonProcess() {
    return this.#programs.daemon.processId;
  }

  async end() {
    for (const program of Object.values(this.#programs)) await program.end();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Fails unless the program knows the command with its options. Nothing is done. */
  checkCommand(command) {
    const words = command.match(/(?:'[^']*'|[^\s'])+/g).map((word) => word.replaceAll("'", ""));
    if (words[0] !== "sluice") throw new Error(`no command of sluice: ${command}`);
    runProgram(this.folder, ...words.slice(1), "--help");
  }

  async ask(method, path, body) {
    const headers = { Authorization: `Bearer ${this.tokens.admin}`, "Content-Type": "application/json" };
    const answer = await fetch(`${this.address}/api/v1/${path}`, {
      method,
      headers,
      body: body && JSON.stringify(body),
    });
    const said = await answer.json();
    if (!answer.ok) throw new Error(`${method} ${path}: ${said.detail}`);
    return said;
  }

  get(path) {
    return this.ask("GET", path);
  }

  post(path, body = {}) {
    return this.ask("POST", path, body);
  }

  /** Queues a job for so many devices. @return the run's number */
  async submit(name, devices, more = {}) {
    const names = typeof devices === "number" ? deviceNames(devices) : devices;
    return (await this.post("runs", { job: jobText(name, names, more), expect_devices: new Set(names).size })).run;
  }

  /** Waits until the run is as `holds` says. @return the run */
  async untilRun(id, holds, seconds = 30) {
    for (const deadline = Date.now() + 1000 * seconds; Date.now() < deadline;) {
      const run = await this.get(`runs/${id}`);
      if (holds(run)) return run;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`run ${id} is not as expected after ${seconds} s: ${JSON.stringify(await this.get(`runs/${id}`))}`);
  }
}
