import { Anchor, Text } from "@mantine/core";
import { Link } from "react-router";
import { administerPath, tenantPath } from "../app/paths";
import { Rows, type Column } from "../parts/Rows";
import { count } from "../parts/formats";
import { Time } from "../parts/Time";
import type { Tenant } from "./queries";

export function TenantRows({ tenants, stale }: { tenants: Tenant[]; stale: boolean }) {
  return (
    <Rows label="Tenants" columns={COLUMNS} rows={tenants} keyOf={(tenant) => tenant.id} stale={stale} />
  );
}

const COLUMNS: Column<Tenant>[] = [
  {
    head: "Tenant",
    cell: (tenant) => (
      <>
        <Anchor component={Link} to={tenantPath(tenant.id)} fw={500} size="sm">
          {tenant.name || tenant.id}
        </Anchor>
        {tenant.name && (
          <Text size="xs" c="dimmed" ff="monospace">
            {tenant.id}
          </Text>
        )}
      </>
    ),
  },
  { head: "Default profile", cell: (tenant) => tenant.default_profile },
  { head: "Quota", cell: (tenant) => quotaWords(tenant) },
  { head: "Made", cell: (tenant) => <Time at={tenant.created_at} relative /> },
  {
    head: "Administer",
    cell: (tenant) => (
      <Anchor
        component={Link}
        to={administerPath(tenant.id)}
        size="sm"
        aria-label={`Settings, keys and portal of ${tenant.name || tenant.id}`}
      >
        Settings, keys and portal
      </Anchor>
    ),
  },
];

function quotaWords({ quota }: Tenant): string {
  return quota ? `${count(quota.events_per_second)} events/s` : "–";
}
