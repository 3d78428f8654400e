import type { Point } from "./queries";

export interface Totals {
  deliveries: number;
  delivered: number;
  failed: number;
  attempts: number;
}

/** All that happened in the points together. */
export function totalsOf(points: readonly Point[]): Totals {
  const totals: Totals = { deliveries: 0, delivered: 0, failed: 0, attempts: 0 };
  for (const point of points) {
    totals.deliveries += point.deliveries;
    totals.delivered += point.delivered;
    totals.failed += point.failed;
    totals.attempts += point.attempts;
  }
  return totals;
}

/** The share of deliveries that ended well, of those that ended, in percent; `null` where none ended. */
export function successRate({ delivered, failed }: Pick<Point, "delivered" | "failed">): number | null {
  const ended = delivered + failed;
  return ended === 0 ? null : (delivered / ended) * 100;
}

/** One of a point's values; there is none where nothing was noted. */
export type Figure = (point: Point) => number | null | undefined;

/** A value and when it was. */
export interface Moment {
  value: number;
  at: string;
}

/**
 * The newest value that is known. Percentiles of many steps cannot be added up, so the newest one stands for
 * itself.
 */
export function newest(points: readonly Point[], of: Figure): Moment | null {
  const point = points.findLast((one) => typeof of(one) === "number");
  return point === undefined ? null : momentOf(point, of);
}

/** The point where the value is farthest in a direction: `1` for the greatest, `-1` for the least. */
export function extreme(points: readonly Point[], of: Figure, direction: 1 | -1 = 1): Moment | null {
  let found: Moment | null = null;
  for (const point of points) {
    const moment = momentOf(point, of);
    if (moment !== null && (found === null || moment.value * direction > found.value * direction)) {
      found = moment;
    }
  }
  return found;
}

function momentOf(point: Point, of: Figure): Moment | null {
  const value = of(point);
  return typeof value === "number" ? { value, at: point.at } : null;
}
