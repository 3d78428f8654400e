import { Alert, Anchor, Button } from "@mantine/core";
import { IconBuildingPlus, IconInfoCircle, IconWebhook } from "@tabler/icons-react";
import { Link } from "react-router";
import { newWebhookPath, webhooksPath } from "../app/paths";
import { Empty } from "../parts/Empty";
import { useAccess } from "../session/session";
import type { Range } from "./ranges";

/** A system where nothing can be delivered yet: what to do first. */
export function NothingYet({ tenant }: { tenant: string | undefined }) {
  return tenant === undefined ? <NoTenant /> : <NoWebhook tenant={tenant} />;
}

function NoTenant() {
  return (
    <Empty
      icon={<IconBuildingPlus />}
      title="Begin with a tenant"
      text="A tenant owns webhooks and events: a customer of yours, or a part of your own system."
      action={
        <Button component={Link} to="/tenants">
          New tenant
        </Button>
      }
    />
  );
}

function NoWebhook({ tenant }: { tenant: string }) {
  const { manage } = useAccess();
  return (
    <Empty
      icon={<IconWebhook />}
      title="Begin with a webhook"
      text={
        manage
          ? "A webhook says where events go, and which. Send it a test then, and see what became of it."
          : "There is none yet. Once there is one, you see here what became of its deliveries."
      }
      action={
        manage && (
          <Button component={Link} to={newWebhookPath(tenant)}>
            New webhook
          </Button>
        )
      }
    />
  );
}

/** Everything is there, but nothing happened in the range. */
export function QuietHint({ tenant, range }: { tenant: string | undefined; range: Range }) {
  return (
    <Alert icon={<IconInfoCircle aria-hidden />} title={`Nothing was delivered in the last ${range.words}`}>
      Publish an event, or look further back.
      {tenant !== undefined && (
        <>
          {" "}
          You can also send a test to{" "}
          <Anchor component={Link} to={webhooksPath(tenant)} fz="inherit">
            one of your webhooks
          </Anchor>
          .
        </>
      )}
    </Alert>
  );
}
