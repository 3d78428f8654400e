import { Alert, Button, Stack } from "@mantine/core";
import { IconInfoCircle } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { tenantPath } from "../app/paths";
import { isReserved } from "../app/reserved";
import { Loaded } from "../parts/Loaded";
import { Page } from "../parts/Page";
import { useAccess, useTenant } from "../session/session";
import { DeleteTenant } from "./DeleteTenant";
import { PortalLinks } from "./PortalLinks";
import { tenantQuery, type Tenant } from "./queries";
import { TenantKeys } from "./TenantKeys";
import { TenantFacts, TenantForm } from "./TenantSettings";

/** A tenant as operators administer it. */
export function Component() {
  const id = useTenant();
  const tenant = useQuery(tenantQuery(id));
  return (
    <Page
      title={tenant.data?.name || id}
      crumbs={[{ label: "Tenants", to: "/tenants" }, { label: id }]}
      actions={
        <Button component={Link} to={tenantPath(id)} variant="default">
          Webhooks and events
        </Button>
      }
    >
      <Loaded query={tenant}>{(tenant) => <Sections key={tenant.id} tenant={tenant} />}</Loaded>
    </Page>
  );
}

function Sections({ tenant }: { tenant: Tenant }) {
  const { manage } = useAccess();
  if (isReserved(tenant.id)) {
    return (
      <Stack gap="xl">
        <Alert icon={<IconInfoCircle />} color="blue" title="Fanfare's own tenant">
          Here Fanfare publishes what operators want to know, such as webhooks that were switched off. Add
          webhooks to it as to any other; the tenant itself stays as it is.
        </Alert>
        <TenantFacts tenant={tenant} />
      </Stack>
    );
  }
  return (
    <Stack gap="xl">
      {manage ? <TenantForm tenant={tenant} /> : <TenantFacts tenant={tenant} />}
      <TenantKeys tenant={tenant.id} />
      {manage && <PortalLinks tenant={tenant} />}
      {manage && <DeleteTenant tenant={tenant.id} />}
    </Stack>
  );
}
