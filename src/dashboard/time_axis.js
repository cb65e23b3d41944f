// SPDX-License-Identifier: MIT
// The marks of a time axis. Times are unix seconds; the marks are in the zone of whoever looks.

const [aMinute, anHour, aDay] = [60, 3600, 86_400];

/** So many seconds may lie between two marks; less than one would be the same mark twice. */
export const markSteps = [
  ...[1, 2, 5, 10, 15, 30],
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * aMinute),
  ...[1, 2, 3, 4, 6, 8, 12].map((hours) => hours * anHour),
  ...[1, 2, 5, 10, 30, 60, 180, 360].map((days) => days * aDay),
];

const day = new Intl.DateTimeFormat("sv-SE", { dateStyle: "short" });
const minute = new Intl.DateTimeFormat("sv-SE", { hour: "2-digit", minute: "2-digit" });
const second = new Intl.DateTimeFormat("sv-SE", { hour: "2-digit", minute: "2-digit", second: "2-digit" });

/**
 * Hours and minutes, and seconds only where they tell marks apart. The day stands beneath the first mark, and where a
 * new one begins, if one would not do for all. @param span seconds from one end of the axis to the other
 */
export function timeMarks(times, span) {
  const format = times.some((time) => time % aMinute !== 0) ? second : minute;
  const days = times.map((time) => day.format(1000 * time));
  const isOneDay = span <= aDay && days.every((each) => each === days[0]);
  return times.map((time, index) => {
    const mark = format.format(1000 * time);
    return isOneDay || days[index] === days[index - 1] ? mark : `${mark}\n${days[index]}`;
  });
}

/** A time between the marks, with its day where the axis needs that. */
export const timeWithin = (time, span) =>
  span <= aDay ? second.format(1000 * time) : `${day.format(1000 * time)} ${second.format(1000 * time)}`;
