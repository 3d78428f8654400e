import { Anchor, Text } from "@mantine/core";
import { Link } from "react-router";
import { eventsPath } from "../app/paths";
import { visibleText } from "../parts/visible";

interface Props {
  tenant: string;
  subject: string | null | undefined;
}

/** What an event is about: leads to all events about it. Publishers may write anything into it. */
export function Subject({ tenant, subject }: Props) {
  if (!subject) {
    return (
      <Text span size="sm" c="dimmed">
        –
      </Text>
    );
  }
  return (
    <Anchor
      component={Link}
      to={eventsPath(tenant, { subject })}
      size="sm"
      title="All events about this subject"
    >
      <bdi>{visibleText(subject)}</bdi>
    </Anchor>
  );
}
