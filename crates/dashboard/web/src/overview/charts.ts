import { count, duration, percent, shortCount } from "../parts/formats";
import type { ChartData } from "./chart/chartData";
import { clock } from "./chart/timeAxis";
import { type Figure, extreme, newest, successRate, totalsOf } from "./figures";
import type { Point, Stats } from "./queries";
import type { Range } from "./ranges";

type Draw = (stats: Stats, range: Range) => ChartData;

const percentOf = (value: number) => percent(value, 100);
const ofSeconds = (value: number) => (value === 0 ? "0 s" : duration(value * 1000));
/** Seconds that read well as minutes, hours and days. */
const SECONDS = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200, 21_600, 43_200, 86_400, 172_800,
];
const counted = {
  format: count,
  formatAxis: (value: number) => (Number.isInteger(value) ? shortCount(value) : ""),
};

function line(points: readonly Point[], of: Figure): (number | null)[] {
  return points.map((point) => of(point) ?? null);
}

export const outcomes: Draw = ({ points }, range) => {
  const { deliveries, delivered, failed } = totalsOf(points);
  return {
    title: "Deliveries by outcome",
    summary:
      `In the last ${range.words}, ${count(deliveries)} deliveries were made; ` +
      `${count(delivered)} were delivered and ${count(failed)} failed.`,
    lines: [
      { label: "Made", color: "main", dash: [2, 3], values: line(points, (point) => point.deliveries) },
      { label: "Delivered", color: "good", filled: true, values: line(points, (point) => point.delivered) },
      { label: "Failed", color: "bad", dash: [8, 4], values: line(points, (point) => point.failed) },
    ],
    ...counted,
  };
};

export const success: Draw = ({ points }, range) => {
  const { delivered, failed } = totalsOf(points);
  const worst = extreme(points, successRate, -1);
  return {
    title: "Success rate",
    summary:
      worst === null
        ? `In the last ${range.words}, no delivery ended.`
        : `In the last ${range.words}, ${percent(delivered, delivered + failed)} of the deliveries that ` +
          `ended were delivered. The lowest rate was ${percentOf(worst.value)}, at ` +
          `${clock(worst.at, range.ms)}.`,
    lines: [{ label: "Success rate", color: "good", values: line(points, successRate) }],
    format: percentOf,
    formatAxis: (value) => `${value} %`,
    // Close to the top is where it matters; the axis says where it begins.
    bounds: (least) => [Math.max(0, Math.min(90, Math.floor(least / 10) * 10)), 100],
  };
};

export const latency: Draw = ({ points }, range) => {
  const last = newest(points, (point) => point.p95_ms);
  const most = extreme(points, (point) => point.p95_ms);
  return {
    title: "Response time of receivers",
    summary:
      last === null || most === null
        ? `In the last ${range.words}, no receiver answered.`
        : `Of the newest attempts, 95 % were answered within ${duration(last.value)}. In the last ` +
          `${range.words} it was at most ${duration(most.value)}, at ${clock(most.at, range.ms)}.`,
    lines: [
      { label: "Median", color: "good", values: line(points, (point) => point.p50_ms) },
      { label: "p95", color: "middle", dash: [8, 4], values: line(points, (point) => point.p95_ms) },
      { label: "p99", color: "bad", dash: [2, 3], values: line(points, (point) => point.p99_ms) },
    ],
    format: duration,
  };
};

export const waiting: Draw = ({ points, waiting: now }, range) => {
  const most = extreme(points, (point) => point.waiting);
  return {
    title: "Deliveries waiting",
    summary:
      `${count(now)} deliveries wait now for their first or next attempt.` +
      (most === null
        ? ""
        : ` In the last ${range.words} it was at most ${count(most.value)}, at ${clock(most.at, range.ms)}.`),
    lines: [
      { label: "Waiting", color: "main", filled: true, values: line(points, (point) => point.waiting) },
    ],
    ...counted,
  };
};

export const oldestWaiting: Draw = ({ points }, range) => {
  const most = extreme(points, (point) => point.oldest_waiting_seconds);
  return {
    title: "Age of the oldest waiting delivery",
    summary:
      most === null
        ? `In the last ${range.words}, nobody noted how long deliveries waited.`
        : `In the last ${range.words}, the oldest waiting delivery was at most ` +
          `${ofSeconds(most.value)} old, at ${clock(most.at, range.ms)}.`,
    lines: [{ label: "Age", color: "middle", values: line(points, (point) => point.oldest_waiting_seconds) }],
    format: ofSeconds,
    steps: SECONDS,
  };
};
