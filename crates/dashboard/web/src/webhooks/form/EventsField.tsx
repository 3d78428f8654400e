import { Anchor, Button, Code, Group, List, Stack, TagsInput, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { eventTypesPath } from "../../app/paths";
import { useTenant } from "../../session/session";
import { patternWords, reach } from "../patterns";
import { eventTypesQuery } from "../queries";
import type { EventType } from "../types";
import { EventCatalogue } from "./EventCatalogue";
import type { SettingsForm } from "./useSettingsForm";

/** Which events a webhook gets: picked from those that are described, or written as patterns. */
export function EventsField({ form }: { form: SettingsForm }) {
  const tenant = useTenant();
  const catalogue = useQuery(eventTypesQuery(tenant)).data;
  const { events } = form.getValues();
  const change = (chosen: string[]) => form.setFieldValue("events", chosen);
  return (
    <Stack gap="sm">
      <TagsInput
        label="Events"
        withAsterisk
        description={
          <>
            Pick them below or write them here: <Code>order.paid</Code> is one type, <Code>order.*</Code>{" "}
            takes every type below <Code>order</Code>, and <Code>*</Code> takes all.
          </>
        }
        placeholder={events.length === 0 ? "order.paid" : undefined}
        splitChars={[",", " "]}
        maxTags={100}
        {...form.getInputProps("events")}
      />
      {!events.includes("*") && (
        <Group>
          <Button variant="default" size="xs" onClick={() => change(["*"])}>
            Every event
          </Button>
        </Group>
      )}
      <Patterns patterns={events} catalogue={catalogue ?? []} />
      {catalogue && catalogue.length > 0 && (
        <EventCatalogue catalogue={catalogue} chosen={events} onChange={change} />
      )}
      {catalogue?.length === 0 && (
        <Text size="sm" c="dimmed">
          No types of event are described yet, so there are none to pick from. They work without a
          description; those that are described are listed{" "}
          <Anchor component={Link} to={eventTypesPath(tenant)}>
            here
          </Anchor>
          .
        </Text>
      )}
    </Stack>
  );
}

/** What the patterns among the subscriptions take. */
function Patterns({ patterns, catalogue }: { patterns: string[]; catalogue: EventType[] }) {
  const found = reach(patterns, catalogue);
  if (found.length === 0) return null;
  return (
    <List size="sm" spacing={4}>
      {found.map(({ pattern, types }) => (
        <List.Item key={pattern}>
          <Code>{pattern}</Code> {patternWords(pattern)}
          {catalogue.length > 0 && ` Of those described now: ${typeWords(types, catalogue.length)}.`}
        </List.Item>
      ))}
    </List>
  );
}

const NAMED = 5;

function typeWords(types: string[], all: number): string {
  if (types.length === 0) return "none";
  if (types.length === all) return `all ${all}`;
  const more = types.length - NAMED;
  return types.slice(0, NAMED).join(", ") + (more > 0 ? ` and ${more} more` : "");
}
