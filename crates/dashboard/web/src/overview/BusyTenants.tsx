import { Anchor, Paper, Table, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useId } from "react";
import { Link } from "react-router";
import { tenantPath } from "../app/paths";
import { Loaded } from "../parts/Loaded";
import { count, percent } from "../parts/formats";
import { visibleText } from "../parts/visible";
import { type BusyTenant, busyQuery } from "./queries";
import type { Range } from "./ranges";

/** For operators: who has the most deliveries. */
export function BusyTenants({ range }: { range: Range }) {
  const query = useQuery(busyQuery(range));
  const titleId = useId();
  return (
    <Paper component="section" withBorder p="md" h="100%" aria-labelledby={titleId}>
      <Title order={2} size="h5" id={titleId} mb="sm">
        Busiest tenants
      </Title>
      <Loaded query={query} empty={({ data }) => data.length === 0} whenEmpty={<Nobody range={range} />}>
        {({ data }) => (
          <Table aria-labelledby={titleId} verticalSpacing={6} horizontalSpacing="xs">
            <Table.Thead>
              <Table.Tr>
                <Table.Th scope="col">Tenant</Table.Th>
                <Table.Th scope="col" ta="right">
                  Deliveries
                </Table.Th>
                <Table.Th scope="col" ta="right">
                  Delivered
                </Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {data.map((row) => (
                <Row key={row.tenant} row={row} />
              ))}
            </Table.Tbody>
          </Table>
        )}
      </Loaded>
    </Paper>
  );
}

function Row({ row }: { row: BusyTenant }) {
  return (
    <Table.Tr>
      <Table.Th scope="row" fw={400}>
        <Anchor component={Link} to={tenantPath(row.tenant)} size="sm">
          {visibleText(row.name || row.tenant)}
        </Anchor>
      </Table.Th>
      <Table.Td ta="right">{count(row.deliveries)}</Table.Td>
      <Table.Td ta="right">{percent(row.delivered, row.delivered + row.failed)}</Table.Td>
    </Table.Tr>
  );
}

function Nobody({ range }: { range: Range }) {
  return (
    <Text size="sm" c="dimmed">
      Nobody had a delivery in the last {range.words}.
    </Text>
  );
}
