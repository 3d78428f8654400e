import { Button } from "@mantine/core";
import { IconPlayerPause, IconPlayerPlay, IconSend, IconTrash } from "@tabler/icons-react";
import { Link, useNavigate } from "react-router";
import { answered, api, inTenant } from "../api/client";
import { webhookPath, webhooksPath } from "../app/paths";
import { confirmAction } from "../parts/Confirm";
import { useAction } from "../parts/useAction";
import { useAccess, useTenant } from "../session/session";
import type { Webhook } from "./types";

/** What can be done with a webhook as a whole. */
export function WebhookActions({ webhook }: { webhook: Webhook }) {
  const tenant = useTenant();
  const { manage } = useAccess();
  if (!manage) return null;
  return (
    <>
      <Activity webhook={webhook} />
      {webhook.is_active && (
        <Button
          component={Link}
          to={webhookPath(tenant, webhook.id, "test")}
          variant="default"
          leftSection={<IconSend size={16} aria-hidden />}
        >
          Test
        </Button>
      )}
      <Deletion webhook={webhook} />
    </>
  );
}

function Activity({ webhook }: { webhook: Webhook }) {
  const tenant = useTenant();
  const params = { header: inTenant(tenant), path: { id: webhook.id } };
  const change = useAction(
    (is_active: boolean) => answered(api.PATCH("/v1/webhooks/{id}", { params, body: { is_active } })),
    {
      done: ({ is_active }) => (is_active ? "The webhook is active again." : "The webhook is paused."),
      refresh: [
        ["live", tenant],
        ["config", tenant, "webhooks"],
      ],
    },
  );
  const pause = async () => {
    const isSure = await confirmAction({
      title: "Pause the webhook?",
      text:
        "While it is paused, no deliveries are made for it, and those that wait end as failed when " +
        "they come due. " +
        "A replay can send later what was missed.",
      action: "Pause",
    });
    if (isSure) change.mutate(false);
  };
  return webhook.is_active ? (
    <Button
      variant="default"
      loading={change.isPending}
      leftSection={<IconPlayerPause size={16} aria-hidden />}
      onClick={() => void pause()}
    >
      Pause
    </Button>
  ) : (
    <Button
      loading={change.isPending}
      leftSection={<IconPlayerPlay size={16} aria-hidden />}
      onClick={() => change.mutate(true)}
    >
      Resume
    </Button>
  );
}

function Deletion({ webhook }: { webhook: Webhook }) {
  const tenant = useTenant();
  const navigate = useNavigate();
  const params = { header: inTenant(tenant), path: { id: webhook.id } };
  const remove = useAction(
    async () => {
      await answered(api.DELETE("/v1/webhooks/{id}", { params }));
      // Gone before the view asks for it once more.
      await navigate(webhooksPath(tenant));
    },
    {
      done: "The webhook is deleted.",
      refresh: [
        ["live", tenant, "webhooks"],
        ["config", tenant, "webhooks"],
      ],
    },
  );
  const ask = async () => {
    const isSure = await confirmAction({
      title: "Delete the webhook?",
      text:
        `Nothing more is sent to ${webhook.url}, and what waits for it is cancelled. Its secret is gone ` +
        "for good. What was sent stays on record.",
      action: "Delete the webhook",
      danger: true,
    });
    if (isSure) remove.mutate(undefined);
  };
  return (
    <Button
      variant="default"
      c="var(--fanfare-bad)"
      loading={remove.isPending}
      leftSection={<IconTrash size={16} aria-hidden />}
      onClick={() => void ask()}
    >
      Delete
    </Button>
  );
}
