import "uplot/dist/uPlot.min.css";
import { useComputedColorScheme } from "@mantine/core";
import { useEffect, useRef } from "react";
import uPlot from "uplot";
import type { ChartData } from "./chartData";
import { HEIGHT, plotOptions } from "./plotOptions";

interface PlotProps {
  chart: ChartData;
  /** Unix seconds. */
  times: number[];
  onCursor: (index: number | null) => void;
}

/** The picture. It is drawn anew for another theme, and takes new values in place. */
export function Plot({ chart, times, onCursor }: PlotProps) {
  const element = useRef<HTMLDivElement>(null);
  const drawn = useRef<uPlot | null>(null);
  const newest = useRef({ chart, times });
  const scheme = useComputedColorScheme("light");

  useEffect(() => {
    newest.current = { chart, times };
    drawn.current?.setData(dataOf(chart, times));
  }, [chart, times]);

  // New values do not draw it anew: they go into the picture that is there.
  useEffect(() => {
    const place = element.current;
    if (place === null) return;
    const { chart, times } = newest.current;
    const plot = new uPlot(plotOptions(chart, place, onCursor), dataOf(chart, times), place);
    drawn.current = plot;
    const sizes = new ResizeObserver(() => {
      if (place.clientWidth > 0) plot.setSize({ width: place.clientWidth, height: HEIGHT });
    });
    sizes.observe(place);
    return () => {
      sizes.disconnect();
      plot.destroy();
      drawn.current = null;
    };
  }, [scheme, onCursor]);

  return (
    <div
      ref={element}
      role="img"
      aria-label={`${chart.title}. ${chart.summary}`}
      style={{ minHeight: HEIGHT, marginTop: "0.5rem" }}
    />
  );
}

function dataOf(chart: ChartData, times: number[]): uPlot.AlignedData {
  return [times, ...chart.lines.map(({ values }) => values)];
}
