import { Button, Stack } from "@mantine/core";
import { IconKey } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useSearchParams } from "react-router";
import { CursorPager } from "../parts/CursorPager";
import { Empty } from "../parts/Empty";
import { Loaded } from "../parts/Loaded";
import { Page } from "../parts/Page";
import { useAccess } from "../session/session";
import { KeyRows } from "./KeyRows";
import { NewKey } from "./NewKey";
import { apiKeysQuery } from "./queries";

/** The API keys of all tenants and operators. */
export function Component() {
  const { manage } = useAccess();
  const [params] = useSearchParams();
  const keys = useQuery(apiKeysQuery(params.get("cursor") ?? undefined));
  const [making, setMaking] = useState(false);
  const make = manage && <Button onClick={() => setMaking(true)}>New key</Button>;

  return (
    <Page title="API keys" actions={make}>
      <Loaded
        query={keys}
        empty={(page) => page.data.length === 0}
        whenEmpty={
          <Empty
            icon={<IconKey />}
            title="No API keys yet"
            text={
              "Services publish events and manage webhooks with a key of their tenant. " +
              "The operator's key of the configuration is not listed."
            }
            action={make}
          />
        }
      >
        {(page) => (
          <Stack>
            <KeyRows label="API keys" keys={page.data} owners stale={keys.isPlaceholderData} />
            <CursorPager next={page.next_cursor ?? null} />
          </Stack>
        )}
      </Loaded>
      <NewKey opened={making} onClose={() => setMaking(false)} />
    </Page>
  );
}
