import { Table, Text } from "@mantine/core";
import styles from "./HeaderTable.module.css";
import { VisibleText } from "./VisibleText";

interface HeaderTableProps {
  headers: Record<string, string> | readonly (readonly [string, string])[];
  /** What this is; its accessible name. */
  label?: string;
}

/** The headers of a request or an answer, in their order. */
export function HeaderTable({ headers, label = "Headers" }: HeaderTableProps) {
  const rows = isList(headers) ? headers : Object.entries(headers);
  if (rows.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        No headers
      </Text>
    );
  }
  return (
    <Table className={styles.table} aria-label={label} verticalSpacing={4} fz="xs" layout="fixed">
      <Table.Tbody>
        {rows.map(([name, value], at) => (
          // A header may come twice, so its name alone is no key.
          <Table.Tr key={`${at} ${name}`}>
            <Table.Th scope="row" className={styles.name}>
              <VisibleText text={name} />
            </Table.Th>
            <Table.Td className={styles.value} dir="ltr">
              <VisibleText text={value} />
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

function isList(headers: HeaderTableProps["headers"]): headers is readonly (readonly [string, string])[] {
  return Array.isArray(headers);
}
