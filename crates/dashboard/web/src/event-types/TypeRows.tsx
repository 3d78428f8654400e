import { Anchor, Badge, Group, Text } from "@mantine/core";
import { useMemo } from "react";
import { Link } from "react-router";
import { eventTypePath } from "../app/paths";
import { Rows, type Column } from "../parts/Rows";
import type { EventType } from "./queries";

interface Props {
  tenant: string;
  types: EventType[];
  stale: boolean;
}

export function TypeRows({ tenant, types, stale }: Props) {
  const columns = useMemo(() => columnsFor(tenant), [tenant]);
  return (
    <Rows label="Event types" columns={columns} rows={types} keyOf={(type) => type.name} stale={stale} />
  );
}

function columnsFor(tenant: string): Column<EventType>[] {
  return [
    {
      head: "Type",
      cell: (type) => (
        <Group gap="xs">
          <Anchor component={Link} to={eventTypePath(tenant, type.name)} fw={500} size="sm">
            {type.name}
          </Anchor>
          {type.deprecated && <Badge variant="default">Deprecated</Badge>}
        </Group>
      ),
    },
    {
      head: "Meaning",
      cell: (type) => (
        <Text size="sm" lineClamp={2}>
          {type.description}
        </Text>
      ),
    },
    { head: "Aliases", cell: (type) => <Text size="sm">{type.aliases.join(", ") || "–"}</Text> },
    { head: "Schema", cell: (type) => (type.schema == null ? "–" : "Enforced") },
    { head: "Example", cell: (type) => (type.example === undefined ? "–" : "Yes") },
  ];
}
