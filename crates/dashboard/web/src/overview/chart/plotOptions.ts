import type uPlot from "uplot";
import { COLOR_VARIABLES, type ChartData, type LineColor } from "./chartData";
import { timeLabels } from "./timeAxis";

/** Charts with the same key show the same moment at their cursors. */
const TOGETHER = "overview";
const FONT = "12px system-ui, sans-serif";

export const HEIGHT = 200;

/** How uPlot draws a chart with the colours that the theme has at this element. */
export function plotOptions(
  chart: ChartData,
  element: HTMLElement,
  onCursor: (index: number | null) => void,
): uPlot.Options {
  const style = getComputedStyle(element);
  const css = (variable: string) => style.getPropertyValue(variable).trim();
  const color = (name: LineColor) => css(COLOR_VARIABLES[name]);
  const axis = {
    stroke: css("--mantine-color-dimmed"),
    font: FONT,
    grid: { stroke: css("--fanfare-line"), width: 1 },
    ticks: { show: false },
  };
  const formatAxis = chart.formatAxis ?? chart.format;
  return {
    width: element.clientWidth,
    height: HEIGHT,
    padding: [8, 20, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, sync: { key: TOGETHER }, points: { size: 7 } },
    scales: { y: { range: (_plot, least, greatest) => boundsOf(chart, least, greatest) } },
    axes: [
      {
        ...axis,
        size: 28,
        space: 64,
        values: (_plot, splits, _axis, _space, step) => timeLabels(splits, step),
      },
      {
        ...axis,
        size: axisWidth,
        ...(chart.steps ? { incrs: chart.steps } : {}),
        values: (_plot, splits) => splits.map(formatAxis),
      },
    ],
    series: [
      {},
      ...chart.lines.map(({ label, color: name, dash, filled }) => ({
        label,
        stroke: color(name),
        width: 2,
        points: { show: showAlone },
        ...(dash ? { dash } : {}),
        ...(filled ? { fill: `color-mix(in srgb, ${color(name)} 15%, transparent)` } : {}),
      })),
    ],
    hooks: { setCursor: [(plot) => onCursor(plot.cursor.idx ?? null)] },
  };
}

function boundsOf(chart: ChartData, least: number | null, greatest: number | null): [number, number] {
  if (least === null || greatest === null) return [0, 1];
  if (chart.bounds) return chart.bounds(least, greatest);
  return [0, greatest > 0 ? greatest * 1.1 : 1];
}

/** As wide as the longest label, so that charts with small numbers have more room for themselves. */
function axisWidth(_plot: uPlot, values: readonly (string | null)[] | null): number {
  const longest = Math.max(1, ...(values ?? []).map((value) => value?.length ?? 0));
  return Math.ceil(longest * 7 + 16);
}

/** A value between two gaps is no line; it is drawn as a point. */
function showAlone(plot: uPlot, series: number, first: number, last: number): boolean {
  const values = plot.data[series] ?? [];
  const known = (at: number) => values[at] !== null && values[at] !== undefined;
  for (let at = first; at <= last; at += 1) {
    if (known(at) && !known(at - 1) && !known(at + 1)) return true;
  }
  return false;
}
