import { Table } from "@mantine/core";
import styles from "./Chart.module.css";
import type { ChartData } from "./chartData";
import { clock } from "./timeAxis";

interface PointTableProps {
  chart: ChartData;
  times: readonly number[];
  rangeMs: number;
}

/** What the chart shows as numbers, newest first. */
export function PointTable({ chart, times, rangeMs }: PointTableProps) {
  const rows = times.map((at, index) => ({ at, index })).reverse();
  return (
    // What scrolls must be reachable by keyboard.
    <div className={styles.scroll} tabIndex={0} role="region" aria-label={`${chart.title}, as a table`}>
      <Table stickyHeader fz="xs" verticalSpacing={2}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">From</Table.Th>
            {chart.lines.map(({ label }) => (
              <Table.Th key={label} scope="col" ta="right">
                {label}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map(({ at, index }) => (
            <Table.Tr key={at}>
              <Table.Th scope="row" fw={400}>
                {clock(at * 1000, rangeMs)}
              </Table.Th>
              {chart.lines.map(({ label, values }) => (
                <Table.Td key={label} ta="right">
                  {format(chart, values[index])}
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}

function format(chart: ChartData, value: number | null | undefined): string {
  return value === null || value === undefined ? "–" : chart.format(value);
}
