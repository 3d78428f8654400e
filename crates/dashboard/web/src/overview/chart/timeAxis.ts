const TIME = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
const DAY_AND_TIME = new Intl.DateTimeFormat("en-GB", {
  day: "numeric",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
});

const DAY_MS = 86_400_000;

/** When something was, with as much of the date as the range needs. */
export function clock(at: string | number, rangeMs: number): string {
  return (rangeMs < DAY_MS ? TIME : DAY_AND_TIME).format(new Date(at));
}

/** What stands at the time axis: hours and minutes, and the day where one begins. Times in Unix seconds. */
export function timeLabels(splits: readonly number[], stepSeconds: number): string[] {
  return splits.map((at) => {
    const moment = new Date(at * 1000);
    const midnight = moment.getHours() === 0 && moment.getMinutes() === 0;
    return (midnight || stepSeconds >= 86_400 ? DAY : TIME).format(moment);
  });
}
