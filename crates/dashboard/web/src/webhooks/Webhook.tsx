import { Tabs } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useParams, useSearchParams } from "react-router";
import { webhooksPath } from "../app/paths";
import { Loaded } from "../parts/Loaded";
import { Page } from "../parts/Page";
import { useAccess, useTenant } from "../session/session";
import { webhookQuery } from "./queries";
import { Deliveries } from "./tabs/Deliveries";
import { Replay } from "./tabs/Replay";
import { Settings } from "./tabs/Settings";
import { Test } from "./tabs/Test";
import { Verify } from "./tabs/Verify";
import type { Webhook } from "./types";
import { WebhookActions } from "./WebhookActions";
import { WebhookState } from "./WebhookState";

/** One webhook: what was sent to it, how it is set, and what can be done with it. */
export function Component() {
  const tenant = useTenant();
  const id = useParams().webhook ?? "";
  const query = useQuery(webhookQuery(tenant, id));
  const webhook = query.data;
  return (
    <Page
      title={webhook ? titleOf(webhook) : "Webhook"}
      description={webhook?.description ? webhook.url : undefined}
      crumbs={[{ label: "Webhooks", to: webhooksPath(tenant) }, { label: webhook ? titleOf(webhook) : id }]}
      actions={webhook && <WebhookActions webhook={webhook} />}
    >
      <Loaded query={query}>
        {(found) => (
          <>
            <WebhookState webhook={found} />
            <WebhookTabs webhook={found} />
          </>
        )}
      </Loaded>
    </Page>
  );
}

const LONGEST_TITLE = 80;

function titleOf({ description, url }: Webhook): string {
  const title = description || url;
  return title.length > LONGEST_TITLE ? `${title.slice(0, LONGEST_TITLE)}…` : title;
}

const TABS = [
  { id: "deliveries", label: "Deliveries", Content: Deliveries, changes: false },
  { id: "settings", label: "Settings", Content: Settings, changes: false },
  { id: "replay", label: "Replay", Content: Replay, changes: true },
  { id: "test", label: "Test", Content: Test, changes: true },
  { id: "verify", label: "Verify", Content: Verify, changes: false },
];

function WebhookTabs({ webhook }: { webhook: Webhook }) {
  const { manage } = useAccess();
  const [params, setParams] = useSearchParams();
  const tabs = TABS.filter((tab) => manage || !tab.changes);
  const current = tabs.find((tab) => tab.id === params.get("tab"))?.id ?? "deliveries";
  return (
    <Tabs
      value={current}
      // Each tab has filters of its own, so those of the one before go.
      onChange={(tab) => tab && setParams({ tab }, { preventScrollReset: true })}
      keepMounted={false}
    >
      <Tabs.List>
        {tabs.map(({ id, label }) => (
          <Tabs.Tab key={id} value={id}>
            {label}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      {tabs.map(({ id, Content }) => (
        <Tabs.Panel key={id} value={id} pt="lg">
          <Content webhook={webhook} />
        </Tabs.Panel>
      ))}
    </Tabs>
  );
}
