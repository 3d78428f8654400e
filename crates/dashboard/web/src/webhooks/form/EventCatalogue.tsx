import { Badge, Button, Checkbox, Code, Group, ScrollArea, Stack, Text, TextInput } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { useState } from "react";
import { CodeBlock } from "../../parts/CodeBlock";
import { takenBy } from "../patterns";
import type { EventType } from "../types";

/** A list that is longer is searched rather than read. */
const SEARCHED_FROM = 8;
const SHOWN = 100;

interface EventCatalogueProps {
  catalogue: EventType[];
  chosen: string[];
  onChange: (chosen: string[]) => void;
}

/** The described types of event, to pick from. */
export function EventCatalogue({ catalogue, chosen, onChange }: EventCatalogueProps) {
  const [search, setSearch] = useState("");
  const wanted = search.trim().toLowerCase();
  const found = catalogue.filter((type) =>
    [type.name, type.description, ...type.aliases].some((text) => text.toLowerCase().includes(wanted)),
  );
  const pick = (name: string, picked: boolean) =>
    onChange(picked ? [...chosen, name] : chosen.filter((other) => other !== name));
  return (
    <Stack gap="xs" role="group" aria-label="Described types of event">
      {catalogue.length >= SEARCHED_FROM && (
        <TextInput
          aria-label="Search the types of event"
          placeholder={`Search ${catalogue.length} types`}
          leftSection={<IconSearch size={16} aria-hidden />}
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
        />
      )}
      <ScrollArea.Autosize mah={360} type="auto" offsetScrollbars>
        <Stack gap="sm">
          {found.slice(0, SHOWN).map((type) => (
            <Choice
              key={type.name}
              type={type}
              isChosen={chosen.includes(type.name)}
              by={takenBy(
                chosen.filter((pattern) => pattern !== type.name),
                type.name,
                catalogue,
              )}
              onPick={(picked) => pick(type.name, picked)}
            />
          ))}
        </Stack>
      </ScrollArea.Autosize>
      {found.length > SHOWN && (
        <Text size="sm" c="dimmed">
          {found.length - SHOWN} more: search for them.
        </Text>
      )}
      {found.length === 0 && (
        <Text size="sm" c="dimmed">
          No type has this in its name or description.
        </Text>
      )}
    </Stack>
  );
}

interface ChoiceProps {
  type: EventType;
  isChosen: boolean;
  /** Another subscription that takes this type already. */
  by: string | undefined;
  onPick: (picked: boolean) => void;
}

function Choice({ type, isChosen, by, onPick }: ChoiceProps) {
  const [opened, setOpened] = useState(false);
  const isTaken = by !== undefined;
  return (
    <div>
      <Group justify="space-between" wrap="nowrap" align="flex-start" gap="xs">
        <Checkbox
          checked={isChosen || isTaken}
          disabled={isTaken && !isChosen}
          onChange={(event) => onPick(event.currentTarget.checked)}
          label={
            <>
              <Code>{type.name}</Code>
              {type.deprecated && (
                <Badge ml="xs" size="sm" color="gray" variant="light">
                  Deprecated
                </Badge>
              )}
            </>
          }
          description={describe(type, isTaken && !isChosen ? by : undefined)}
        />
        {type.example !== undefined && (
          <Button
            variant="subtle"
            size="compact-xs"
            flex="none"
            aria-expanded={opened}
            aria-label={`Example of ${type.name}`}
            onClick={() => setOpened(!opened)}
          >
            Example
          </Button>
        )}
      </Group>
      {opened && (
        <CodeBlock
          text={JSON.stringify(type.example, null, 2)}
          language="json"
          label={`Example data of ${type.name}`}
          maxHeight={240}
        />
      )}
    </div>
  );
}

function describe(type: EventType, by: string | undefined): string {
  const parts = [
    type.description,
    type.aliases.length > 0 && `also called ${type.aliases.join(", ")}`,
    by !== undefined && `taken by ${by}`,
  ];
  return parts.filter((part) => typeof part === "string" && part !== "").join(" · ");
}
