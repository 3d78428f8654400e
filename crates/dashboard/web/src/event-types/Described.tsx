import { Alert, Anchor, Badge, Group, SimpleGrid, Stack, Text, Title } from "@mantine/core";
import { IconArchive } from "@tabler/icons-react";
import { useMemo } from "react";
import { Link } from "react-router";
import { eventsPath } from "../app/paths";
import { CodeBlock } from "../parts/CodeBlock";
import { Time } from "../parts/Time";
import { pretty } from "./draft";
import type { EventType } from "./queries";

export function Described({ tenant, type }: { tenant: string; type: EventType }) {
  return (
    <Stack gap="xl">
      {type.deprecated && (
        <Alert icon={<IconArchive />} title="Deprecated" color="gray">
          Publishers should stop using this type. Events of it are still delivered.
        </Alert>
      )}
      <Stack gap="xs">
        <Text maw="45rem" style={{ whiteSpace: "pre-line" }}>
          {type.description}
        </Text>
        {type.aliases.length > 0 && (
          <Group gap="xs">
            <Text size="sm" c="dimmed">
              Also called
            </Text>
            {type.aliases.map((alias) => (
              <Badge key={alias} variant="default" tt="none">
                {alias}
              </Badge>
            ))}
          </Group>
        )}
        <Text size="sm" c="dimmed">
          Described <Time at={type.created_at} relative />.{" "}
          <Anchor component={Link} to={eventsPath(tenant, { type: type.name })} size="sm" underline="always">
            Events of this type
          </Anchor>
        </Text>
      </Stack>
      <SimpleGrid cols={{ base: 1, md: 2 }}>
        <Json title="Example" value={type.example} none="None. Tests send a general sample instead." />
        <Json
          title="Schema"
          value={type.schema ?? undefined}
          none="None. Events of this type may hold any JSON."
        />
      </SimpleGrid>
    </Stack>
  );
}

function Json({ title, value, none }: { title: string; value: unknown; none: string }) {
  const text = useMemo(() => (value === undefined ? null : pretty(value)), [value]);
  return (
    <Stack gap="xs" component="section">
      <Title order={2} size="h3">
        {title}
      </Title>
      {text === null ? (
        <Text c="dimmed">{none}</Text>
      ) : (
        <CodeBlock text={text} language="json" label={title} maxHeight="36rem" />
      )}
    </Stack>
  );
}
