import { Button, Stack, Text, TextInput } from "@mantine/core";
import { IconBuilding, IconSearch } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useSearchParams } from "react-router";
import { isReserved } from "../app/reserved";
import { CursorPager } from "../parts/CursorPager";
import { Empty } from "../parts/Empty";
import { Loaded } from "../parts/Loaded";
import { Page } from "../parts/Page";
import { useAccess } from "../session/session";
import { NewTenant } from "./NewTenant";
import { tenantsQuery, type Tenant } from "./queries";
import { TenantRows } from "./TenantRows";

export function Component() {
  const { manage } = useAccess();
  const [params] = useSearchParams();
  const cursor = params.get("cursor") ?? undefined;
  const tenants = useQuery(tenantsQuery(cursor));
  const [making, setMaking] = useState(false);
  const make = manage && <Button onClick={() => setMaking(true)}>New tenant</Button>;

  return (
    <Page title="Tenants" actions={make}>
      <Loaded query={tenants}>
        {({ data, next_cursor: next }) => (
          <Stack>
            {/* Fanfare's own tenant is always there. */}
            {cursor === undefined && !next && data.every(({ id }) => isReserved(id)) && (
              <Empty
                icon={<IconBuilding />}
                title="No tenants yet"
                text="A tenant owns webhooks and events: one for each of your customers, or one for yourself."
                action={make}
              />
            )}
            <Found tenants={data} hasMore={Boolean(next)} stale={tenants.isPlaceholderData} />
            <CursorPager next={next} />
          </Stack>
        )}
      </Loaded>
      <NewTenant opened={making} onClose={() => setMaking(false)} />
    </Page>
  );
}

interface FoundProps {
  tenants: Tenant[];
  hasMore: boolean;
  stale: boolean;
}

/** The page's tenants, or those of them that are looked for. */
function Found({ tenants, hasMore, stale }: FoundProps) {
  const [wanted, setWanted] = useState("");
  const words = wanted.trim().toLowerCase();
  const found = tenants.filter(({ id, name }) => id.includes(words) || name?.toLowerCase().includes(words));
  if (tenants.length === 0) return null;
  return (
    <>
      {(tenants.length > 1 || words !== "") && (
        <TextInput
          type="search"
          aria-label="Search the tenants on this page"
          placeholder="Search this page by id or name"
          leftSection={<IconSearch size={16} aria-hidden />}
          maw="24rem"
          value={wanted}
          onChange={(input) => setWanted(input.currentTarget.value)}
        />
      )}
      {found.length > 0 ? (
        <TenantRows tenants={found} stale={stale} />
      ) : (
        <Text role="status">No tenant on this page is called so.{hasMore && " Look on the next one."}</Text>
      )}
    </>
  );
}
