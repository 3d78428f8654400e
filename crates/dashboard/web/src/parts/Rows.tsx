import { Table } from "@mantine/core";
import type { ReactNode } from "react";
import classes from "./Rows.module.css";

export interface Column<R> {
  head: string;
  cell: (row: R) => ReactNode;
}

interface Props<R> {
  /** What the table is called by those who hear it. */
  label: string;
  columns: Column<R>[];
  rows: R[];
  keyOf: (row: R, place: number) => string;
  /** The rows are those of before, while others are fetched. */
  stale?: boolean;
}

/** A table that becomes a stack of cards on a phone. */
export function Rows<R>({ label, columns, rows, keyOf, stale = false }: Props<R>) {
  // The roles are said because cards are no table to browsers, and would be none to screen readers either.
  return (
    <Table
      role="table"
      aria-label={label}
      aria-busy={stale}
      className={stale ? `${classes.table} ${classes.dim}` : classes.table}
    >
      <Table.Thead role="rowgroup">
        <Table.Tr role="row">
          {columns.map((column) => (
            <Table.Th key={column.head} role="columnheader" scope="col">
              {column.head}
            </Table.Th>
          ))}
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody role="rowgroup">
        {rows.map((row, place) => (
          <Table.Tr key={keyOf(row, place)} role="row">
            {columns.map((column) => (
              <Table.Td key={column.head} role="cell" data-head={column.head}>
                <div>{column.cell(row)}</div>
              </Table.Td>
            ))}
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
