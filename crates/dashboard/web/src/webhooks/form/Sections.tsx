import { Accordion, Group, Text, VisuallyHidden } from "@mantine/core";
import type { ReactNode } from "react";
import type { Profile } from "../types";
import { AboutFields } from "./AboutFields";
import { AuthFields } from "./AuthFields";
import { DisableFields } from "./DisableFields";
import { LimitsFields } from "./LimitsFields";
import { PairsField } from "./PairsField";
import { ScheduleField } from "./ScheduleField";
import { type SectionId, summaryOf } from "./sections";
import type { SettingsForm } from "./useSettingsForm";
import type { AuthValues } from "./values";

interface SectionsProps {
  form: SettingsForm;
  profile: Profile | undefined;
  opened: SectionId[];
  onOpen: (opened: SectionId[]) => void;
  /** What the section on signatures holds; without it there is none. */
  signature?: ReactNode;
  /** The kind of credentials that is stored. */
  storedAuth?: AuthValues["type"];
}

/** All settings beyond where and what, folded away. */
export function Sections({ form, profile, opened, onOpen, signature, storedAuth }: SectionsProps) {
  const section = (id: SectionId, title: string, fields: ReactNode) => (
    <Accordion.Item value={id}>
      <Accordion.Control>
        <Group justify="space-between" gap="xs" pr="xs">
          <Text fw={500} span>
            {title}
            <VisuallyHidden>: </VisuallyHidden>
          </Text>
          <Text size="sm" c="dimmed" lineClamp={1} span>
            {summaryOf(id, form.getValues(), profile)}
          </Text>
        </Group>
      </Accordion.Control>
      <Accordion.Panel>{fields}</Accordion.Panel>
    </Accordion.Item>
  );
  return (
    <Accordion<true>
      multiple
      variant="contained"
      order={2}
      value={opened}
      onChange={(ids) => onOpen(ids as SectionId[])}
    >
      {signature && section("signature", "Profile and signature", signature)}
      {section("retry", "Retries", <ScheduleField form={form} profile={profile} />)}
      {section("auth", "Credentials", <AuthFields form={form} profile={profile} stored={storedAuth} />)}
      {section(
        "headers",
        "Headers",
        <PairsField
          form={form}
          field="headers"
          label="Headers of your own"
          description="Sent along with every request. Values are stored encrypted and not shown again."
          nameLabel="Header"
          add="Add a header"
        />,
      )}
      {section("limits", "Limits", <LimitsFields form={form} profile={profile} />)}
      {section("disable", "When it keeps failing", <DisableFields form={form} profile={profile} />)}
      {section("about", "Description and notes", <AboutFields form={form} />)}
    </Accordion>
  );
}
