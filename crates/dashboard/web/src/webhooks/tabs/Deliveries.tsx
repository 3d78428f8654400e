import { Button } from "@mantine/core";
import { IconInbox } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link, useSearchParams } from "react-router";
import { webhookPath } from "../../app/paths";
import { DeliveryFilterForm } from "../../deliveries/DeliveryFilterForm";
import { DeliveryRows } from "../../deliveries/DeliveryRows";
import { hasFilters, readFilters, withFilters } from "../../deliveries/filters";
import { deliveriesQuery } from "../../deliveries/queries";
import { CursorPager } from "../../parts/CursorPager";
import { Empty } from "../../parts/Empty";
import { Loaded } from "../../parts/Loaded";
import { useAccess, useTenant } from "../../session/session";
import type { Webhook } from "../types";

/** What was sent to a webhook, newest first, as it happens. */
export function Deliveries({ webhook }: { webhook: Webhook }) {
  const tenant = useTenant();
  const [params, setParams] = useSearchParams();
  const filters = readFilters(params);
  const deliveries = useQuery(
    deliveriesQuery(tenant, webhook.id, filters, params.get("cursor") ?? undefined),
  );
  return (
    <>
      <DeliveryFilterForm
        filters={filters}
        onApply={(changed) => setParams(withFilters(params, changed), { preventScrollReset: true })}
      />
      <Loaded
        query={deliveries}
        empty={({ data }) => data.length === 0}
        whenEmpty={
          hasFilters(filters) || params.has("cursor") ? <NoneLikeThat /> : <NoneYet webhook={webhook} />
        }
      >
        {({ data, next_cursor }) => (
          <>
            <DeliveryRows
              deliveries={data}
              stale={deliveries.isPlaceholderData}
              mayRetry={webhook.is_active ?? true}
            />
            <CursorPager next={next_cursor} />
          </>
        )}
      </Loaded>
    </>
  );
}

function NoneLikeThat() {
  return (
    <Empty
      icon={IconInbox}
      title="No such deliveries"
      text="None of this webhook's deliveries is like that."
    />
  );
}

function NoneYet({ webhook }: { webhook: Webhook }) {
  const tenant = useTenant();
  const { manage } = useAccess();
  return (
    <Empty
      icon={IconInbox}
      title="Nothing was sent yet"
      text="As soon as an event that this webhook subscribes to is published, its delivery is shown here."
      action={
        manage &&
        webhook.is_active && (
          <Button component={Link} to={webhookPath(tenant, webhook.id, "test")}>
            Send a test
          </Button>
        )
      }
    />
  );
}
