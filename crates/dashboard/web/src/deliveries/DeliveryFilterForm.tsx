import { Autocomplete, Button, Group, NativeSelect, SimpleGrid, Stack, TextInput } from "@mantine/core";
import { useState } from "react";
import { fromLocalInput, toLocalInput } from "../events/moment";
import { useCatalogue } from "../events/queries";
import { useTenant } from "../session/session";
import { type DeliveryFilters, STATUSES, hasFilters } from "./filters";
import type { DeliveryStatus } from "./queries";

const STATUS_WORDS: Record<DeliveryStatus, string> = {
  pending: "Pending",
  retrying: "Retrying",
  success: "Delivered",
  failed: "Failed",
  cancelled: "Cancelled",
};

const STATES = [
  { value: "", label: "All" },
  ...STATUSES.map((status) => ({ value: status, label: STATUS_WORDS[status] })),
];

interface DeliveryFilterFormProps {
  /** Those in force, as the address has them. */
  filters: DeliveryFilters;
  onApply: (filters: DeliveryFilters) => void;
}

/** Chooses which deliveries are listed. What is picked applies at once, what is typed when it is sent. */
export function DeliveryFilterForm({ filters, onApply }: DeliveryFilterFormProps) {
  const catalogue = useCatalogue(useTenant());
  const names = [...new Set(catalogue.flatMap((type) => [type.name, ...type.aliases]))].sort();
  const [draft, change] = useDraft(filters);
  const apply = (status: DeliveryStatus | undefined) => {
    const { status: _, ...typed } = { ...filters, ...read(draft, filters) };
    onApply(status === undefined ? typed : { ...typed, status });
  };
  return (
    <form
      role="search"
      aria-label="Filter deliveries"
      onSubmit={(event) => {
        event.preventDefault();
        apply(filters.status);
      }}
    >
      <Stack gap="sm" mb="md">
        <SimpleGrid cols={{ base: 1, xs: 2, md: 4 }}>
          <NativeSelect
            label="Status"
            data={STATES}
            value={filters.status ?? ""}
            onChange={(event) => apply(STATUSES.find((status) => status === event.currentTarget.value))}
          />
          <Autocomplete
            label="Type of event"
            placeholder="order.paid"
            data={names}
            limit={20}
            value={draft.event_type}
            onChange={(event_type) => change({ event_type })}
          />
          <TextInput
            type="datetime-local"
            label="Accepted since"
            value={draft.since}
            onChange={(event) => change({ since: event.currentTarget.value })}
          />
          <TextInput
            type="datetime-local"
            label="Accepted before"
            value={draft.until}
            onChange={(event) => change({ until: event.currentTarget.value })}
          />
        </SimpleGrid>
        <Group gap="xs" justify="flex-end">
          {hasFilters(filters) && (
            <Button variant="subtle" onClick={() => onApply({})}>
              Clear filters
            </Button>
          )}
          <Button type="submit" variant="default">
            Filter
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

/** What the fields hold that are typed into: times as their inputs have them. */
interface Draft {
  event_type: string;
  since: string;
  until: string;
}

function draftOf({ event_type = "", since, until }: DeliveryFilters): Draft {
  return { event_type, since: toLocalInput(since), until: toLocalInput(until) };
}

/**
 * The filters that the fields mean. The inputs show no seconds, so a time that was not touched stays as it
 * was.
 */
function read(draft: Draft, { since, until }: DeliveryFilters): Partial<DeliveryFilters> {
  return {
    event_type: draft.event_type,
    since: draft.since === toLocalInput(since) ? since : fromLocalInput(draft.since),
    until: draft.until === toLocalInput(until) ? until : fromLocalInput(draft.until),
  };
}

/** A draft that follows the filters when they are changed from outside: by going back, or by a link. */
function useDraft(filters: DeliveryFilters) {
  const [draft, setDraft] = useState(() => draftOf(filters));
  const inForce = JSON.stringify(filters);
  const [shown, setShown] = useState(inForce);
  if (shown !== inForce) {
    setShown(inForce);
    setDraft(draftOf(filters));
  }
  return [draft, (part: Partial<Draft>) => setDraft((before) => ({ ...before, ...part }))] as const;
}
