import { Autocomplete, Button, Group, SegmentedControl, SimpleGrid, Stack, TextInput } from "@mantine/core";
import { useMemo, useState } from "react";
import { hasFilters, writeFilters, type Filters } from "./filters";
import { fromLocalInput, toLocalInput } from "./moment";
import { useCatalogue } from "./queries";

interface Props {
  tenant: string;
  /** Those in force, as the address has them. */
  filters: Filters;
  onApply: (filters: Filters) => void;
}

/** Most names that are suggested at once. */
const SUGGESTED = 20;

const OUTCOMES = [
  { value: "all", label: "All" },
  { value: "true", label: "Delivered" },
  { value: "false", label: "Not delivered" },
];

export function FilterForm({ tenant, filters, onApply }: Props) {
  const { draft, change } = useDraft(filters);
  const names = useTypeNames(tenant);
  const apply = (delivered: boolean | undefined) => onApply({ ...read(draft, filters), delivered });

  return (
    <form
      role="search"
      aria-label="Filter events"
      onSubmit={(submission) => {
        submission.preventDefault();
        apply(filters.delivered);
      }}
    >
      <Stack gap="sm">
        <SimpleGrid cols={{ base: 1, xs: 2, lg: 4 }}>
          <Autocomplete
            label="Type"
            placeholder="order.paid"
            data={names}
            limit={SUGGESTED}
            value={draft.type}
            onChange={(type) => change({ type })}
          />
          <TextInput
            label="Subject"
            placeholder="order/4711"
            value={draft.subject}
            onChange={(input) => change({ subject: input.currentTarget.value })}
          />
          <TextInput
            type="datetime-local"
            label="Accepted since"
            value={draft.since}
            onChange={(input) => change({ since: input.currentTarget.value })}
          />
          <TextInput
            type="datetime-local"
            label="Accepted before"
            value={draft.until}
            onChange={(input) => change({ until: input.currentTarget.value })}
          />
        </SimpleGrid>
        <Group justify="space-between">
          <SegmentedControl
            aria-label="Outcome"
            data={OUTCOMES}
            value={String(filters.delivered ?? "all")}
            onChange={(outcome) => apply(outcome === "all" ? undefined : outcome === "true")}
          />
          <Group gap="xs">
            {hasFilters(filters) && (
              <Button variant="subtle" onClick={() => onApply({})}>
                Clear filters
              </Button>
            )}
            <Button type="submit" variant="default">
              Filter
            </Button>
          </Group>
        </Group>
      </Stack>
    </form>
  );
}

/** What the fields hold: times as their inputs have them. */
interface Draft {
  type: string;
  subject: string;
  since: string;
  until: string;
}

function draftOf({ type = "", subject = "", since, until }: Filters): Draft {
  return { type, subject, since: toLocalInput(since), until: toLocalInput(until) };
}

/** What the fields mean. Their times have no seconds, so one that was not touched stays as it was. */
function read(draft: Draft, { since, until }: Filters): Filters {
  return {
    type: draft.type,
    subject: draft.subject,
    since: draft.since === toLocalInput(since) ? since : fromLocalInput(draft.since),
    until: draft.until === toLocalInput(until) ? until : fromLocalInput(draft.until),
  };
}

/** A draft that follows the filters when they are changed from outside: by going back, or by a link. */
function useDraft(filters: Filters) {
  const [draft, setDraft] = useState(() => draftOf(filters));
  const inForce = writeFilters(filters).toString();
  const [shown, setShown] = useState(inForce);
  if (shown !== inForce) {
    setShown(inForce);
    setDraft(draftOf(filters));
  }
  return { draft, change: (part: Partial<Draft>) => setDraft((before) => ({ ...before, ...part })) };
}

function useTypeNames(tenant: string): string[] {
  const catalogue = useCatalogue(tenant);
  return useMemo(() => {
    const names = catalogue.flatMap((type) => [type.name, ...type.aliases]);
    return [...new Set(names)].sort();
  }, [catalogue]);
}
