// SPDX-License-Identifier: MIT
// A run's activity as lines over time, and in a sentence.
import { count, counted } from "./text.js";

/**
 * As charts.js takes them: times first. Devices per second; a bucket in which nothing was answered has no latency.
 * What the last bucket has stands at its end once more: a line that began there would not be seen.
 */
export function activityColumns({ from, bucket_seconds: seconds, buckets }) {
  const begin = new Date(from).getTime() / 1000;
  const drawn = [...buckets, ...buckets.slice(-1)];
  const times = drawn.map((bucket, index) => begin + index * seconds);
  const perSecond = (name) => drawn.map((bucket) => bucket[name] / seconds);
  const latency = (name) => drawn.map((bucket) => bucket.latency_ms?.[name] ?? null);
  return {
    devices: [times, perSecond("devices_accepted"), perSecond("devices_failed"), perSecond("devices_in_doubt")],
    latency: [times, latency("p50"), latency("p95"), latency("max")],
  };
}

const sum = (buckets, name) => buckets.reduce((all, bucket) => all + bucket[name], 0);

export function throughputText({ bucket_seconds: seconds, buckets }) {
  if (buckets.length === 0) return "Nothing was sent yet.";
  const results = (bucket) => bucket.devices_accepted + bucket.devices_failed + bucket.devices_in_doubt;
  const most = Math.max(...buckets.map(results)) / seconds;
  return (
    `${counted(sum(buckets, "devices_accepted"), "device")} accepted, ${count(sum(buckets, "devices_failed"))} failed, ` +
    `${count(sum(buckets, "devices_in_doubt"))} in doubt; at most ${count(Math.round(most))} a second.`
  );
}

export function latencyText({ buckets }) {
  const told = buckets.map((bucket) => bucket.latency_ms).filter(Boolean);
  if (told.length === 0) return "Nothing was answered yet.";
  const newest = told.at(-1);
  const slowest = Math.max(...told.map((latency) => latency.max));
  const [half, most] = [newest.p50, slowest].map((milliseconds) => `${count(Math.round(milliseconds))} ms`);
  return `Lately half were below ${half}; the slowest of all took ${most}.`;
}
