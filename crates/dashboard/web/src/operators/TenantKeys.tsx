import { Anchor, Button, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "react-router";
import { Loaded } from "../parts/Loaded";
import { useAccess } from "../session/session";
import { KeyRows } from "./KeyRows";
import { NewKey } from "./NewKey";
import { tenantKeysQuery } from "./queries";
import { Section } from "./Section";

/** The API keys of one tenant. */
export function TenantKeys({ tenant }: { tenant: string }) {
  const { manage } = useAccess();
  const found = useQuery(tenantKeysQuery(tenant));
  const [making, setMaking] = useState(false);
  return (
    <Section
      title="API keys"
      text="With a key its services publish events and manage webhooks, in this tenant alone."
      actions={
        manage && (
          <Button variant="default" onClick={() => setMaking(true)}>
            New key
          </Button>
        )
      }
    >
      <Loaded
        query={found}
        empty={({ keys, all }) => keys.length === 0 && all}
        whenEmpty={<Text size="sm">None yet. Operators' keys reach this tenant all the same.</Text>}
      >
        {({ keys, all }) => (
          <>
            {keys.length > 0 && <KeyRows keys={keys} label={`API keys of ${tenant}`} />}
            {!all && (
              <Text size="sm">
                Only the newest keys of all tenants were looked through.{" "}
                <Anchor component={Link} to="/api-keys" size="sm" underline="always">
                  All API keys
                </Anchor>
              </Text>
            )}
          </>
        )}
      </Loaded>
      <NewKey tenant={tenant} opened={making} onClose={() => setMaking(false)} />
    </Section>
  );
}
