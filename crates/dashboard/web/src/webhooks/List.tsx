import { Button } from "@mantine/core";
import { IconPlus, IconWebhook } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Link, useSearchParams } from "react-router";
import { newWebhookPath } from "../app/paths";
import { CursorPager } from "../parts/CursorPager";
import { Empty } from "../parts/Empty";
import { Loaded } from "../parts/Loaded";
import { Page } from "../parts/Page";
import { useAccess, useTenant } from "../session/session";
import { webhooksQuery } from "./queries";
import { WebhookRows } from "./WebhookRows";

/** A tenant's webhooks, and how each fares. */
export function Component() {
  const tenant = useTenant();
  const { manage } = useAccess();
  const [params] = useSearchParams();
  const webhooks = useQuery(webhooksQuery(tenant, params.get("cursor") ?? undefined));
  const add = manage && (
    <Button component={Link} to={newWebhookPath(tenant)} leftSection={<IconPlus size={16} aria-hidden />}>
      New webhook
    </Button>
  );
  return (
    <Page title="Webhooks" description="Where events are sent, and how that goes." actions={add}>
      <Loaded
        query={webhooks}
        empty={({ data }) => data.length === 0 && !params.has("cursor")}
        whenEmpty={<NoWebhooks action={add} />}
      >
        {({ data, next_cursor }) => (
          <>
            <WebhookRows tenant={tenant} webhooks={data} stale={webhooks.isPlaceholderData} />
            <CursorPager next={next_cursor} />
          </>
        )}
      </Loaded>
    </Page>
  );
}

function NoWebhooks({ action }: { action: ReactNode }) {
  return (
    <Empty
      icon={IconWebhook}
      title="No webhooks yet"
      text={
        "A webhook is an address of yours to which events are posted as they happen: signed, tried " +
        "again until they arrive, " +
        "and on record. It takes a URL and the events that you want."
      }
      action={action}
    />
  );
}
