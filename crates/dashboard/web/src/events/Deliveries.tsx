import { Button, Stack, Text, Title } from "@mantine/core";
import { useState } from "react";
import { count } from "../parts/formats";
import { DeliveryRows } from "./DeliveryRows";
import type { Delivery } from "./queries";
import type { Runs } from "./runs";

/** The most deliveries of an event that the API gives. */
const MOST = 1_000;
/** Rows that are shown at once. */
const STEP = 25;

/** Where an event went: as it was published, and apart from that what replays sent again. */
export function Deliveries({ tenant, runs }: { tenant: string; runs: Runs }) {
  const { first, replayed } = runs;
  return (
    <Stack gap="xl">
      {first.length > 0 && <Run tenant={tenant} title="Deliveries" deliveries={first} />}
      {replayed.length > 0 && (
        <Run tenant={tenant} title="Sent again by replays" deliveries={replayed} replays />
      )}
      {first.length + replayed.length >= MOST && (
        <Text size="sm" c="dimmed">
          At most {count(MOST)} deliveries of an event are shown. Each webhook lists all of its own.
        </Text>
      )}
    </Stack>
  );
}

interface RunProps {
  tenant: string;
  title: string;
  deliveries: Delivery[];
  replays?: boolean;
}

function Run({ tenant, title, deliveries, replays = false }: RunProps) {
  const [shown, setShown] = useState(STEP);
  const more = deliveries.length - shown;
  return (
    <Stack gap="xs" component="section">
      <Title order={2} size="h3">
        {title}
      </Title>
      <DeliveryRows tenant={tenant} label={title} deliveries={deliveries.slice(0, shown)} replays={replays} />
      {more > 0 && (
        <Button variant="default" onClick={() => setShown(shown + STEP)}>
          {more > STEP ? `Show ${STEP} more of ${count(more)}` : `Show the other ${more}`}
        </Button>
      )}
    </Stack>
  );
}
