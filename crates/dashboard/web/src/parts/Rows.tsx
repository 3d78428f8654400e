/* Cards are no table to browsers, so all roles are said: to screen readers they stay one. */
/* eslint-disable jsx-a11y/no-redundant-roles, jsx-a11y/no-interactive-element-to-noninteractive-role */
import { type ReactNode, memo } from "react";
import styles from "./Rows.module.css";

export interface Column<R> {
  head: string;
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

/** A table that becomes a stack of cards on a phone; the first column is what a card is called. */
export function Rows<R>({ label, columns, rows, keyOf, stale = false }: RowsProps<R>) {
  return (
    <table
      role="table"
      aria-label={label}
      aria-busy={stale}
      className={stale ? `${styles.table} ${styles.dim}` : styles.table}
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
  );
}

/** Queries keep what has not changed, so a list of hundreds draws only the rows that did. */
const Row = memo(function Row({ row, columns }: { row: unknown; columns: readonly Column<unknown>[] }) {
  return (
    <tr role="row">
      {columns.map(({ head, cell }) => (
        <td key={head} role="cell" data-head={head}>
          <div>{cell(row)}</div>
        </td>
      ))}
    </tr>
  );
});
