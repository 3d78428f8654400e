/* Cards are no table to browsers, so all roles are said: to screen readers they stay one. */
/* eslint-disable jsx-a11y/no-redundant-roles, jsx-a11y/no-interactive-element-to-noninteractive-role */
import { type CSSProperties, type ReactNode, memo } from "react";
import styles from "./Rows.module.css";

export interface Column<R> {
  head: string;
  /**
   * How wide it is, as a track of a grid. Where all columns say so, no row's place depends on another row, and those
   * that are not on the screen cost next to nothing: for lists of hundreds.
   */
  width?: string;
  cell: (row: R) => ReactNode;
}

interface RowsProps<R> {
  /** What the table is called by those who hear it. */
  label: string;
  /** The same array as before, where rows should not be drawn again that have not changed. */
  columns: readonly Column<R>[];
  rows: readonly R[];
  keyOf: (row: R, place: number) => string;
  /** The rows are those of before, while others are fetched. */
  stale?: boolean;
}

/** A table that becomes a stack of cards where it is narrow; the first column is what a card is called. */
export function Rows<R>({ label, columns, rows, keyOf, stale = false }: RowsProps<R>) {
  const isEven = columns.every(({ width }) => width);
  return (
    <div className={styles.frame}>
      <table
        role="table"
        aria-label={label}
        aria-busy={stale}
        className={[styles.table, isEven && styles.even, stale && styles.dim].filter(Boolean).join(" ")}
        style={propertiesOf(columns)}
      >
        <thead role="rowgroup">
          <tr role="row">
            {columns.map(({ head }) => (
              <th key={head} role="columnheader" scope="col">
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {rows.map((row, place) => (
            <Row key={keyOf(row, place)} row={row} columns={columns as readonly Column<unknown>[]} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** What cards say before each cell, and the columns: told once for all rows, since every attribute of thousands takes its time. */
function propertiesOf(columns: readonly { head: string; width?: string }[]): CSSProperties {
  const tracks = columns.map(({ width }) => width ?? "auto").join(" ");
  const properties: Record<`--${string}`, string> = { "--tracks": tracks };
  columns.forEach(({ head }, place) => (properties[`--head-${place + 1}`] = JSON.stringify(head)));
  return properties;
}

/** Queries keep what has not changed, so a list of hundreds draws only the rows that did. */
const Row = memo(function Row({ row, columns }: { row: unknown; columns: readonly Column<unknown>[] }) {
  return (
    <tr role="row">
      {columns.map(({ head, cell }) => (
        <td key={head} role="cell">
          {cell(row)}
        </td>
      ))}
    </tr>
  );
});
