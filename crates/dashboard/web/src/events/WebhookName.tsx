import { Anchor, Text } from "@mantine/core";
import { Link } from "react-router";
import { webhookPath } from "../app/paths";
import type { Webhook } from "./queries";

interface Props {
  tenant: string;
  id: string;
  /** `null` if it was deleted, nothing while it is not known yet. */
  webhook: Webhook | null | undefined;
}

/** A webhook by its URL, as far as that is known. */
export function WebhookName({ tenant, id, webhook }: Props) {
  if (webhook === null) {
    return (
      <Text size="sm" c="dimmed">
        {id} (deleted)
      </Text>
    );
  }
  return (
    <>
      <Anchor component={Link} to={webhookPath(tenant, id)} size="sm">
        {webhook?.url ?? id}
      </Anchor>
      {webhook?.description && (
        <Text size="xs" c="dimmed" lineClamp={1}>
          {webhook.description}
        </Text>
      )}
    </>
  );
}
