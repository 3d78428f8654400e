import { Anchor, Group, Paper, Stack, Text, Title } from "@mantine/core";
import { IconCircleCheck } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useId } from "react";
import { Link } from "react-router";
import { webhookPath } from "../app/paths";
import { HealthBadge } from "../parts/HealthBadge";
import { Loaded } from "../parts/Loaded";
import { Time } from "../parts/Time";
import { visibleText } from "../parts/visible";
import styles from "./Failing.module.css";
import { type FailingWebhook, failingQuery } from "./queries";

/** Which webhooks fail now, worst first. */
export function Failing({ tenant }: { tenant: string | undefined }) {
  const query = useQuery(failingQuery(tenant));
  const titleId = useId();
  return (
    <Paper component="section" withBorder p="md" h="100%" aria-labelledby={titleId}>
      <Title order={2} size="h5" id={titleId} mb="sm">
        Who fails now
      </Title>
      <Loaded query={query} empty={({ data }) => data.length === 0} whenEmpty={<NobodyFails />}>
        {({ data }) => (
          <ul className={styles.list}>
            {data.map((webhook) => (
              <li key={`${webhook.tenant} ${webhook.webhook_id}`} className={styles.row}>
                <Row webhook={webhook} showTenant={tenant === undefined} />
              </li>
            ))}
          </ul>
        )}
      </Loaded>
    </Paper>
  );
}

function NobodyFails() {
  return (
    <Group gap="xs">
      <IconCircleCheck size={20} color="var(--fanfare-good)" aria-hidden />
      <Text size="sm">Nobody: the latest attempt at every webhook succeeded.</Text>
    </Group>
  );
}

function Row({ webhook, showTenant }: { webhook: FailingWebhook; showTenant: boolean }) {
  const { tenant, webhook_id, url, description, is_active, disabled_reason } = webhook;
  return (
    <Group justify="space-between" gap="xs" align="flex-start">
      <Stack gap={2} className={styles.words}>
        <Anchor component={Link} to={webhookPath(tenant, webhook_id)} size="sm">
          {visibleText(description || url)}
        </Anchor>
        {(showTenant || description) && (
          <Text size="xs" c="dimmed">
            {[...(showTenant ? [tenant] : []), ...(description ? [visibleText(url)] : [])].join(" · ")}
          </Text>
        )}
        <Text size="xs" c="dimmed">
          <Since webhook={webhook} />
        </Text>
      </Stack>
      <HealthBadge
        health={{
          state: disabled_reason ? "disabled" : "failing",
          consecutive_failures: webhook.consecutive_failures,
        }}
        isActive={is_active}
      />
    </Group>
  );
}

function Since({ webhook }: { webhook: FailingWebhook }) {
  if (!webhook.first_failure_at) return null;
  return (
    <>
      First failure <Time at={webhook.first_failure_at} relative />, latest{" "}
      <Time at={webhook.last_failure_at} relative />
    </>
  );
}
