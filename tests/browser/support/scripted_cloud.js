// SPDX-License-Identifier: MIT
// A cloud that answers as a test says, where the simulator is too honest.
import { createServer } from "node:http";

/**
 * @param answerTo called with how many requests came before, gives {status, body}
 * @return {endpoint, end()}
 */
export async function startScriptedCloud(answerTo) {
  let before = 0;
  const server = createServer((request, response) => {
    const { status, body } = answerTo(before++);
    request.resume().on("end", () => {
      response.writeHead(status, { "Content-Type": "application/json" });
      response.end(JSON.stringify(body));
    });
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const end = () => (server.closeAllConnections(), new Promise((resolve) => server.close(resolve)));
  return { endpoint: `http://127.0.0.1:${server.address().port}`, end };
}
