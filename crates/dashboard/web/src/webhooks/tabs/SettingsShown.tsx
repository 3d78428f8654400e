import { Stack, Table, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { ruleWords } from "../form/DisableFields";
import { ScheduleLine } from "../form/ScheduleLine";
import { profileRule, profileSchedule, valuesOf } from "../form/shown";
import { type SectionId, summaryOf } from "../form/sections";
import type { Profile, Webhook } from "../types";

interface SettingsShownProps {
  webhook: Webhook;
  profile: Profile | undefined;
}

/** A webhook's settings for those who may not change them. */
export function SettingsShown({ webhook, profile }: SettingsShownProps) {
  const values = valuesOf(webhook);
  const summary = (section: SectionId) => summaryOf(section, values, profile);
  const schedule = values.retry.own ? values.retry : profile && profileSchedule(profile);
  const rule = values.disable.own ? values.disable : profile && profileRule(profile);
  const rows: [name: string, value: ReactNode][] = [
    ["URL", webhook.url],
    ["Events", webhook.events.join(", ")],
    ["Profile", webhook.profile],
    ["Secret", webhook.secret_hint],
    [
      "Retries",
      schedule ? <ScheduleLine delays={schedule.delays} jitter={schedule.jitter} /> : summary("retry"),
    ],
    ["Credentials", summary("auth")],
    ["Headers of your own", Object.keys(webhook.headers ?? {}).join(", ") || "none"],
    ["Limits", summary("limits")],
    ["When it keeps failing", rule ? ruleWords(rule) : summary("disable")],
    ...Object.entries(webhook.metadata ?? {}),
  ];
  return (
    <Stack>
      <Text size="sm" c="dimmed">
        You may look at these settings, but not change them.
      </Text>
      <Table aria-label="Settings" layout="fixed">
        <Table.Tbody>
          {rows.map(([name, value]) => (
            <Table.Tr key={name}>
              <Table.Th scope="row" w="30%">
                {name}
              </Table.Th>
              <Table.Td style={{ overflowWrap: "anywhere" }}>{value}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Stack>
  );
}
